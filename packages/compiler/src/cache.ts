/**
 * The plan cache: derived programs found again by the structure of what they were derived from.
 * The one idea: a structure is a list of numbers (applications are interned); a hash picks the bucket, the whole list
 * decides. Bounded, least recently used first out. Must not import programs.
 */
import { sameShape } from '@jacobi/backend';

/** A bounded map from lists of numbers (and a tag) to values. */
export class StructureCache<V> {
  /** By hash, the entry stored last; the least recently used first. */
  readonly #entries = new Map<number, Entry<V>>();
  #bytes = 0;
  readonly #limit: number;

  /** `limit`: bytes that the entries may weigh together. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value stored under this structure, or undefined. */
  get(tag: string, structure: readonly number[]): V | undefined {
    const key = hash(tag, structure);
    let entry = this.#entries.get(key);
    if (entry) this.#use(key, entry);
    while (entry && !(entry.tag === tag && sameShape(entry.structure, structure))) entry = entry.next;
    return entry?.value;
  }

  /** Stores a value of about `bytes` bytes; drops the least recently used ones where the limit is passed. */
  set(tag: string, structure: readonly number[], value: V, bytes: number): void {
    const key = hash(tag, structure);
    const next = this.#entries.get(key);
    this.#use(key, { tag, structure: [...structure], value, bytes: bytes + (next?.bytes ?? 0), next });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#entries) {
      if (this.#bytes <= this.#limit || oldest === key) return;
      this.#entries.delete(oldest);
      this.#bytes -= freed;
    }
  }

  /** Puts the entries of a hash behind all others. */
  #use(key: number, entry: Entry<V>): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
  }
}

interface Entry<V> {
  readonly tag: string;
  readonly structure: readonly number[];
  readonly value: V;
  /** With those that it leads to. */
  readonly bytes: number;
  /** The one stored before under the same hash. */
  readonly next: Entry<V> | undefined;
}

function hash(tag: string, structure: readonly number[]): number {
  let h = 0;
  for (let i = 0; i < tag.length; i++) h = (Math.imul(h, 31) + tag.charCodeAt(i)) | 0;
  for (let i = 0; i < structure.length; i++) h = (Math.imul(h, 31) + structure[i]!) | 0;
  return h;
}
