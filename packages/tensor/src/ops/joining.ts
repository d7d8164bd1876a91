/** Joining tensors and taking them apart. */
import { checkAxis } from '../axes.ts';
import { bind, bindOne } from '../bind.ts';
import { asTensor, castTo } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import { promoteTypes } from '@jacobi/backend';
import { ArgumentError, ShapeError } from '../errors.ts';
import { concatRow, splitRow } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { expandDims, reshape } from './shape.ts';

function common(operation: string, tensors: readonly TensorLike[]): Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0) throw new ArgumentError(`${operation}: tensors must be a non-empty array of tensors`);
  const all = tensors.map((t, i) => asTensor(operation, `tensors[${i}]`, t));
  const dtype = all.reduce((d, t) => promoteTypes(d, t.dtype), all[0]!.dtype);
  return all.map((t) => castTo(t, dtype));
}

export function concat(tensors: readonly TensorLike[], axis = 0): Tensor {
  const all = common('concat', tensors);
  const first = all[0]!;
  const a = checkAxis('concat', axis, first.rank);
  all.forEach((t, i) => {
    if (t.rank !== first.rank || t.shape.some((d, k) => k !== a && d !== first.shape[k])) {
      throw new ShapeError(`concat: tensors[${i}] ${formatType(t.type)} and tensors[0] ${formatType(first.type)} differ outside of axis ${a}`);
    }
  });
  return all.length === 1 ? first : bindOne(concatRow, all, { axis: a });
}

export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  const all = common('stack', tensors);
  const first = all[0]!;
  const a = checkAxis('stack', axis, first.rank + 1);
  all.forEach((t, i) => {
    if (t.type !== first.type) throw new ShapeError(`stack: tensors[${i}] ${formatType(t.type)} and tensors[0] ${formatType(first.type)} differ in shape`);
  });
  return concat(all.map((t) => expandDims(t, a)), a);
}

export function split(x: TensorLike, sizes: number | readonly number[], axis = 0): Tensor[] {
  const t = asTensor('split', 'x', x);
  const a = checkAxis('split', axis, t.rank);
  const n = t.shape[a]!;
  if (typeof sizes === 'number' && (!Number.isInteger(sizes) || sizes < 1 || n % sizes !== 0)) {
    throw new ShapeError(`split: axis ${a} of x ${formatType(t.type)} does not split into ${sizes} equal pieces`);
  }
  const parts = typeof sizes === 'number' ? new Array<number>(sizes).fill(n / sizes) : [...sizes];
  const open = parts.indexOf(-1);
  if (open >= 0) parts[open] = n - parts.reduce((s, p) => s + p, 1);
  if (parts.some((p) => !Number.isInteger(p) || p < 0) || parts.reduce((s, p) => s + p, 0) !== n) {
    throw new ShapeError(`split: sizes [${[...(sizes as readonly number[])].join()}] do not add up to the ${n} of axis ${a} of x ${formatType(t.type)}`);
  }
  return parts.length === 0 ? [] : [...bind(splitRow, [t], { axis: a, sizes: parts })];
}

export function unstack(x: TensorLike, axis = 0): Tensor[] {
  const t = asTensor('unstack', 'x', x);
  const a = checkAxis('unstack', axis, t.rank);
  const shape = t.shape.filter((_, i) => i !== a);
  if (t.shape[a] === 0) return [];
  return split(t, t.shape[a]!, a).map((part) => reshape(part, shape));
}
