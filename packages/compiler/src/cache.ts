/**
 * The plan cache: derived programs found again by the structure of what they were derived from.
 * The one idea: a structure is a list of numbers (applications are interned); a hash picks the bucket, the whole list
 * decides. Bounded, least recently used first out. Must not import programs.
 */

/** A bounded map from lists of numbers (and a tag) to values. */
export class StructureCache<V> {
  readonly #buckets = new Map<number, Entry<V>[]>();
  #bytes = 0;
  #clock = 0;
  readonly #limit: number;

  /** `limit`: bytes that the entries may weigh together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value stored under this structure, or undefined. */
  get(tag: string, structure: readonly number[]): V | undefined {
    const bucket = this.#buckets.get(hash(tag, structure));
    if (bucket === undefined) return undefined;
    for (const entry of bucket) {
      if (entry.tag === tag && equal(entry.structure, structure)) {
        entry.used = ++this.#clock;
        return entry.value;
      }
    }
    return undefined;
  }

  /** Stores a value of about `bytes` bytes; drops the least recently used ones where the limit is passed. */
  set(tag: string, structure: readonly number[], value: V, bytes: number): void {
    const h = hash(tag, structure);
    const entry = { tag, structure: [...structure], value, bytes, used: ++this.#clock };
    const bucket = this.#buckets.get(h);
    if (bucket === undefined) this.#buckets.set(h, [entry]);
    else bucket.push(entry);
    this.#bytes += bytes;
    while (this.#bytes > this.#limit && this.size > 1) this.#dropOldest();
  }

  get size(): number {
    let n = 0;
    for (const bucket of this.#buckets.values()) n += bucket.length;
    return n;
  }

  #dropOldest(): void {
    let oldest: Entry<V> | undefined;
    let at = 0;
    for (const [h, bucket] of this.#buckets) {
      for (const entry of bucket) {
        if (oldest === undefined || entry.used < oldest.used) {
          oldest = entry;
          at = h;
        }
      }
    }
    const rest = this.#buckets.get(at)!.filter((entry) => entry !== oldest);
    if (rest.length === 0) this.#buckets.delete(at);
    else this.#buckets.set(at, rest);
    this.#bytes -= oldest!.bytes;
  }
}

interface Entry<V> {
  readonly tag: string;
  readonly structure: readonly number[];
  readonly value: V;
  readonly bytes: number;
  used: number;
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
