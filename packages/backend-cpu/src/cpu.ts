/**
 * The CPU backend: the reference, and the default everywhere. The one idea: a buffer is a typed array, a compiled plan a
 * row of closures, and running it allocates nothing. Must not import anything above the kernel IR.
 */
import type { Backend, BackendStats, BufferRef, DType, Executable, TypedArray } from '@jacobi/backend';
import type { CpuExecutable } from './compile.ts';
import { compilePlan } from './compile.ts';
import { createMemory } from './memory.ts';

/** What the CPU backend keeps a tensor in. Read-only for everybody but a running plan. */
export type CpuBuffer = TypedArray;

const NOTHING = new Uint8Array(0);

/** A CPU backend, ready at once. */
export function createCpuBackend(): Backend {
  const memory = createMemory();
  let compiles = 0;
  let runs = 0;
  return {
    name: 'cpu',
    traits: { float64: true, syncRead: true, simdLanes: 1, threads: 1 },
    compile(plan): Executable {
      compiles++;
      return compilePlan(plan);
    },
    run(executable, inputs, outputs): void {
      runs++;
      const { plan, slots, steps } = executable as CpuExecutable;
      for (let i = 0; i < plan.inputs.length; i++) slots[plan.inputs[i]!] = inputs[i] as CpuBuffer;
      for (let i = 0; i < plan.outputs.length; i++) slots[plan.outputs[i]!] = outputs[i] as CpuBuffer;
      for (let i = 0; i < steps.length; i++) steps[i]!(slots);
      for (let i = 0; i < plan.inputs.length; i++) slots[plan.inputs[i]!] = NOTHING;
      for (let i = 0; i < plan.outputs.length; i++) slots[plan.outputs[i]!] = NOTHING;
    },
    alloc: (dtype: DType, length: number): BufferRef => memory.allocate(dtype, length),
    free(): void {},
    write(buffer, data): void {
      (buffer as CpuBuffer).set(data);
    },
    read: (buffer): Promise<TypedArray> => Promise.resolve(buffer as CpuBuffer),
    readSync: (buffer): TypedArray => buffer as CpuBuffer,
    stats: (): BackendStats => ({ compiles, runs, buffers: memory.buffers(), bytes: memory.bytes() }),
    [Symbol.dispose](): void {},
  };
}

/** The same as a promise, as other devices are made. */
export function cpu(): Promise<Backend> {
  return Promise.resolve(createCpuBackend());
}
