/** @jacobi/backend: what a device is asked to do, as data. See backend.ts for the contract. */

export type { Backend, BackendStats, BackendTraits, BufferRef, Executable } from './backend.ts';
export type { DType, TypedArray } from './dtype.ts';
export { allocate, bytesPerElement, DTYPES, dtypeOf, isFloating, promoteTypes, viewBytes } from './dtype.ts';
export { ArgumentError, JacobiError } from './errors.ts';
export type {
  Access,
  ArgReduceKernel,
  ContractKernel,
  Epilogue,
  GatherKernel,
  Kernel,
  KernelLoop,
  Lane,
  MapKernel,
  Plan,
  Prologue,
  RandomKernel,
  ReduceKernel,
  RunnableKernel,
  ScalarStep,
  ScanKernel,
  ScatterKernel,
  Slot,
  StraightKernel,
} from './kernel.ts';
export type { Axis, Dim, Shape, View } from './layout.ts';
export {
  broadcastShapes,
  broadcastStrides,
  collapse,
  contiguousView,
  isContiguous,
  rowMajor,
  sameShape,
  sizeOf,
  takeRow,
} from './layout.ts';
export type { Fold, Loop } from './loops.ts';
export { copyLoop } from './loops.ts';
export type { RecordingBackend } from './recording.ts';
export { recordingBackend, withoutSyncRead } from './recording.ts';
export type { Reducer, ScalarFunction, Targets } from './scalar.ts';
export { inputsOf, readsOf, resultsApart, termsApart, termType, writesOf } from './uses.ts';
