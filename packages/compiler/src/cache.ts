/**
 * The plan cache: derived programs found again by the structure of what they were derived from.
 * The one idea: a structure is a list of numbers (applications are interned); a hash picks the bucket, the whole list
 * decides. Bounded, least recently used first out. Must not import programs.
 */

/** A bounded map from lists of numbers (and a tag) to values. */
export class StructureCache<V> {
  /** By hash; the least recently used first. */
  readonly #buckets = new Map<number, Entry<V>[]>();
  #size = 0;
  #bytes = 0;
  readonly #limit: number;

  /** `limit`: bytes that the entries may weigh together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value stored under this structure, or undefined. */
  get(tag: string, structure: readonly number[]): V | undefined {
    return this.#bucket(hash(tag, structure)).find((entry) => isOf(entry, tag, structure))?.value;
  }

  /** Stores a value of about `bytes` bytes; drops the least recently used ones where the limit is passed. */
  set(tag: string, structure: readonly number[], value: V, bytes: number): void {
    const key = hash(tag, structure);
    const bucket = this.#bucket(key);
    const old = bucket.find((entry) => isOf(entry, tag, structure));
    if (old) this.#forget(old);
    const entry = { tag, structure: [...structure], value, bytes };
    this.#buckets.set(key, [...bucket.filter((other) => other !== old), entry]);
    this.#size++;
    this.#bytes += bytes;
    for (const [oldest, bucket] of this.#buckets) {
      if (this.#bytes <= this.#limit || oldest === key) return;
      this.#buckets.delete(oldest);
      for (const gone of bucket) this.#forget(gone);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** The entries of this hash, which become the ones used last. */
  #bucket(key: number): readonly Entry<V>[] {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return [];
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forget(entry: Entry<V>): void {
    this.#size--;
    this.#bytes -= entry.bytes;
  }
}

interface Entry<V> {
  readonly tag: string;
  readonly structure: readonly number[];
  readonly value: V;
  readonly bytes: number;
}

function isOf<V>(entry: Entry<V>, tag: string, structure: readonly number[]): boolean {
  return entry.tag === tag && equal(entry.structure, structure);
}

function hash(tag: string, structure: readonly number[]): number {
  let h = 0;
  for (let i = 0; i < tag.length; i++) h = (Math.imul(h, 31) + tag.charCodeAt(i)) | 0;
  for (let i = 0; i < structure.length; i++) h = (Math.imul(h, 31) + structure[i]!) | 0;
  return h;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
