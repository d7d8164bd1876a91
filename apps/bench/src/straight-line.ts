/*
 * JavaScript with nothing in between: generated straight-line code (arm, bundle adjustment) and formulas written by hand.
 * What worker.ts loads for the competitor `js`. No library: a measure of what the engine can reach.
 */
import { armCode, javascript, residualCode } from './codegen/emit.ts';
import type { Input } from './inputs/inputs.ts';
import type { DType } from './inputs/workloads.ts';
import type { Call, MakeIdiom } from './measure/harness.ts';
import type { Opened } from './measure/programs.ts';

type Typed = Float32Array | Float64Array;

function arm(input: Input, typed: (from: ArrayLike<number> | number) => Typed): Call {
  const f = javascript(armCode(input));
  const n = input.numbers['n']!;
  const [q, J] = [typed(input.arrays['q']!.data), typed(n * 84)];
  return () => {
    for (let b = 0; b < n; b++) f(q, b * 7, q, 0, J, b * 84);
    return [J];
  };
}

function bundle(input: Input, typed: (from: ArrayLike<number> | number) => Typed): Call {
  const f = javascript(residualCode());
  const n = input.numbers['n']!;
  const [P, e, J] = [typed(input.arrays['P']!.data), typed(input.arrays['features']!.data), typed(n * 30)];
  return () => {
    for (let i = 0; i < n; i++) f(P, i * 15, e, i * 2, J, i * 30);
    return [J];
  };
}

/** The dense matrix, its three diagonals written by formula. */
function burgers({ numbers, arrays }: Input, typed: (from: ArrayLike<number> | number) => Typed): Call {
  const { n, c1, c2 } = numbers as { n: number; c1: number; c2: number };
  const [u, J] = [typed(arrays['u']!.data), typed(n * n)];
  return () => {
    J.fill(0);
    for (let i = 0; i < n; i++) {
      const right = i + 1 === n ? 0 : i + 1;
      const left = i === 0 ? n - 1 : i - 1;
      J[i * n + left] = c2 + c1 * u[i]!;
      J[i * n + i] = -c1 * (u[right]! - u[left]!) - 2 * c2;
      J[i * n + right] = c2 - c1 * u[i]!;
    }
    return [J];
  };
}

const elementwise =
  (f: (x: number) => number) =>
  ({ arrays }: Input, typed: (from: ArrayLike<number> | number) => Typed): Call => {
    const x = typed(arrays['x']!.data);
    const y = typed(x.length);
    return () => {
      for (let i = 0; i < x.length; i++) y[i] = f(x[i]!);
      return [y];
    };
  };

const ALL: Readonly<Record<string, readonly [string, typeof arm]>> = {
  arm: ['generated', arm],
  ba: ['generated', bundle],
  burgers: ['by hand', burgers],
  exp: ['Math.exp', elementwise(Math.exp)],
  tanh: ['Math.tanh', elementwise(Math.tanh)],
};

export async function open(options: Readonly<Record<string, string>>): Promise<Opened> {
  const dtype: DType = options['dtype'] === 'float64' ? 'float64' : 'float32';
  const typed = (from: ArrayLike<number> | number): Typed =>
    dtype === 'float64' ? new Float64Array(from as number) : new Float32Array(from as number);
  return {
    version: process.version,
    dtype,
    idioms: (program, input): Record<string, MakeIdiom> => {
      const found = ALL[program];
      return found ? { [found[0]]: () => ({ call: found[1](input, typed) }) } : {};
    },
  };
}
