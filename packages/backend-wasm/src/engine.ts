/**
 * Memory and modules of one backend while they are in use.
 * The one idea: everything here can be dropped between two runs and made again; what must last is bytes of modules and
 * typed arrays. Must not import tiers.
 */
import type { TypedArray } from '@jacobi/backend';
import type { PlanModule, SlotPlace } from './compile.ts';
import { Heap } from './heap.ts';
import type { Library } from './library.ts';
import { Residents } from './residents.ts';
import type { NativeFunction } from './wasm-api.ts';

/** A module made ready on a heap. */
export interface Ready {
  readonly heap: Heap;
  readonly run: NativeFunction;
  readonly constants: number;
}

export class Engine {
  readonly heap: Heap = new Heap();
  readonly residents: Residents = new Residents(this.heap);
  #frame = 0;
  #frameBytes = 0;

  constructor(library: Library) {
    library.attach(this.heap.memory);
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

  prepare({ module, imports, constants }: PlanModule, library: Library): Ready {
    const address = this.heap.alloc(constants.length);
    this.heap.views.bool.set(constants, address);
    return { heap: this.heap, run: library.instantiate(module, imports)['run']!, constants: address };
  }

  run(plan: PlanModule, ready: Ready, inputs: readonly TypedArray[], outputs: readonly TypedArray[]): void {
    const { heap } = this;
    const frame = this.frame(plan.frameBytes);
    for (let i = 0; i < inputs.length; i++) this.#place(frame, plan.inputs[i]!, inputs[i]!);
    for (let i = 0; i < plan.partial.length; i++) {
      const output = plan.partial[i]!;
      const { offset, slot } = plan.outputs[output]!;
      heap.write(frame + offset, outputs[output]!, slot.dtype);
    }
    ready.run(frame, ready.constants);
    for (let i = 0; i < outputs.length; i++) {
      const { offset, slot } = plan.outputs[i]!;
      heap.read(frame + offset, outputs[i]!, slot.dtype);
    }
  }

  #place(frame: number, { offset, slot, pointer }: SlotPlace, data: TypedArray): void {
    let address = frame + offset;
    const resident = pointer === undefined ? undefined : this.residents.find(data, slot.dtype);
    if (resident === undefined) this.heap.write(address, data, slot.dtype);
    else address = resident;
    if (pointer !== undefined) this.heap.views.int32[(frame + pointer) / 4] = address;
  }
}
