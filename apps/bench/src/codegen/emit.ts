/*
 * Straight-line code for the Jacobians of the robot arm and of bundle adjustment, in JavaScript and in C: what the
 * machine can do on them when nothing stands between. Forward or reverse mode, whichever takes fewer operations.
 */
import type { Input } from '../inputs/inputs.ts';
import { Graph } from './graph.ts';

/** A Jacobian as code: `inputs` of which the first `parameters` come from one array and the rest from another. */
export interface Code {
  readonly graph: Graph;
  readonly inputs: readonly number[];
  readonly parameters: number;
  readonly jacobian: readonly number[];
}

function choose(graph: Graph, inputs: readonly number[], parameters: number, outputs: readonly number[]): Code {
  const by = inputs.slice(0, parameters);
  const candidates = [graph.forward(by, outputs), graph.reverse(by, outputs)];
  const [forward, reverse] = candidates.map((jacobian) => graph.order(jacobian).length) as [number, number];
  return { graph, inputs, parameters, jacobian: candidates[forward <= reverse ? 0 : 1]! };
}

/** The arm's: 12 × 7. */
export function armCode({ arrays }: Input): Code {
  const g = new Graph();
  const q = Array.from({ length: 7 }, (_, i) => g.input(i));
  const entry = (name: string, at: number): number => g.constant(arrays[name]!.data[at]!);
  const joint = (i: number): number[] =>
    Array.from({ length: 16 }, (_, e) => {
      const turned = g.add(g.mul(entry('K1', i * 16 + e), g.cos(q[i]!)), g.mul(entry('K2', i * 16 + e), g.sin(q[i]!)));
      return g.add(entry('K0', i * 16 + e), turned);
    });
  const times = (a: number[], b: number[]): number[] =>
    a.map((_, e) =>
      [0, 1, 2, 3].reduce((s, k) => g.add(s, g.mul(a[(e >> 2) * 4 + k]!, b[k * 4 + (e & 3)]!)), g.constant(0)),
    );
  const flange = Array.from({ length: 16 }, (_, e) => entry('F', e));
  const pose = [...q.map((_, i) => joint(i)), flange].reduce(times);
  return choose(
    g,
    q,
    7,
    [3, 7, 11, 0, 1, 2, 4, 5, 6, 8, 9, 10].map((e) => pose[e]!),
  );
}

/** One observation's of bundle adjustment: 2 × 15; the inputs are its row, then the feature. */
export function residualCode(): Code {
  const g = new Graph();
  const x = Array.from({ length: 17 }, (_, i) => g.input(i));
  const sum = (terms: number[]): number => terms.reduce((a, b) => g.add(a, b));
  const dot = (a: number[], b: number[]): number => sum(a.map((ai, i) => g.mul(ai, b[i]!)));
  const r = x.slice(0, 3);
  const angle = g.sqrt(dot(r, r));
  const reciprocal = g.div(g.constant(1), angle);
  const axis = r.map((c) => g.mul(c, reciprocal));
  const point = x.slice(11, 14).map((c, i) => g.sub(c, x[3 + i]!));
  const cross = [0, 1, 2].map((i) => {
    const [m, n] = [(i + 1) % 3, (i + 2) % 3];
    return g.sub(g.mul(axis[m]!, point[n]!), g.mul(axis[n]!, point[m]!));
  });
  const along = g.mul(dot(axis, point), g.sub(g.constant(1), g.cos(angle)));
  const turned = point.map((p, i) =>
    sum([g.mul(p, g.cos(angle)), g.mul(cross[i]!, g.sin(angle)), g.mul(axis[i]!, along)]),
  );
  const image = [g.div(turned[0]!, turned[2]!), g.div(turned[1]!, turned[2]!)];
  const rr = dot(image, image);
  const distortion = sum([g.constant(1), g.mul(x[9]!, rr), g.mul(x[10]!, g.mul(rr, rr))]);
  const residuals = image.map((c, i) =>
    g.mul(x[14]!, g.sub(g.add(g.mul(g.mul(c, distortion), x[6]!), x[7 + i]!), x[15 + i]!)),
  );
  return choose(g, x, 15, residuals);
}

/** Lines that compute the Jacobian into J from p and e, at offsets that are expressions of the language. */
function body(
  { graph, inputs, parameters, jacobian }: Code,
  declare: string,
  call: string,
  at: (name: string, k: number) => string,
): string[] {
  const number = (v: number): string => (Number.isInteger(v) ? `${v}.0` : String(v));
  const name = (i: number): string => {
    const { op, value } = graph.nodes[i]!;
    if (op === 'constant') return value < 0 ? `(${number(value)})` : number(value);
    return op === 'input' ? `x${value}` : `v${i}`;
  };
  const expression = (i: number): string => {
    const { op, a, b } = graph.nodes[i]!;
    if (op === 'neg') return `-${name(a)}`;
    return op === 'sin' || op === 'cos' || op === 'sqrt' ? `${call}${op}(${name(a)})` : `${name(a)} ${op} ${name(b)}`;
  };
  const computed = graph.order(jacobian).filter((i) => !['constant', 'input'].includes(graph.nodes[i]!.op));
  return [
    ...inputs.map((_, k) => `${declare} x${k} = ${k < parameters ? at('p', k) : at('e', k - parameters)};`),
    ...computed.map((i) => `${declare} v${i} = ${expression(i)};`),
    ...jacobian.map((i, k) => `${at('J', k)} = ${name(i)};`),
  ];
}

export type Generated = (
  p: Float64Array | Float32Array,
  po: number,
  e: Float64Array | Float32Array,
  eo: number,
  J: Float64Array | Float32Array,
  jo: number,
) => void;

/** A JavaScript function of arrays and offsets. */
export function javascript(code: Code): Generated {
  const lines = body(code, 'const', 'Math.', (name, k) => `${name}[${name.toLowerCase()}o + ${k}]`);
  // oxlint-disable-next-line typescript/no-implied-eval -- generated code is what is measured
  return new Function('p', 'po', 'e', 'eo', 'J', 'jo', lines.join('\n')) as Generated;
}

/** A C++ function template over the number type. */
export function cpp(name: string, code: Code): string {
  const lines = body(code, 'const T', 'std::', (array, k) => `${array}[${k}]`);
  return `template <class T> static inline void ${name}(const T* p, [[maybe_unused]] const T* e, T* J) {\n${lines.join('\n')}\n}\n`;
}
