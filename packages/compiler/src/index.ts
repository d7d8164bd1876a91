/** @jacobi/compiler: programs to plans, run and found again. */
export { StructureCache } from './cache.ts';
export type { LinearForm } from './composed.ts';
export { Composition } from './composed.ts';
export { capturedNow, compileProgram, evaluate, inline } from './evaluate.ts';
export type { Optimised, Way } from './optimised.ts';
export { buffersOf, compileOptimised, describeWay, evaluateOptimised, runOptimised, wayOf } from './optimised.ts';
export { optimise } from './passes/optimise.ts';
export { mergeEqualRows, writeOut } from './simplify.ts';
export type { Stats } from './stats.ts';
export { counters, stats } from './stats.ts';
