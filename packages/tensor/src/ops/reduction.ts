/** Reductions over axes. */
import { sizeOf } from '@jacobi/backend';
import { checkAxes } from '../axes.ts';
import { bindOne } from '../bind.ts';
import { asFloat, asTensor, castTo } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import { ArgumentError } from '../errors.ts';
import { onesAt } from '../families.ts';
import type { Axes } from '../families.ts';
import { maxRow, minRow, prodRow, sumRow } from '../primitives/reduction.ts';
import type { Primitive } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { div } from './arithmetic.ts';
import { reshape } from './shape.ts';

/** One axis, several, or all. */
export type Axis = number | readonly number[] | null | undefined;

function reduce(row: Primitive<Axes>, t: Tensor, axis: Axis, keepDims: boolean): Tensor {
  const axes = checkAxes(row.name, axis, t.rank);
  const y = axes.length === 0 ? t : bindOne(row, [t], { axes });
  return keepDims ? reshape(y, onesAt(t.shape, axes)) : y;
}
const numbers = (t: Tensor): Tensor => (t.dtype === 'bool' ? castTo(t, 'int32') : t);

export function sum(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  return reduce(sumRow, numbers(asTensor('sum', 'x', x)), axis, keepDims);
}
export function prod(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  return reduce(prodRow, numbers(asTensor('prod', 'x', x)), axis, keepDims);
}
export function mean(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  const t = asFloat('mean', 'x', x);
  const axes = checkAxes('mean', axis, t.rank);
  return div(reduce(sumRow, t, axes, keepDims), sizeOf(axes.map((a) => t.shape[a]!)));
}
function extreme(row: Primitive<Axes>, x: TensorLike, axis: Axis, keepDims: boolean): Tensor {
  const t = numbers(asTensor(row.name, 'x', x));
  const axes = checkAxes(row.name, axis, t.rank);
  if (axes.some((a) => t.shape[a] === 0)) throw new ArgumentError(`${row.name}: x ${formatType(t.type)} has no elements along axis ${axes.join()}: there is no ${row.name}`);
  return reduce(row, t, axes, keepDims);
}
export function max(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  return extreme(maxRow, x, axis, keepDims);
}
export function min(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  return extreme(minRow, x, axis, keepDims);
}
