import type { Plan } from '@jacobi/backend';

export { printPlan } from './print.ts';
export const optimisePlan = (plan: Plan): Plan => plan;
