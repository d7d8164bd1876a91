/** @jacobi/testing: what Jacobi's own tests share. */

export { fullCpuBackend, withLoops } from './cpu.ts';
export type { Numbers } from './matchers.ts';
export { expectClose } from './matchers.ts';
export { values } from './nests.ts';
export { at, body, map, numbers, planOf, reduce, runPlan } from './plans.ts';
export { expectSameBits, tandem } from './tandem.ts';
export type { Comparison, Tolerance } from './tolerances.ts';
export { exact, tolerances } from './tolerances.ts';
