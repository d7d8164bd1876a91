/** @jacobi/tensor: tensors and the operations on them. Everything public is listed here, by topic. */

// Values
export { constant, tensor } from './convert.ts';
export type { NestedLike, TensorLike, TensorOptions } from './convert.ts';
export { Tensor } from './tensor.ts';
export type { NestedArray } from './tensor.ts';
export { Variable, variable } from './variable.ts';
export type { VariableOptions } from './variable.ts';
export type { DType, Shape, TypedArray } from '@jacobi/backend';

// Devices
export { getBackend, setDefaultBackend, withBackend } from './device.ts';
export type { Backend } from '@jacobi/backend';

// Errors
export { ArgumentError, DeviceError, DTypeError, JacobiError, ShapeError, TraceError } from './errors.ts';

// Creation
export { arange, eye, full, linspace, ones, onesLike, zeros, zerosLike } from './ops/creation.ts';
export type { CreationOptions } from './ops/creation.ts';

// Arithmetic, powers, rounding
export { abs, add, div, floorDiv, maximum, minimum, mod, mul, neg, sign, square, sub } from './ops/arithmetic.ts';
export { pow, reciprocal, rsqrt, sqrt } from './ops/power.ts';
export { ceil, clip, floor, round } from './ops/rounding.ts';

// Elementwise functions
export { erf, exp, exp2, expm1, log, log10, log1p, log2, logAddExp, xlogy } from './ops/exponential.ts';
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cos,
  cosh,
  hypot,
  sin,
  sinh,
  tan,
  tanh,
} from './ops/trigonometry.ts';
export {
  elu,
  gelu,
  leakyRelu,
  logSigmoid,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  swish,
} from './ops/activation.ts';

// Comparison, logic, choice
export {
  equal, greater, greaterEqual, isFinite, isNaN, less, lessEqual, logicalAnd, logicalNot, logicalOr, logicalXor, notEqual, where,
} from './ops/comparison.ts';

// Reductions
export { all, any, argmax, argmin, max, mean, min, prod, sum } from './ops/reduction.ts';
export type { Axis } from './ops/reduction.ts';
export { logSoftmax, logSumExp, norm, softmax, std, variance } from './ops/statistics.ts';
export type { NormOrder, VarianceOptions } from './ops/statistics.ts';
export { cumprod, cumsum } from './ops/scan.ts';
export type { ScanOptions } from './ops/scan.ts';

// Shapes
export { broadcastTo, cast, expandDims, flip, pad, reshape, slice, squeeze, stopGradient, transpose } from './ops/shape.ts';
export { concat, split, stack, unstack } from './ops/joining.ts';
export { roll, stridedSlice, tile } from './ops/rearrange.ts';
export type { Positions } from './ops/rearrange.ts';
export { diag, diagPart, tril, triu } from './ops/matrix.ts';

// Indices
export { gather, oneHot, scatterAdd } from './ops/indexing.ts';

// Products
export { dot, matmul, outer, tensordot } from './ops/contraction.ts';
export { einsum } from './ops/einsum.ts';

// Random numbers
export { random } from './random.ts';
export type { NormalOptions, UniformOptions } from './random.ts';
