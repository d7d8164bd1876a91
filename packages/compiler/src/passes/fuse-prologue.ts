/**
 * Elementwise kernels into the reductions that read them.
 * The one idea: terms that one reduction alone reads are computed as it combines them, so that they are never written. The
 * last of the passes: those before it see reductions of memory only. Must not import backends.
 */
import type { Plan, ReduceKernel } from '@jacobi/backend';
import { isFloating, sizeOf } from '@jacobi/backend';
import { workOf } from './fuse-cost.ts';
import { prologueFrom, sourceOf } from './fuse-map.ts';
import { Steps } from './fuse-steps.ts';

/** Terms of a result from which on it pays: their body is begun anew for each result. */
const LEAST_TERMS = 64;
/** Steps that are less than writing and reading the terms: what is dearer runs as well by itself. */
const MOST_WORK = 20;

/** The plan with maps as prologues of the reductions that read them. Leaves temporaries that nobody writes behind. */
export function fuseIntoReductions(plan: Plan): Plan {
  const steps = new Steps(plan);
  plan.steps.forEach((kernel, i) => {
    const fused = kernel.kind === 'reduce' ? withPrologue(steps, kernel, i) : undefined;
    if (fused === undefined) return;
    steps.put(steps.onlyWriter((kernel as ReduceKernel).input.slot)!, undefined);
    steps.put(i, fused);
  });
  return steps.finish();
}

/** A reduction with the map before it, if nobody else reads that, and what it reads is still there. */
function withPrologue(steps: Steps, kernel: ReduceKernel, at: number): ReduceKernel | undefined {
  const { slot } = kernel.input;
  const { role, dtype } = steps.slot(slot);
  const from = steps.onlyWriter(slot);
  const map = from === undefined || from > at ? undefined : steps.at(from);
  if (map?.kind !== 'map' || map.body.length === 0 || map.inputs.length === 0) return undefined;
  if (role !== 'temporary' || !isFloating(dtype) || steps.readers(slot).size > 1) return undefined;
  if (kernel.prologue !== undefined || sizeOf(kernel.reduced) < LEAST_TERMS) return undefined;
  if (workOf(map.body) > MOST_WORK || map.inputs.some((access) => steps.changes(access.slot, from!, at)))
    return undefined;
  const source = sourceOf(map, steps.plan.slots);
  return source && prologueFrom(source, kernel);
}
