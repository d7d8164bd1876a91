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

export const copyLoop: UnaryLoop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = a[i]!;
};
export const negLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = -a[i]!;
};
export const squareLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = a[i]! * a[i]!;
};
export const reciprocalLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = 1 / a[i]!;
};
export const sqrtLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = Math.sqrt(a[i]!);
};
export const expLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = Math.exp(a[i]!);
};
export const logLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = Math.log(a[i]!);
};
export const sinLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = Math.sin(a[i]!);
};
export const cosLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = Math.cos(a[i]!);
};
export const tanhLoop: Loop = (n, out, o, s, a, i, p) => {
  for (; n-- > 0; o += s, i += p) out[o] = Math.tanh(a[i]!);
};
export const addLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = a[i]! + b[j]!;
};
export const subLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = a[i]! - b[j]!;
};
export const mulLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = a[i]! * b[j]!;
};
export const divLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = a[i]! / b[j]!;
};
export const maximumLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = Math.max(a[i]!, b[j]!);
};
export const minimumLoop: Loop = (n, out, o, s, a, i, p, b, j, q) => {
  for (; n-- > 0; o += s, i += p, j += q) out[o] = Math.min(a[i]!, b[j]!);
};
export const selectLoop: Loop = (n, out, o, s, a, i, p, b, j, q, c, k, r) => {
  for (; n-- > 0; o += s, i += p, j += q, k += r) out[o] = a[i] !== 0 ? b[j]! : c[k]!;
};

export const sumFold: Fold = (t, n, a, i, p) => {
  for (; n-- > 0; i += p) t += a[i]!;
  return t;
};
export const maxFold: Fold = (t, n, a, i, p) => {
  for (; n-- > 0; i += p) t = Math.max(t, a[i]!);
  return t;
};
export const minFold: Fold = (t, n, a, i, p) => {
  for (; n-- > 0; i += p) t = Math.min(t, a[i]!);
  return t;
};
