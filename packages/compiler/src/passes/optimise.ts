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
import { workOf } from './symbolic.ts';

/**
 * A plan that gives the same results in less time on such a device. Zeros that are written in the program vanish: 0·x is 0
 * there, even where x could be infinite.
 */
export function optimise(plan: Plan, traits: Traits): Plan {
  const check = debugging() ? checkPlan : undefined;
  check?.(plan);
  const rows = straightenRows(plan, traits);
  const little = LITTLE + LITTLE_A_KERNEL * plan.steps.length;
  const early = rows ?? (workOfAll(plan) <= little ? straighten(plan, traits) : undefined);
  if (early !== undefined && CLEARLY * costOf(early, traits) < costOf(plan, traits)) {
    check?.(early);
    return early;
  }
  const fused = fusePlan(plan, { zeros: 'vanish', order: traits }, check);
  if (fused.steps.length === 0) return fused;
  const line = rows ?? straighten(fused, traits) ?? early;
  if (line === undefined || costOf(line, traits) >= costOf(fused, traits)) return finishPlan(fused, check);
  check?.(line);
  return line;
}

/** Work up to which a line is tried before anything is fused, and more for each kernel: fusion takes several times as long. */
const LITTLE = 100_000;
const LITTLE_A_KERNEL = 64;
/** A line so many times as cheap as the plan is not compared with what fusion would make of it. */
const CLEARLY = 8;

const workOfAll = ({ steps }: Plan): number => steps.reduce((sum, kernel) => sum + workOf(kernel), 0);

/** The same plan, checked while `setDebug` is on. */
export function checked(plan: Plan): Plan {
  if (debugging()) checkPlan(plan);
  return plan;
}
