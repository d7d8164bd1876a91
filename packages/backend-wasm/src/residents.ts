/**
 * Large inputs that stay in linear memory from run to run, such as weights.
 * The one idea: a buffer that is seen a second time is kept, until it is written to, collected, or others are used more
 * recently; the buffer itself is held weakly. Must not import plans.
 */
import type { DType, TypedArray } from '@jacobi/backend';
import type { Heap } from './heap.ts';

/** Bytes that may stay. */
const LIMIT = 512 * 2 ** 20;

interface Resident {
  readonly address: number;
  readonly bytes: number;
  used: number;
  gone: boolean;
}

export class Residents {
  readonly #heap: Heap;
  readonly #known = new WeakMap<TypedArray, Resident | 'seen'>();
  readonly #all = new Set<Resident>();
  readonly #registry: FinalizationRegistry<Resident> = new FinalizationRegistry((resident) => this.#drop(resident));
  #bytes = 0;
  #clock = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where a buffer's elements lie; undefined where they have to be copied for this run. */
  find(buffer: TypedArray, dtype: DType): number | undefined {
    const known = this.#known.get(buffer);
    if (known === undefined) {
      this.#known.set(buffer, 'seen');
      return undefined;
    }
    if (known !== 'seen' && !known.gone) {
      known.used = ++this.#clock;
      return known.address;
    }
    return this.#keep(buffer, dtype);
  }

  #keep(buffer: TypedArray, dtype: DType): number | undefined {
    const bytes = buffer.byteLength;
    if (bytes > LIMIT) return undefined;
    while (this.#bytes + bytes > LIMIT) this.#drop([...this.#all].reduce((a, b) => (a.used < b.used ? a : b)));
    const resident = { address: this.#heap.alloc(bytes), bytes, used: ++this.#clock, gone: false };
    this.#heap.write(resident.address, buffer, dtype);
    this.#bytes += bytes;
    this.#all.add(resident);
    this.#known.set(buffer, resident);
    this.#registry.register(buffer, resident, resident);
    return resident.address;
  }

  /** The buffer has been written to. */
  forget(buffer: TypedArray): void {
    const known = this.#known.get(buffer);
    if (known === undefined) return;
    this.#known.delete(buffer);
    if (known !== 'seen') this.#drop(known);
  }

  #drop(resident: Resident): void {
    if (resident.gone) return;
    resident.gone = true;
    this.#registry.unregister(resident);
    this.#all.delete(resident);
    this.#bytes -= resident.bytes;
    this.#heap.free(resident.address);
  }
}
