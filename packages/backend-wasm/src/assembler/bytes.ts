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

/** Appends code to a list of bytes. */
export function flatten(code: Code, out: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') out.push(part);
    else if (Array.isArray(part)) flatten(part, out);
    else out.push(...unsigned((part as FunctionRef).index));
  }
  return out;
}

/** A section: its number, its length in bytes, its contents. */
export function section(id: number, contents: Code): number[] {
  const bytes = flatten(contents);
  // Not spread into a call: a section can be longer than an argument list may be.
  return [id].concat(unsigned(bytes.length), bytes);
}

/** A vector: a count, then the items. */
export function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), ...items];
}
