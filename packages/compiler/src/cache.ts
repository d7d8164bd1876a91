/**
 * The plan cache: derived programs found again by the structure of what they were derived from.
 * The one idea: a structure is a list of numbers (applications are interned); a hash picks the bucket, the whole list
 * decides. Bounded, least recently used first out. Must not import programs.
 */
import { sameShape } from '@jacobi/backend';

/** A bounded map from lists of numbers (and a tag) to values. */
export class StructureCache<V> {
  /** By hash; the least recently used first. */
  readonly #buckets = new Map<number, readonly Entry<V>[]>();
  #bytes = 0;
  readonly #limit: number;

  /** `limit`: bytes that the entries may weigh together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value stored under this structure, or undefined. */
  get(tag: string, structure: readonly number[]): V | undefined {
    const key = hash(tag, structure);
    const bucket = this.#buckets.get(key);
    if (bucket) this.#put(key, bucket);
    return bucket?.find((entry) => isOf(entry, tag, structure))?.value;
  }

  /** Stores a value of about `bytes` bytes; drops the least recently used ones where the limit is passed. */
  set(tag: string, structure: readonly number[], value: V, bytes: number): void {
    const key = hash(tag, structure);
    const others = this.#buckets.get(key)?.filter((entry) => !isOf(entry, tag, structure)) ?? [];
    this.#put(key, [...others, { tag, structure: [...structure], value, bytes }]);
    for (const oldest of this.#buckets.keys()) {
      if (this.#bytes <= this.#limit || oldest === key) return;
      this.#put(oldest, []);
    }
  }

  /** The entries of a hash from now on, the ones used last. */
  #put(key: number, bucket: readonly Entry<V>[]): void {
    for (const { bytes } of this.#buckets.get(key) ?? []) this.#bytes -= bytes;
    for (const { bytes } of bucket) this.#bytes += bytes;
    this.#buckets.delete(key);
    if (bucket.length > 0) this.#buckets.set(key, bucket);
  }
}

interface Entry<V> {
  readonly tag: string;
  readonly structure: readonly number[];
  readonly value: V;
  readonly bytes: number;
}

function isOf<V>(entry: Entry<V>, tag: string, structure: readonly number[]): boolean {
  return entry.tag === tag && sameShape(entry.structure, structure);
}

function hash(tag: string, structure: readonly number[]): number {
  let h = 0;
  for (let i = 0; i < tag.length; i++) h = (Math.imul(h, 31) + tag.charCodeAt(i)) | 0;
  for (let i = 0; i < structure.length; i++) h = (Math.imul(h, 31) + structure[i]!) | 0;
  return h;
}
