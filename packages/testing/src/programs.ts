/**
 * Random programs over float64 tensors, written as lists of numbers so that a generator can shrink them.
 * The one idea: a step names an operation and operands by numbers taken modulo what exists; sizes are small and often equal,
 * so that axes can take each other's places. All functions are smooth: differences are exact enough everywhere.
 */
import type { Tensor } from '@jacobi/tensor';
import {
  add,
  broadcastTo,
  concat,
  cos,
  cumprod,
  cumsum,
  diag,
  diagPart,
  div,
  einsum,
  exp,
  expandDims,
  flip,
  gather,
  logSoftmax,
  matmul,
  mean,
  mul,
  outer,
  pad,
  prod,
  reshape,
  roll,
  scatterAdd,
  sigmoid,
  sin,
  slice,
  softmax,
  split,
  square,
  squeeze,
  stack,
  stridedSlice,
  sub,
  sum,
  tanh,
  tensor,
  tensordot,
  tile,
  transpose,
  tril,
  triu,
  unstack,
  variance,
  where,
} from '@jacobi/tensor';

/** One step: an operation, two operands, two parameters. */
export interface Step {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly p: number;
  readonly q: number;
}

/** A program: shapes of its sources, and its steps. The last value is the result. */
export interface RandomProgram {
  readonly sources: readonly (readonly number[])[];
  readonly steps: readonly Step[];
}

type Operation = (x: Tensor, y: Tensor, p: number, q: number) => Tensor | null;

const axisOf = (x: Tensor, p: number): number => p % x.rank;
const ranked =
  (rank: number, f: Operation): Operation =>
  (x, y, p, q) =>
    x.rank < rank ? null : f(x, y, p, q);
const constants = (shape: readonly number[], p: number): Tensor =>
  tensor(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.3 + ((i * 7 + p * 3) % 11) / 8),
    { shape: [...shape] },
  );

function broadcasts(x: Tensor, y: Tensor): boolean {
  const rank = Math.max(x.rank, y.rank);
  for (let i = 1; i <= rank; i++) {
    const [a, b] = [x.shape[x.rank - i] ?? 1, y.shape[y.rank - i] ?? 1];
    if (a !== b && a !== 1 && b !== 1) return false;
  }
  return true;
}
const pair =
  (f: (x: Tensor, y: Tensor) => Tensor): Operation =>
  (x, y) =>
    broadcasts(x, y) ? f(x, y) : null;

/** The k-th order of n axes (a permutation), counted from the identity. */
function permutation(n: number, k: number): number[] {
  const rest = Array.from({ length: n }, (_, i) => i);
  const out: number[] = [];
  for (let i = n; i > 0; i--) {
    out.push(rest.splice(k % i, 1)[0]!);
    k = Math.floor(k / i);
  }
  return out;
}

/** Shapes of as many elements: the order of sizes changed, sizes of 1 put in, neighbours joined. */
function reshaped(x: Tensor, p: number, q: number): Tensor {
  const order = permutation(x.rank, p).map((i) => x.shape[i]!);
  if (q % 4 === 0) order.splice(p % (order.length + 1), 0, 1);
  if (q % 4 === 1 && order.length > 1)
    order.splice(p % (order.length - 1), 2, order[p % (order.length - 1)]! * order[(p % (order.length - 1)) + 1]!);
  if (q % 4 === 2) order.reverse();
  return reshape(x, order);
}

/** All operations, by the kinds of linear maps in their derivatives. */
const OPERATIONS: readonly (readonly [name: string, f: Operation])[] = [
  ['sin', (x) => sin(x)],
  ['tanh', (x) => tanh(x)],
  ['cos∘sigmoid', (x) => cos(sigmoid(x))],
  ['square', (x) => square(tanh(x))],
  ['add', pair(add)],
  ['sub', pair(sub)],
  ['mul', pair(mul)],
  ['div', pair((x, y) => div(x, add(exp(tanh(y)), 1)))],
  [
    'where',
    (x, y, p) =>
      broadcasts(x, y)
        ? where(
            tensor(
              Array.from({ length: x.shape.at(-1) ?? 1 }, (_, i) => (i + p) % 2 === 0),
              { shape: x.rank === 0 ? [] : [x.shape.at(-1)!] },
            ),
            x,
            y,
          )
        : null,
  ],
  ['scale', (x, _, p) => mul(x, constants(x.shape, p))],
  ['transpose', (x, _, p) => transpose(x, permutation(x.rank, p))],
  ['transpose all', (x) => transpose(x)],
  ['reshape', (x, _, p, q) => reshaped(x, p, q)],
  ['expandDims', (x, _, p) => expandDims(x, p % (x.rank + 1))],
  ['squeeze', (x) => squeeze(x)],
  [
    'broadcast',
    (x, _, p) =>
      broadcastTo(
        x,
        x.shape.map((d) => (d === 1 ? 1 + (p % 3) : d)),
      ),
  ],
  ['broadcast wide', (x, _, p) => broadcastTo(x, [1 + (p % 3), ...x.shape])],
  ['sum', ranked(1, (x, _, p) => sum(x, axisOf(x, p)))],
  ['sum kept', ranked(1, (x, _, p) => sum(x, axisOf(x, p), true))],
  // The mean of nothing is 0/0, with a derivative that is 0 in one mode and NaN in the other.
  ['mean all', (x) => (x.size === 0 ? null : mean(x))],
  ['variance kept', ranked(1, (x, _, p) => (x.shape[axisOf(x, p)] === 0 ? null : variance(x, axisOf(x, p), true)))],
  ['prod kept', ranked(1, (x, _, p) => prod(tanh(x), axisOf(x, p), true))],
  ['softmax', ranked(1, (x, _, p) => softmax(x, axisOf(x, p)))],
  ['logSoftmax', ranked(1, (x, _, p) => logSoftmax(x, axisOf(x, p)))],
  ['x·sum', ranked(1, (x, _, p) => mul(x, sum(sin(x), axisOf(x, p), true)))],
  [
    'slice',
    ranked(1, (x, _, p, q) =>
      slice(
        x,
        x.shape.map((d, i) => (i === axisOf(x, p) ? q % Math.max(1, d) : 0)),
      ),
    ),
  ],
  [
    'strided',
    ranked(1, (x, _, p) =>
      stridedSlice(
        x,
        x.shape.map(() => null),
        x.shape.map(() => null),
        x.shape.map((_d, i) => (i === axisOf(x, p) ? 2 : 1)),
      ),
    ),
  ],
  [
    'slice, pad back',
    ranked(1, (x, _, p, q) => {
      const a = axisOf(x, p);
      const d = x.shape[a]!;
      if (d === 0) return null;
      const part = slice(
        x,
        x.shape.map((_d, i) => (i === a ? q % d : 0)),
      );
      return pad(
        part,
        x.shape.map((_d, i) => (i === a ? [0, q % d] : [0, 0])),
      );
    }),
  ],
  [
    'pad',
    ranked(1, (x, _, p, q) =>
      pad(
        x,
        x.shape.map((_d, i) => (i === axisOf(x, p) ? [q % 2, 1] : [0, 0])),
        0.5,
      ),
    ),
  ],
  ['flip', ranked(1, (x, _, p) => flip(x, axisOf(x, p)))],
  ['flip all', ranked(1, (x) => flip(x))],
  ['roll', ranked(1, (x, _, p, q) => roll(x, q % 3, axisOf(x, p)))],
  [
    'tile',
    ranked(1, (x, _, p) =>
      tile(
        x,
        x.shape.map((_d, i) => (i === axisOf(x, p) ? 2 : 1)),
      ),
    ),
  ],
  [
    'concat',
    (x, y, p) =>
      x.rank > 0 && x.rank === y.rank && x.shape.every((d, i) => i === axisOf(x, p) || d === y.shape[i])
        ? concat([x, y], axisOf(x, p))
        : null,
  ],
  ['stack', (x, y, p) => (x.shape.join() === y.shape.join() ? stack([x, y], p % (x.rank + 1)) : null)],
  [
    'split',
    ranked(1, (x, _, p, q) => {
      const d = x.shape[axisOf(x, p)]!;
      return split(x, [q % (d + 1), d - (q % (d + 1))], axisOf(x, p))[1]!;
    }),
  ],
  [
    'split, swap',
    ranked(1, (x, _, p) => {
      const d = x.shape[axisOf(x, p)]!;
      return concat(split(x, [d - (d >> 1), d >> 1], axisOf(x, p)).reverse(), axisOf(x, p));
    }),
  ],
  [
    'split, join',
    ranked(1, (x, _, p) => {
      const d = x.shape[axisOf(x, p)]!;
      return concat(split(x, [d - (d >> 1), d >> 1], axisOf(x, p)), axisOf(x, p));
    }),
  ],
  ['unstack', ranked(1, (x, _, p) => unstack(x, axisOf(x, p))[0] ?? null)],
  ['cumsum', ranked(1, (x, _, p, q) => cumsum(x, axisOf(x, p), { reverse: q % 2 === 1 }))],
  ['cumprod', ranked(1, (x, _, p) => cumprod(tanh(x), axisOf(x, p)))],
  ['diag', ranked(1, (x) => diag(x))],
  ['diagPart', ranked(2, (x) => (x.shape.at(-1) === x.shape.at(-2) ? diagPart(x) : null))],
  ['diag k', ranked(1, (x, _, p) => diag(x, (p % 3) - 1))],
  ['tril', ranked(2, (x) => tril(x))],
  ['triu', ranked(2, (x) => triu(x, 1))],
  [
    'gather',
    ranked(1, (x, _, p, q) => {
      const d = x.shape[axisOf(x, p)]!;
      return d === 0
        ? null
        : gather(x, tensor(Int32Array.from({ length: d }, (_v, i) => (i * q + p) % d)), axisOf(x, p));
    }),
  ],
  [
    'gather 2d',
    ranked(1, (x, _, p, q) => {
      const d = x.shape[axisOf(x, p)]!;
      return d === 0
        ? null
        : gather(x, tensor(Int32Array.from([q % d, 0, p % d, d - 1]), { shape: [2, 2] }), axisOf(x, p));
    }),
  ],
  [
    'scatterAdd',
    (x, y, p) =>
      x.rank > 0 && x.shape.join() === y.shape.join() && !x.shape.includes(0)
        ? scatterAdd(
            x,
            tensor(Int32Array.from({ length: x.shape[axisOf(x, p)]! }, (_v, i) => (i + p) % x.shape[axisOf(x, p)]!)),
            y,
            axisOf(x, p),
          )
        : null,
  ],
  ['matmul', (x, y) => (x.rank === 2 && y.rank === 2 && x.shape[1] === y.shape[0] ? matmul(x, y) : null)],
  [
    'batched matmul',
    (x, y) =>
      x.rank === 3 && y.rank === 3 && x.shape[0] === y.shape[0] && x.shape[2] === y.shape[1] ? matmul(x, y) : null,
  ],
  ['matmul with constants', ranked(1, (x, _, p) => matmul(x, constants([x.shape.at(-1)!, 1 + (p % 3)], p)))],
  ['outer', (x, y) => (x.rank === 1 && y.rank === 1 ? outer(x, y) : null)],
  ['x xᵀ', (x) => (x.rank === 2 ? matmul(x, transpose(x)) : null)],
  ['x + xᵀ', (x) => (x.rank === 2 && x.shape[0] === x.shape[1] ? add(x, transpose(x)) : null)],
  [
    'einsum ij,ij->ji',
    (x, y) => (x.rank === 2 && x.shape.join() === y.shape.join() ? einsum('ij,ij->ji', x, y) : null),
  ],
  [
    'einsum ij,kj->ikj',
    (x, y) => (x.rank === 2 && y.rank === 2 && x.shape[1] === y.shape[1] ? einsum('ij,kj->ikj', x, y) : null),
  ],
  ['einsum ii->i', (x) => (x.rank === 2 && x.shape[0] === x.shape[1] ? einsum('ii->i', x) : null)],
  [
    'tensordot',
    (x, y) => (x.rank > 0 && y.rank > 0 && x.shape[0] === y.shape.at(-1) ? tensordot(x, y, [0, y.rank - 1]) : null),
  ],
];

/** Names of the operations, in order. */
export const operationNames: readonly string[] = OPERATIONS.map(([name]) => name);

const LIMIT = 40;

/** The value of a program on sources of its shapes. Steps that do not fit, and results that grow too large, are left out. */
export function runProgram(program: RandomProgram, sources: readonly Tensor[]): Tensor {
  const values = [...sources];
  for (const { op, a, b, p, q } of program.steps) {
    const x = values[values.length - 1 - (a % values.length)]!;
    const y = values[values.length - 1 - (b % values.length)]!;
    const made = OPERATIONS[op % OPERATIONS.length]![1](x, y, p, q);
    if (made !== null && made.size <= LIMIT && made.rank <= 4) values.push(made);
  }
  return values.at(-1)!;
}

/** The operations that a program does use, for messages. */
export function describeProgram(program: RandomProgram): string {
  return `${JSON.stringify(program.sources)}: ${program.steps.map((s) => `${operationNames[s.op % OPERATIONS.length]}(${s.a}, ${s.b}; ${s.p}, ${s.q})`).join(' → ')}`;
}

/** Float64 sources of a program: the same numbers each time, none of them special. */
export function sourcesOf(program: RandomProgram): Tensor[] {
  return program.sources.map((shape, s) => {
    const count = shape.reduce((n, d) => n * d, 1);
    return tensor(
      Float64Array.from({ length: count }, (_, i) => Math.sin(1 + 2.3 * i + 5.1 * s) * 0.9 + 0.05),
      { shape: [...shape] },
    );
  });
}
