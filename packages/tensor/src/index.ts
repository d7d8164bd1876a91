/** @jacobi/tensor: tensors and the operations on them. Everything public is listed here, by topic. */

export type { Backend, DType, Shape, TypedArray } from '@jacobi/backend';
export type { NestedLike, TensorLike, TensorOptions } from './convert.ts';
// Values
export { constant, tensor } from './convert.ts';
// Devices
export { getBackend, setDefaultBackend, withBackend } from './device.ts';
// Errors
export { ArgumentError, DeviceError, DTypeError, JacobiError, ShapeError, TraceError } from './errors.ts';
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
// Arithmetic, powers, rounding
export { abs, add, div, floorDiv, maximum, minimum, mod, mul, neg, sign, square, sub } from './ops/arithmetic.ts';
// Comparison, logic, choice
export {
  equal,
  greater,
  greaterEqual,
  isFinite,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
  where,
} from './ops/comparison.ts';
// Products
export { dot, matmul, outer, tensordot } from './ops/contraction.ts';
export type { CreationOptions } from './ops/creation.ts';
// Creation
export { arange, eye, full, linspace, ones, onesLike, zeros, zerosLike } from './ops/creation.ts';
export { einsum } from './ops/einsum.ts';
// Elementwise functions
export { erf, erfc, exp, exp2, expm1, log, log1p, log2, log10, logAddExp, xlogy } from './ops/exponential.ts';
// Indices
export { gather, oneHot, scatterAdd } from './ops/indexing.ts';
export { concat, split, stack, unstack } from './ops/joining.ts';
export { diag, diagPart, tril, triu } from './ops/matrix.ts';
export { pow, reciprocal, rsqrt, sqrt } from './ops/power.ts';
export type { Positions } from './ops/rearrange.ts';
export { roll, stridedSlice, tile } from './ops/rearrange.ts';
export type { Axis } from './ops/reduction.ts';
// Reductions
export { all, any, argmax, argmin, max, mean, min, prod, sum } from './ops/reduction.ts';
export { ceil, clip, floor, round } from './ops/rounding.ts';
export type { ScanOptions } from './ops/scan.ts';
export { cumprod, cumsum } from './ops/scan.ts';
// Shapes
export {
  broadcastTo,
  cast,
  expandDims,
  flip,
  pad,
  reshape,
  slice,
  squeeze,
  stopGradient,
  transpose,
} from './ops/shape.ts';
export type { NormOrder, VarianceOptions } from './ops/statistics.ts';
export { logSoftmax, logSumExp, norm, softmax, std, variance } from './ops/statistics.ts';
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
// Debugging
export { setDebug } from './program.ts';
export type { NormalOptions, UniformOptions } from './random.ts';
// Random numbers
export { random } from './random.ts';
export type { NestedArray } from './tensor.ts';
export { Tensor } from './tensor.ts';
export type { VariableOptions } from './variable.ts';
export { Variable, variable } from './variable.ts';
