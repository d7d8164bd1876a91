/**
 * Elementwise kernels into the contractions whose results they read.
 * The one idea: results that one short map alone reads are given to it while they are still at hand, so that they are
 * written once, and never read. One of the last passes: those before it see contractions of memory only. Must not import backends but for the loops of kernels.
 */
import type { ContractKernel, MapKernel, Plan, Slot } from '@jacobi/backend';
import { isFloating } from '@jacobi/backend';
import { epilogueLoop } from '@jacobi/backend-cpu';
import { workOf } from './fuse-cost.ts';
import { seenFrom, sourceOf } from './fuse-map.ts';
import { Steps } from './fuse-steps.ts';
import { outputOf, writesWhole } from './fuse-uses.ts';

/**
 * What is dearer than writing and reading results runs as well by itself; a tile has few places for operands, and widens masks
 * and whole numbers no faster than a map does.
 */
const MOST_WORK = 10;
const MOST_OPERANDS = 4;

/** The plan with maps as epilogues of the contractions before them. Leaves temporaries that nobody writes behind. */
export function fuseIntoContractions(plan: Plan): Plan {
  const steps = new Steps(plan);
  plan.steps.forEach((map, at) => {
    if (map.kind !== 'map' || map.inputs.length > MOST_OPERANDS || workOf(map.body) > MOST_WORK) return;
    for (const [place, { slot }] of map.inputs.entries()) {
      const from = steps.onlyWriter(slot);
      const fused = from === undefined || from > at ? undefined : withEpilogue(steps, from, map, place, at);
      if (fused === undefined) continue;
      steps.put(from!, undefined);
      return steps.put(at, fused);
    }
  });
  return steps.finish();
}

/** The contraction with the map that reads it, if nobody else does, and what it reads itself is still there. */
function withEpilogue(
  steps: Steps,
  from: number,
  map: MapKernel,
  place: number,
  at: number,
): ContractKernel | undefined {
  const { slots } = steps.plan;
  const kernel = steps.at(from)!;
  const sum = map.inputs[place]!;
  const { role, dtype, length } = slots[sum.slot]!;
  if (kernel.kind !== 'contract' || kernel.epilogue || !writesWhole(kernel, sum.slot, length)) return undefined;
  if (role !== 'temporary' || !isFloating(dtype) || steps.readers(sum.slot).size > 1) return undefined;
  if ([map.output, ...map.inputs].some(({ slot }) => slots[slot]!.dtype !== dtype)) return undefined;
  if (steps.changes(kernel.left.slot, from, at) || steps.changes(kernel.right.slot, from, at)) return undefined;
  return epilogueOf(kernel, map, place, slots);
}

/** The same over the contraction's axes; undefined if the map goes through results otherwise than once. */
function epilogueOf(
  kernel: ContractKernel,
  map: MapKernel,
  place: number,
  slots: readonly Slot[],
): ContractKernel | undefined {
  const { inputs, body } = map;
  // The map's index is a function of where it reads, as another's is of where it writes.
  const source = sourceOf({ ...map, output: inputs[place]! }, slots);
  const others = inputs.toSpliced(place, 1);
  if (source === undefined || body.length === 0 || others.some(({ slot }) => slot === kernel.output.slot))
    return undefined;
  const { shape, access } = outputOf(kernel)!;
  const [output, ...own] = seenFrom(source, [map.output, ...others], shape, access);
  // The sum becomes the first operand.
  const moved = (arg: number): number => (arg === place ? 0 : arg < place ? arg + 1 : arg);
  const steps = body.map((step) => ('constant' in step ? step : { ...step, args: step.args.map(moved) }));
  return output && { ...kernel, js: epilogueLoop, output, epilogue: { inputs: own, body: steps } };
}
