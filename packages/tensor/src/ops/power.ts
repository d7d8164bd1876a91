/**
 * Powers and roots.
 * The one idea: a whole-number exponent is static: x² is x·x, exact at 0 and for negative x.
 */
import { bindOne } from '../bind.ts';
import type { TensorLike } from '../convert.ts';
import { asFloat, asNumeric, asNumericPair, bindFloat } from '../convert.ts';
import { powIntRow, powRow, reciprocalRow, rsqrtRow, sqrtRow, squareRow } from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';
import { onesOf } from './creation.ts';

/**
 * base to the power of exponent, elementwise. Shapes broadcast, dtypes promote; 0⁰ is 1.
 *
 * An exponent given as a whole JavaScript number is a repeated product: right for negative bases, exact, and its derivative
 * n·xⁿ⁻¹ has no NaN at 0. With a tensor of exponents, the derivative in the base at (0, 0) is 0, the one in the exponent
 * is 0 where the base is 0 and the exponent ≥ 0, and NaN below 0.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * pow(tensor([-1, 0, 3]), 2) // → [1, 0, 9]
 * pow(2, tensor([1, 0.5])) // → [2, 1.4142135]
 */
export function pow(base: TensorLike, exponent: TensorLike): Tensor {
  if (Number.isInteger(exponent)) {
    const x = asNumeric('pow', 'base', base);
    const n = exponent as number;
    return integerPower(n < 0 ? asFloat('pow', 'base', x) : x, n);
  }
  return bindOne(powRow, asNumericPair('pow', base, exponent, ['base', 'exponent']));
}

/** x to a whole number known now. */
export function integerPower(x: Tensor, exponent: number): Tensor {
  if (exponent === 0) return onesOf(x.type);
  if (exponent === 1) return x;
  if (exponent === 2) return bindOne(squareRow, [x]);
  return bindOne(powIntRow, [x], { exponent });
}

/**
 * The square root, elementwise; NaN below 0. Its derivative 1 / (2√x) is ∞ at 0, its limit.
 * @example
 * sqrt(tensor([0, 4, 9])) // → [0, 2, 3]
 */
export function sqrt(x: TensorLike): Tensor {
  return bindFloat(sqrtRow, x);
}

/**
 * 1 / √x, elementwise.
 * @example
 * rsqrt(tensor([4, 0.25])) // → [0.5, 2]
 */
export function rsqrt(x: TensorLike): Tensor {
  return bindFloat(rsqrtRow, x);
}

/**
 * 1 / x, elementwise.
 * @example
 * reciprocal(tensor([2, -4])) // → [0.5, -0.25]
 */
export function reciprocal(x: TensorLike): Tensor {
  return bindFloat(reciprocalRow, x);
}
