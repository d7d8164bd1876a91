/**
 * Memory and modules of one backend while they are in use.
 * The one idea: everything here can be dropped between two runs and made again; what must last is bytes of modules and
 * typed arrays. Must not import tiers.
 */
import type { DType, TypedArray } from '@jacobi/backend';
import { viewBytes } from '@jacobi/backend';
import type { Fork, PlanModule, SlotPlace } from './compile.ts';
import { Heap } from './heap.ts';
import type { Library } from './library.ts';
import { Residents } from './residents.ts';
import { carry } from './sparse.ts';
import type { Pool } from './threads/pool.ts';
import type { NativeFunction } from './wasm-api.ts';

/** A module made ready on a heap. */
export interface Ready {
  readonly heap: Heap;
  readonly run: NativeFunction;
  readonly constants: number;
  /** Inputs and outputs in the frame, as they lay at the last run. */
  frame: number;
  views: Heap['views'] | undefined;
  inputs: readonly TypedArray[];
  outputs: readonly TypedArray[];
}

export class Engine {
  readonly heap: Heap;
  readonly residents: Residents;
  /** Threads that share the memory. */
  readonly pool: Pool | undefined;
  #frame = 0;
  #frameBytes = 0;

  constructor(library: Library, pool?: Pool) {
    this.heap = new Heap(pool?.places);
    this.residents = new Residents(this.heap);
    this.pool = pool;
    library.attach(this.heap.memory);
    pool?.attach(this.heap.memory);
  }

  /** The address of a frame of at least so many bytes: one for all plans, since one runs at a time. */
  frame(bytes: number): number {
    if (bytes <= this.#frameBytes) return this.#frame;
    if (this.#frameBytes > 0) this.heap.free(this.#frame);
    this.#frameBytes = 0;
    const wanted = Math.max(bytes, 65536);
    this.#frame = this.heap.alloc(wanted);
    this.#frameBytes = wanted;
    return this.#frame;
  }

  prepare(plan: PlanModule, library: Library): Ready {
    const { module, imports, constants } = plan;
    const address = this.heap.alloc(constants.length);
    this.heap.views.bool.set(constants, address);
    const exported = library.instantiate(module, imports);
    const run = plan.fork ? this.#forked(plan, plan.fork, library, exported) : exported['run']!;
    return { heap: this.heap, run, constants: address, frame: 0, views: undefined, inputs: [], outputs: [] };
  }

  /** What runs a plan's stretches one after the other, and the parts of each on all threads. */
  #forked(plan: PlanModule, fork: Fork, library: Library, exported: Record<string, NativeFunction>): NativeFunction {
    const pool = this.pool!;
    const { parts, space, spaceBytes } = fork;
    const stretches = parts.map((count, s) => Array.from({ length: count }, (_, p) => exported[`${s}.${p}`]!));
    const job = pool.job(plan, () => ({ module: plan.module, imports: plan.imports }), library);
    return (frame, constants) => {
      const own = frame + space;
      stretches.forEach((functions, s) => {
        if (functions.length === 1) {
          functions[0]!(frame, constants, own);
          return;
        }
        pool.start(job, functions.length, [s, frame, constants, own, spaceBytes]);
        pool.finish((part) => void functions[part]!(frame, constants, own));
      });
      return 0;
    };
  }

  /** `fresh`: arrays that hold zeros only. */
  run(
    plan: PlanModule,
    ready: Ready,
    inputs: readonly TypedArray[],
    outputs: readonly TypedArray[],
    fresh: WeakSet<object>,
  ): void {
    const frame = this.frame(plan.frameBytes);
    if (ready.frame !== frame || ready.views !== this.heap.views) this.#look(plan, ready, frame);
    for (let i = 0; i < inputs.length; i++) {
      const place = plan.inputs[i]!;
      if (!place) continue;
      if (place.pointer === undefined) copy(inputs[i]!, ready.inputs[i]!, place.slot.dtype);
      else this.#point(plan, ready, i, inputs[i]!);
    }
    for (let i = 0; i < plan.partial.length; i++) {
      const output = plan.partial[i]!;
      copy(outputs[output]!, ready.outputs[output]!, plan.outputs[output]!.slot.dtype);
    }
    ready.run(frame, ready.constants);
    for (let i = 0; i < outputs.length; i++) {
      const { sparse, slot } = plan.outputs[i]!;
      if (sparse) carry(sparse, ready.outputs[i]!, outputs[i]!, fresh.has(outputs[i]!));
      else copy(ready.outputs[i]!, outputs[i]!, slot.dtype);
    }
  }

  /** Makes views on the frame. */
  #look(plan: PlanModule, ready: Ready, frame: number): void {
    const { views } = this.heap;
    const view = (place: SlotPlace | undefined): TypedArray => {
      if (!place) return views.bool;
      const { dtype, length } = place.slot;
      return viewBytes(dtype, views.bool.buffer, frame + place.offset, length);
    };
    ready.inputs = plan.inputs.map(view);
    ready.outputs = plan.outputs.map(view);
    ready.frame = frame;
    ready.views = views;
  }

  /** Leaves the address of an input that is large: where it stays, or where it is copied to for this run. */
  #point(plan: PlanModule, ready: Ready, i: number, data: TypedArray): void {
    const { offset, slot, pointer } = plan.inputs[i]!;
    const resident = this.residents.find(data, slot.dtype);
    // What came to stay may have made memory grow.
    if (ready.views !== this.heap.views) this.#look(plan, ready, ready.frame);
    if (resident === undefined) ready.inputs[i]!.set(data);
    this.heap.views.int32[(ready.frame + pointer!) / 4] = resident ?? ready.frame + offset;
  }
}

/** Elements that are copied one by one, which is faster than a call that moves them. */
const FEW = 40;

function copy(from: TypedArray, to: TypedArray, dtype: DType): void {
  if (from.length > FEW) to.set(from);
  else if (dtype === 'float64') copyDoubles(from as Float64Array, to as Float64Array);
  else if (dtype === 'float32') copySingles(from as Float32Array, to as Float32Array);
  else for (let i = 0; i < from.length; i++) to[i] = from[i]!;
}

// One function for each dtype: a loop over arrays of several kinds is slower.
function copyDoubles(from: Float64Array, to: Float64Array): void {
  for (let i = 0; i < from.length; i++) to[i] = from[i]!;
}
function copySingles(from: Float32Array, to: Float32Array): void {
  for (let i = 0; i < from.length; i++) to[i] = from[i]!;
}
