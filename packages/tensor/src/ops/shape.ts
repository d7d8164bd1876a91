/**
 * Shapes: the same elements, arranged otherwise, and parts of them.
 * The one idea: all of these are linear, and most are views that cost no work.
 */
import type { DType, Shape } from '@jacobi/backend';
import { broadcastShapes, sameShape, sizeOf } from '@jacobi/backend';
import { checkAxes, checkAxis, checkDistinct, checkPerAxis } from '../axes.ts';
import { bindOne } from '../bind.ts';
import { checkDType, checkInteger, checkNumber, checkShape, checkWhole } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asTensor, castTo, reshapeTo } from '../convert.ts';
import { describe } from '../describe.ts';
import { ArgumentError, DTypeError, ShapeError } from '../errors.ts';
import {
  broadcastRow,
  flipRow,
  padRow,
  padWithRow,
  sliceRow,
  stopGradientRow,
  transposeRow,
} from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';

/**
 * x in another dtype. Into int32 fractions are cut off, NaN gives 0, and what is out of range the nearest int32; into
 * bool, all but 0 is true. Derivatives pass from floating to floating only.
 * @throws DTypeError for a dtype that there is not.
 * @example
 * cast(tensor([1.7, -1.7, 0]), 'int32') // → [1, -1, 0]
 */
export function cast(x: TensorLike, dtype: DType): Tensor {
  checkDType('cast', dtype);
  return castTo(asTensor('cast', 'x', x), dtype);
}

/**
 * x, through which no derivative passes.
 * @example
 * stopGradient(tensor([1, 2])) // → [1, 2]
 */
export function stopGradient(x: TensorLike): Tensor {
  return bindOne(stopGradientRow, [asTensor('stopGradient', 'x', x)]);
}

/**
 * The elements of x, in row-major order, under another shape. One size may be −1: whatever is left.
 * @throws ShapeError where the numbers of elements differ.
 * @example
 * reshape(tensor([1, 2, 3, 4, 5, 6]), [2, -1]) // → [[1, 2, 3], [4, 5, 6]]
 */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor('reshape', 'x', x);
  checkWhole('reshape', 'shape', shape, -1);
  const known = shape.filter((d) => d !== -1);
  const target = shape.map((d) => (d === -1 ? t.size / sizeOf(known) : d));
  if (known.length + 1 < shape.length || sizeOf(target) !== t.size || !target.every(Number.isInteger)) {
    throw new ShapeError(
      `reshape: shape [${shape.join()}] does not fit the ${t.size} elements of x ${formatType(t.type)}; one size may be -1`,
    );
  }
  return reshapeTo(t, target);
}

/**
 * x with its axes in another order: axis i of the result is axis permutation[i] of x. Without a permutation: backwards.
 * @throws ArgumentError or ShapeError for a permutation that does not name each axis once.
 * @example
 * transpose(tensor([[1, 2, 3], [4, 5, 6]])) // → [[1, 4], [2, 5], [3, 6]]
 */
export function transpose(x: TensorLike, permutation?: readonly number[]): Tensor {
  const t = asTensor('transpose', 'x', x);
  const checked = (given: readonly number[]): number[] =>
    checkDistinct('transpose', 'permutation', checkPerAxis('transpose', 'permutation', given, t.rank), t.rank);
  const order = permutation === undefined ? [...t.shape.keys()].reverse() : checked(permutation);
  return order.every((a, i) => a === i) ? t : bindOne(transposeRow, [t], { permutation: order });
}

/**
 * x without axes of size 1: all of them, or those named.
 * @throws ShapeError for a named axis of another size.
 * @example
 * squeeze(zeros([1, 3, 1])).shape // → [3]
 * squeeze(zeros([1, 3, 1]), 0).shape // → [3, 1]
 */
export function squeeze(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const t = asTensor('squeeze', 'x', x);
  const axes =
    axis === undefined ? t.shape.flatMap((d, i) => (d === 1 ? [i] : [])) : checkAxes('squeeze', axis, t.rank);
  for (const a of axes) {
    if (t.shape[a] !== 1)
      throw new ShapeError(`squeeze: axis ${a} of x ${formatType(t.type)} has size ${t.shape[a]}, not 1`);
  }
  return reshape(
    t,
    t.shape.filter((_, i) => !axes.includes(i)),
  );
}

/**
 * x with a new axis of size 1 before position `axis` (−1: at the end).
 * @throws ArgumentError for a position that is out of range.
 * @example
 * expandDims(tensor([1, 2]), -1) // → [[1], [2]]
 */
export function expandDims(x: TensorLike, axis = 0): Tensor {
  const t = asTensor('expandDims', 'x', x);
  const a = checkAxis('expandDims', axis, t.rank + 1);
  return reshape(t, [...t.shape.slice(0, a), 1, ...t.shape.slice(a)]);
}

/**
 * x repeated along new leading axes and along axes of size 1, as NumPy broadcasts.
 * @throws ShapeError where x does not broadcast to the shape.
 * @example
 * broadcastTo(tensor([1, 2]), [2, 2]) // → [[1, 2], [1, 2]]
 */
export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor('broadcastTo', 'x', x);
  checkShape('broadcastTo', 'shape', shape);
  if (sameShape(t.shape, shape)) return t;
  const common = broadcastShapes(t.shape, shape);
  if (common === undefined || !sameShape(common, shape)) {
    throw new ShapeError(
      `broadcastTo: x ${formatType(t.type)} does not broadcast to [${shape.join()}]: aligned at the last axis, sizes must be equal or 1`,
    );
  }
  return bindOne(broadcastRow, [t], { shape });
}

/**
 * x backwards along one axis, several, or all.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * flip(tensor([[1, 2], [3, 4]]), 1) // → [[2, 1], [4, 3]]
 */
export function flip(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const t = asTensor('flip', 'x', x);
  const axes = checkAxes('flip', axis, t.rank);
  return axes.length === 0 ? t : bindOne(flipRow, [t], { axes });
}

/**
 * The part of x that begins at `begin` and has `size` elements along each axis. A negative begin counts from the end, a size
 * of −1 goes to the end; axes that are left out are taken whole. With steps: `stridedSlice`.
 * @throws ShapeError where the part leaves x.
 * @example
 * slice(tensor([[1, 2, 3], [4, 5, 6]]), [0, 1], [2, 2]) // → [[2, 3], [5, 6]]
 * slice(tensor([1, 2, 3]), -2) // → [2, 3]
 */
export function slice(x: TensorLike, begin: readonly number[] | number, size?: readonly number[] | number): Tensor {
  const t = asTensor('slice', 'x', x);
  const starts = perAxis('begin', begin, 0, t).map((b, i) => (b < 0 ? b + t.shape[i]! : b));
  const sizes = perAxis('size', size ?? [], -1, t).map((s, i) => (s === -1 ? t.shape[i]! - starts[i]! : s));
  if (starts.some((b, i) => b < 0 || sizes[i]! < 0 || b + sizes[i]! > t.shape[i]!))
    throw new ShapeError(`slice: begin [${[begin].join()}] and size [${sizes.join()}] leave x ${formatType(t.type)}`);
  return takeSlice(
    t,
    starts,
    sizes,
    starts.map(() => 1),
  );
}

/** One number for each axis; those left out are `fill`. */
function perAxis(argument: string, values: readonly number[] | number, fill: number, t: Tensor): readonly number[] {
  const given = typeof values === 'number' ? [values] : values;
  const all = Array.isArray(given) ? [...given, ...t.shape.slice(given.length).map(() => fill)] : given;
  return checkPerAxis('slice', argument, all, t.rank);
}

/** A strided slice with everything known and checked. @internal */
export function takeSlice(
  t: Tensor,
  begin: readonly number[],
  size: readonly number[],
  stride: readonly number[],
): Tensor {
  return sameShape(size, t.shape) ? t : bindOne(sliceRow, [t], { begin, size, stride });
}

/**
 * x with `value` put before and after its elements: one [before, after] for each axis.
 * @throws ArgumentError for paddings that are not such pairs of whole numbers ≥ 0.
 * @example
 * pad(tensor([1, 2]), [[1, 2]]) // → [0, 1, 2, 0, 0]
 */
export function pad(x: TensorLike, paddings: readonly (readonly [number, number])[], value = 0): Tensor {
  const t = asTensor('pad', 'x', x);
  if (
    !Array.isArray(paddings) ||
    paddings.length !== t.rank ||
    paddings.some((p) => !Array.isArray(p) || p.length !== 2)
  ) {
    throw new ArgumentError(
      `pad: paddings must be one [before, after] for each of the ${t.rank} axes of x, not ${describe(paddings)}`,
    );
  }
  const low = paddings.map((p) => p[0] as number);
  const high = paddings.map((p) => p[1] as number);
  for (const n of [...low, ...high]) checkInteger('pad', 'paddings', n, 0);
  checkNumber('pad', 'value', value, true);
  if ((t.dtype === 'int32' && value !== (value | 0)) || (t.dtype === 'bool' && value !== 0 && value !== 1)) {
    throw new DTypeError(`pad: value ${value} is not of dtype ${t.dtype}, as x is; cast x first`);
  }
  if (low.every((v) => v === 0) && high.every((v) => v === 0)) return t;
  const params = { low, high, interior: low.map(() => 0) };
  return value === 0 ? bindOne(padRow, [t], params) : bindOne(padWithRow, [t], { ...params, value });
}
