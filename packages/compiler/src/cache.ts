/**
 * The plan cache: derived programs found again by the structure of what they were derived from.
 * The one idea: a structure is a list of numbers (applications are interned); a hash picks the place, the whole list
 * decides. Bounded, least recently used first out. Must not import programs.
 */

/** A bounded map from lists of numbers (and a tag) to values. */
export class StructureCache<V> {
  /** By hash, or the next number where that is taken; least recently used first. */
  readonly #entries = new Map<number, Entry<V>>();
  #bytes = 0;
  readonly #limit: number;

  /** `limit`: bytes that the entries may weigh together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value stored under this structure, or undefined. */
  get(tag: string, structure: readonly number[]): V | undefined {
    const place = this.#placeOf(tag, structure);
    const entry = this.#entries.get(place);
    if (entry !== undefined) {
      this.#entries.delete(place);
      this.#entries.set(place, entry);
    }
    return entry?.value;
  }

  /** Stores a value of about `bytes` bytes; drops the least recently used ones where the limit is passed. */
  set(tag: string, structure: readonly number[], value: V, bytes: number): void {
    const place = this.#placeOf(tag, structure);
    this.#bytes += bytes - (this.#entries.get(place)?.bytes ?? 0);
    this.#entries.set(place, { tag, structure: [...structure], value, bytes });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#limit || this.size === 1) return;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  #placeOf(tag: string, structure: readonly number[]): number {
    for (let place = hash(tag, structure); ; place++) {
      const entry = this.#entries.get(place);
      if (entry === undefined || (entry.tag === tag && equal(entry.structure, structure))) return place;
    }
  }
}

interface Entry<V> {
  readonly tag: string;
  readonly structure: readonly number[];
  readonly value: V;
  readonly bytes: number;
}

function hash(tag: string, structure: readonly number[]): number {
  let h = tag.length;
  for (let i = 0; i < structure.length; i++) h = (Math.imul(h, 31) + structure[i]!) | 0;
  return h;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
