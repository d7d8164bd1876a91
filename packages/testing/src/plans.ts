/**
 * Plans written by hand, for tests of what is done to plans. Inputs are numbers with everything in them that a careless
 * rewriting would lose.
 */
import type { Access, DType, MapKernel, Plan, ScalarStep, Slot, TypedArray } from '@jacobi/backend';
import { allocate } from '@jacobi/backend';
import type { ScalarFunction } from '@jacobi/backend/scalar';
import { fullCpuBackend } from './cpu.ts';

/** An access. */
export const at = (slot: number, strides: readonly number[], offset = 0): Access => ({ slot, offset, strides });
/** A body of one function of all inputs. */
export const body = (fn: ScalarFunction, dtype: DType = 'float32'): ScalarStep[] => [
  { fn, args: Array.from({ length: fn.arity }, (_, i) => i), dtype },
];
/** An elementwise kernel. */
export const map = (
  shape: readonly number[],
  output: Access,
  inputs: readonly Access[],
  steps: readonly ScalarStep[] = [],
): MapKernel => ({
  kind: 'map',
  shape,
  inputs,
  output,
  body: steps,
});

/** Numbers with everything in them that a careless rewriting would lose. */
export function numbers(dtype: DType, length: number): TypedArray {
  const special = [NaN, Infinity, -Infinity, -0, 0, 1e-42, 3e38];
  const data = allocate(dtype, length);
  for (let i = 0; i < length; i++) {
    data[i] = dtype === 'bool' ? ((i * 7) % 3) & 1 : i % 5 === 3 ? special[(i * 3) % 7]! : Math.sin(1 + 1.7 * i) * 3;
  }
  return data;
}

/** What a plan gives on the CPU backend for such numbers. */
export function runPlan(plan: Plan, input: typeof numbers = numbers): TypedArray[] {
  const cpu = fullCpuBackend();
  let arenaBytes = 0;
  const slots = plan.slots.map((slot): Slot => {
    if (slot.role !== 'temporary') return slot;
    const offset = slot.offset ?? arenaBytes;
    arenaBytes = Math.max(arenaBytes, offset + Math.ceil(slot.length / 2) * 16);
    return { ...slot, offset };
  });
  const inputs = plan.inputs.map((slot) => input(slots[slot]!.dtype, slots[slot]!.length));
  const outputs = plan.outputs.map((slot) => allocate(slots[slot]!.dtype, slots[slot]!.length));
  cpu.run(cpu.compile({ ...plan, slots, arenaBytes: Math.max(arenaBytes, plan.arenaBytes) }), inputs, outputs);
  return outputs;
}
