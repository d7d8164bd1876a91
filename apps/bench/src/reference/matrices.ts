/* Matrices of numbers, for references: row-major float64. Slow, obvious, on purpose. */
import type { Input, NamedArray } from '../inputs/inputs.ts';

/** The elements of an input's array. */
export const data = (input: Input, name: string): Float64Array => input.arrays[name]!.data;

/** a[m,k] · b[k,n]. */
export function product(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const factor = a[i * k + l]!;
      for (let j = 0; j < n; j++) out[i * n + j]! += factor * b[l * n + j]!;
    }
  }
  return out;
}

export function transposed({ shape, data }: NamedArray): Float64Array {
  const [m, n] = shape as [number, number];
  return Float64Array.from({ length: m * n }, (_, at) => data[(at % m) * n + Math.floor(at / m)]!);
}
