/**
 * A CPU backend for tests of plans that no row wrote. The one idea: rows bring the loops of their kernels, so the table of all
 * loops is needed, and exists, in tests only.
 */
import type { Backend, Executable, Kernel, KernelLoop, Plan, RunnableKernel } from '@jacobi/backend';
import {
  argReduceLoop,
  contractLoop,
  createCpuBackend,
  epilogueLoop,
  gatherLoop,
  mapLoop,
  prologueLoop,
  randomLoop,
  reduceLoop,
  scanLoop,
  scatterLoop,
  straightLoop,
} from '@jacobi/backend-cpu';

/** The loop of each kind of kernel. */
const LOOPS: { readonly [K in Kernel as K['kind']]: KernelLoop<K> } = {
  map: mapLoop,
  reduce: (kernel, ...rest) => (kernel.prologue ? prologueLoop(kernel, ...rest) : reduceLoop(kernel)),
  argreduce: argReduceLoop,
  contract: (kernel, ...rest) => (kernel.epilogue ? epilogueLoop(kernel, ...rest) : contractLoop(kernel, rest[0])),
  gather: gatherLoop,
  scatter: scatterLoop,
  scan: scanLoop,
  random: randomLoop,
  straight: straightLoop,
};

/** The same backend; kernels that bring no loop get theirs from the table. */
export function withLoops<B extends Backend>(backend: B): B {
  const loops = LOOPS as unknown as Record<string, RunnableKernel['js']>;
  const runnable = (kernel: Kernel): Kernel => ({ ...kernel, js: kernel.js ?? loops[kernel.kind] }) as Kernel;
  return new Proxy(backend, {
    get: (target, name) => {
      const own: unknown = Reflect.get(target, name, target);
      if (name === 'compile') {
        return (plan: Plan): Executable => target.compile({ ...plan, steps: plan.steps.map(runnable) });
      }
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
}

/** A CPU backend that takes kernels without loops as well. */
export function fullCpuBackend(): Backend {
  const cpu = withLoops(createCpuBackend());
  return { ...createCpuBackend(), ...cpu, compile: (plan): Executable => ({ ...cpu.compile(plan), plan }) };
}
