/**
 * What a sample is: a call of an operation, with how to make arguments for it, what it should give, and points where its
 * derivatives are known. The one idea: a sample says nothing of how it is checked; `checks.ts` does.
 */
import type { DType } from '@jacobi/backend';
import { allocate } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { tensorFromData } from '@jacobi/tensor/internal';
import type { NdArray } from './array.ts';
import { countOf } from './array.ts';
import type { Random } from './random.ts';
import { randomFrom } from './random.ts';

/** How to make one argument. */
export interface Argument {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly fill: (count: number, random: Random) => number[];
}

/** A scalar function's value and derivatives at a point, by order; null: not stated. */
export type Jet = readonly [at: number, orders: readonly (number | null)[]];

/** A point where things are known. Arrays are flat; gradients are those of the sum of the results. */
export interface Point {
  readonly at: readonly (readonly number[])[];
  readonly value?: readonly number[];
  /** By argument; null: not stated. */
  readonly gradients?: readonly (readonly number[] | null)[];
  /** Of the sum of the results, over all floating arguments in a row, row-major. */
  readonly hessian?: readonly number[];
  /** Shapes of the arguments where they are not the sample's. */
  readonly shapes?: readonly (readonly number[])[];
}

/** One way to call an operation. */
export interface Sample {
  /** As it is read in a failure. */
  readonly name: string;
  readonly arguments: readonly Argument[];
  readonly run: (...args: Tensor[]) => Tensor | readonly Tensor[];
  /** A slow, obvious computation of the value. */
  readonly oracle?: (...args: NdArray[]) => NdArray | readonly NdArray[];
  /** dtype of the results where it is not that of the floating arguments. */
  readonly gives?: DType;
  /** The highest order that is compared with differences. Default 2. */
  readonly order?: 0 | 1 | 2;
  /** For order 0: why there is no derivative. */
  readonly reason?: string;
  /** Values are compared in float32 too, unless false (where a float32 cannot hold what is asked). */
  readonly float32?: false;
  readonly points?: readonly Point[];
  /** For functions of one argument, elementwise. */
  readonly jets?: readonly Jet[];
}

/** Uniform float64 numbers. */
export function real(shape: readonly number[], low = -2, high = 2): Argument {
  return {
    shape,
    dtype: 'float64',
    fill: (n, random) => Array.from({ length: n }, () => low + (high - low) * random()),
  };
}

/**
 * Float64 numbers no two of which are close: a shuffled grid of step 0.3 with a little noise, so that no difference quotient
 * crosses a kink or a tie. With `offset` 0.15 they keep away from those with offset 0.
 */
export function apart(shape: readonly number[], offset = 0): Argument {
  return {
    shape,
    dtype: 'float64',
    fill: (n, random) => {
      const order = Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const k = Math.floor(random() * (i + 1));
        [order[i], order[k]] = [order[k]!, order[i]!];
      }
      const shift = Math.floor(n / 2) + (random() < 0.5 ? 0 : 1);
      return order.map((i) => (i - shift) * 0.3 + offset + 0.1 + 0.06 * (random() - 0.5));
    },
  };
}

/** Float64 numbers of either sign with sizes between low and high. */
export function away(shape: readonly number[], low: number, high: number): Argument {
  const fill: Argument['fill'] = (n, random) =>
    Array.from({ length: n }, () => (low + (high - low) * random()) * (random() < 0.5 ? -1 : 1));
  return { shape, dtype: 'float64', fill };
}

/** Whole numbers of low, …, high − 1, as int32 unless said otherwise. */
export function whole(shape: readonly number[], low: number, high: number, dtype: DType = 'int32'): Argument {
  return {
    shape,
    dtype,
    fill: (n, random) => Array.from({ length: n }, () => low + Math.floor((high - low) * random())),
  };
}

/** True and false. */
export function truth(shape: readonly number[]): Argument {
  return whole(shape, 0, 2, 'bool');
}

/** The given numbers, the same each time. */
export function fixed(
  data: readonly number[],
  shape: readonly number[] = [data.length],
  dtype: DType = 'float64',
): Argument {
  return { shape, dtype, fill: () => [...data] };
}

/** A tensor of these numbers. */
export function make(data: readonly number[], shape: readonly number[], dtype: DType): Tensor {
  const values = allocate(dtype, countOf(shape));
  values.set(data);
  return tensorFromData(values, dtype, shape);
}

/** Numbers for all arguments of a sample; another `seed`, other numbers. */
function valuesFor(sample: Sample, seed = 0): number[][] {
  const random = randomFrom(`${sample.name} ${seed}`);
  return sample.arguments.map((a) => a.fill(countOf(a.shape), random));
}

/** Arguments of a sample as tensors. `floating`: the dtype to use in place of float64. */
export function tensorsFor(sample: Sample, seed = 0, floating: DType = 'float64'): Tensor[] {
  return valuesFor(sample, seed).map((data, i) => {
    const { shape, dtype } = sample.arguments[i]!;
    return make(data, shape, dtype === 'float64' ? floating : dtype);
  });
}
