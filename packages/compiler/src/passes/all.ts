import type { Plan } from '@jacobi/backend';
import { placeTemporaries } from '@jacobi/tensor/internal';
import { dropDead } from './dead.ts';
import { fuse } from './fuse.ts';

export { printPlan } from './print.ts';
export const optimisePlan = (plan: Plan): Plan => placeTemporaries(dropDead(fuse(dropDead(plan))));
