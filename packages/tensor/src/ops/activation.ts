/** Activations of neural networks, elementwise. Integers and booleans become float32 first, but for relu's. */
import { bindOne } from '../bind.ts';
import { checkFlag, checkNumber, checkOptions } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asFloat, asNumeric, bindFloat } from '../convert.ts';
import { eluRow, reluRow, sigmoidRow, softplusRow, softsignRow } from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';
import { add, mul, neg } from './arithmetic.ts';
import { greater, less, logicalAnd, where } from './comparison.ts';
import { erfc } from './exponential.ts';
import { integerPower } from './power.ts';
import { clip } from './rounding.ts';
import { stopGradient } from './shape.ts';

/**
 * The logistic function 1 / (1 + e⁻ˣ), elementwise, without overflow.
 * @example
 * sigmoid(tensor([0, 2])) // → [0.5, 0.880797]
 */
export function sigmoid(x: TensorLike): Tensor {
  return bindFloat(sigmoidRow, x);
}

/**
 * log(sigmoid(x)), elementwise, without overflow: −softplus(−x).
 * @example
 * logSigmoid(tensor([0, -100])) // → [-0.6931472, -100]
 */
export function logSigmoid(x: TensorLike): Tensor {
  return neg(bindOne(softplusRow, [neg(asFloat('logSigmoid', 'x', x))]));
}

/**
 * log(1 + eˣ), elementwise, without overflow. Its derivative is the sigmoid.
 * @example
 * softplus(tensor([0, 100])) // → [0.6931472, 100]
 */
export function softplus(x: TensorLike): Tensor {
  return bindFloat(softplusRow, x);
}

/**
 * x / (1 + |x|), elementwise. Its derivative is 1 / (1 + |x|)².
 * @example
 * softsign(tensor([-1, 3])) // → [-0.5, 0.75]
 */
export function softsign(x: TensorLike): Tensor {
  return bindFloat(softsignRow, x);
}

/**
 * max(x, 0), elementwise; the dtype stays. NaN stays NaN. Its derivative at 0 is 0.
 * @example
 * relu(tensor([-1, 0, 2])) // → [0, 0, 2]
 */
export function relu(x: TensorLike): Tensor {
  return bindOne(reluRow, [asNumeric('relu', 'x', x)]);
}

/**
 * x clipped to [0, 6], elementwise; the dtype stays. Its derivative is 0 at both ends.
 * @example
 * relu6(tensor([-1, 3, 8])) // → [0, 3, 6]
 */
export function relu6(x: TensorLike): Tensor {
  const t = asNumeric('relu6', 'x', x);
  return where(logicalAnd(greater(t, 0), less(t, 6)), t, clip(stopGradient(t), 0, 6));
}

/**
 * x above 0, alpha · x elsewhere, elementwise. Its derivative at 0 is alpha.
 * @param alpha The slope below 0; 0.2 as in TensorFlow.
 * @example
 * leakyRelu(tensor([-10, 5])) // → [-2, 5]
 */
export function leakyRelu(x: TensorLike, alpha = 0.2): Tensor {
  checkNumber('leakyRelu', 'alpha', alpha);
  const t = asFloat('leakyRelu', 'x', x);
  return where(greater(t, 0), t, mul(t, alpha));
}

/**
 * x above 0, alpha · (eˣ − 1) elsewhere, elementwise. Its derivative at 0 is alpha.
 * @example
 * elu(tensor([-1, 2])) // → [-0.6321206, 2]
 */
export function elu(x: TensorLike, alpha = 1): Tensor {
  checkNumber('elu', 'alpha', alpha);
  return bindOne(eluRow, [asFloat('elu', 'x', x)], { alpha });
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * 1.0507… · elu(x, 1.6732…), elementwise (Klambauer et al., "Self-normalizing neural networks", 2017).
 * Its derivative at 0 is the one from below, 1.7580….
 * @example
 * selu(tensor([-1, 2])) // → [-1.1113307, 2.101402]
 */
export function selu(x: TensorLike): Tensor {
  return mul(elu(asFloat('selu', 'x', x), SELU_ALPHA), SELU_SCALE);
}

/**
 * x · sigmoid(x), elementwise.
 * @example
 * silu(tensor([0, 2])) // → [0, 1.761594]
 */
export function silu(x: TensorLike): Tensor {
  return swish(asFloat('silu', 'x', x));
}

/**
 * `silu` under its other name.
 * @example
 * swish(tensor([0, 2])) // → [0, 1.761594]
 */
export function swish(x: TensorLike): Tensor {
  const t = asFloat('swish', 'x', x);
  return mul(t, sigmoid(t));
}

/**
 * x · Φ(x) = x/2 · (1 + erf(x/√2)), elementwise: x times the probability that a standard normal number is below x.
 * @param options.approximate Use x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) in place of it. Default false.
 * @example
 * gelu(tensor([-1, 0, 1])) // → [-0.1586553, 0, 0.8413447]
 */
export function gelu(x: TensorLike, options: { readonly approximate?: boolean } = {}): Tensor {
  checkOptions('gelu', options, ['approximate']);
  const { approximate = false } = options;
  checkFlag('gelu', 'approximate', approximate);
  const t = asFloat('gelu', 'x', x);
  if (!approximate) return mul(mul(t, 0.5), erfc(mul(t, -Math.SQRT1_2)));
  // (1 + tanh u) / 2 = sigmoid(2u), which does not cancel. Beyond ±30 it is 1 or 0, and x³ must not overflow.
  const near = clip(t, -30, 30);
  return mul(t, sigmoid(mul(add(near, mul(integerPower(near, 3), 0.044715)), Math.sqrt(8 / Math.PI))));
}
