/**
 * Plans written by hand, for tests of what is done to plans. Inputs are numbers with everything in them that a careless
 * rewriting would lose.
 */
import type {
  Access,
  DType,
  Kernel,
  MapKernel,
  Plan,
  ReduceKernel,
  Reducer,
  ScalarStep,
  Slot,
  TypedArray,
} from '@jacobi/backend';
import { allocate } from '@jacobi/backend';
import type { ScalarFunction } from '@jacobi/backend/scalar';
import { sumReducer } from '@jacobi/backend/scalar';
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

/** A reduction, a sum unless said otherwise, that accumulates in float64. */
export const reduce = (
  kept: readonly number[],
  reduced: readonly number[],
  input: Access,
  output: Access,
  reducer: Reducer = sumReducer,
): ReduceKernel => ({ kind: 'reduce', reducer, kept, reduced, input, output, accumulate: 'float64' });

/** A plan from slots and kernels; temporaries have no places yet. */
export function planOf(
  slots: readonly (readonly [Slot['role'], number, DType?] | TypedArray)[],
  steps: readonly Kernel[],
): Plan {
  const made = slots.map((slot): Slot => {
    if (!Array.isArray(slot))
      return { dtype: 'float32', length: (slot as TypedArray).length, role: 'constant', data: slot as TypedArray };
    const [role, length, dtype = 'float32'] = slot as readonly [Slot['role'], number, DType?];
    return { dtype, length, role };
  });
  const of = (role: Slot['role']): number[] => [...made.keys()].filter((i) => made[i]!.role === role);
  return { format: 1, slots: made, inputs: of('input'), outputs: of('output'), steps, arenaBytes: 0 };
}

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
