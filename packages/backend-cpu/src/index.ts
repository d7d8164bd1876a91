/** @jacobi/backend-cpu: the reference backend, in plain TypeScript. See cpu.ts. */

export type { CpuBuffer } from './cpu.ts';
export { cpu, createCpuBackend } from './cpu.ts';
