/** Networks that several tests differentiate, in float64, and the numbers that they are made of. */
import type { Tensor } from '@jacobi/tensor';
import { add, concat, matmul, mul, sigmoid, split, tanh, unstack, zeros } from '@jacobi/tensor';
import { float64 } from './jacobians.ts';

/** 0.7 · sin(seed + 2.3 i): numbers that programs in other languages make as well. */
export const numbers = (seed: number, ...shape: readonly number[]): Tensor =>
  float64(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.7 * Math.sin(seed + 2.3 * i)),
    shape,
  );

/** A long short-term memory of n units over the steps of x [batch, steps, features]; the last output. */
export function lstm(x: Tensor, kernel: Tensor, units: number): Tensor {
  let h = zeros([x.shape[0]!, units], { dtype: 'float64' });
  let c = h;
  for (const step of unstack(x, 1)) {
    const gates = split(matmul(concat([step, h], 1), kernel), 4, 1);
    const [i, f, o, g] = gates as [Tensor, Tensor, Tensor, Tensor];
    c = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    h = mul(sigmoid(o), tanh(c));
  }
  return h;
}
