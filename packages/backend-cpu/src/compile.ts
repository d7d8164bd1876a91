/**
 * Plans to closures. The one idea: every decision is taken here, once; what remains of a kernel is a function that reads and
 * writes arrays by slot number. Temporaries are views of one arena, bound for good.
 * Must not import anything that knows operations by name.
 */
import type { Executable, Kernel, KernelLoop, Plan, Slot } from '@jacobi/backend';
import { viewBytes } from '@jacobi/backend';
import type { Slots, Visit } from './nest.ts';

/** A plan, its kernels as closures, and their arrays. */
export interface CpuExecutable extends Executable {
  readonly slots: Slots;
  readonly steps: readonly Visit[];
}

export function compilePlan(plan: Plan): CpuExecutable {
  const arena = new ArrayBuffer(plan.arenaBytes);
  const slots: Slots = plan.slots.map(
    ({ data, dtype, offset, length }) =>
      data ?? viewBytes(dtype, arena, offset ?? 0, offset === undefined ? 0 : length),
  );
  return { plan, slots, steps: plan.steps.map((kernel) => compileKernel(kernel, plan.slots, slots)) };
}

function compileKernel(kernel: Kernel, slots: readonly Slot[], arrays: Slots): Visit {
  const { kind, js } = kernel;
  if (js === undefined) throw new Error(`cpu: kernel ${kind} has no loop (js)`);
  return (js as KernelLoop<Kernel>)(kernel, slots, arrays);
}
