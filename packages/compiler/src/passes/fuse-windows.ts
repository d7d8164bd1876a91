/**
 * Values that are put together from windows: fills with diagonals in them, concatenations, paddings.
 * The one idea: a map of such a value is put together from windows in the same way, each of them a map of one piece, in the
 * order in which the pieces were written; so a diagonal in zeros stays one, and what is zero is filled and not computed.
 * Must not import backends but for the loops of kernels.
 */
import type { Access, Kernel, MapKernel, Plan, ReduceKernel } from '@jacobi/backend';
import { isFloating, sizeOf, writesOf } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { mapLoop } from '@jacobi/backend-cpu';
import type { PassOptions } from './fuse.ts';
import type { Correspondence } from './fuse-access.ts';
import { compose, numberPositions, splitMap, tidyMap } from './fuse-access.ts';
import { BodyWriter } from './fuse-body.ts';
import { costOf } from './fuse-cost.ts';
import type { Setting } from './fuse-map.ts';
import { finishMap, inlineInMap, read, sourceOf } from './fuse-map.ts';
import type { Meeting } from './fuse-preimage.ts';
import { meet } from './fuse-preimage.ts';
import { Steps } from './fuse-steps.ts';
import { coversAll } from './fuse-uses.ts';

/** Pieces that one map may become. */
const MOST_PIECES = 16;
const MOST_SPLITS = 4;
/** Steps that are looked at: each value that is taken apart takes a look at all of them. */
const MOST_LOOKS = 2_000_000;

/** The plan with maps of values that several maps have written taken apart, where it pays. */
export function fuseWindows(plan: Plan, { zeros = 'exact' }: PassOptions = {}): Plan {
  const setting: Setting = { slots: plan.slots, zeros };
  let steps = new Steps(plan);
  const tried = new Set<number>();
  for (let looks = 0; ; looks += steps.length) {
    const slot = looks < MOST_LOOKS ? nextSlot(steps, tried) : undefined;
    if (slot === undefined) return steps.plan === plan ? plan : steps.finish();
    tried.add(slot);
    const made = resolve(steps, slot, setting);
    if (made !== undefined) steps = new Steps({ ...plan, steps: made });
  }
}

/** The temporary of several maps that is complete first. */
function nextSlot(steps: Steps, tried: ReadonlySet<number>): number | undefined {
  for (let step = 0; step < steps.length; step++) {
    const kernel = steps.at(step);
    if (kernel?.kind !== 'map') continue;
    const { slot } = kernel.output;
    if (tried.has(slot) || steps.slot(slot).role !== 'temporary') continue;
    const writers = [...steps.writers(slot)];
    if (writers.length > 1 && Math.max(...writers) === step) return slot;
  }
  return undefined;
}

/** The steps without a temporary whose readers were taken apart; undefined if they cannot be, or need not. */
function resolve(steps: Steps, slot: number, setting: Setting): readonly Kernel[] | undefined {
  const writers = [...steps.writers(slot)].sort((a, b) => a - b);
  const readers = [...steps.readers(slot)];
  const windows: MapKernel[] = [];
  if (writers.length > MOST_PIECES) return undefined;
  for (const step of writers) {
    const kernel = steps.at(step)!;
    if (kernel.kind !== 'map' || !isMovable(steps, kernel, step, readers) || !isPlain(kernel, setting))
      return undefined;
    windows.push(kernel);
  }
  const last = writers.at(-1)!;
  if (readers.length === 0 || readers.some((reader) => reader < last)) return undefined;
  const made = new Map<number, readonly MapKernel[]>(writers.map((step) => [step, []]));
  let gain = windows.reduce((sum, kernel) => sum + costOf(kernel), 0);
  for (const reader of readers) {
    const kernel = steps.at(reader)!;
    const pieces = takeReaderApart(kernel, slot, windows, setting);
    if (pieces === undefined) return undefined;
    gain += readingCost(kernel) - pieces.reduce((sum, piece) => sum + costOf(piece), 0);
    made.set(reader, pieces);
  }
  if (gain < 0) return undefined;
  const kernels: Kernel[] = [];
  for (let step = 0; step < steps.length; step++) kernels.push(...(made.get(step) ?? [steps.at(step)!]));
  return gatherFills(kernels, new Set([...made.values()].flat().map((piece) => piece.output.slot)), setting);
}

/** True if what a map reads is still there when all readers run. */
function isMovable(steps: Steps, { inputs }: MapKernel, step: number, readers: readonly number[]): boolean {
  return readers.every((reader) => inputs.every(({ slot }) => !steps.changes(slot, step, reader)));
}

/** True if a map's result is rounded to its slot's dtype by its last step, or is a copy or a number. */
function isPlain({ body, output }: MapKernel, { slots }: Setting): boolean {
  const last = body.at(-1);
  return last === undefined || 'constant' in last || last.dtype === slots[output.slot]!.dtype;
}

/** Maps that together do what a reader does, without reading `slot`. */
function takeReaderApart(
  kernel: Kernel,
  slot: number,
  windows: readonly MapKernel[],
  setting: Setting,
): readonly MapKernel[] | undefined {
  if (kernel.kind === 'map') return takeApart(kernel, slot, windows, setting);
  return kernel.kind === 'reduce' ? sumApart(kernel, windows, setting) : undefined;
}

/** What a reader costs, about. */
function readingCost(kernel: Kernel): number {
  if (kernel.kind === 'map') return costOf(kernel);
  return kernel.kind === 'reduce' ? 2 * sizeOf([...kernel.kept, ...kernel.reduced]) : 0;
}

/** A sum of zeros with one window in them that has one element at most for each result: zeros, and those elements. */
function sumApart(
  { reducer, kept, reduced, input, output }: ReduceKernel,
  [zeros, window, ...others]: readonly MapKernel[],
  setting: Setting,
): MapKernel[] | undefined {
  const { dtype, length } = setting.slots[input.slot]!;
  const alike = isFloating(dtype) && setting.slots[output.slot]!.dtype === dtype;
  if (reducer !== scalar.sumReducer || others.length > 0 || fillOf(zeros!) !== 0 || !alike) return undefined;
  if (!coversAll(zeros!.shape, zeros!.output, length) || reduced.includes(0)) return undefined;
  const fill: MapKernel = { kind: 'map', js: mapLoop, shape: kept, inputs: [], output, body: [{ constant: 0 }] };
  const all: MapKernel = {
    ...fill,
    shape: [...kept, ...reduced],
    inputs: [input],
    output: { ...output, strides: [...output.strides, ...reduced.map(() => 0)] },
    // A sum begins with 0, so that −0 becomes 0.
    body: [{ constant: 0 }, { fn: scalar.add, args: [0, 1], dtype }],
  };
  const piece = pieceOf(all, 0, window!, setting);
  if (piece === undefined) return undefined;
  if (piece === null) return [tidyMap(fill)];
  return numberPositions(piece.shape, piece.output) && [tidyMap(fill), tidyMap(piece)];
}

/** Maps that together do what one does, without reading `slot`: its windows stand in for it. */
function takeApart(
  kernel: MapKernel,
  slot: number,
  windows: readonly MapKernel[],
  setting: Setting,
): MapKernel[] | undefined {
  const done: MapKernel[] = [];
  const waiting: MapKernel[] = [kernel];
  while (waiting.length > 0) {
    const next = waiting.shift()!;
    const input = next.inputs.findIndex((access) => access.slot === slot);
    if (input < 0) {
      done.push(next);
      continue;
    }
    const pieces: MapKernel[] = [];
    for (const window of windows) {
      const piece = pieceOf(next, input, window, setting);
      if (piece === undefined) return undefined;
      if (piece !== null) pieces.push(tidyMap(piece));
    }
    waiting.unshift(...withoutOverwritten(pieces));
    if (waiting.length + done.length > MOST_PIECES) return undefined;
  }
  return withoutOverwritten(done);
}

/** Maps, one after the other, without those whose results a later one writes over. */
function withoutOverwritten(pieces: readonly MapKernel[]): MapKernel[] {
  return pieces.filter((piece, i) => !pieces.slice(i + 1).some((later) => isSamePlace(piece, later)));
}

function isSamePlace(a: MapKernel, b: MapKernel): boolean {
  if (a.output.slot !== b.output.slot || a.output.offset !== b.output.offset) return false;
  return a.shape.join() === b.shape.join() && a.output.strides.join() === b.output.strides.join();
}

/** The map with one of its inputs replaced by a window, over the elements where it reads that; null if there are none. */
function pieceOf(kernel: MapKernel, input: number, writer: MapKernel, setting: Setting): MapKernel | null | undefined {
  const whole = wholePiece(kernel, input, writer, setting);
  if (whole !== undefined) return whole;
  let window = writer;
  for (let splits = 0; splits < MOST_SPLITS; splits++) {
    const at = meet(
      { shape: kernel.shape, access: kernel.inputs[input]! },
      { shape: window.shape, access: window.output },
    );
    if (at === null || at === undefined) return at;
    if ('begin' in at) return narrowed(kernel, input, window, at, setting);
    window = splitMap(window, at);
  }
  return undefined;
}

/** The whole map, where the window is the whole of its slot. */
function wholePiece(kernel: MapKernel, input: number, window: MapKernel, setting: Setting): MapKernel | undefined {
  const { slot } = window.output;
  if (!coversAll(window.shape, window.output, setting.slots[slot]!.length)) return undefined;
  // Other reads of the slot wait for their turn under another name.
  const own = kernel.inputs[input]!;
  const others = kernel.inputs.some((access, i) => i !== input && access.slot === slot);
  const source = sourceOf(window, setting.slots);
  if (source === undefined) return undefined;
  if (!others) return inlineInMap(source, kernel, setting);
  const hidden: Setting = { ...setting, slots: [...setting.slots, setting.slots[slot]!] };
  const alias = setting.slots.length;
  const renamed = kernel.inputs.map((access) =>
    access !== own && access.slot === slot ? { ...access, slot: alias } : access,
  );
  const made = inlineInMap(source, { ...kernel, inputs: renamed }, hidden);
  return (
    made && { ...made, inputs: made.inputs.map((access) => (access.slot === alias ? { ...access, slot } : access)) }
  );
}

/** The map over one part of a window. */
function narrowed(
  kernel: MapKernel,
  input: number,
  window: MapKernel,
  { shape, begin, reader }: Meeting,
  { slots, zeros }: Setting,
): MapKernel | undefined {
  const rank = shape.length;
  const own: Correspondence = {
    origin: begin,
    slopes: begin.map((_, axis) => shape.map((_size, i) => (i === axis ? 1 : 0))),
  };
  const writer = new BodyWriter(zeros);
  const values = window.inputs.map((access) => read(writer, compose(access, own, rank), slots));
  const value = writer.stored(writer.append(window.body, values), slots[window.output.slot]!.dtype);
  if (value === undefined) return undefined;
  const operands = kernel.inputs.map((access, i) =>
    i === input ? value : read(writer, compose(access, reader, rank), slots),
  );
  return finishMap(writer, { ...kernel, shape, output: compose(kernel.output, reader, rank) }, operands, slots);
}

/** Fills that together are the whole of a slot become one; those that write what is there already vanish. */
function gatherFills(kernels: readonly Kernel[], slots: ReadonlySet<number>, setting: Setting): readonly Kernel[] {
  let made = kernels;
  for (const slot of slots) made = gatherFillsOf(made, slot, setting.slots[slot]!.length);
  return made;
}

function gatherFillsOf(kernels: readonly Kernel[], slot: number, length: number): readonly Kernel[] {
  const writers: MapKernel[] = [];
  for (const kernel of kernels) {
    if (kernel.kind === 'map') {
      if (kernel.output.slot === slot) writers.push(kernel);
    } else if (writesOf(kernel).includes(slot)) return kernels;
  }
  const largest = writers.reduce<MapKernel | undefined>((most, kernel) => {
    if (fillOf(kernel) === undefined) return most;
    return most !== undefined && sizeOf(most.shape) >= sizeOf(kernel.shape) ? most : kernel;
  }, undefined);
  if (largest === undefined) return kernels;
  const fills = writers.filter((kernel) => Object.is(fillOf(kernel), fillOf(largest)));
  const [first] = fills;
  if (fills.length < 2) return kernels;
  const isApart = (a: MapKernel, b: MapKernel): boolean =>
    meet({ shape: a.shape, access: a.output }, { shape: b.shape, access: b.output }) === null;
  const whole = fills.find((fill) => coversAll(fill.shape, fill.output, length));
  const sum = fills.reduce((total, fill) => total + sizeOf(fill.shape), 0);
  const tile = sum === length && fills.every((a, i) => fills.slice(i + 1).every((b) => isApart(a, b)));
  if (whole === undefined ? !tile : whole !== first) return kernels;
  // A fill may come first if what was written before it lies elsewhere.
  const early = fills.every((fill) =>
    writers.slice(0, writers.indexOf(fill)).every((w) => fills.includes(w) || isApart(fill, w)),
  );
  if (!early) return kernels;
  const output: Access = { slot, offset: 0, strides: [1] };
  const all: MapKernel = { ...first!, shape: [length], output };
  return kernels.flatMap((kernel): readonly Kernel[] => {
    if (kernel === writers[0]) return fills.includes(writers[0]) ? [all] : [all, kernel];
    return fills.includes(kernel as MapKernel) ? [] : [kernel];
  });
}

/** The number that a map fills with. */
function fillOf({ body }: MapKernel): number | undefined {
  const [step] = body;
  return body.length === 1 && 'constant' in step! ? step.constant : undefined;
}
