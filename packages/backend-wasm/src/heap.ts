/**
 * Linear memory: one for a backend, handed out in blocks.
 * The one idea: views on it are asked for at each use and remade when the memory has grown, so none is ever stale.
 * Must not import plans.
 */
import type { DType, TypedArray } from '@jacobi/backend';
import { MemoryLimitError } from './errors.ts';
import { fillTables, HEAP } from './scratch.ts';
import type { Memory } from './wasm-api.ts';
import { api } from './wasm-api.ts';

const PAGE = 65536;
/** Pages to begin with. */
const FIRST = 16;
/** WebAssembly addresses have 32 bits. */
const LIMIT = 65536 * PAGE;
/** Loops may read this far past the end of a block. */
const SLACK = 64;

interface Views {
  readonly float32: Float32Array<ArrayBuffer>;
  readonly float64: Float64Array<ArrayBuffer>;
  readonly int32: Int32Array<ArrayBuffer>;
  readonly bool: Uint8Array<ArrayBuffer>;
}

/** A free stretch of memory. */
interface Gap {
  start: number;
  end: number;
}

export class Heap {
  readonly memory: Memory;
  readonly #shared: boolean;
  /** Pages that the memory may have. */
  readonly #most: number;
  #views: Views;
  /** Sorted by address; neighbours are merged. */
  readonly #gaps: Gap[];
  readonly #sizes = new Map<number, number>();

  /** `threads`: how many share the memory, with scratch memory for each; 0: it is not shared. */
  constructor(threads = 0) {
    this.#shared = threads > 0;
    const { memory, most } = firstMemory(this.#shared);
    this.memory = memory;
    this.#most = most;
    fillTables(this.memory.buffer);
    this.#views = viewsOf(this.memory.buffer);
    this.#gaps = [];
    const start = HEAP * Math.max(threads, 1);
    if (start >= this.bytes - SLACK) this.#tryGrow(Math.ceil(start / PAGE));
    this.#gaps.push({ start, end: this.bytes - SLACK });
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Views on all of memory, as it is now. */
  get views(): Views {
    if (this.#views.bool.length === 0) this.#views = viewsOf(this.memory.buffer);
    return this.#views;
  }

  /** The address of a new block, a multiple of 64. */
  alloc(bytes: number): number {
    // Not by bits: sizes may have 32 of them.
    const size = Math.ceil((Math.max(bytes, 1) + SLACK) / 64) * 64;
    if (bytes > LIMIT) throw new MemoryLimitError(bytes);
    let gap = this.#gaps.find(({ start, end }) => end - start >= size);
    gap ??= this.#grow(size);
    const address = gap.start;
    gap.start += size;
    if (gap.start === gap.end) this.#gaps.splice(this.#gaps.indexOf(gap), 1);
    this.#sizes.set(address, size);
    return address;
  }

  free(address: number): void {
    const size = this.#sizes.get(address);
    if (size === undefined) return;
    this.#sizes.delete(address);
    const at = this.#gaps.findIndex(({ start }) => start > address);
    const i = at < 0 ? this.#gaps.length : at;
    this.#gaps.splice(i, 0, { start: address, end: address + size });
    this.#merge(i);
    this.#merge(i - 1);
  }

  /** Joins a gap with the next one, where they touch. */
  #merge(i: number): void {
    const [gap, next] = [this.#gaps[i], this.#gaps[i + 1]];
    if (!gap || !next || gap.end !== next.start) return;
    gap.end = next.end;
    this.#gaps.splice(i + 1, 1);
  }

  /** Makes a last gap of at least `size` bytes: by half of the memory at least, so that growing is rare. */
  #grow(size: number): Gap {
    const end = this.bytes - SLACK;
    let last = this.#gaps.at(-1);
    const free = last?.end === end ? end - last.start : 0;
    const needed = Math.ceil((size - free) / PAGE);
    const pages = this.bytes / PAGE;
    if (pages + needed > this.#most) throw new MemoryLimitError(size);
    const wanted = Math.min(Math.max(needed, pages >> 1), this.#most - pages);
    if (!this.#tryGrow(wanted) && !this.#tryGrow(needed)) throw new MemoryLimitError(size);
    if (free === 0) this.#gaps.push((last = { start: end, end }));
    last!.end = this.bytes - SLACK;
    return last!;
  }

  #tryGrow(pages: number): boolean {
    try {
      this.memory.grow(pages);
      // A shared buffer is not detached, but is as long as it was.
      if (this.#shared) this.#views = viewsOf(this.memory.buffer);
      return true;
    } catch {
      return false;
    }
  }

  /** Copies elements to an address. */
  write(address: number, data: TypedArray, dtype: DType): void {
    this.views[dtype].set(data, address / data.BYTES_PER_ELEMENT);
  }
}

/** Address space is set aside for all that a shared memory may become: as much as the engine gives. */
function firstMemory(shared: boolean): { memory: Memory; most: number } {
  for (let most = LIMIT / PAGE; most >= (shared ? 1024 : LIMIT / PAGE); most /= 2) {
    try {
      return { memory: new api!.Memory({ initial: FIRST, ...(shared && { maximum: most, shared }) }), most };
    } catch {}
  }
  throw new MemoryLimitError(FIRST * PAGE);
}

function viewsOf(buffer: ArrayBuffer): Views {
  return {
    float32: new Float32Array(buffer),
    float64: new Float64Array(buffer),
    int32: new Int32Array(buffer),
    bool: new Uint8Array(buffer),
  };
}
