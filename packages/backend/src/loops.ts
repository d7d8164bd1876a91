/**
 * Strided loops for the cheap scalar functions.
 * The one idea: a function called once for each element costs a JavaScript engine three to eight times the arithmetic that
 * it does, so where the arithmetic is that cheap, a row names its loop as well. A loop says the same as its row's `js`.
 * Must not import anything.
 */
import type { TypedArray } from './dtype.ts';

/**
 * out[o + e·s] = f(a[i + e·p], b[j + e·q], c[k + e·r]) for e = 0 … n − 1, rounded by the store. Operands that the function
 * does not take are not read.
 */
export type Loop = (
  n: number,
  out: TypedArray,
  o: number,
  s: number,
  a: TypedArray,
  i: number,
  p: number,
  b: TypedArray,
  j: number,
  q: number,
  c: TypedArray,
  k: number,
  r: number,
) => void;

/** A loop that reads one operand only, and may be called with no more. */
export type UnaryLoop = (n: number, out: TypedArray, o: number, s: number, a: TypedArray, i: number, p: number) => void;

/** accumulator combined with a[i + e·p] for e = 0 … n − 1, in that order. */
export type Fold = (accumulator: number, n: number, a: TypedArray, i: number, p: number) => number;

/** From so many elements on, `set` and `fill` are faster than a loop. */
const BULK = 64;

export const copyLoop: UnaryLoop = (n, out, o, s, a, i, p) => {
  if (n >= BULK && s === 1 && p === 1) out.set(a.subarray(i, i + n), o);
  else if (n >= BULK && s === 1 && p === 0) out.fill(a[i]!, o, o + n);
  else for (; n-- > 0; o += s, i += p) out[o] = a[i]!;
};
export const addLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = a[i]! + b[j]!;
};
export const maximumLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = Math.max(a[i]!, b[j]!);
};
export const minimumLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = Math.min(a[i]!, b[j]!);
};
