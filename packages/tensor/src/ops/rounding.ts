/** Rounding and clipping, elementwise. */
import { bindOne } from '../bind.ts';
import type { TensorLike } from '../convert.ts';
import { asNumeric, asPair } from '../convert.ts';
import { ArgumentError } from '../errors.ts';
import { elementwiseType } from '../families.ts';
import type { Primitive } from '../primitive.ts';
import { ceilRow, floorRow, roundRow } from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';
import { greater, isNaN, less, logicalOr, where } from './comparison.ts';

/** Whole numbers are what they are already. */
function rounded(row: Primitive, x: TensorLike): Tensor {
  const t = asNumeric(row.name, 'x', x);
  return t.dtype === 'int32' ? t : bindOne(row, [t]);
}

/**
 * The largest whole number not above x, elementwise; the dtype stays. Its derivative is 0.
 * @example
 * floor(tensor([1.5, -1.5])) // → [1, -2]
 */
export function floor(x: TensorLike): Tensor {
  return rounded(floorRow, x);
}

/**
 * The smallest whole number not below x, elementwise; the dtype stays. Its derivative is 0.
 * @example
 * ceil(tensor([1.5, -1.5])) // → [2, -1]
 */
export function ceil(x: TensorLike): Tensor {
  return rounded(ceilRow, x);
}

/**
 * The nearest whole number, elementwise, halves to the even one; the dtype stays. Its derivative is 0.
 * @example
 * round(tensor([0.5, 1.5, 2.4])) // → [0, 2, 2]
 */
export function round(x: TensorLike): Tensor {
  return rounded(roundRow, x);
}

/**
 * x, or the nearer end where it is outside of [low, high], elementwise. Shapes broadcast, dtypes promote; NaN stays NaN, and an
 * end that is NaN makes NaN. Where low > high in tensors it is high, as NumPy's.
 * The derivative in x is 1 inside and at the ends, 0 outside; there the end has it.
 * @throws ArgumentError for two numbers with low > high; ShapeError where the shapes do not broadcast.
 * @example
 * clip(tensor([-2, 0.5, 7]), 0, 1) // → [0, 0.5, 1]
 */
export function clip(x: TensorLike, low: TensorLike, high: TensorLike): Tensor {
  if (typeof low === 'number' && typeof high === 'number' && low > high) {
    throw new ArgumentError(`clip: low must not be above high, but low is ${low} and high is ${high}: exchange them`);
  }
  const [t, least] = asPair('clip', asNumeric('clip', 'x', x), low, ['x', 'low']);
  const [y, most] = asPair('clip', t, high, ['x', 'high']);
  elementwiseType('clip', [y.type, least.type, most.type]);
  const raised = where(beyond(less(y, least), low), least, y);
  return where(beyond(greater(raised, most), high), most, raised);
}

/** Where an end is passed, or is no number. */
function beyond(passed: Tensor, end: TensorLike): Tensor {
  return typeof end === 'number' && !Number.isNaN(end) ? passed : logicalOr(passed, isNaN(end));
}
