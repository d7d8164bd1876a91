/**
 * The passes over a plan, in order. The one idea: what is small becomes a straight line, the rest is fused.
 * Must not import programs.
 */
import type { Plan } from '@jacobi/backend';
import { debugging } from '@jacobi/tensor/internal';
import { checkPlan } from './check.ts';
import { finishPlan, fusePlan } from './fuse-plan.ts';
import type { Traits } from './straight.ts';
import { costOf, straighten, straightenRows } from './straight.ts';

/**
 * A plan that gives the same results in less time on such a device. Zeros that are written in the program vanish: 0·x is 0
 * there, even where x could be infinite.
 */
export function optimise(plan: Plan, traits: Traits): Plan {
  const check = debugging() ? checkPlan : undefined;
  check?.(plan);
  const fused = fusePlan(plan, { zeros: 'vanish', order: traits }, check);
  if (fused.steps.length === 0) return fused;
  const line = straightenRows(plan, traits) ?? straighten(fused, traits);
  if (line === undefined || costOf(line, traits) >= costOf(fused, traits)) return finishPlan(fused, check);
  check?.(line);
  return line;
}

/** The same plan, checked while `setDebug` is on. */
export function checked(plan: Plan): Plan {
  if (debugging()) checkPlan(plan);
  return plan;
}
