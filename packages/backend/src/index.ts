/** @jacobi/backend: what a device is asked to do, as data. See backend.ts for the contract. */

export type { Axis } from './axes.ts';
export { collapse, takeRow } from './axes.ts';
export type { Backend, BackendStats, BackendTraits, BufferRef, Executable } from './backend.ts';
export type { DType, TypedArray } from './dtype.ts';
export { allocate, bytesPerElement, dtypeOf, isFloating, promoteTypes, viewBytes } from './dtype.ts';
export type {
  Access,
  ArgReduceKernel,
  ContractKernel,
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
export type { Shape, View } from './layout.ts';
export {
  broadcastShapes,
  broadcastStrides,
  contiguousView,
  isContiguous,
  rowMajor,
  sameShape,
  sizeOf,
} from './layout.ts';
export type { Fold, Loop } from './loops.ts';
export { copyLoop } from './loops.ts';
export type { RecordingBackend } from './recording.ts';
export { recordingBackend, withoutSyncRead } from './recording.ts';
export type { Reducer, ScalarFunction, Targets } from './scalar.ts';
export { inputsOf, readsOf, termsApart, termType, writesOf } from './uses.ts';
