/**
 * Reading and writing by index.
 * The one idea: indices are data, int32, from 0. Negative ones are refused, and not counted from the end, so that eager and
 * traced code agree; a traced index out of range reads NaN (0 for integers) and writes nothing.
 */
import type { DType } from '@jacobi/backend';
import { broadcastShapes, promoteTypes, sameShape } from '@jacobi/backend';
import { checkAxis } from '../axes.ts';
import { bindOne } from '../bind.ts';
import { checkCount, checkDType, checkInteger, checkOptions } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asBeside, asNumeric, asTensor, castTo } from '../convert.ts';
import { ArgumentError, DTypeError, ShapeError } from '../errors.ts';
import { gatherRow, scatterAddRow } from '../primitives/indexing.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { add } from './arithmetic.ts';
import { equal } from './comparison.ts';
import { arange } from './creation.ts';
import { broadcastTo, expandDims, reshape } from './shape.ts';

function asIndices(operation: string, value: TensorLike): Tensor {
  const t = asTensor(
    operation,
    'indices',
    value,
    Array.isArray(value) || typeof value === 'number' ? 'int32' : undefined,
  );
  if (t.dtype !== 'int32') {
    throw new DTypeError(`${operation}: indices must be int32, not ${t.dtype}; use cast(indices, 'int32')`);
  }
  return t;
}

/** Throws for an index out of range, where its value is at hand. */
function checkRange(operation: string, indices: Tensor, axis: number, t: Tensor): void {
  const { backend, buffer } = indices;
  if (buffer === null || backend!.readSync === undefined || indices.size === 0) return;
  const size = t.shape[axis]!;
  for (const index of backend!.readSync(buffer)) {
    if (index >= 0 && index < size) continue;
    const hint = index < 0 && index >= -size ? `; count from the end as ${index + size}` : '';
    throw new ArgumentError(
      `${operation}: index ${index} is out of range on axis ${axis} of x ${formatType(t.type)}, which has ${size} elements${hint}`,
    );
  }
}

/**
 * The parts of x at indices along an axis: the result has the axes of indices in place of it. Derivatives of parts that
 * are taken twice add up.
 * @param indices int32, 0 … size − 1, of any shape; a number takes one part and removes the axis.
 * @throws ArgumentError for an index out of range, unless it is traced: then the part is NaN (0 for integers).
 * @example
 * gather(tensor([10, 20, 30]), [2, 0, 2]) // → [30, 10, 30]
 * gather(tensor([[1, 2], [3, 4]]), 1, 1) // → [2, 4]
 */
export function gather(x: TensorLike, indices: TensorLike, axis = 0): Tensor {
  const t = asTensor('gather', 'x', x);
  const a = checkAxis('gather', axis, t.rank);
  const at = asIndices('gather', indices);
  checkRange('gather', at, a, t);
  return bindOne(gatherRow, [t, at], { axis: a, batch: 0 });
}

/**
 * x with updates added to its parts at indices along an axis; updates to one part add up, in order. The transpose of
 * `gather`.
 * @param updates Of (or broadcast to) the shape of `gather(x, indices, axis)`.
 * @throws ArgumentError for an index out of range, unless it is traced: then its update is dropped. ShapeError where
 * updates do not broadcast.
 * @example
 * scatterAdd(tensor([1, 1, 1]), [2, 0, 2], tensor([10, 20, 30])) // → [21, 1, 41]
 */
export function scatterAdd(x: TensorLike, indices: TensorLike, updates: TensorLike, axis = 0): Tensor {
  const base = asNumeric('scatterAdd', 'x', x);
  const a = checkAxis('scatterAdd', axis, base.rank);
  const at = asIndices('scatterAdd', indices);
  checkRange('scatterAdd', at, a, base);
  const given = asBeside('scatterAdd', 'updates', updates, base.dtype);
  const dtype = promoteTypes(base.dtype, given.dtype);
  const shape = [...base.shape.slice(0, a), ...at.shape, ...base.shape.slice(a + 1)];
  const common = broadcastShapes(given.shape, shape);
  if (common === undefined || !sameShape(common, shape)) {
    throw new ShapeError(
      `scatterAdd: updates ${formatType(given.type)} do not broadcast to [${shape.join()}], the shape of gather(x, indices, axis)`,
    );
  }
  const added = broadcastTo(castTo(given, dtype), shape);
  const size = base.shape[a]!;
  return add(castTo(base, dtype), bindOne(scatterAddRow, [added, at], { axis: a, batch: 0, size }));
}

/**
 * Ones at indices, zeros elsewhere, along a new axis of size depth. An index out of range gives zeros only.
 * @param indices int32 of any shape.
 * @param options.axis Where the new axis is; default −1, the end.
 * @param options.dtype Default float32.
 * @throws DTypeError for indices that are not int32.
 * @example
 * oneHot([2, 0], 3) // → [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(
  indices: TensorLike,
  depth: number,
  options: { readonly axis?: number; readonly dtype?: DType } = {},
): Tensor {
  checkOptions('oneHot', options, ['axis', 'dtype']);
  const { axis = -1, dtype = 'float32' } = options;
  checkDType('oneHot', dtype);
  checkInteger('oneHot', 'depth', depth, 0);
  const at = asIndices('oneHot', indices);
  checkCount('oneHot', at.size * depth);
  const a = checkAxis('oneHot', axis, at.rank + 1);
  const classes = reshape(
    arange(depth),
    Array.from({ length: at.rank + 1 }, (_, i) => (i === a ? depth : 1)),
  );
  return castTo(equal(expandDims(at, a), classes), dtype);
}
