/*
 * What every result is compared with: each workload's Jacobian in float64, by formula or by dual numbers, apart from
 * everything that is measured. Slow and obvious. The order of elements is the order that programs must answer in.
 */
import type { Family, Input } from '../inputs/inputs.ts';
import { arm, bundle } from './geometry.ts';
import { logreg, mixture } from './likelihoods.ts';
import { data, product } from './matrices.ts';
import { mlpBatch, mlpParams, seed3 } from './networks.ts';

/** The three diagonals: entry (k, i) is ∂f[i] / ∂u[i + k − 1]. */
function burgersBands(input: Input): Float64Array {
  const u = data(input, 'u');
  const { n, c1, c2 } = input.numbers as { n: number; c1: number; c2: number };
  const out = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    out[i] = c2 + c1 * u[i]!;
    out[n + i] = -c1 * (u[(i + 1) % n]! - u[(i + n - 1) % n]!) - 2 * c2;
    out[2 * n + i] = c2 - c1 * u[i]!;
  }
  return out;
}

function burgers(input: Input): Float64Array {
  const n = input.numbers['n']!;
  const bands = burgersBands(input);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let k = 0; k < 3; k++) out[i * n + ((i + k - 1 + n) % n)] = bands[k * n + i]!;
  return out;
}

function rosen(input: Input): Float64Array {
  const x = data(input, 'x');
  const n = x.length;
  const H = new Float64Array(n * n);
  for (let i = 0; i + 1 < n; i++) {
    H[i * n + i]! += 1200 * x[i]! ** 2 - 400 * x[i + 1]! + 2;
    H[i * n + i + 1]! -= 400 * x[i]!;
    H[(i + 1) * n + i]! -= 400 * x[i]!;
    H[(i + 1) * n + i + 1]! += 200;
  }
  return H;
}

const REFERENCES: Readonly<Record<Family, (input: Input) => Float64Array>> = {
  seed1: (input) => seed1(data(input, 'x')[0]!),
  seed2: (input) => diagonal(data(input, 'x').map((x) => 2 * x + 2)),
  seed3,
  arm,
  mlp_batch: mlpBatch,
  mlp_params: mlpParams,
  burgers,
  burgers_sparse: burgersBands,
  rosen,
  logreg,
  ba: bundle,
  gmm: mixture,
  matmul: (input) => {
    const n = input.numbers['n']!;
    return product(data(input, 'A'), data(input, 'B'), n, n, n);
  },
  exp: (input) => data(input, 'x').map(Math.exp),
  tanh: (input) => data(input, 'x').map(Math.tanh),
  dispatch: (input) => data(input, 'a').map((a, i) => a + input.numbers['n']! * data(input, 'b')[i]!),
};

function seed1(x: number): Float64Array {
  return Float64Array.of(2 * x, Math.cos(x));
}

function diagonal(values: Float64Array): Float64Array {
  const out = new Float64Array(values.length ** 2);
  values.forEach((v, i) => void (out[i * values.length + i] = v));
  return out;
}

/** The right answer to a workload of this family, in the order that programs answer in. */
export const reference = (family: Family, input: Input): Float64Array => REFERENCES[family](input);
