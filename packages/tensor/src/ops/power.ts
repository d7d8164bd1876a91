/** Powers. A whole-number exponent is static: x² is x·x, exact at 0 and for negative x. */
import { bindOne } from '../bind.ts';
import { asFloat, asPair, asTensor, castTo } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import { powIntRow, powRow, squareRow } from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';
import { onesLike } from './creation.ts';

export function pow(base: TensorLike, exponent: TensorLike): Tensor {
  if (typeof exponent === 'number' && Number.isInteger(exponent)) {
    const x = asTensor('pow', 'base', base);
    const number = x.dtype === 'bool' ? castTo(x, 'int32') : x;
    return integerPower(exponent < 0 ? asFloat('pow', 'base', number) : number, exponent);
  }
  const [x, y] = asPair('pow', base, exponent, ['base', 'exponent']);
  return bindOne(powRow, [x.dtype === 'bool' ? castTo(x, 'int32') : x, y.dtype === 'bool' ? castTo(y, 'int32') : y]);
}

/** x to a whole number known now. */
export function integerPower(x: Tensor, exponent: number): Tensor {
  if (exponent === 0) return onesLike(x);
  if (exponent === 1) return x;
  if (exponent === 2) return bindOne(squareRow, [x]);
  return bindOne(powIntRow, [x], { exponent });
}
