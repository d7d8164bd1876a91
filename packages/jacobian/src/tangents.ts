/**
 * The linear form of a traced call: from tangents of its arguments to tangents of its results, for a Jacobian that is composed
 * of local partials. Must not name operations.
 */
import type { RecordedCall } from '@jacobi/autograd/internal';
import { runTangent } from '@jacobi/autograd/internal';
import type { LinearForm } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { currentTrace } from '@jacobi/tensor/internal';
import type { JacobianOptions } from './options.ts';
import type { ChosenPlan } from './plan.ts';

/** Tangents that were traced, and which of them the leaves of the Jacobian are made of. */
export interface Tangents {
  readonly results: readonly Tensor[];
  readonly leaves: LinearForm['leaves'];
  /** Examples of a batch; 1 without one. */
  readonly batch: number;
}

/**
 * Traces the tangents of a call; null where an option asks for seeds, or where a result has no forward mode. `plans`: by result,
 * null where its Jacobian is zero. `from`: how many inputs the trace has. `jacobian`: by result and source.
 */
export function traceTangents(
  call: RecordedCall,
  plans: readonly (ChosenPlan | null)[],
  from: number,
  jacobian: readonly Tensor[],
  { mode = 'auto', chunkSize, memoryBudget }: JacobianOptions,
): Tangents | null {
  if (mode !== 'auto' || chunkSize !== undefined || memoryBudget !== undefined) return null;
  if (plans.some((plan) => plan?.bothWays === false) || plans.every((plan) => plan === null)) return null;
  const sources = call.arguments.flatMap((flat) => flat.leaves);
  const inputs = sources.map((x) => currentTrace()!.input(x.type));
  const results: Tensor[] = [];
  const targets = call.result.leaves.map((y, i) =>
    plans[i] === null ? undefined : results.push(runTangent(call.connect([y]).slice, inputs)[0]!) - 1,
  );
  const leaves = jacobian.map(({ dtype, size }, i) => ({
    target: targets[Math.floor(i / sources.length)],
    source: from + (i % sources.length),
    dtype,
    size,
  }));
  const batch = plans.some((plan) => plan?.batch) ? sources[0]!.shape[0]! : 1;
  return { results, leaves, batch };
}
