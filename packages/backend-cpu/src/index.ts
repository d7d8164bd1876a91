/** @jacobi/backend-cpu: the reference backend, in plain TypeScript. See cpu.ts. */

// The loops of kernels, for the rows that write them.
export { argReduceLoop } from './argreduce.ts';
export { contractLoop, epilogueLoop } from './contract.ts';
export type { CpuBuffer } from './cpu.ts';
export { cpu, createCpuBackend } from './cpu.ts';
export { gatherLoop, scatterLoop } from './gather.ts';
export { mapLoop } from './map.ts';
export { randomLoop } from './random.ts';
export { prologueLoop, reduceLoop } from './reduce.ts';
export { scanLoop } from './scan.ts';
export { straightLoop } from './straight.ts';
