/** Joining tensors and taking them apart. */
import { promoteTypes } from '@jacobi/backend';
import { checkAxis } from '../axes.ts';
import { bind, bindOne } from '../bind.ts';
import type { TensorLike } from '../convert.ts';
import { asBeside, asTensor, castTo, widestType } from '../convert.ts';
import { describe } from '../describe.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import { concatRow, splitRow } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { expandDims, reshape } from './shape.ts';

/** The tensors in their common dtype. */
function common(operation: string, tensors: readonly TensorLike[]): Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw new ArgumentError(`${operation}: tensors must be a non-empty array of tensors, not ${describe(tensors)}`);
  }
  const beside = widestType(tensors);
  const all = Array.from(tensors, (t, i) => asBeside(operation, `tensors[${i}]`, t as TensorLike, beside));
  const dtype = all.reduce((d, t) => promoteTypes(d, t.dtype), all[0]!.dtype);
  return all.map((t) => castTo(t, dtype));
}

/**
 * Tensors one after the other along an axis that they have. dtypes promote.
 * @throws ShapeError where they differ in another axis.
 * @example
 * concat([tensor([[1, 2]]), tensor([[3, 4], [5, 6]])], 0) // → [[1, 2], [3, 4], [5, 6]]
 */
export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  const all = common('concat', tensors);
  const first = all[0]!;
  if (first.rank === 0) throw new ShapeError('concat: scalars have no axis to be joined along; use stack');
  const a = checkAxis('concat', axis, first.rank);
  all.forEach((t, i) => {
    if (t.rank !== first.rank || t.shape.some((d, k) => k !== a && d !== first.shape[k])) {
      throw new ShapeError(
        `concat: tensors[${i}] ${formatType(t.type)} and tensors[0] ${formatType(first.type)} differ outside of axis ${a}`,
      );
    }
  });
  return all.length === 1 ? first : bindOne(concatRow, all, { axis: a });
}

/**
 * Tensors of one shape beside each other, along a new axis. dtypes promote.
 * @throws ShapeError where shapes differ.
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])]) // → [[1, 2], [3, 4]]
 * stack([tensor([1, 2]), tensor([3, 4])], 1) // → [[1, 3], [2, 4]]
 */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  const all = common('stack', tensors);
  const first = all[0]!;
  const a = checkAxis('stack', axis, first.rank + 1);
  all.forEach((t, i) => {
    if (t.type !== first.type) {
      throw new ShapeError(
        `stack: tensors[${i}] ${formatType(t.type)} and tensors[0] ${formatType(first.type)} differ in shape`,
      );
    }
  });
  return concat(
    all.map((t) => expandDims(t, a)),
    a,
  );
}

/**
 * Pieces of x along an axis: as many equal ones as the number says, or of the sizes listed, one of which may be −1
 * (whatever is left).
 * @throws ShapeError where the sizes do not add up to that of the axis.
 * @example
 * const [a, b] = split(tensor([1, 2, 3, 4]), 2);
 * a // → [1, 2]
 * const [first, rest] = split(tensor([1, 2, 3, 4]), [1, -1]);
 * rest // → [2, 3, 4]
 */
export function split(x: TensorLike, sizes: number | readonly number[], axis = 0): Tensor[] {
  const t = asTensor('split', 'x', x);
  const a = checkAxis('split', axis, t.rank);
  const parts = pieces(t, sizes, a);
  return parts.length === 0 ? [] : [...bind(splitRow, [t], { axis: a, sizes: parts })];
}

function pieces(t: Tensor, sizes: number | readonly number[], axis: number): number[] {
  const n = t.shape[axis]!;
  if (typeof sizes === 'number') {
    if (!Number.isInteger(sizes) || sizes < 1 || n % sizes !== 0) {
      throw new ShapeError(`split: axis ${axis} of x ${formatType(t.type)} does not split into ${sizes} equal pieces`);
    }
    return new Array<number>(sizes).fill(n / sizes);
  }
  if (!Array.isArray(sizes)) {
    throw new ArgumentError(`split: sizes must be a count or an array of sizes, not ${describe(sizes)}`);
  }
  const parts = Array.from(sizes as readonly number[]);
  const whole = parts.every((p) => Number.isInteger(p));
  const open = parts.indexOf(-1);
  if (whole && open >= 0) parts[open] = n - parts.reduce((s, p) => s + p, 1);
  if (!whole || parts.some((p) => p < 0) || parts.reduce((s, p) => s + p, 0) !== n) {
    throw new ShapeError(
      `split: sizes ${describe(sizes)} do not add up to the ${n} elements of axis ${axis} of x ${formatType(t.type)}`,
    );
  }
  return parts;
}

/**
 * x taken apart along an axis: as many tensors as it is long, without that axis. The inverse of `stack`.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * const [a, b] = unstack(tensor([[1, 2], [3, 4]]));
 * b // → [3, 4]
 */
export function unstack(x: TensorLike, axis = 0): Tensor[] {
  const t = asTensor('unstack', 'x', x);
  const a = checkAxis('unstack', axis, t.rank);
  if (t.shape[a] === 0) return [];
  const shape = t.shape.filter((_, i) => i !== a);
  return split(t, t.shape[a]!, a).map((part) => reshape(part, shape));
}
