/**
 * The passes over a plan, in order. The one idea: what is small becomes a straight line, the rest is fused.
 * Must not import programs.
 */
import type { BackendTraits, Plan } from '@jacobi/backend';
import { straighten } from './straight.ts';

/** A plan that gives the same results in less time on such a device. */
export function optimise(plan: Plan, { simdLanes }: Pick<BackendTraits, 'simdLanes'>): Plan {
  return straighten(plan, simdLanes) ?? plan;
}
