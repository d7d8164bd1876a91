/** Comparisons, logic, and choice. */
import { bindOne } from '../bind.ts';
import { asPair, asTensor, castTo } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import {
  equalRow, greaterEqualRow, greaterRow, isFiniteRow, isNaNRow, lessEqualRow, lessRow, logicalAndRow, logicalNotRow, logicalOrRow, logicalXorRow, notEqualRow, selectRow,
} from '../primitives/elementwise.ts';
import type { Primitive } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';

const compare = (row: Primitive, a: TensorLike, b: TensorLike): Tensor => bindOne(row, asPair(row.name, a, b));

export function equal(a: TensorLike, b: TensorLike): Tensor {
  return compare(equalRow, a, b);
}
export function notEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare(notEqualRow, a, b);
}
export function less(a: TensorLike, b: TensorLike): Tensor {
  return compare(lessRow, a, b);
}
export function lessEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare(lessEqualRow, a, b);
}
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return compare(greaterRow, a, b);
}
export function greaterEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare(greaterEqualRow, a, b);
}
export function logicalAnd(a: TensorLike, b: TensorLike): Tensor {
  return compare(logicalAndRow, a, b);
}
export function logicalOr(a: TensorLike, b: TensorLike): Tensor {
  return compare(logicalOrRow, a, b);
}
export function logicalXor(a: TensorLike, b: TensorLike): Tensor {
  return compare(logicalXorRow, a, b);
}
export function logicalNot(x: TensorLike): Tensor {
  return bindOne(logicalNotRow, [asTensor('logicalNot', 'x', x)]);
}
export function isNaN(x: TensorLike): Tensor {
  return bindOne(isNaNRow, [asTensor('isNaN', 'x', x)]);
}
export function isFinite(x: TensorLike): Tensor {
  return bindOne(isFiniteRow, [asTensor('isFinite', 'x', x)]);
}

export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = asPair('where', a, b);
  return bindOne(selectRow, [castTo(asTensor('where', 'condition', condition), 'bool'), x, y]);
}
