/**
 * Where a reader meets one window of what it reads.
 * The one idea: positions that a reader reads are numbers with one digit for each of its axes; along a window the digits grow
 * evenly, so that the part of the window that is read is a box again, and the reader's index an affine function of it.
 * Must not import passes.
 */
import type { Access } from '@jacobi/backend';
import type { Correspondence, Split } from './fuse-access.ts';

/** The part of a window that a reader reads. Its axes are the window's, then those along which the reader repeats. */
export interface Meeting {
  readonly shape: readonly number[];
  /** The window's index at the first element, by axis. */
  readonly begin: readonly number[];
  /** The reader's index as a function of the part's. */
  readonly reader: Correspondence;
}

interface Digit {
  /** The reader's axis; −1 for what is left below the smallest stride. */
  readonly axis: number;
  readonly size: number;
  readonly stride: number;
  readonly backwards: boolean;
}

/** A set of positions over a shape. */
export interface Region {
  readonly shape: readonly number[];
  readonly access: Access;
}

/** The reader's axes that step through memory, as digits; undefined if two indices read one position. */
function digitsOf({ shape, access: { strides } }: Region): Digit[] | undefined {
  const digits: Digit[] = [];
  shape.forEach((size, axis) => {
    const stride = strides[axis]!;
    if (size > 1 && stride !== 0) digits.push({ axis, size, stride: Math.abs(stride), backwards: stride < 0 });
  });
  digits.sort((a, b) => b.stride - a.stride);
  if (digits.at(-1)?.stride !== 1) digits.push({ axis: -1, size: 1, stride: 1, backwards: false });
  return fits(
    digits,
    digits.map(() => 0),
  )
    ? digits
    : undefined;
}

/** True if digits that begin at `low` never reach the next higher digit. */
function fits(digits: readonly Digit[], low: readonly number[]): boolean {
  let reach = 0;
  for (let d = digits.length - 1; d >= 0; d--) {
    if (digits[d]!.stride <= reach) return false;
    reach += (low[d]! + digits[d]!.size - 1) * digits[d]!.stride;
  }
  return true;
}

function valuesAt(digits: readonly Digit[], position: number): number[] {
  let rest = position;
  return digits.map(({ stride }) => {
    const value = Math.floor(rest / stride);
    rest -= value * stride;
    return value;
  });
}

/** The part of a window that a reader reads; null if there is none; undefined if it is no box. */
export function meet(reader: Region, window: Region): Meeting | Split | null | undefined {
  const digits = digitsOf(reader);
  if (digits === undefined) return undefined;
  let first = reader.access.offset;
  for (const { axis, size, stride, backwards } of digits) if (backwards && axis >= 0) first -= (size - 1) * stride;
  // Count from where the digits of the first position are small, so that what lies before it does not wrap around.
  let low = valuesAt(digits, first);
  low[0] = 0;
  if (!fits(digits, low)) low = low.map(() => 0);
  const base = digits.reduce((sum, { stride }, d) => sum - low[d]! * stride, first);
  const { offset, strides } = window.access;
  const start = valuesAt(digits, offset - base);
  const slopes = window.shape.map((size, axis) => {
    if (size === 1) return digits.map(() => 0);
    return valuesAt(digits, offset + strides[axis]! - base).map((value, d) => value - start[d]!);
  });
  const split = wrapping(digits, start, slopes, window);
  if (split !== null) return split;
  const box = window.shape.map((size) => ({ from: 0, to: size }));
  for (const [d, { size }] of digits.entries()) {
    const inside = clip(
      box,
      start[d]! - low[d]!,
      slopes.map((slope) => slope[d]!),
      size,
    );
    if (inside !== true) return inside === false ? null : undefined;
  }
  return meeting(
    reader,
    digits,
    box,
    start.map((value, d) => value - low[d]!),
    slopes,
  );
}

/** Null if the digits below each one stay below its stride all over the window; else how to split, if that may help. */
function wrapping(
  digits: readonly Digit[],
  start: readonly number[],
  slopes: readonly (readonly number[])[],
  { shape, access }: Region,
): Split | null | undefined {
  let low = 0;
  let high = 0;
  for (let d = digits.length - 1; d > 0; d--) {
    const { stride } = digits[d]!;
    low += start[d]! * stride;
    high += start[d]! * stride;
    for (const [axis, slope] of slopes.entries()) {
      const reach = slope[d]! * stride * (shape[axis]! - 1);
      if (reach < 0) low += reach;
      else high += reach;
    }
    const outer = digits[d - 1]!.stride;
    if (low >= 0 && high < outer) continue;
    for (let axis = 0; axis < shape.length; axis++) {
      const inner = outer / Math.abs(access.strides[axis]!);
      if (Number.isInteger(inner) && inner > 1 && inner < shape[axis]! && shape[axis]! % inner === 0)
        return { axis, inner };
    }
    return undefined;
  }
  return null;
}

/** Narrows a box to where start + Σ index·slope is between 0 and size − 1; false if it is so nowhere. */
function clip(
  box: { from: number; to: number }[],
  start: number,
  slopes: readonly number[],
  size: number,
): boolean | undefined {
  let low = start;
  let high = start;
  let moving = -1;
  let count = 0;
  slopes.forEach((slope, axis) => {
    const { from, to } = box[axis]!;
    if (slope === 0) return;
    low += Math.min(slope * from, slope * (to - 1));
    high += Math.max(slope * from, slope * (to - 1));
    moving = axis;
    count++;
  });
  if (high < 0 || low >= size) return false;
  if (low >= 0 && high < size) return true;
  if (count !== 1) return undefined;
  const slope = slopes[moving]!;
  const [a, b] = [-start / slope, (size - 1 - start) / slope];
  const range = box[moving]!;
  range.from = Math.max(range.from, Math.ceil(Math.min(a, b)));
  range.to = Math.min(range.to, Math.floor(Math.max(a, b)) + 1);
  return range.from < range.to;
}

/** The part of the window in a box, with the reader's index. */
function meeting(
  { shape, access: { strides } }: Region,
  digits: readonly Digit[],
  box: readonly { readonly from: number; readonly to: number }[],
  start: readonly number[],
  slopes: readonly (readonly number[])[],
): Meeting {
  const free = [...shape.keys()].filter((axis) => shape[axis]! > 1 && strides[axis] === 0);
  const own = box.map(({ from, to }) => to - from);
  const rank = own.length + free.length;
  const origin = new Array<number>(shape.length).fill(0);
  const readerSlopes = origin.map((): number[] => new Array<number>(rank).fill(0));
  digits.forEach(({ axis, size, backwards }, d) => {
    if (axis < 0) return;
    const sign = backwards ? -1 : 1;
    let value = start[d]!;
    slopes.forEach((slope, a) => {
      value += slope[d]! * box[a]!.from;
      readerSlopes[axis]![a] = sign * slope[d]!;
    });
    origin[axis] = backwards ? size - 1 - value : value;
  });
  free.forEach((axis, i) => {
    readerSlopes[axis]![own.length + i] = 1;
  });
  return {
    shape: [...own, ...free.map((axis) => shape[axis]!)],
    begin: box.map(({ from }) => from),
    reader: { origin, slopes: readerSlopes },
  };
}
