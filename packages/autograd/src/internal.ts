/** @jacobi/autograd/internal: what the packages above are built of. Not covered by semantic versioning. */
export { batchProgram, batchRow, withBatchAxis } from './batch.ts';
export type { Batched } from './batch.ts';
export { checkArgnums, checkFunction, flattenArgument, flattenResult, fresh, recordCall, splitAux, traceCall } from './call.ts';
export type { RecordedCall, TracedCall } from './call.ts';
export { derive, pullSlice, pushSlice, runDerived } from './derive.ts';
export type { Derivation, Derived } from './derive.ts';
export { differenceQuotient } from './differences.ts';
export type { Lists } from './differences.ts';
export { onesOf, pullback, pushforwardOf, runGradient, runTangent } from './gradient.ts';
export { carriesTangent, keptValues, openOperands, pushforward, pushProgram } from './pushforward.ts';
export { Recording } from './recording.ts';
export { sliceRecording } from './slice.ts';
export type { Connection, Slice } from './slice.ts';
export type { Cut, ResolvedSource } from './tape.ts';
export { linearMapOf, sumTo, transposeRows } from './transpose.ts';
export { checkUnconnected, explainUnconnected } from './unconnected.ts';
