/** How long a straight line may be: so many steps in all, or for each kernel that it takes the place of. */
import type { MapKernel, Plan } from '@jacobi/backend';
import { add, square } from '@jacobi/backend/scalar';
import { expect, test } from 'vitest';
import { straighten, whyKernels } from './straight.ts';

const traits = { simdLanes: 4, reductionLanes: 8, doubleSums: false, float64: true };

/** A chain of `kernels` maps, each of `length` elements: x² + x, again and again. */
function chain(kernels: number, length: number): Plan {
  const at = (slot: number) => ({ slot, offset: 0, strides: [1] });
  const slots = Array.from({ length: kernels + 1 }, (_, i) => {
    const role = i === 0 ? ('input' as const) : i === kernels ? ('output' as const) : ('temporary' as const);
    return { dtype: 'float64' as const, length, role };
  });
  const body = [
    { fn: square, args: [0], dtype: 'float64' },
    { fn: add, args: [1, 0], dtype: 'float64' },
  ] as const;
  const steps = Array.from(
    { length: kernels },
    (_, i): MapKernel => ({ kind: 'map', shape: [length], inputs: [at(i)], output: at(i + 1), body }),
  );
  return { format: 1, slots, inputs: [0], outputs: [kernels], steps, arenaBytes: 0 };
}

const lengthOf = (plan: Plan | undefined): number | undefined =>
  plan?.steps.reduce((sum, step) => sum + (step.kind === 'straight' ? step.body.length : NaN), 0);

test('many small kernels are a line of any length', () => {
  for (const [kernels, length] of [
    [3, 2000],
    [3000, 13],
    [9000, 3],
  ] as const)
    expect(lengthOf(straighten(chain(kernels, length), traits))).toBe(2 * kernels * length);
});

test('wide kernels are not, and the reason is said', () => {
  const most = (kernels: number): number => Math.max(16_384, 32 * kernels);
  for (const [kernels, length] of [
    [3, 3000],
    [2000, 17],
  ] as const) {
    expect(straighten(chain(kernels, length), traits)).toBeUndefined();
    const steps = 2 * length * (kernels + 1);
    expect(whyKernels(chain(kernels, length), traits)).toBe(
      `${steps} steps, of ${most(kernels)} at most; smaller programs may be`,
    );
  }
  expect(whyKernels(chain(3, 40_000), traits)).toBe('over 65536 terms; smaller programs may be');
  expect(whyKernels(chain(3, 200_000), traits)).toBe('1800000 terms, of 1000000 at most; smaller programs may be');
  expect(whyKernels(chain(3, 20), traits)).toBe('kernels are faster');
});
