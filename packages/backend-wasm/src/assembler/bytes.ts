/**
 * WebAssembly's binary encoding of numbers and lists.
 * The one idea: code is nested arrays of bytes that are flattened once, when a statement is complete, so that building an
 * expression copies nothing, and nothing lives for long.
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

function bytesOf(count: number): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < count; i++) bytes.push(scratch.getUint8(i));
  return bytes;
}

/** IEEE bytes of a float32, low byte first. */
export function float32(value: number): number[] {
  scratch.setFloat32(0, value, true);
  return bytesOf(4);
}

/** IEEE bytes of a float64, low byte first. */
export function float64(value: number): number[] {
  scratch.setFloat64(0, value, true);
  return bytesOf(8);
}

/** Bytes of a 64-bit integer, low byte first. */
export function word64(value: bigint): number[] {
  scratch.setBigInt64(0, BigInt.asIntN(64, value), true);
  return bytesOf(8);
}

/** A name: its length, then UTF-8 (names here are ASCII). */
export function text(name: string): number[] {
  return [...unsigned(name.length), ...Array.from(name, (c) => c.charCodeAt(0))];
}

/** A function's number as long as any, to be filled in. */
const LATER = [0x80, 0x80, 0x80, 0x80, 0x00] as const;

/** A list of bytes that grows. */
export class Bytes {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  /** Where functions are named whose numbers are not known yet. */
  #later: { readonly at: number; readonly fn: FunctionRef }[] = [];

  constructor(room = 1024) {
    this.#bytes = new Uint8Array(room);
  }

  /** Appends code. */
  add(code: Code): void {
    for (let i = 0; i < code.length; i++) {
      const part = code[i]!;
      if (typeof part === 'number') {
        if (this.#length === this.#bytes.length) this.#grow(1);
        this.#bytes[this.#length++] = part;
      } else if (Array.isArray(part)) this.add(part as Code);
      else {
        this.#later.push({ at: this.#length, fn: part as FunctionRef });
        this.add(LATER);
      }
    }
  }

  /** Appends what another list has. */
  join(other: Bytes): void {
    this.#grow(other.#length);
    this.#bytes.set(other.#bytes.subarray(0, other.#length), this.#length);
    for (const { at, fn } of other.#later) this.#later.push({ at: at + this.#length, fn });
    this.#length += other.#length;
  }

  /** The same, with the number of its bytes before it. */
  joinSized(other: Bytes): void {
    this.add(unsigned(other.#length));
    this.join(other);
  }

  /** Makes room for so many bytes more. */
  #grow(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const old = this.#bytes;
    this.#bytes = new Uint8Array(Math.max(needed, 2 * old.length));
    this.#bytes.set(old);
  }

  /** All there is, with the numbers of functions. */
  finish(): Uint8Array<ArrayBuffer> {
    for (const { at, fn } of this.#later) {
      for (let i = 0; i < LATER.length; i++) this.#bytes[at + i] = LATER[i]! | ((fn.index >>> (7 * i)) & 127);
    }
    return this.#bytes.slice(0, this.#length);
  }
}

/** A vector: a count, then the items. */
export function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), ...items];
}
