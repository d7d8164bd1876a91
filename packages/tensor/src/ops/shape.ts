/** Shapes: the same elements, arranged otherwise. */
import type { DType, Shape } from '@jacobi/backend';
import { broadcastShapes, sameShape, sizeOf } from '@jacobi/backend';
import { checkAxes, checkAxis, checkPerAxis } from '../axes.ts';
import { bindOne } from '../bind.ts';
import { asTensor, castTo, checkShape } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import { ArgumentError, DTypeError, ShapeError } from '../errors.ts';
import { broadcastRow, flipRow, padRow, padWithRow, reshapeRow, sliceRow, stopGradientRow, transposeRow } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';

export function cast(x: TensorLike, dtype: DType): Tensor {
  if (!['float32', 'float64', 'int32', 'bool'].includes(dtype)) {
    throw new DTypeError(`cast: dtype must be float32, float64, int32 or bool, not ${String(dtype)}`);
  }
  return castTo(asTensor('cast', 'x', x), dtype);
}

export function stopGradient(x: TensorLike): Tensor {
  return bindOne(stopGradientRow, [asTensor('stopGradient', 'x', x)]);
}

export function reshape(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor('reshape', 'x', x);
  let target: readonly number[] = shape;
  if (Array.isArray(shape) && shape.includes(-1)) {
    const known = shape.filter((d) => d !== -1).reduce((a, b) => a * b, 1);
    if (shape.indexOf(-1) !== shape.lastIndexOf(-1) || known === 0 || t.size % known !== 0) {
      throw new ShapeError(`reshape: [${shape.join()}] does not say how to arrange the ${t.size} elements of x ${formatType(t.type)}`);
    }
    target = shape.map((d) => (d === -1 ? t.size / known : d));
  }
  checkShape('reshape', 'shape', target);
  if (sizeOf(target) !== t.size) {
    throw new ShapeError(`reshape: x ${formatType(t.type)} has ${t.size} elements, shape [${target.join()}] has ${sizeOf(target)}`);
  }
  return sameShape(target, t.shape) ? t : bindOne(reshapeRow, [t], { shape: target });
}

export function transpose(x: TensorLike, permutation?: readonly number[]): Tensor {
  const t = asTensor('transpose', 'x', x);
  const order = permutation === undefined
    ? t.shape.map((_, i) => t.rank - 1 - i)
    : checkPerAxis('transpose', 'permutation', permutation, t.rank).map((a) => checkAxis('transpose', a, t.rank, 'permutation'));
  if (new Set(order).size !== order.length) throw new ArgumentError(`transpose: permutation [${permutation!.join()}] names an axis twice`);
  return order.every((a, i) => a === i) ? t : bindOne(transposeRow, [t], { permutation: order });
}

export function squeeze(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const t = asTensor('squeeze', 'x', x);
  const axes = axis === undefined ? t.shape.flatMap((d, i) => (d === 1 ? [i] : [])) : checkAxes('squeeze', axis, t.rank);
  for (const a of axes) if (t.shape[a] !== 1) throw new ShapeError(`squeeze: axis ${a} of x ${formatType(t.type)} has size ${t.shape[a]}, not 1`);
  return reshape(t, t.shape.filter((_, i) => !axes.includes(i)));
}

export function expandDims(x: TensorLike, axis = 0): Tensor {
  const t = asTensor('expandDims', 'x', x);
  const a = checkAxis('expandDims', axis, t.rank + 1);
  return reshape(t, [...t.shape.slice(0, a), 1, ...t.shape.slice(a)]);
}

export function broadcastTo(x: TensorLike, shape: Shape): Tensor {
  const t = asTensor('broadcastTo', 'x', x);
  checkShape('broadcastTo', 'shape', shape);
  if (sameShape(t.shape, shape)) return t;
  const common = broadcastShapes(t.shape, shape);
  if (common === undefined || !sameShape(common, shape)) throw new ShapeError(`broadcastTo: x ${formatType(t.type)} does not broadcast to [${shape.join()}]`);
  return bindOne(broadcastRow, [t], { shape });
}

export function flip(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const t = asTensor('flip', 'x', x);
  return bindOne(flipRow, [t], { axes: checkAxes('flip', axis, t.rank) });
}

export function slice(x: TensorLike, begin: readonly number[] | number, size?: readonly number[] | number): Tensor {
  const t = asTensor('slice', 'x', x);
  const all = (v: readonly number[] | number, fill: number): readonly number[] => {
    const given = typeof v === 'number' ? [v] : v;
    return given.length < t.rank ? [...given, ...new Array<number>(t.rank - given.length).fill(fill)] : given;
  };
  const starts = checkPerAxis('slice', 'begin', all(begin, 0), t.rank).map((b, i) => (b < 0 ? b + t.shape[i]! : b));
  const sizes = checkPerAxis('slice', 'size', all(size ?? [], -1), t.rank).map((s, i) => (s === -1 ? t.shape[i]! - starts[i]! : s));
  starts.forEach((b, i) => {
    const s = sizes[i]!;
    if (b < 0 || s < 0 || b + s > t.shape[i]!) {
      throw new ShapeError(`slice: begin ${b} and size ${s} leave axis ${i} of x ${formatType(t.type)} (0 … ${t.shape[i]! - 1})`);
    }
  });
  return takeSlice(t, starts, sizes, starts.map(() => 1));
}

/** A strided slice with everything known and checked. @internal */
export function takeSlice(t: Tensor, begin: readonly number[], size: readonly number[], stride: readonly number[]): Tensor {
  return sameShape(size, t.shape) ? t : bindOne(sliceRow, [t], { begin, size, stride });
}

export function pad(x: TensorLike, paddings: readonly (readonly [number, number])[], value = 0): Tensor {
  const t = asTensor('pad', 'x', x);
  if (!Array.isArray(paddings) || paddings.length !== t.rank || paddings.some((p) => !Array.isArray(p) || p.length !== 2)) {
    throw new ArgumentError(`pad: paddings must be one [before, after] for each of the ${t.rank} axes of x`);
  }
  const low = paddings.map((p) => p[0] as number);
  const high = paddings.map((p) => p[1] as number);
  checkShape('pad', 'paddings', [...low, ...high]);
  if (typeof value !== 'number') throw new ArgumentError('pad: value must be a number');
  if (low.every((v) => v === 0) && high.every((v) => v === 0)) return t;
  const params = { low, high, interior: low.map(() => 0) };
  return value === 0 ? bindOne(padRow, [t], params) : bindOne(padWithRow, [t], { ...params, value });
}
