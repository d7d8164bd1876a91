/* References of networks: the small one with batch normalisation by dual numbers, the others by the chain rule. */
import type { Input, NamedArray } from '../inputs/inputs.ts';
import { type Dual, dual } from './duals.ts';
import { data, product, transposed } from './matrices.ts';

const { add, sub, mul, div, scale, shift, sqrt, elu } = dual;

/** Σ over all examples b' of ∂y[b']/∂x[b], as TensorFlow's batch Jacobian gives it: [5, 6, 5]. */
export function seed3(input: Input): Float64Array {
  const dense = (x: Dual[][], W: NamedArray, b: Float64Array): Dual[][] =>
    x.map((row) =>
      Array.from(b, (bias, j) =>
        elu(row.reduce((s, v, i) => add(s, scale(v, W.data[i * b.length + j]!)), dual.constant(bias, 25))),
      ),
    );
  const mean = (column: Dual[]): Dual => scale(column.reduce(add), 1 / 5);
  const x = Array.from({ length: 5 }, (_, b) =>
    Array.from({ length: 5 }, (_, i) => dual.variable(data(input, 'x')[b * 5 + i]!, b * 5 + i, 25)),
  );
  const hidden = dense(x, input.arrays['W1']!, data(input, 'b1'));
  const normal = hidden.map((row) => [...row]);
  for (let j = 0; j < 8; j++) {
    const centred = hidden.map((row) => sub(row[j]!, mean(hidden.map((each) => each[j]!))));
    const deviation = sqrt(shift(mean(centred.map((c) => mul(c, c))), input.numbers['eps']!));
    centred.forEach((c, b) => void (normal[b]![j] = div(c, deviation)));
  }
  const y = dense(normal, input.arrays['W2']!, data(input, 'b2'));
  const sums = Array.from({ length: 6 }, (_, i) => y.map((row) => row[i]!).reduce(add).slopes);
  return Float64Array.from(
    { length: 150 },
    (_, at) => sums[Math.floor(at / 5) % 6]![Math.floor(at / 30) * 5 + (at % 5)]!,
  );
}

/** Hidden activations of one example. */
function activations(input: Input, x: Float64Array): { h1: Float64Array; h2: Float64Array } {
  const layer = (v: Float64Array, W: string, b: string): Float64Array => {
    const width = data(input, b).length;
    return product(v, data(input, W), 1, v.length, width).map((s, j) => Math.tanh(s + data(input, b)[j]!));
  };
  const h1 = layer(x, 'W1', 'b1');
  return { h1, h2: layer(h1, 'W2', 'b2') };
}

/** Rows of m × width, each entry of a row multiplied by 1 − h². */
const throughTanh = (J: Float64Array, h: Float64Array): Float64Array =>
  J.map((v, at) => v * (1 - h[at % h.length]! ** 2));

/** [n, 32, 64]. */
export function mlpBatch(input: Input): Float64Array {
  const out = new Float64Array(input.numbers['n']! * 32 * 64);
  const [V1, V2, V3] = ['W1', 'W2', 'W3'].map((W) => transposed(input.arrays[W]!)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let b = 0; b < input.numbers['n']!; b++) {
    const { h1, h2 } = activations(input, data(input, 'x').subarray(b * 64, b * 64 + 64));
    const second = throughTanh(product(throughTanh(V3, h2), V2, 32, 256, 256), h1);
    out.set(product(second, V1, 32, 256, 64), b * 32 * 64);
  }
  return out;
}

/** By W1, b1, W2, b2, W3, b3, one after the other, each [n, 10, …]. */
export function mlpParams(input: Input): Float64Array {
  const parts: number[][] = [[], [], [], [], [], []];
  const outer = (row: Float64Array, h: Float64Array): number[] =>
    Array.from(h).flatMap((hi) => Array.from(row, (r) => hi * r));
  const put = (part: number, values: Iterable<number>): void => {
    for (const v of values) parts[part]!.push(v);
  };
  const V2 = transposed(input.arrays['W2']!);
  for (let b = 0; b < input.numbers['n']!; b++) {
    const x = data(input, 'x').subarray(b * 128, b * 128 + 128);
    const { h1, h2 } = activations(input, x);
    for (let o = 0; o < 10; o++) {
      const one = Float64Array.from({ length: 10 }, (_, i) => Number(i === o));
      const byH2 = throughTanh(
        h2.map((_, j) => data(input, 'W3')[j * 10 + o]!),
        h2,
      );
      const byH1 = throughTanh(product(byH2, V2, 1, 128, 256), h1);
      [outer(byH1, x), byH1, outer(byH2, h1), byH2, outer(one, h2), one].forEach((values, part) => put(part, values));
    }
  }
  const out = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
