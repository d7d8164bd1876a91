/**
 * WebAssembly's binary encoding of numbers and lists.
 * The one idea: code is nested arrays of bytes that are flattened once, so that building an expression copies nothing.
 * Must not import anything.
 */

/** A function whose number is known only when its module is put together. */
export interface FunctionRef {
  /** Position among the module's imported and own functions. */
  index: number;
}

/** Bytes, in order; a function stands for its index. */
export type Code = readonly (number | Code | FunctionRef)[];

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  if (value >= 0 && value < 128) return [value];
  const out: number[] = [];
  let rest = value >>> 0;
  for (; rest >= 128; rest >>>= 7) out.push((rest & 127) | 128);
  out.push(rest);
  return out;
}

/** Signed LEB128 of a 32-bit integer. */
export function signed(value: number): number[] {
  const out: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const last = rest >= -64 && rest < 64;
    out.push((rest & 127) | (last ? 0 : 128));
    if (last) return out;
  }
}

/** Signed LEB128 of a 64-bit integer. */
export function signed64(value: bigint): number[] {
  const out: number[] = [];
  for (let rest = BigInt.asIntN(64, value); ; rest >>= 7n) {
    const last = rest >= -64n && rest < 64n;
    out.push(Number(rest & 127n) | (last ? 0 : 128));
    if (last) return out;
  }
}

const scratch = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** IEEE bytes of a float32, low byte first. */
export function float32(value: number): number[] {
  scratch.setFloat32(0, value, true);
  return [0, 1, 2, 3].map((i) => scratch.getUint8(i));
}

/** IEEE bytes of a float64, low byte first. */
export function float64(value: number): number[] {
  scratch.setFloat64(0, value, true);
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => scratch.getUint8(i));
}

/** Bytes of a 64-bit integer, low byte first. */
export function word64(value: bigint): number[] {
  scratch.setBigInt64(0, BigInt.asIntN(64, value), true);
  return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => scratch.getUint8(i));
}

/** A name: its length, then UTF-8 (names here are ASCII). */
export function text(name: string): number[] {
  return [...unsigned(name.length), ...Array.from(name, (c) => c.charCodeAt(0))];
}

/** A list of bytes that grows. */
export class Bytes {
  #bytes = new Uint8Array(4096);
  #length = 0;

  /** Appends code. */
  add(code: Code): void {
    for (let i = 0; i < code.length; i++) {
      const part = code[i]!;
      if (typeof part === 'number') {
        if (this.#length === this.#bytes.length) this.#grow(1);
        this.#bytes[this.#length++] = part;
      } else if ('length' in part) this.add(part);
      else this.add(unsigned(part.index));
    }
  }

  /** Appends bytes, and their number before them. */
  addSized(bytes: Uint8Array): void {
    this.add(unsigned(bytes.length));
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Makes room for so many bytes more. */
  #grow(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const old = this.#bytes;
    this.#bytes = new Uint8Array(Math.max(needed, 2 * old.length));
    this.#bytes.set(old);
  }

  /** What there is, and an empty list again. */
  take(): Uint8Array<ArrayBuffer> {
    const all = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return all;
  }
}

/** A vector: a count, then the items. */
export function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), ...items];
}
