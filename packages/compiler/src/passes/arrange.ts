/**
 * How temporaries lie.
 * The one idea: a position in a temporary is a number whose digits are the axes of those who write and read it; with its
 * digits in another order it is the same temporary, and that order is best in which most kernels run along neighbours. Sums
 * keep their order, and so results their bits. Must not import other passes.
 */
import type { Access, Kernel, MapKernel, Plan } from '@jacobi/backend';
import { sizeOf } from '@jacobi/backend';
import { tidyMap } from './fuse-access.ts';
import { Steps } from './fuse-steps.ts';
import type { Nest } from './nest.ts';
import { kernelOf, mergeAxes, nestOf, splitAxis } from './nest.ts';

/** Elements of a temporary that is worth a thought. */
const FEWEST = 256;
/** What costs a new order may have, of those before: they are estimates. */
const WORTH = 0.8;

/** The plan with its temporaries in better orders. */
export function arrangeTemporaries(plan: Plan): Plan {
  const steps = new Steps(plan);
  plan.slots.forEach(({ role, length }, slot) => {
    if (role === 'temporary' && length >= FEWEST) arrange(steps, slot);
  });
  return steps.finish();
}

function arrange(steps: Steps, slot: number): void {
  if (steps.onlyWriter(slot) === undefined) return;
  const users = [...new Set([...steps.writers(slot), ...steps.readers(slot)])];
  const before = users.map((step) => steps.at(step)!);
  const nests = before.map(nestOf).filter((nest) => nest !== undefined);
  if (nests.length < users.length) return;
  const weights = weightsOf(nests, slot, steps.slot(slot).length);
  if (weights === undefined) return;
  const split = nests.map((nest) => alongDigits(nest, slot, weights)).filter((nest) => nest !== undefined);
  if (split.length < users.length) return;
  let best = before;
  let least = WORTH * costOf(before);
  for (let digit = 1; digit < weights.length - 1; digit++) {
    const moved = innermost(weights, digit);
    const after = split.map((nest) => tidy(kernelOf(mergeAxes(reordered(nest, slot, weights, moved)))));
    const cost = costOf(after);
    if (cost < least) [best, least] = [after, cost];
  }
  users.forEach((step, i) => steps.put(step, best[i]));
}

const tidy = (kernel: Kernel): Kernel => (kernel.kind === 'map' ? tidyMap(kernel) : kernel);

/** The weights of the digits, from 1 to the length; undefined where accesses do not run along digits. */
function weightsOf(nests: readonly Nest[], slot: number, length: number): readonly number[] | undefined {
  const found = new Set([1, length]);
  for (const { axes, accesses } of nests) {
    for (const { strides } of accesses.filter((access) => access.slot === slot)) {
      axes.forEach(({ size }, i) => {
        if (size > 1 && strides[i] !== 0) found.add(strides[i]!).add(strides[i]! * size);
      });
    }
  }
  const weights = [...found].sort((a, b) => a - b);
  const divides = weights.slice(1).every((weight, i) => Number.isInteger(weight / weights[i]!));
  return weights[0] === 1 && divides && weights.at(-1) === length ? weights : undefined;
}

/** The nest with axes that run along one digit each. */
function alongDigits(nest: Nest, slot: number, weights: readonly number[]): Nest | undefined {
  let made = nest;
  for (let axis = 0; axis < made.axes.length; axis++) {
    const { size } = made.axes[axis]!;
    for (const { strides, ...access } of made.accesses) {
      if (access.slot !== slot || size === 1 || strides[axis] === 0) continue;
      const inner = weights.find((weight) => weight > strides[axis]!)! / strides[axis]!;
      if (size % inner !== 0) return undefined;
      if (size === inner) continue;
      made = splitAxis(made, axis, inner);
      // The outer part once more.
      axis--;
      break;
    }
  }
  return made;
}

/** The new weights, by digit, once one digit is the innermost. */
function innermost(weights: readonly number[], digit: number): readonly number[] {
  const size = weights[digit + 1]! / weights[digit]!;
  return weights.map((weight, i) => (i < digit ? weight * size : i === digit ? 1 : weight));
}

/** The nest for a slot whose digits have moved. */
function reordered(nest: Nest, slot: number, weights: readonly number[], moved: readonly number[]): Nest {
  const accesses = nest.accesses.map((access): Access => {
    if (access.slot !== slot) return access;
    let offset = 0;
    for (let i = 0; i < weights.length - 1; i++) {
      offset += (Math.floor(access.offset / weights[i]!) % (weights[i + 1]! / weights[i]!)) * moved[i]!;
    }
    return { slot, offset, strides: access.strides.map((s) => (s === 0 ? 0 : (moved[weights.indexOf(s)] ?? 0))) };
  });
  return { ...nest, accesses };
}

/** What kernels take, in elements that lie side by side. */
function costOf(kernels: readonly Kernel[]): number {
  return kernels.reduce((sum, kernel) => sum + (kernel.kind === 'map' ? costOfMap(kernel) : costOfSums(kernel)), 0);
}

/** An element apart from its neighbours, and what each row takes beside its elements. */
const APART = 4;
const ROW = 8;

/** Rows run along the last axis, or the longest where that is short. */
function costOfMap({ shape, inputs, output }: MapKernel): number {
  let row = shape.length - 1;
  if (row < 0) return 1;
  if (shape[row]! < 32) row = shape.indexOf(Math.max(...shape));
  const each = [output, ...inputs].reduce((sum, { strides }) => {
    return sum + (strides[row] === 0 ? 0 : strides[row] === 1 ? 1 : APART);
  }, 0);
  return sizeOf(shape) * (each + ROW / shape[row]!);
}

/** Operands of sums are read along any axis that is not too short; terms that are not one axis are put together first. */
function costOfSums(kernel: Kernel): number {
  const nest = mergeAxes(nestOf(kernel)!);
  const scattered = nest.axes.filter(({ group }) => group === (kernel.kind === 'contract' ? 3 : 1)).length > 1;
  return nest.accesses.reduce((sum, { strides }) => {
    const elements = nest.axes.reduce((n, { size }, i) => (strides[i] === 0 ? n : n * size), 1);
    const along = nest.axes.some(({ size }, i) => size >= 8 && strides[i] === 1);
    return sum + elements * ((along ? 1 : APART) + (scattered ? APART : 0));
  }, 0);
}
