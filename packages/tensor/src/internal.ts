/**
 * @jacobi/tensor/internal: what the packages above are built of. Not covered by semantic versioning.
 */

// Binding
export { apply, bind, bindApplication, bindOne, moveTo, NONE } from './bind.ts';
export {
  checkOpen, currentTrace, idle, isFollowed, isLive, muted, noteRead, noteVariable, visibleRecorders, withFrame, withoutFrames,
} from './recorder.ts';
export type { Recorder } from './recorder.ts';
export { Trace } from './trace.ts';
export type { TracedVariable } from './trace.ts';

// Programs
export { checkProgram, makeProgram, printProgram } from './program.ts';
export type { Captured, Program, Row, Var } from './program.ts';
export { accessOver, access, call, emitCopy, emitFill, emitMap, isAlias, lowerApplication } from './lower.ts';
export { lowerInline, lowerProgram, placeTemporaries, slotsOf } from './lower-program.ts';

// Rows
export type {
  Application, Batching, Derivative, Keeps, KernelWriter, LinearMap, Operand, Params, ParamValue, Primitive, RowValues, Tangent,
} from './primitive.ts';
export { addTangents, comparison, elementwise, elementwiseType, onesAt, reduction, shiftAxes, typesOf, unary, binary, withoutAxes } from './families.ts';
export type { Axes, Slope } from './families.ts';
export {
  absRow, acoshRow, acosRow, addRow, asinhRow, asinRow, atan2Row, atanhRow, atanRow, bitsToRangeRow, bitsToUnit64Row, bitsToUnitRow, castRow, ceilRow, cosRow, coshRow, divRow, eluRow, equalRow, erfRow, expm1Row, expRow, floorDivRow, floorModRow, floorRow, greaterEqualRow, greaterRow, hypotRow, isFiniteRow, isNaNRow, lessEqualRow, lessRow, log1pRow, logicalAndRow, logicalNotRow, logicalOrRow, logicalXorRow, logRow, maximumRow, minimumRow, mulRow, negRow, notEqualRow, powIntRow, powRow, reciprocalRow, reluRow, roundRow, rsqrtRow, selectRow, sigmoidRow, signRow, sinhRow, sinRow, softplusRow, sqrtRow, squareRow, subRow, tanhRow, tanRow,
} from './primitives/elementwise.ts';
export {
  allRow, anyRow, argmaxRow, argminRow, cumprodRow, cumsumRow, maxRow, minRow, prodRow, recurrenceRow, shifted, sumRow,
} from './primitives/reduction.ts';
export type { Along } from './primitives/reduction.ts';
export {
  broadcastRow, concatRow, diagonalRow, embedRow, eyeRow, flipRow, fullRow, padRow, padWithRow, reshapeRow, sliceRow, splitRow, stopGradientRow, transposeRow,
} from './primitives/movement.ts';
export type { Diagonal, Padding } from './primitives/movement.ts';
export { gatherRow, scatterAddRow } from './primitives/indexing.ts';
export type { Gathering, Scattering } from './primitives/indexing.ts';
export { contractRow } from './primitives/contraction.ts';
export type { Contraction } from './primitives/contraction.ts';
export { randomBitsRow } from './primitives/random.ts';

// Types, nests, arguments
export { formatType, tensorType } from './type.ts';
export type { TensorType } from './type.ts';
export { flattenNest } from './nest.ts';
export type { Flat, Nest } from './nest.ts';
export { asFloat, asFloatPair, asNumeric, asPair, asTensor, castTo, checkShape, describe, scalarTensor } from './convert.ts';
export { checkAxes, checkAxis, checkPerAxis } from './axes.ts';
export { checkDType, checkFlag, checkInteger, checkNumber, checkOptions } from './checks.ts';
export { formatNumber, formatTensor, Printable } from './format.ts';

// Operations with everything known and checked
export { tensorFromData } from './tensor.ts';
export { zerosOf } from './ops/creation.ts';
export { takeSlice } from './ops/shape.ts';
export { contract } from './ops/contraction.ts';
export { integerPower } from './ops/power.ts';

// Devices, errors
export { refusePromise, setDefaultBackendFactory } from './device.ts';
export { ArgumentError, DeviceError, DTypeError, JacobiError, ShapeError, TraceError } from './errors.ts';
