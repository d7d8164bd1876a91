/** Arithmetic of two tensors, and signs. Operands broadcast and promote. */
import { bindOne } from '../bind.ts';
import { asFloat, asPair, asTensor, castTo } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import { absRow, addRow, divRow, floorDivRow, floorModRow, maximumRow, minimumRow, mulRow, negRow, signRow, squareRow, subRow } from '../primitives/elementwise.ts';
import type { Primitive } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';

function pair(row: Primitive, a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = asPair(row.name, a, b);
  return x.dtype === 'bool' ? bindOne(row, [castTo(x, 'int32'), castTo(y, 'int32')]) : bindOne(row, [x, y]);
}

export function add(a: TensorLike, b: TensorLike): Tensor {
  return pair(addRow, a, b);
}
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return pair(subRow, a, b);
}
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return pair(mulRow, a, b);
}
export function div(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = asPair('div', a, b);
  return bindOne(divRow, [asFloat('div', 'a', x), asFloat('div', 'b', y)]);
}
export function floorDiv(a: TensorLike, b: TensorLike): Tensor {
  return pair(floorDivRow, a, b);
}
export function mod(a: TensorLike, b: TensorLike): Tensor {
  return pair(floorModRow, a, b);
}
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return pair(maximumRow, a, b);
}
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return pair(minimumRow, a, b);
}

function signed(row: Primitive, x: TensorLike): Tensor {
  const t = asTensor(row.name, 'x', x);
  return bindOne(row, [t.dtype === 'bool' ? castTo(t, 'int32') : t]);
}
export function neg(x: TensorLike): Tensor {
  return signed(negRow, x);
}
export function abs(x: TensorLike): Tensor {
  return signed(absRow, x);
}
export function sign(x: TensorLike): Tensor {
  return signed(signRow, x);
}
export function square(x: TensorLike): Tensor {
  return signed(squareRow, x);
}
