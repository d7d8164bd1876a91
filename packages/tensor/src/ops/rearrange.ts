/** Arrangements made of simpler ones: steps, repeats, rotations. */
import { checkAxis, checkPerAxis } from '../axes.ts';
import { checkInteger } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asTensor } from '../convert.ts';
import { describe } from '../describe.ts';
import { ArgumentError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { concat } from './joining.ts';
import { broadcastTo, flip, reshape, takeSlice } from './shape.ts';

/** A position on each axis; null, or left out: from (or to) the edge where the steps begin (or end). */
export type Positions = number | readonly (number | null)[] | null;

/** `begin`, `begin + stride`, … before `end`, on one axis of size n, by NumPy's rules: count, lowest position, step. */
function steps(
  n: number,
  begin: number | null,
  end: number | null,
  stride: number,
): [count: number, low: number, step: number] {
  const bound = (p: number): number => {
    const at = p < 0 ? p + n : p;
    return stride > 0 ? Math.min(Math.max(at, 0), n) : Math.min(Math.max(at, -1), n - 1);
  };
  const first = begin === null ? (stride > 0 ? 0 : n - 1) : bound(begin);
  const last = end === null ? (stride > 0 ? n : -1) : bound(end);
  const count = Math.max(0, Math.ceil((last - first) / stride));
  return [count, count === 0 ? 0 : stride > 0 ? first : first + (count - 1) * stride, Math.abs(stride)];
}

/**
 * Every stride-th element from begin up to and without end, along each axis: NumPy's `x[begin:end:stride]`.
 *
 * Negative positions count from the end, what is out of range is cut, a negative stride runs backwards. null stands for the
 * edge; axes that are left out are taken whole.
 * @throws ArgumentError for positions that are not whole numbers or null, a stride of 0, or more of them than x has axes.
 * @example
 * stridedSlice(tensor([0, 1, 2, 3, 4, 5]), [1], [5], [2]) // → [1, 3]
 * stridedSlice(tensor([0, 1, 2, 3, 4, 5]), null, null, -2) // → [5, 3, 1]
 */
export function stridedSlice(x: TensorLike, begin: Positions, end: Positions, strides: Positions = null): Tensor {
  const t = asTensor('stridedSlice', 'x', x);
  const list = (argument: string, positions: Positions): readonly (number | null)[] => {
    const given = typeof positions === 'number' ? [positions] : (positions ?? []);
    if (!Array.isArray(given) || given.length > t.rank || !given.every((p) => p === null || Number.isInteger(p))) {
      throw new ArgumentError(
        `stridedSlice: ${argument} must be at most ${t.rank} whole numbers or nulls, for x ${formatType(t.type)}, not ${describe(positions)}`,
      );
    }
    return given as readonly (number | null)[];
  };
  const from = list('begin', begin);
  const to = list('end', end);
  const by = list('strides', strides);
  if (by.includes(0)) throw new ArgumentError('stridedSlice: strides must not be 0');
  const parts = t.shape.map((n, i) => steps(n, from[i] ?? null, to[i] ?? null, by[i] ?? 1));
  const forward = takeSlice(
    t,
    parts.map(([, low]) => low),
    parts.map(([count]) => count),
    parts.map(([, , step]) => step),
  );
  const backward = t.shape.flatMap((_, i) => ((by[i] ?? 1) < 0 ? [i] : []));
  return backward.length === 0 ? forward : flip(forward, backward);
}

/**
 * x repeated: repeats[i] times along axis i.
 * @throws ArgumentError or ShapeError unless there is one whole number ≥ 0 for each axis.
 * @example
 * tile(tensor([[1, 2]]), [2, 2]) // → [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export function tile(x: TensorLike, repeats: readonly number[]): Tensor {
  const t = asTensor('tile', 'x', x);
  checkPerAxis('tile', 'repeats', repeats, t.rank);
  for (const r of repeats) checkInteger('tile', 'repeats', r, 0);
  const between = t.shape.flatMap((d) => [1, d]);
  const wide = t.shape.flatMap((d, i) => [repeats[i]!, d]);
  return reshape(
    broadcastTo(reshape(t, between), wide),
    t.shape.map((d, i) => d * repeats[i]!),
  );
}

/**
 * x rotated: what leaves at one end of an axis comes in at the other. Element i goes to i + shift. Without an axis, the
 * flattened tensor is rotated (as NumPy's).
 * @throws ArgumentError for an axis that x does not have, or shifts that do not go with the axes.
 * @example
 * roll(tensor([1, 2, 3, 4]), 1) // → [4, 1, 2, 3]
 * roll(tensor([[1, 2], [3, 4]]), [1, 1], [0, 1]) // → [[4, 3], [2, 1]]
 */
export function roll(x: TensorLike, shift: number | readonly number[], axis?: number | readonly number[]): Tensor {
  const t = asTensor('roll', 'x', x);
  const shifts = typeof shift === 'number' ? [shift] : shift;
  if (!Array.isArray(shifts) || !shifts.every(Number.isInteger)) {
    throw new ArgumentError(`roll: shift must be a whole number or an array of them, not ${describe(shift)}`);
  }
  if (axis === undefined) {
    if (shifts.length !== 1) throw new ArgumentError(`roll: shift ${describe(shift)} needs axis, one axis for each`);
    return reshape(rollAxis(reshape(t, [t.size]), shifts[0] as number, 0), t.shape);
  }
  const axes = typeof axis === 'number' ? [axis] : axis;
  if (!Array.isArray(axes) || axes.length !== shifts.length) {
    throw new ArgumentError(`roll: shift ${describe(shift)} and axis ${describe(axis)} must be equally many`);
  }
  return axes.reduce<Tensor>((y, a, i) => rollAxis(y, shifts[i] as number, checkAxis('roll', a, t.rank)), t);
}

function rollAxis(t: Tensor, shift: number, axis: number): Tensor {
  const n = t.shape[axis]!;
  const moved = n === 0 ? 0 : ((shift % n) + n) % n;
  if (moved === 0) return t;
  const part = (begin: number, size: number): Tensor =>
    takeSlice(
      t,
      t.shape.map((_, i) => (i === axis ? begin : 0)),
      t.shape.map((d, i) => (i === axis ? size : d)),
      t.shape.map(() => 1),
    );
  return concat([part(n - moved, moved), part(0, n - moved)], axis);
}
