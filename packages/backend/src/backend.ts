/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What a device has to offer. The one idea: a backend runs plans over buffers; it knows bytes and kernels and nothing of
 * tapes, promotion, broadcasting or derivatives. Must not import anything above the kernel IR.
 */
import type { DType, TypedArray } from './dtype.ts';
import type { Plan } from './kernel.ts';

/** A device's storage of one tensor. Opaque: only the backend that made it looks inside. */
export interface BufferRef {
  readonly dtype?: DType;
  readonly length: number;
}

/** A compiled plan. Opaque, pure, and owned by the caller, who may cache it. */
export interface Executable {
  readonly plan: Plan;
}

/** What a device can do, and what things cost on it. */
export interface BackendTraits {
  readonly float64: boolean;
  readonly syncRead: boolean;
  readonly simdLanes: number;
  /**
   * Partial results that a reduction keeps side by side, a power of two: element i goes into the one of i modulo this, in
   * order, and the upper half is combined with the lower until one is left.
   */
  readonly reductionLanes: number;
  /** True if contractions of float32 are summed in float64, more than they ask for. */
  readonly doubleSums: boolean;
  readonly threads: number;
}

/** Counts since the backend was made. `buffers` and `bytes` are those alive, as far as the backend can know. */
export interface BackendStats {
  /** Plans compiled. */
  readonly compiles: number;
  /** Milliseconds spent making code, of backends that make any. */
  readonly compileTime?: number;
  /** Plans run. */
  readonly runs: number;
  /** Buffers allocated and not freed. */
  readonly buffers: number;
  /** Bytes in them. */
  readonly bytes: number;
}

/** Executes plans on one device. */
export interface Backend {
  /** As messages and plans call it: 'cpu', 'wasm'. */
  readonly name: string;
  /** What the device can do. */
  readonly traits: BackendTraits;
  /** Prepares a plan for running. Pure: the same plan may be compiled twice. */
  compile(plan: Plan): Executable;
  /** Runs `executable`: reads `inputs`, overwrites `outputs` whole, both in the order of the plan. */
  run(executable: Executable, inputs: readonly BufferRef[], outputs: readonly BufferRef[]): void;
  /** A buffer of `length` elements with unspecified contents. */
  alloc(dtype: DType, length: number): BufferRef;
  /** Tells that a buffer will not be used again. On devices with garbage collection this may do nothing. */
  free(buffer: BufferRef): void;
  /** Copies host data of the buffer's dtype and length into it. */
  write(buffer: BufferRef, data: TypedArray): void;
  /** The buffer's elements; read-only for the caller. Always there. */
  read(buffer: BufferRef): Promise<TypedArray>;
  /** The same at once; absent where the device cannot. */
  readSync?(buffer: BufferRef): TypedArray;
  /** What it allocated and compiled so far. */
  stats(): BackendStats;
  /** Ends what the device holds (threads, memory). Its tensors must not be used after it. */
  [Symbol.dispose](): void;
}
