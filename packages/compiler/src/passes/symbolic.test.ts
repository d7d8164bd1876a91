/** Plans on terms: what would take long is given up early. */
import type { MapKernel, Plan } from '@jacobi/backend';
import { square } from '@jacobi/backend/scalar';
import { expect, test } from 'vitest';
import { NotStraight, runSymbolic, Symbols } from './symbolic.ts';
import { Terms } from './terms.ts';

/** Squares of so many elements, as one of so many kernels. */
function run(length: number, kernels = 1): Terms {
  const at = (slot: number) => ({ slot, offset: 0, strides: [1] });
  const body = [{ fn: square, args: [0], dtype: 'float32' }] as const;
  const kernel: MapKernel = { kind: 'map', shape: [length], inputs: [at(0)], output: at(1), body };
  const plan: Plan = {
    format: 1,
    slots: [
      { dtype: 'float32', length, role: 'input' },
      { dtype: 'float32', length, role: 'output' },
    ],
    inputs: [0],
    outputs: [1],
    steps: Array.from({ length: kernels }, () => kernel),
    arenaBytes: 0,
  };
  const terms = new Terms();
  const laneOf = (slot: number, offset: number) => ({ slot, offset, stride: 0 });
  const traits = { reductionLanes: 1, doubleSums: false, float64: true };
  runSymbolic(new Symbols(terms, plan, laneOf, traits), kernel);
  return terms;
}

test('more terms than any line needs are not made', () => {
  expect(run(1000).size).toBeGreaterThan(2000);
  expect(() => run(100_000)).toThrow(NotStraight);
  expect(run(100_000, 3000).size).toBeGreaterThan(200_000);
  expect(() => run(600_000, 1_000_000)).toThrow('over 1048576 terms');
});
