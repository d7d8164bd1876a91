/**
 * Reductions over axes: one axis, several, or all of them if none is named; negative axes count from the end. The reduced
 * axes vanish, or stay with size 1 if `keepDims`.
 */
import { sizeOf } from '@jacobi/backend';
import { checkAxes, checkAxis } from '../axes.ts';
import { bindOne } from '../bind.ts';
import { checkFlag } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asFloat, asNumeric, asTensor, castTo } from '../convert.ts';
import { ArgumentError } from '../errors.ts';
import type { Axes } from '../families.ts';
import { onesAt } from '../families.ts';
import type { Primitive } from '../primitive.ts';
import { allRow, anyRow, argmaxRow, argminRow, maxRow, minRow, prodRow, sumRow } from '../primitives/reduction.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { div } from './arithmetic.ts';
import { reshape } from './shape.ts';

/** One axis, several, or all. */
export type Axis = number | readonly number[] | null | undefined;

function reduce(
  row: Primitive<Axes>,
  t: Tensor,
  axes: readonly number[],
  keepDims: boolean,
  operation: string = row.name,
): Tensor {
  checkFlag(operation, 'keepDims', keepDims);
  const y = axes.length === 0 ? t : bindOne(row, [t], { axes });
  return keepDims ? reshape(y, onesAt(t.shape, axes)) : y;
}

/**
 * The sum over axes. float32 and float64 accumulate in float64; bool counts, in int32. The sum of nothing is 0.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * sum(tensor([[1, 2], [3, 4]]), 0) // → [4, 6]
 */
export function sum(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  const t = asNumeric('sum', 'x', x);
  return reduce(sumRow, t, checkAxes('sum', axis, t.rank), keepDims);
}

/**
 * The product over axes. The product of nothing is 1. Its derivatives, of every order, are exact with zeros among the factors.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * prod(tensor([[1, 2], [3, 4]]), 1) // → [2, 12]
 */
export function prod(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  const t = asNumeric('prod', 'x', x);
  return reduce(prodRow, t, checkAxes('prod', axis, t.rank), keepDims);
}

/**
 * The arithmetic mean over axes; int32 and bool become float32 first. The mean of nothing is NaN.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * mean(tensor([[1, 2], [3, 5]])) // → 2.75
 */
export function mean(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  const t = asFloat('mean', 'x', x);
  const axes = checkAxes('mean', axis, t.rank);
  const total = reduce(sumRow, t, axes, keepDims, 'mean');
  return div(total, sizeOf(axes.map((a) => t.shape[a]!)));
}

function extreme(row: Primitive<Axes>, x: TensorLike, axis: Axis, keepDims: boolean): Tensor {
  const t = asNumeric(row.name, 'x', x);
  const axes = checkAxes(row.name, axis, t.rank);
  checkSome(row.name, t, axes);
  return reduce(row, t, axes, keepDims);
}

/** Throws where there is nothing to be the largest or smallest. */
export function checkSome(operation: string, t: Tensor, axes: readonly number[]): void {
  if (axes.some((a) => t.shape[a] === 0)) throw nothing(operation, t, axes);
}

function nothing(operation: string, t: Tensor, axes: readonly number[]): ArgumentError {
  return new ArgumentError(
    `${operation}: x ${formatType(t.type)} has no elements along axis ${axes.join()}, so there is no ${operation}`,
  );
}

/**
 * The largest element over axes; NaN if there is one. Ties share the derivative evenly.
 * @throws ArgumentError for an axis that x does not have, or that has no elements.
 * @example
 * max(tensor([[1, 5], [4, 2]]), 1) // → [5, 4]
 */
export function max(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  return extreme(maxRow, x, axis, keepDims);
}

/**
 * The smallest element over axes; NaN if there is one. Ties share the derivative evenly.
 * @throws ArgumentError for an axis that x does not have, or that has no elements.
 * @example
 * min(tensor([[1, 5], [4, 2]]), 1) // → [1, 2]
 */
export function min(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  return extreme(minRow, x, axis, keepDims);
}

/**
 * True if any element over the axes is true (not 0). Of nothing: false.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * any(tensor([[true, false], [false, false]]), 1) // → [true, false]
 */
export function any(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  const t = castTo(asTensor('any', 'x', x), 'bool');
  return reduce(anyRow, t, checkAxes('any', axis, t.rank), keepDims);
}

/**
 * True if all elements over the axes are true (not 0). Of nothing: true.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * all(tensor([[true, false], [true, true]]), 1) // → [false, true]
 */
export function all(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  const t = castTo(asTensor('all', 'x', x), 'bool');
  return reduce(allRow, t, checkAxes('all', axis, t.rank), keepDims);
}

function position(
  row: Primitive<{ readonly axis: number }>,
  x: TensorLike,
  axis: number | null | undefined,
  keepDims: boolean,
): Tensor {
  const { name } = row;
  checkFlag(name, 'keepDims', keepDims);
  const t = asNumeric(name, 'x', x);
  if (axis === undefined || axis === null) {
    if (t.size === 0) throw nothing(name, t, [...t.shape.keys()]);
    const y = bindOne(row, [reshape(t, [t.size])], { axis: 0 });
    return keepDims
      ? reshape(
          y,
          t.shape.map(() => 1),
        )
      : y;
  }
  const a = checkAxis(name, axis, t.rank);
  checkSome(name, t, [a]);
  const y = bindOne(row, [t], { axis: a });
  return keepDims ? reshape(y, onesAt(t.shape, [a])) : y;
}

/**
 * The position of the largest element along an axis, int32; without an axis, in the flattened tensor (as NumPy's). The
 * first of equals; NaN counts as largest. No derivative passes.
 * @throws ArgumentError for an axis that x does not have, or that has no elements.
 * @example
 * argmax(tensor([[1, 5], [4, 2]]), 1) // → [1, 0]
 */
export function argmax(x: TensorLike, axis?: number | null, keepDims = false): Tensor {
  return position(argmaxRow, x, axis, keepDims);
}

/**
 * The position of the smallest element along an axis, int32; without an axis, in the flattened tensor (as NumPy's). The
 * first of equals; NaN counts as smallest. No derivative passes.
 * @throws ArgumentError for an axis that x does not have, or that has no elements.
 * @example
 * argmin(tensor([[1, 5], [4, 2]]), 1) // → [0, 1]
 */
export function argmin(x: TensorLike, axis?: number | null, keepDims = false): Tensor {
  return position(argminRow, x, axis, keepDims);
}
