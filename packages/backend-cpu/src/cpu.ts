/**
 * The CPU backend: the reference, and the default everywhere. The one idea: a buffer is a typed array, a compiled plan is a
 * row of closures, and running it allocates nothing. Must not import anything above the kernel IR.
 */
import type { Backend, BufferRef, Executable, TypedArray } from '@jacobi/backend';
import type { CpuExecutable } from './compile.ts';
import { compilePlan } from './compile.ts';
import { createAllocator } from './memory.ts';

/** What the CPU backend keeps the elements of a tensor in. Only a running plan writes to it. */
export type CpuBuffer = TypedArray;

/**
 * A CPU backend, ready at once. Its buffers are typed arrays; `read` and `readSync` hand out the buffer itself. They are
 * left to the garbage collector, so `stats()` counts as alive whatever was allocated and not freed.
 */
export function createCpuBackend(): Backend {
  const allocate = createAllocator();
  let compiles = 0;
  let runs = 0;
  let buffers = 0;
  let bytes = 0;
  return {
    name: 'cpu',
    traits: { float64: true, syncRead: true, simdLanes: 1, reductionLanes: 1, doubleSums: true, threads: 1 },
    compile(plan): Executable {
      compiles++;
      return compilePlan(plan);
    },
    run(executable, inputs, outputs): void {
      runs++;
      const { slots, steps, plan } = executable as CpuExecutable;
      place(slots, plan.inputs, inputs);
      place(slots, plan.outputs, outputs);
      for (let i = 0; i < steps.length; i++) steps[i]!(slots);
      // An executable keeps no buffer alive between its runs.
      place(slots, plan.inputs, []);
      place(slots, plan.outputs, []);
    },
    alloc(dtype, length): CpuBuffer {
      const buffer = allocate(dtype, length);
      buffers++;
      bytes += buffer.byteLength;
      return buffer;
    },
    free(buffer): void {
      buffers--;
      bytes -= (buffer as CpuBuffer).byteLength;
    },
    write(buffer, data): void {
      (buffer as CpuBuffer).set(data);
    },
    read: (buffer) => Promise.resolve(buffer as CpuBuffer),
    readSync: (buffer) => buffer as CpuBuffer,
    stats: () => ({ compiles, runs, buffers, bytes }),
    [Symbol.dispose](): void {},
  };
}

function place(slots: TypedArray[], numbers: readonly number[], buffers: readonly BufferRef[]): void {
  for (let i = 0; i < numbers.length; i++) slots[numbers[i]!] = buffers[i] as CpuBuffer;
}

/**
 * The CPU backend, in plain JavaScript: float64 is computed as float64, and the tests of all others compare with it.
 * @returns a Promise, as of every device; it is resolved at once.
 * @example
 * const backend = await cpu();
 * withBackend(backend, () => tensor([1, 2]).mul(2)) // → [2, 4]
 */
export function cpu(): Promise<Backend> {
  return Promise.resolve(createCpuBackend());
}
