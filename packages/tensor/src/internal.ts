/**
 * @jacobi/tensor/internal: what the packages above are built of. Not covered by semantic versioning.
 */

export { checkAxes, checkAxis, checkPerAxis } from './axes.ts';
// Binding
export { apply, bind, bindApplication, bindOne, buffersOn, moveTo, NONE, runOn } from './bind.ts';
export { checkCount, checkDType, checkFlag, checkInteger, checkNumber, checkOptions, checkShape } from './checks.ts';
export {
  asBeside,
  asFloat,
  asFloatPair,
  asNumeric,
  asPair,
  asTensor,
  castTo,
  isVariable,
  scalarTensor,
  widestType,
} from './convert.ts';
export { describe } from './describe.ts';
// Devices, errors
// Programs
export { makeDefaultBy, refusePromise } from './device.ts';
export { ArgumentError, DeviceError, DTypeError, JacobiError, ShapeError, TraceError } from './errors.ts';
export type { Axes, Slope } from './families.ts';
export {
  addTangents,
  binary,
  comparison,
  elementwise,
  elementwiseType,
  onesAt,
  reduction,
  shiftAxes,
  unary,
  withoutAxes,
} from './families.ts';
export { formatNumber, formatTensor, OPERATORS, Printable } from './format.ts';
export { holding } from './holding.ts';
export * from './index.ts';
export { accessOver, call, emitCopy, emitFill, emitMap, isAlias, lowerApplication } from './lower.ts';
export { lowerInline, lowerProgram, placeTemporaries, slotsOf } from './lower-program.ts';
export type { Flat, Nest } from './nest.ts';
export { flattenNest, isPlainObject } from './nest.ts';
export { contract } from './ops/contraction.ts';
export { onesOf, zerosOf } from './ops/creation.ts';
export { integerPower } from './ops/power.ts';
export { takeSlice } from './ops/shape.ts';
// Rows
export type {
  Application,
  Batching,
  Derivative,
  Keeps,
  KernelWriter,
  Linear,
  LinearMap,
  LinearParams,
  LinearRow,
  Operand,
  Params,
  ParamValue,
  Primitive,
  RowValues,
  Tangent,
} from './primitive.ts';
// Every row: a new one needs no line here
export * from './primitives/contraction.ts';
export * from './primitives/elementwise.ts';
export * from './primitives/indexing.ts';
export * from './primitives/movement.ts';
export * from './primitives/random.ts';
export * from './primitives/reduction.ts';
export type { Captured, Program, Row, Var } from './program.ts';
export {
  checkProgram,
  debugging,
  dependentOn,
  interpret,
  leadingTo,
  makeProgram,
  operandsOf,
  printProgram,
} from './program.ts';
export type { Recorder } from './recorder.ts';
export {
  differentiatedAgain,
  isFollowed,
  isFollowedBelow,
  isLive,
  muted,
  visibleRecorders,
  withFrame,
  withoutFrames,
} from './recorder.ts';
// Operations with everything known and checked
export { tensorFromData } from './tensor.ts';
export type { TracedVariable } from './trace.ts';
export { Trace } from './trace.ts';
export type { TensorType } from './type.ts';
// Types, nests, arguments
export { formatType, tensorType } from './type.ts';
export { currentTrace, watch } from './watch.ts';
