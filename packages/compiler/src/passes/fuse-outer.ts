/**
 * Contractions that sum nothing.
 * The one idea: products of single terms are an elementwise kernel, and as one they fuse with their neighbours.
 * Must not import other passes.
 */
import type { ContractKernel, MapKernel, Plan, ScalarStep } from '@jacobi/backend';
import { sizeOf } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { mapLoop } from '@jacobi/backend-cpu';

/** The plan with contractions of one term each as maps. */
export function mapOuterProducts(plan: Plan): Plan {
  const steps = plan.steps.map((kernel) => {
    if (kernel.kind !== 'contract' || kernel.epilogue || sizeOf(kernel.k) !== 1) return kernel;
    const { dtype } = plan.slots[kernel.output.slot]!;
    const alike = [kernel.left, kernel.right].every(({ slot }) => plan.slots[slot]!.dtype === dtype);
    return alike && dtype !== 'bool' ? outer(kernel, dtype) : kernel;
  });
  return { ...plan, steps };
}

function outer(
  { batch, m, n, left, right, output }: ContractKernel,
  dtype: 'float32' | 'float64' | 'int32',
): MapKernel {
  const b = batch.length;
  const zeros = (axes: readonly number[]): number[] => axes.map(() => 0);
  const product: ScalarStep = { fn: scalar.mul, args: [0, 1], dtype };
  // A sum begins with 0, so that −0 becomes 0.
  const body: ScalarStep[] =
    dtype === 'int32' ? [product] : [product, { constant: 0 }, { fn: scalar.add, args: [2, 3], dtype }];
  return {
    kind: 'map',
    js: mapLoop,
    shape: [...batch, ...m, ...n],
    inputs: [
      { ...left, strides: [...left.strides.slice(0, b + m.length), ...zeros(n)] },
      { ...right, strides: [...right.strides.slice(0, b), ...zeros(m), ...right.strides.slice(b, b + n.length)] },
    ],
    output,
    body,
  };
}
