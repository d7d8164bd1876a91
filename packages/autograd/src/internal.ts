/** @jacobi/autograd/internal: what the packages above are built of. Not covered by semantic versioning. */

export type { Batched } from './batch.ts';
export { batchProgram, batchRow, withBatchAxis } from './batch.ts';
export type { RecordedCall, TracedCall } from './call.ts';
export {
  buildArguments,
  checkArgnums,
  checkFunction,
  flattenArgument,
  flattenResult,
  fresh,
  recordCall,
  splitAux,
  traceCall,
} from './call.ts';
export type { Derivation, Derived } from './derive.ts';
export { byStructure, derive, pullSlice, pushSlice, runDerived } from './derive.ts';
export type { Lists } from './differences.ts';
export { differenceQuotient } from './differences.ts';
export { pullback, pushforwardOf, runGradient, runTangent } from './gradient.ts';
export * from './index.ts';
export { carriesTangent, keptValues, openOperands, pushforward, pushProgram } from './pushforward.ts';
export { Recording } from './recording.ts';
export type { Connection, Slice } from './slice.ts';
export { sliceRecording } from './slice.ts';
export type { Cut, CutSource } from './tape.ts';
export { isSource } from './tape.ts';
export { linearIn, linearOf, sumTo, transposeRows } from './transpose.ts';
export type { AloneOrWithAux, Chosen, Unannotated, ValueOf, WithAux } from './types.ts';
export { checkUnconnected, explainUnconnected } from './unconnected.ts';
