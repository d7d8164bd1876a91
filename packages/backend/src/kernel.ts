/**
 * Kernel IR: the closed set of loops that a backend has to run, and the plan that strings them together.
 * The one idea: every operand is a slot read or written through strides, so views cost no kernel.
 * Must not import anything above dtypes and scalar functions.
 */
import type { DType, TypedArray } from './dtype.ts';
import type { Reducer, ScalarFunction } from './scalar.ts';

/**
 * A kind of kernel in JavaScript: takes every decision about a kernel once, and gives what runs it. A kernel brings its loop,
 * as a step of a body brings its function, so that a bundle holds the loops of its rows only; backends that generate code go
 * by `kind`. The plan's `arrays` are by slot number; a loop may append arrays of its own.
 */
export type KernelLoop<K> = (kernel: K, slots: readonly Slot[], arrays: TypedArray[]) => (arrays: TypedArray[]) => void;

/** How a kernel reads or writes a slot over its iteration space: element offset + Σ index·stride. */
export interface Access {
  readonly slot: number;
  readonly offset: number;
  readonly strides: readonly number[];
}

/**
 * One step of a scalar program: a function of operands (or a constant). Operand numbers count the kernel's inputs first,
 * then the earlier steps. Each step is rounded to its dtype, so that fused and unfused programs agree bit for bit.
 */
export type ScalarStep =
  | { readonly fn: ScalarFunction; readonly args: readonly number[]; readonly dtype: DType }
  | { readonly constant: number };

/** out[i] = body(inputs[i]) for every i of `shape`. No inputs and one constant: a fill. */
export interface MapKernel {
  readonly kind: 'map';
  readonly js?: KernelLoop<MapKernel>;
  readonly shape: readonly number[];
  readonly inputs: readonly Access[];
  readonly output: Access;
  /** The result is the value of the last step; an empty body copies input 0. */
  readonly body: readonly ScalarStep[];
}

/**
 * out[i] = combine over r of in[i, r]; `input` has strides for kept then reduced axes, `output` for the kept ones. With a
 * prologue, in[i, r] is what its body makes of the element of `input` and those of its own inputs.
 */
export interface ReduceKernel {
  readonly kind: 'reduce';
  readonly js?: KernelLoop<ReduceKernel>;
  readonly reducer: Reducer;
  readonly kept: readonly number[];
  readonly reduced: readonly number[];
  readonly input: Access;
  readonly output: Access;
  /** The dtype to accumulate in. */
  readonly accumulate: DType;
  readonly prologue?: Prologue;
}

/** An elementwise body before a reduction: of the operands before its own inputs, then these; the last step is floating. */
export interface Prologue {
  readonly inputs: readonly Access[];
  readonly body: readonly ScalarStep[];
}

/** out[i] = the first position along one axis of `length` where in[i, ·] is largest (or smallest); NaN counts as it. */
export interface ArgReduceKernel {
  readonly kind: 'argreduce';
  readonly js?: KernelLoop<ArgReduceKernel>;
  readonly largest: boolean;
  readonly kept: readonly number[];
  readonly length: number;
  readonly input: Access;
  readonly output: Access;
}

/**
 * out[b, m, n] = Σ over k of left[b, m, k] · right[b, n, k]; each access has strides for its own axes in that order. With an
 * epilogue, out[b, m, n] is what its body makes of the sum, rounded to the output's dtype, and the elements of its own inputs.
 */
export interface ContractKernel {
  readonly kind: 'contract';
  readonly js?: KernelLoop<ContractKernel>;
  readonly batch: readonly number[];
  readonly m: readonly number[];
  readonly n: readonly number[];
  readonly k: readonly number[];
  readonly left: Access;
  readonly right: Access;
  readonly output: Access;
  /** The dtype to accumulate in, or a wider one. float32: in blocks, so that errors do not grow with the number of terms. */
  readonly accumulate: DType;
  readonly epilogue?: Epilogue;
}

/** An elementwise body after a contraction: of the sum, then its own inputs, none of which is the output; as a prologue else. */
export type Epilogue = Prologue;

/**
 * output[b, o, i, r] = source[b, o, indices[b, i], r], all slots row-major.
 * An index outside 0…size−1 gives NaN (0 for integers).
 */
export interface GatherKernel {
  readonly kind: 'gather';
  readonly js?: KernelLoop<GatherKernel>;
  readonly batch: number;
  readonly outer: number;
  readonly size: number;
  readonly count: number;
  readonly inner: number;
  readonly source: number;
  readonly indices: number;
  readonly output: number;
}

/**
 * output[b, o, indices[b, i], r] += updates[b, o, i, r] in the order of i, all slots row-major; the output is not cleared
 * first. An index outside 0…size−1 is dropped.
 */
export interface ScatterKernel {
  readonly kind: 'scatter';
  readonly js?: KernelLoop<ScatterKernel>;
  readonly batch: number;
  readonly outer: number;
  readonly size: number;
  readonly count: number;
  readonly inner: number;
  readonly updates: number;
  readonly indices: number;
  readonly output: number;
}

/**
 * A first-order recurrence along the middle axis of [outer, length, inner], all slots row-major:
 * 'sum': t[i] = t[i−1] + v[i] · 'product': t[i] = t[i−1] · v[i] · 'linear': t[i] = v[i] + a[i]·t[i−1].
 * `reverse` runs from the end. t before the first element is 0 (1 for 'product').
 */
export interface ScanKernel {
  readonly kind: 'scan';
  readonly js?: KernelLoop<ScanKernel>;
  readonly form: 'sum' | 'product' | 'linear';
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly reverse: boolean;
  readonly values: number;
  /** Slot of a; only for 'linear'. */
  readonly factors?: number;
  readonly output: number;
}

/**
 * Threefry-2x32, 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), once for each key:
 * keys are pairs of int32 [batch, 2]; output [batch, count] int32, words of the blocks (0, 0), (0, 1), (0, 2) …
 */
export interface RandomKernel {
  readonly kind: 'random';
  readonly js?: KernelLoop<RandomKernel>;
  readonly batch: number;
  readonly count: number;
  readonly keys: number;
  readonly output: number;
}

/** Where a straight line reads or writes: the element offset + r·stride of a slot in row r. */
export interface Lane {
  readonly slot: number;
  readonly offset: number;
  readonly stride: number;
}

/**
 * A body without loops, done for each of `rows` rows that know nothing of each other: a small program as straight-line code,
 * or a loop around it. Operand numbers count the loads first, then the steps. No slot is both read and written.
 */
export interface StraightKernel {
  readonly kind: 'straight';
  readonly js?: KernelLoop<StraightKernel>;
  readonly rows: number;
  readonly loads: readonly Lane[];
  readonly body: readonly ScalarStep[];
  /** Results, each with the operand that is written there, which has the slot's dtype or is a constant. */
  readonly stores: readonly (Lane & { readonly value: number })[];
}

/** Every loop a backend runs. */
export type Kernel =
  | MapKernel
  | ReduceKernel
  | ArgReduceKernel
  | ContractKernel
  | GatherKernel
  | ScatterKernel
  | ScanKernel
  | RandomKernel
  | StraightKernel;

/** A kernel with its loop: what a row writes. */
export type RunnableKernel<K extends Kernel = Kernel> = K extends Kernel ? K & { readonly js: KernelLoop<K> } : never;

/** A place for the elements of one value while a plan runs. */
export interface Slot {
  readonly dtype: DType;
  readonly length: number;
  readonly role: 'input' | 'output' | 'constant' | 'temporary';
  /** Contents of a constant. */
  readonly data?: TypedArray;
  /** Byte offset of a temporary in the plan's arena, from the memory plan. */
  readonly offset?: number;
}

/** A straight line of kernels over static slots. Plain data but for the functions that its kernels name. */
export interface Plan {
  readonly format: 1;
  readonly slots: readonly Slot[];
  /** Slots of the inputs and outputs, in the order of `Backend.run`. An output slot never is an input slot. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly steps: readonly Kernel[];
  /** Bytes of the arena that holds the temporaries. */
  readonly arenaBytes: number;
}
