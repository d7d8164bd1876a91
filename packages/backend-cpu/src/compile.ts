/**
 * Plans to closures. The one idea: every decision is taken here, once; what remains of a kernel is a function that reads and
 * writes arrays by slot number. Temporaries are views of one arena, bound for good.
 * Must not import anything that knows operations by name.
 */
import type { Executable, Kernel, Plan, Slot } from '@jacobi/backend';
import { viewBytes } from '@jacobi/backend';
import { compileArgReduce } from './argreduce.ts';
import { compileContract } from './contract.ts';
import { compileGather, compileScatter } from './gather.ts';
import { compileMap } from './map.ts';
import type { Slots, Visit } from './nest.ts';
import { compileRandom } from './random.ts';
import { compileReduce } from './reduce.ts';
import { compileScan } from './scan.ts';

/** A plan, its kernels as closures, and their arrays. */
export interface CpuExecutable extends Executable {
  readonly slots: Slots;
  readonly steps: readonly Visit[];
}

export function compilePlan(plan: Plan): CpuExecutable {
  const arena = new ArrayBuffer(plan.arenaBytes);
  const none = new Uint8Array(0);
  const slots: Slots = plan.slots.map(
    (slot) => slot.data ?? (slot.offset === undefined ? none : viewBytes(slot.dtype, arena, slot.offset, slot.length)),
  );
  return { plan, slots, steps: plan.steps.map((kernel) => compileKernel(kernel, plan.slots, slots)) };
}

function compileKernel(kernel: Kernel, slots: readonly Slot[], arrays: Slots): Visit {
  switch (kernel.kind) {
    case 'map':
      return compileMap(kernel, slots, arrays);
    case 'reduce':
      return compileReduce(kernel);
    case 'argreduce':
      return compileArgReduce(kernel);
    case 'contract':
      return compileContract(kernel, slots);
    case 'gather':
      return compileGather(kernel);
    case 'scatter':
      return compileScatter(kernel);
    case 'scan':
      return compileScan(kernel, slots);
    case 'random':
      return compileRandom(kernel);
    default:
      return kernel satisfies never;
  }
}
