/**
 * Reductions that are made of others: variance, standard deviation, norms, logSumExp, softmax.
 * The one idea: shift or select first, so that neither values nor derivatives of any order overflow or become NaN where
 * they need not.
 */
import { sizeOf } from '@jacobi/backend';
import { checkAxes, checkAxis } from '../axes.ts';
import { checkFlag, checkInteger, checkOptions } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asFloat } from '../convert.ts';
import { describe } from '../describe.ts';
import { ArgumentError } from '../errors.ts';
import { onesAt, withoutAxes } from '../families.ts';
import type { Tensor } from '../tensor.ts';
import { abs, add, div, mul, square, sub } from './arithmetic.ts';
import { equal, where } from './comparison.ts';
import { full } from './creation.ts';
import { exp, log } from './exponential.ts';
import { pow, sqrt } from './power.ts';
import type { Axis } from './reduction.ts';
import { checkSome, max, mean, min, sum } from './reduction.ts';
import { clip } from './rounding.ts';
import { reshape, stopGradient } from './shape.ts';

/** Options of `variance` and `std`. */
export interface VarianceOptions {
  /** What is taken off the count in the divisor ("delta degrees of freedom"): 0, NumPy's and TensorFlow's, or 1 for a sample. */
  readonly ddof?: number;
}

function spread(operation: string, x: TensorLike, axis: Axis, keepDims: boolean, options: VarianceOptions): Tensor {
  checkOptions(operation, options, ['ddof']);
  const { ddof = 0 } = options;
  checkInteger(operation, 'ddof', ddof, 0);
  checkFlag(operation, 'keepDims', keepDims);
  const t = asFloat(operation, 'x', x);
  const axes = checkAxes(operation, axis, t.rank);
  const count = sizeOf(axes.map((a) => t.shape[a]!));
  const squares = sum(square(sub(t, mean(t, axes, true))), axes, keepDims);
  return div(squares, Math.max(0, count - ddof));
}

/** √x with derivative 0 at 0: for sums of squares, whose root has 0 for its subgradient of least norm. */
function rootOfSquares(x: Tensor): Tensor {
  const zero = equal(x, 0);
  return where(zero, 0, sqrt(where(zero, 1, x)));
}

/**
 * The variance over axes: Σ(x − mean)² / (n − ddof), in two passes. int32 and bool become float32 first. NaN where
 * n ≤ ddof.
 * @throws ArgumentError for an axis that x does not have, or a ddof that is no whole number ≥ 0.
 * @example
 * variance(tensor([1, 2, 3, 4])) // → 1.25
 * variance(tensor([1, 2, 3, 4]), 0, false, { ddof: 1 }) // → 1.6666666
 */
export function variance(x: TensorLike, axis?: Axis, keepDims = false, options: VarianceOptions = {}): Tensor {
  return spread('variance', x, axis, keepDims, options);
}

/**
 * The standard deviation over axes: the root of `variance`. Its derivative where all elements are equal is 0, the
 * subgradient of least norm.
 * @throws ArgumentError for an axis that x does not have, or a ddof that is no whole number ≥ 0.
 * @example
 * std(tensor([1, 3])) // → 1
 */
export function std(x: TensorLike, axis?: Axis, keepDims = false, options: VarianceOptions = {}): Tensor {
  return rootOfSquares(spread('std', x, axis, keepDims, options));
}

/** Which norm: 'euclidean' (also 2), 'fro' (the same for a matrix), 1, Infinity, −Infinity, or any p > 0. */
export type NormOrder = 'euclidean' | 'fro' | number;

/**
 * The norm of x over axes. As in TensorFlow, no axis means that x is one vector, one axis that of vectors, and two axes
 * that of matrices.
 *
 * Vectors: 'euclidean' or 2 is √Σx², 1 is Σ|x|, Infinity is max|x|, −Infinity min|x|, p is (Σ|x|ᵖ)^(1/p). Matrices:
 * 'euclidean' or 'fro' is √Σx², 1 the largest column sum of |x|, Infinity the largest row sum. Derivatives at 0 are 0, the
 * subgradient of least norm.
 * @throws ArgumentError for an order that does not go with the axes.
 * @example
 * norm(tensor([3, 4])) // → 5
 * norm(tensor([[1, -2], [3, 4]]), 1, [0, 1]) // → 6
 */
export function norm(x: TensorLike, ord: NormOrder = 'euclidean', axis?: Axis, keepDims = false): Tensor {
  checkFlag('norm', 'keepDims', keepDims);
  const t = asFloat('norm', 'x', x);
  const axes = checkAxes('norm', axis, t.rank);
  const euclidean = (): Tensor => scaled(t, axes, keepDims, (u) => rootOfSquares(sum(square(u), axes, keepDims)));
  if (ord === 'euclidean' || ord === 'fro') return euclidean();
  if (typeof ord !== 'number' || !(ord > 0 || ord === -Infinity)) {
    throw new ArgumentError(
      `norm: ord must be 'euclidean', 'fro', Infinity, -Infinity or a number > 0, not ${describe(ord)}`,
    );
  }
  if (Array.isArray(axis) && axis.length > 1) return matrixNorm(t, ord, axis as readonly number[], keepDims);
  if (ord === 2) return euclidean();
  const sizes = abs(t);
  if (ord === 1) return sum(sizes, axes, keepDims);
  if (ord === Infinity || ord === -Infinity) checkSome('norm', t, axes);
  if (ord === Infinity) return max(sizes, axes, keepDims);
  if (ord === -Infinity) return min(sizes, axes, keepDims);
  return scaled(sizes, axes, keepDims, (u) => {
    const total = sum(pow(u, ord), axes, keepDims);
    const zero = equal(total, 0);
    return where(zero, 0, pow(where(zero, 1, total), 1 / ord));
  });
}

/**
 * A norm computed on x over its largest element, as BLAS computes it, so that powers neither overflow nor vanish. It does not
 * depend on the scale, so no derivative has to pass through that. The scale stays where its reciprocal is a normal number, and
 * is 1 for zeros.
 */
function scaled(t: Tensor, axes: readonly number[], keepDims: boolean, normOf: (u: Tensor) => Tensor): Tensor {
  if (t.size === 0) return normOf(t);
  const most = 2 ** (t.dtype === 'float64' ? 1022 : 126);
  const largest = max(abs(t), axes, true);
  const scale = stopGradient(clip(where(equal(largest, 0), 1, largest), 1 / most, most));
  const y = normOf(div(t, scale));
  return mul(y, keepDims ? scale : reshape(scale, y.shape));
}

/** The largest sum of absolute values along one of two axes. */
function matrixNorm(t: Tensor, ord: number, axis: readonly number[], keepDims: boolean): Tensor {
  if (axis.length > 2 || (ord !== 1 && ord !== Infinity)) {
    throw new ArgumentError(
      `norm: over ${axis.length} axes ord must be ${axis.length > 2 ? "'euclidean'" : "'fro', 1 or Infinity"}, not ${ord}; ` +
        'the 2-norm of a matrix is its largest singular value (linalg)',
    );
  }
  const [rows, columns] = axis.map((a) => checkAxis('norm', a, t.rank)) as [number, number];
  const [added, compared] = ord === 1 ? [rows, columns] : [columns, rows];
  checkSome('norm', t, [compared]);
  const y = max(sum(abs(t), added, true), compared, true);
  return keepDims ? y : reshape(y, withoutAxes(t.shape, [rows, columns]));
}

/**
 * log Σ eˣ over axes, without overflow: shifted by the largest element. −∞ of nothing.
 *
 * Its derivative is the softmax; where the largest element is ±∞ (so all are −∞, or one is ∞), the value is that element;
 * the derivative is 0 where all are −∞, and that of max where one is ∞.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * logSumExp(tensor([1000, 1000])) // → 1000.6932
 */
export function logSumExp(x: TensorLike, axis?: Axis, keepDims = false): Tensor {
  checkFlag('logSumExp', 'keepDims', keepDims);
  const t = asFloat('logSumExp', 'x', x);
  const axes = checkAxes('logSumExp', axis, t.rank);
  const shape = keepDims ? onesAt(t.shape, axes) : withoutAxes(t.shape, axes);
  if (axes.some((a) => t.shape[a] === 0)) return full(shape, -Infinity, { dtype: t.dtype });
  const top = max(stopGradient(t), axes, true);
  const edge = equal(abs(top), Infinity);
  const total = sum(exp(where(edge, 0, sub(t, top))), axes, true);
  const infinite = where(equal(top, Infinity), max(t, axes, true), top);
  return reshape(where(edge, infinite, add(log(total), top)), shape);
}

/**
 * eˣ / Σ eˣ along an axis, without overflow: shifted by the largest element. NaN where that is ±∞.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * softmax(tensor([0, 0, 1000])) // → [0, 0, 1]
 */
export function softmax(x: TensorLike, axis = -1): Tensor {
  const t = asFloat('softmax', 'x', x);
  const a = checkAxis('softmax', axis, t.rank);
  if (t.size === 0) return t;
  const weights = exp(sub(t, max(stopGradient(t), a, true)));
  return div(weights, sum(weights, a, true));
}

/**
 * x − log Σ eˣ along an axis: the logarithm of `softmax`, without overflow.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * logSoftmax(tensor([0, 1000])) // → [-1000, 0]
 */
export function logSoftmax(x: TensorLike, axis = -1): Tensor {
  const t = asFloat('logSoftmax', 'x', x);
  const a = checkAxis('logSoftmax', axis, t.rank);
  if (t.size === 0) return t;
  const shifted = sub(t, max(stopGradient(t), a, true));
  return sub(shifted, log(sum(exp(shifted), a, true)));
}
