/**
 * Accesses put together.
 * The one idea: a kernel that writes a slot gives every position one index; if the index is an affine function of a reader's
 * index, the reader can read what the writer reads, and views of any kind vanish. The functions are found by looking at the
 * first element and at one step along each axis; whether they hold is seen at the corners. Must not import passes.
 */
import type { Access, MapKernel } from '@jacobi/backend';

/** One axis of what is written, by falling strides. */
interface Digit {
  /** Where the axis is in the shape. */
  readonly axis: number;
  readonly size: number;
  readonly stride: number;
  /** The index runs against the position. */
  readonly backwards: boolean;
}

/** How positions of a slot and indices of a shape belong together. */
export interface Numbering {
  readonly digits: readonly Digit[];
  readonly first: number;
}

/** The indices that positions have; undefined if an access meets a position twice or in no simple order. */
export function numberPositions(shape: readonly number[], { offset, strides }: Access): Numbering | undefined {
  let first = offset;
  const digits: Digit[] = [];
  shape.forEach((size, axis) => {
    const stride = strides[axis]!;
    if (size === 1) return;
    if (stride < 0) first += (size - 1) * stride;
    digits.push({ axis, size, stride: Math.abs(stride), backwards: stride < 0 });
  });
  digits.sort((a, b) => b.stride - a.stride);
  for (let i = 0; i < digits.length; i++) {
    const inner = digits[i + 1];
    if (digits[i]!.stride < (inner === undefined ? 1 : inner.size * inner.stride)) return undefined;
  }
  return { digits, first };
}

/** The digits of a position; undefined if there is nothing at it. */
function digitsAt({ digits, first }: Numbering, position: number): number[] | undefined {
  let rest = position - first;
  if (rest < 0) return undefined;
  const values: number[] = [];
  for (const { size, stride } of digits) {
    const digit = Math.floor(rest / stride);
    if (digit >= size) return undefined;
    rest -= digit * stride;
    values.push(digit);
  }
  return rest === 0 ? values : undefined;
}

/** Indices of a writer as functions of a reader's index: at the first element, and by how much along each axis. */
export interface Correspondence {
  /** By the writer's axis. */
  readonly origin: readonly number[];
  /** By the writer's axis, then the reader's. */
  readonly slopes: readonly (readonly number[])[];
}

/** Where an axis of a reader has to be split so that what it reads follows one axis of the writer. */
export interface Split {
  readonly axis: number;
  readonly inner: number;
}

/** How a reader's access over `shape` runs through the indices of `rank` axes that a numbering gives. */
export function correspond(
  numbering: Numbering,
  rank: number,
  shape: readonly number[],
  { offset, strides }: Access,
): Correspondence | Split | undefined {
  const { digits } = numbering;
  const start = digitsAt(numbering, offset);
  if (start === undefined) return undefined;
  const slopes: number[][] = digits.map(() => shape.map(() => 0));
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis]! <= 1 || strides[axis] === 0) continue;
    const next = digitsAt(numbering, offset + strides[axis]!);
    if (next === undefined) return undefined;
    digits.forEach((_, d) => {
      slopes[d]![axis] = next[d]! - start[d]!;
    });
  }
  const origin = new Array<number>(rank).fill(0);
  const result = origin.map((): readonly number[] => shape.map(() => 0));
  for (let d = digits.length - 1; d >= 0; d--) {
    const { axis, size, backwards } = digits[d]!;
    const own = slopes[d]!;
    if (!staysInside(start[d]!, own, shape, size)) return splitFor(own, shape, size);
    origin[axis] = backwards ? size - 1 - start[d]! : start[d]!;
    result[axis] = backwards ? own.map((slope) => -slope) : own;
  }
  return { origin, slopes: result };
}

/** True if start + Σ index·slope is between 0 and size − 1 for every index of a shape. */
function staysInside(start: number, slopes: readonly number[], shape: readonly number[], size: number): boolean {
  let [low, high] = [start, start];
  slopes.forEach((slope, axis) => {
    const reach = slope * (shape[axis]! - 1);
    if (reach < 0) low += reach;
    else high += reach;
  });
  return low >= 0 && high < size;
}

/** The reader's axis that runs over the end of a digit, if it does so at even distances. */
function splitFor(slopes: readonly number[], shape: readonly number[], size: number): Split | undefined {
  for (let axis = 0; axis < shape.length; axis++) {
    const inner = size / Math.abs(slopes[axis]!);
    if (slopes[axis] === 0 || !Number.isInteger(inner) || inner <= 1) continue;
    if (inner < shape[axis]! && shape[axis]! % inner === 0) return { axis, inner };
  }
  return undefined;
}

/** The access of a reader to what the writer reads. */
export function compose({ slot, offset, strides }: Access, { origin, slopes }: Correspondence, rank: number): Access {
  const composed = new Array<number>(rank).fill(0);
  let start = offset;
  strides.forEach((stride, axis) => {
    start += stride * origin[axis]!;
    slopes[axis]!.forEach((slope, i) => (composed[i]! += stride * slope));
  });
  return { slot, offset: start, strides: composed };
}

/** A list with one entry for an axis replaced by two. */
function splice<T>(list: readonly T[], axis: number, ...entries: readonly T[]): T[] {
  return [...list.slice(0, axis), ...entries, ...list.slice(axis + 1)];
}

/** An access over a shape whose axis was split. */
function splitAccess(access: Access, { axis, inner }: Split): Access {
  const stride = access.strides[axis]!;
  return { ...access, strides: splice(access.strides, axis, stride * inner, stride) };
}

/** The same map over one axis more. */
export function splitMap(kernel: MapKernel, split: Split): MapKernel {
  const { axis, inner } = split;
  return {
    ...kernel,
    shape: splice(kernel.shape, axis, kernel.shape[axis]! / inner, inner),
    inputs: kernel.inputs.map((access) => splitAccess(access, split)),
    output: splitAccess(kernel.output, split),
  };
}

/**
 * The same map in a form that equal maps share: no axes of size 1, axes in the order of the output's memory, neighbours
 * merged where all accesses allow it, nothing written backwards.
 */
export function tidyMap(kernel: MapKernel): MapKernel {
  const { shape, inputs, output } = kernel;
  if (shape.length === 0 || (shape.length === 1 && shape[0]! > 1 && output.strides[0]! > 0)) return kernel;
  const accesses = [output, ...inputs];
  const offsets = accesses.map((access) => access.offset);
  const axes: { size: number; strides: number[] }[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const strides = accesses.map((access) => access.strides[i]!);
    if (strides[0]! < 0) {
      strides.forEach((stride, a) => {
        offsets[a]! += (size - 1) * stride;
        strides[a] = -stride;
      });
    }
    axes.push({ size, strides });
  });
  axes.sort((a, b) => b.strides[0]! - a.strides[0]!);
  const merged: typeof axes = [];
  for (const axis of axes) {
    const outer = merged.at(-1);
    if (outer?.strides.every((stride, a) => stride === axis.strides[a]! * axis.size)) {
      merged[merged.length - 1] = { size: outer.size * axis.size, strides: axis.strides };
    } else merged.push(axis);
  }
  const tidy = accesses.map(({ slot }, a): Access => {
    return { slot, offset: offsets[a]! + 0, strides: merged.map((axis) => axis.strides[a]! + 0) };
  });
  return { ...kernel, shape: merged.map((axis) => axis.size), inputs: tidy.slice(1), output: tidy[0]! };
}
