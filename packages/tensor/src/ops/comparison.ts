/**
 * Comparisons, logic, and choice. Shapes broadcast; comparisons compare in the promoted dtype and give bool, through which
 * no derivative passes.
 */
import { bindOne } from '../bind.ts';
import type { TensorLike } from '../convert.ts';
import { asPair, asTensor, castTo } from '../convert.ts';
import type { Primitive } from '../primitive.ts';
import {
  equalRow,
  greaterEqualRow,
  greaterRow,
  isFiniteRow,
  isNaNRow,
  lessEqualRow,
  lessRow,
  logicalAndRow,
  logicalNotRow,
  logicalOrRow,
  logicalXorRow,
  notEqualRow,
  selectRow,
} from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';

const compare = (row: Primitive, a: TensorLike, b: TensorLike): Tensor => bindOne(row, asPair(row.name, a, b));

/**
 * True where a = b. NaN equals nothing.
 * @example
 * equal(tensor([1, 2]), 2) // → [false, true]
 */
export function equal(a: TensorLike, b: TensorLike): Tensor {
  return compare(equalRow, a, b);
}

/**
 * True where a ≠ b, also where either is NaN.
 * @example
 * notEqual(tensor([1, 2]), 2) // → [true, false]
 */
export function notEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare(notEqualRow, a, b);
}

/**
 * True where a < b.
 * @example
 * less(tensor([1, 2]), 2) // → [true, false]
 */
export function less(a: TensorLike, b: TensorLike): Tensor {
  return compare(lessRow, a, b);
}

/**
 * True where a ≤ b.
 * @example
 * lessEqual(tensor([1, 3]), 2) // → [true, false]
 */
export function lessEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare(lessEqualRow, a, b);
}

/**
 * True where a > b.
 * @example
 * greater(tensor([1, 3]), 2) // → [false, true]
 */
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return compare(greaterRow, a, b);
}

/**
 * True where a ≥ b.
 * @example
 * greaterEqual(tensor([1, 2]), 2) // → [false, true]
 */
export function greaterEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare(greaterEqualRow, a, b);
}

/**
 * True where both are true; numbers other than 0 count as true.
 * @example
 * logicalAnd([true, true], [true, false]) // → [true, false]
 */
export function logicalAnd(a: TensorLike, b: TensorLike): Tensor {
  return compare(logicalAndRow, a, b);
}

/**
 * True where at least one is true; numbers other than 0 count as true.
 * @example
 * logicalOr([false, true], [false, false]) // → [false, true]
 */
export function logicalOr(a: TensorLike, b: TensorLike): Tensor {
  return compare(logicalOrRow, a, b);
}

/**
 * True where exactly one is true; numbers other than 0 count as true.
 * @example
 * logicalXor([true, true], [true, false]) // → [false, true]
 */
export function logicalXor(a: TensorLike, b: TensorLike): Tensor {
  return compare(logicalXorRow, a, b);
}

/**
 * True where x is false (or 0).
 * @example
 * logicalNot([true, false]) // → [false, true]
 */
export function logicalNot(x: TensorLike): Tensor {
  return bindOne(logicalNotRow, [asTensor('logicalNot', 'x', x)]);
}

/**
 * True where x is NaN.
 * @example
 * isNaN(tensor([1, NaN])) // → [false, true]
 */
export function isNaN(x: TensorLike): Tensor {
  return bindOne(isNaNRow, [asTensor('isNaN', 'x', x)]);
}

/**
 * True where x is neither NaN nor ±∞.
 * @example
 * isFinite(tensor([1, Infinity])) // → [true, false]
 */
export function isFinite(x: TensorLike): Tensor {
  return bindOne(isFiniteRow, [asTensor('isFinite', 'x', x)]);
}

/**
 * a where the condition holds, b elsewhere. All three broadcast; a and b promote; numbers other than 0 count as true.
 *
 * The derivative goes to the operand that was chosen. Beware of derivatives that are infinite in the one that was not:
 * 0 · ∞ is NaN, so `where(equal(x, 0), 0, sqrt(x))` has derivative NaN at 0; write
 * `where(zero, 0, sqrt(where(zero, 1, x)))`.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * where(tensor([true, false]), tensor([1, 2]), 0) // → [1, 0]
 */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = asPair('where', a, b);
  return bindOne(selectRow, [castTo(asTensor('where', 'condition', condition), 'bool'), x, y]);
}
