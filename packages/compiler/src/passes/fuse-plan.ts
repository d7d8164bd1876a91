/**
 * The passes over plans that stay loops over arrays, in their order.
 * The one idea: fewer kernels, fewer bytes, the same bits; then the temporaries that are left get their places anew.
 * Must not import backends.
 */
import type { Plan, Slot } from '@jacobi/backend';
import { placeTemporaries } from '@jacobi/tensor/internal';
import { arrangeTemporaries } from './arrange.ts';
import { dropDead } from './dead.ts';
import { foldConstants } from './fold.ts';
import type { PassOptions } from './fuse.ts';
import { fuse } from './fuse.ts';
import { fuseIntoContractions } from './fuse-epilogue.ts';
import { hoistRepeated } from './fuse-hoist.ts';
import { mapOuterProducts } from './fuse-outer.ts';
import { fuseIntoReductions } from './fuse-prologue.ts';
import { mapShortSums, sumOperandsFirst } from './fuse-sums.ts';
import { fuseWindows } from './fuse-windows.ts';

/** A pass: from a plan to one that gives the same. */
type Pass = (plan: Plan) => Plan;

/** Temporaries without places: other ones live at the same time once kernels have moved. */
function unplaced(plan: Plan): Plan {
  return { ...plan, slots: plan.slots.map(({ offset: _, ...slot }): Slot => slot), arenaBytes: 0 };
}

/** What a pass has left, if anything has changed. */
function again(plan: Plan, before: Plan, options: PassOptions): Plan {
  return plan === before ? plan : dropDead(fuse(plan, options));
}

/** Sums in other groups, if they may be. */
function regroupSums(plan: Plan, { order }: PassOptions): Plan {
  return order === undefined ? plan : mapShortSums(sumOperandsFirst(plan), order);
}

/**
 * The plan as it is run, where it stays loops: with the last passes, whose kernels no other knows.
 */
export function finishPlan(plan: Plan, check?: (plan: Plan) => void): Plan {
  return inTurn(plan, LAST, check);
}

/** The plan after all passes but the last (`finishPlan`). `check` sees what each of them makes. */
export function fusePlan(plan: Plan, options: PassOptions = {}, check?: (plan: Plan) => void): Plan {
  const passes: readonly Pass[] = [
    unplaced,
    mapOuterProducts,
    dropDead,
    (p) => foldConstants(p, false),
    (p) => fuse(p, options),
    dropDead,
    (p) => again(fuseWindows(p, options), p, options),
    (p) => again(regroupSums(p, options), p, options),
    (p) => foldConstants(p, true),
    dropDead,
    hoistRepeated,
    placeTemporaries,
  ];
  return inTurn(plan, passes, check);
}

/** Fusion that makes kernels which other passes do not look into, after temporaries have found their order of axes. */
const LAST: readonly Pass[] = [
  unplaced,
  arrangeTemporaries,
  fuseIntoReductions,
  fuseIntoContractions,
  dropDead,
  placeTemporaries,
];

function inTurn(plan: Plan, passes: readonly Pass[], check?: (plan: Plan) => void): Plan {
  let made = plan;
  for (const pass of passes) {
    made = pass(made);
    check?.(made);
  }
  return made;
}
