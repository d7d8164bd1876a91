/** Trigonometric and hyperbolic functions, elementwise; angles in radians. Integers and booleans become float32 first. */
import { bindOne } from '../bind.ts';
import type { TensorLike } from '../convert.ts';
import { asFloatPair, bindFloat } from '../convert.ts';
import {
  acoshRow,
  acosRow,
  asinhRow,
  asinRow,
  atan2Row,
  atanhRow,
  atanRow,
  coshRow,
  cosRow,
  hypotRow,
  sinhRow,
  sinRow,
  tanhRow,
  tanRow,
} from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';

/**
 * The sine, elementwise.
 * @example
 * sin(tensor([0, 1])) // → [0, 0.841471]
 */
export function sin(x: TensorLike): Tensor {
  return bindFloat(sinRow, x);
}

/**
 * The cosine, elementwise.
 * @example
 * cos(tensor([0, 1])) // → [1, 0.5403023]
 */
export function cos(x: TensorLike): Tensor {
  return bindFloat(cosRow, x);
}

/**
 * The tangent, elementwise.
 * @example
 * tan(tensor([0, 1])) // → [0, 1.5574077]
 */
export function tan(x: TensorLike): Tensor {
  return bindFloat(tanRow, x);
}

/**
 * The inverse sine, elementwise, in [−π/2, π/2]; NaN outside of [−1, 1]. Its derivative is ∞ at ±1.
 * @example
 * asin(tensor([0, 1])) // → [0, 1.5707964]
 */
export function asin(x: TensorLike): Tensor {
  return bindFloat(asinRow, x);
}

/**
 * The inverse cosine, elementwise, in [0, π]; NaN outside of [−1, 1]. Its derivative is −∞ at ±1.
 * @example
 * acos(tensor([1, 0])) // → [0, 1.5707964]
 */
export function acos(x: TensorLike): Tensor {
  return bindFloat(acosRow, x);
}

/**
 * The inverse tangent, elementwise, in [−π/2, π/2].
 * @example
 * atan(tensor([0, 1])) // → [0, 0.7853982]
 */
export function atan(x: TensorLike): Tensor {
  return bindFloat(atanRow, x);
}

/**
 * The angle of the point (x, y) from the x axis, elementwise, in [−π, π]. Shapes broadcast.
 * At (0, 0) the value is that of IEEE 754 (0 or ±π) and the derivatives are NaN.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * atan2(tensor([1, -1]), tensor([1, -1])) // → [0.7853982, -2.3561945]
 */
export function atan2(y: TensorLike, x: TensorLike): Tensor {
  return bindOne(atan2Row, asFloatPair('atan2', y, x, ['y', 'x']));
}

/**
 * √(a² + b²), elementwise, without overflow in between. Shapes broadcast. Its derivatives at (0, 0) are 0.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * hypot(3, tensor([4, 0])) // → [5, 3]
 */
export function hypot(a: TensorLike, b: TensorLike): Tensor {
  return bindOne(hypotRow, asFloatPair('hypot', a, b));
}

/**
 * The hyperbolic sine, elementwise.
 * @example
 * sinh(tensor([0, 1])) // → [0, 1.1752012]
 */
export function sinh(x: TensorLike): Tensor {
  return bindFloat(sinhRow, x);
}

/**
 * The hyperbolic cosine, elementwise.
 * @example
 * cosh(tensor([0, 1])) // → [1, 1.543081]
 */
export function cosh(x: TensorLike): Tensor {
  return bindFloat(coshRow, x);
}

/**
 * The hyperbolic tangent, elementwise.
 * @example
 * tanh(tensor([0, 1])) // → [0, 0.7615942]
 */
export function tanh(x: TensorLike): Tensor {
  return bindFloat(tanhRow, x);
}

/**
 * The inverse hyperbolic sine, elementwise.
 * @example
 * asinh(tensor([0, 1])) // → [0, 0.8813736]
 */
export function asinh(x: TensorLike): Tensor {
  return bindFloat(asinhRow, x);
}

/**
 * The inverse hyperbolic cosine, elementwise; NaN below 1. Its derivative is ∞ at 1.
 * @example
 * acosh(tensor([1, 2])) // → [0, 1.316958]
 */
export function acosh(x: TensorLike): Tensor {
  return bindFloat(acoshRow, x);
}

/**
 * The inverse hyperbolic tangent, elementwise; ±∞ at ±1, NaN outside.
 * @example
 * atanh(tensor([0, 0.5])) // → [0, 0.54930615]
 */
export function atanh(x: TensorLike): Tensor {
  return bindFloat(atanhRow, x);
}
