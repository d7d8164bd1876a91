/** Exponentials, logarithms and the error function, elementwise. Integers and booleans become float32 first. */
import type { TensorLike } from '../convert.ts';
import { asFloat, asFloatPair, bindFloat } from '../convert.ts';
import { elementwiseType } from '../families.ts';
import { erfcRow, erfRow, expm1Row, expRow, log1pRow, logRow, softplusRow } from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';
import { abs, add, div, mul, sub } from './arithmetic.ts';
import { equal, greaterEqual, lessEqual, logicalAnd, logicalOr, where } from './comparison.ts';
import { pow } from './power.ts';

/**
 * eˣ, elementwise.
 * @example
 * exp(tensor([0, 1])) // → [1, 2.7182817]
 */
export function exp(x: TensorLike): Tensor {
  return bindFloat(expRow, x);
}

/**
 * eˣ − 1, elementwise, exact for small x.
 * @example
 * expm1(tensor(1e-8)) // → 1e-8
 */
export function expm1(x: TensorLike): Tensor {
  return bindFloat(expm1Row, x);
}

/**
 * 2ˣ, elementwise.
 * @example
 * exp2(tensor([3, -1])) // → [8, 0.5]
 */
export function exp2(x: TensorLike): Tensor {
  return pow(2, asFloat('exp2', 'x', x));
}

/**
 * The natural logarithm, elementwise: −∞ at 0, NaN below.
 * @example
 * log(tensor([1, 10])) // → [0, 2.3025851]
 */
export function log(x: TensorLike): Tensor {
  return bindFloat(logRow, x);
}

/**
 * log(1 + x), elementwise, exact for small x.
 * @example
 * log1p(tensor(1e-8)) // → 1e-8
 */
export function log1p(x: TensorLike): Tensor {
  return bindFloat(log1pRow, x);
}

/**
 * The logarithm to base 2, elementwise: log(x) / log(2).
 * @example
 * log2(tensor([1, 8])) // → [0, 3]
 */
export function log2(x: TensorLike): Tensor {
  return div(bindFloat(logRow, asFloat('log2', 'x', x)), Math.LN2);
}

/**
 * The logarithm to base 10, elementwise: log(x) / log(10).
 * @example
 * log10(tensor([1, 100])) // → [0, 2]
 */
export function log10(x: TensorLike): Tensor {
  return div(bindFloat(logRow, asFloat('log10', 'x', x)), Math.LN10);
}

/**
 * log(eᵃ + eᵇ), elementwise, without overflow: the larger of both plus log(1 + e^−|a − b|). Shapes broadcast.
 *
 * Derivatives are the weights eᵃ / (eᵃ + eᵇ) and eᵇ / (eᵃ + eᵇ); where the larger operand is ±∞, it has weight 1.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * logAddExp(1000, 1000) // → 1000.6932
 */
export function logAddExp(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = asFloatPair('logAddExp', a, b);
  elementwiseType('logAddExp', [x.type, y.type]);
  const first = greaterEqual(x, y);
  const high = where(first, x, y);
  const low = where(first, y, x);
  // −∞ − (−∞) is NaN; no difference is as good. But NaN stays.
  const infinite = logicalAnd(equal(abs(high), Infinity), equal(low, low));
  return add(high, bindFloat(softplusRow, where(infinite, 0, sub(low, high))));
}

/**
 * x · log(y), elementwise, and 0 where x is 0 and y is 0, below 0 or ∞. Shapes broadcast.
 *
 * The derivative in x is log(y), also at x = 0; both derivatives are 0 where x is 0 and log(y) is not finite.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * xlogy(tensor([0, 2]), tensor([0, 1])) // → [0, 0]
 */
export function xlogy(x: TensorLike, y: TensorLike): Tensor {
  const [a, b] = asFloatPair('xlogy', x, y, ['x', 'y']);
  elementwiseType('xlogy', [a.type, b.type]);
  const dead = logicalAnd(equal(a, 0), logicalOr(lessEqual(b, 0), equal(b, Infinity)));
  return mul(a, log(where(dead, 1, b)));
}

/**
 * The error function 2/√π ∫₀ˣ e^(−t²) dt, elementwise.
 * @example
 * erf(tensor([0, 1])) // → [0, 0.8427008]
 */
export function erf(x: TensorLike): Tensor {
  return bindFloat(erfRow, x);
}

/**
 * 1 − erf(x), elementwise, with all digits where that difference would cancel.
 * @example
 * erfc(tensor([0, 1])) // → [1, 0.1572992]
 */
export function erfc(x: TensorLike): Tensor {
  return bindFloat(erfcRow, x);
}
