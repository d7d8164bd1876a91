/**
 * Fusion by hand-made plans: what becomes of them, and that results keep their bits.
 */
import type { Access, Kernel, MapKernel, Plan, ScalarStep } from '@jacobi/backend';
import { describeBackend } from '@jacobi/backend/conformance';
import * as scalar from '@jacobi/backend/scalar';
import { at, body, fullCpuBackend, map, planOf, runPlan } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { checkPlan } from './check.ts';
import { fusePlan } from './fuse-plan.ts';

describeBackend(
  'the CPU backend behind all passes',
  () => {
    const cpu = fullCpuBackend();
    return { ...cpu, compile: (plan) => cpu.compile(fusePlan(plan, {}, checkPlan)) };
  },
  { describe, test, expect },
);

/** The plan after all passes, which must give the same bits. */
function passed(plan: Plan): Plan {
  checkPlan(plan);
  const after = fusePlan(plan, {}, checkPlan);
  expect(runPlan(after)).toStrictEqual(runPlan(plan));
  return after;
}

describe('fusion', () => {
  test('a chain is one kernel', () => {
    const plan = planOf(
      [
        ['input', 15],
        ['temporary', 15],
        ['temporary', 15],
        ['output', 15],
      ],
      [
        map([3, 5], at(1, [5, 1]), [at(0, [5, 1])], body(scalar.exp)),
        map([3, 5], at(2, [5, 1]), [at(1, [5, 1]), at(0, [5, 1])], body(scalar.mul)),
        map([3, 5], at(3, [5, 1]), [at(2, [5, 1])], body(scalar.sin)),
      ],
    );
    const after = passed(plan);
    expect(after.steps).toHaveLength(1);
    expect((after.steps[0] as MapKernel).body.map((step) => 'fn' in step && step.fn.name)).toEqual([
      'exp',
      'mul',
      'sin',
    ]);
    expect(after.arenaBytes).toBe(0);
  });

  test('views vanish in strides: transposed, backwards, sliced, repeated, reshaped', () => {
    const readers: readonly [number[], Access][] = [
      [[5, 3], at(1, [1, 5])],
      [[3, 5], at(1, [-5, -1], 14)],
      [[2, 2], at(1, [10, 2], 1)],
      [[4, 3, 5], at(1, [0, 5, 1])],
      [[15], at(1, [1])],
      [[5], at(1, [3])],
      [[3], at(1, [6])],
    ];
    for (const [shape, access] of readers) {
      const size = shape.reduce((a, b) => a * b, 1);
      const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
      // The temporary is written in another order than the input is read.
      const plan = planOf(
        [
          ['input', 15],
          ['temporary', 15],
          ['output', size],
        ],
        [map([3, 5], at(1, [5, 1]), [at(0, [1, 3])]), map(shape, at(2, strides), [access], body(scalar.neg))],
      );
      const after = passed(plan);
      // Every third of 15 in rows of 5 is no affine function of the transposed index.
      expect(after.steps).toHaveLength(shape[0] === 5 && shape.length === 1 ? 2 : 1);
    }
  });

  test('dear functions are not computed more often', () => {
    const plan = planOf(
      [
        ['input', 40],
        ['temporary', 40],
        ['output', 4000],
      ],
      [
        map([40], at(1, [1]), [at(0, [1])], body(scalar.exp)),
        map([100, 40], at(2, [40, 1]), [at(1, [0, 1])], body(scalar.neg)),
      ],
    );
    expect(passed(plan).steps).toHaveLength(2);
  });

  test('what a map reads must still be there', () => {
    const plan = planOf(
      [
        ['input', 6],
        ['temporary', 6],
        ['temporary', 6],
        ['output', 6],
        ['output', 6],
      ],
      [
        map([6], at(1, [1]), [at(0, [1])], body(scalar.exp)),
        map([6], at(2, [1]), [at(1, [1])]),
        map([3], at(1, [2]), [], [{ constant: 4 }]),
        map([6], at(3, [1]), [at(2, [1])]),
        map([6], at(4, [1]), [at(1, [1])]),
      ],
    );
    expect(passed(plan).steps.length).toBeGreaterThan(3);
  });

  test('windows keep their order', () => {
    const plan = planOf(
      [
        ['input', 4],
        ['output', 16],
        ['temporary', 16],
      ],
      [
        map([16], at(2, [1]), [], [{ constant: 0 }]),
        map([4], at(2, [5]), [at(0, [1])]),
        map([4, 4], at(1, [4, 1]), [at(2, [1, 4])], body(scalar.neg)),
        map([4], at(1, [5]), [at(0, [1])]),
      ],
    );
    passed(plan);
  });

  test('a window that is written again before anybody reads it is written once', () => {
    const plan = planOf(
      [
        ['input', 12],
        ['output', 12],
        ['output', 3],
      ],
      [
        map([12], at(1, [1]), [at(0, [1])]),
        map([3], at(1, [4]), [at(0, [2])], body(scalar.exp)),
        map([3], at(1, [4]), [at(0, [3])], body(scalar.neg)),
        map([3], at(2, [1]), [at(1, [4])], body(scalar.exp)),
        map([3], at(1, [4]), [at(0, [1])], body(scalar.exp)),
      ],
    );
    expect(passed(plan).steps).toHaveLength(4);
  });

  test('copies vanish in contractions and reductions', () => {
    const plan = planOf(
      [
        ['input', 12],
        ['input', 8],
        ['temporary', 12],
        ['temporary', 8],
        ['output', 6],
        ['output', 4],
      ],
      [
        map([3, 4], at(2, [4, 1]), [at(0, [1, 3])]),
        map([2, 4], at(3, [1, 2]), [at(1, [4, 1])]),
        {
          kind: 'contract',
          batch: [],
          m: [3],
          n: [2],
          k: [4],
          left: at(2, [4, 1]),
          right: at(3, [1, 2]),
          output: at(4, [2, 1]),
          accumulate: 'float64',
        },
        {
          kind: 'reduce',
          reducer: scalar.sumReducer,
          kept: [4],
          reduced: [3],
          input: at(2, [1, 4]),
          output: at(5, [1]),
          accumulate: 'float64',
        },
      ],
    );
    expect(passed(plan).steps.map((kernel) => kernel.kind)).toEqual(['contract', 'reduce']);
  });

  test('roundings stay: a constant, a copy to a narrower dtype, a whole number', () => {
    const plan = planOf(
      [
        ['input', 5, 'float64'],
        ['temporary', 5],
        ['temporary', 5],
        ['temporary', 5, 'int32'],
        ['output', 5, 'float64'],
        ['output', 5, 'int32'],
      ],
      [
        map([5], at(1, [1]), [at(0, [1])]),
        map([5], at(2, [1]), [], [{ constant: 0.1 }]),
        map([5], at(3, [1]), [], [{ constant: 2 ** 31 + 5.5 }]),
        map([5], at(4, [1]), [at(1, [1]), at(2, [1])], body(scalar.add, 'float64')),
        map([5], at(5, [1]), [at(3, [1])], body(scalar.square, 'int32')),
      ],
    );
    expect(passed(plan).steps).toHaveLength(2);
  });

  test('neutral elements vanish, but zeros keep their signs', () => {
    const steps = (second: ScalarStep, constant: number): Plan =>
      planOf(
        [
          ['input', 9],
          ['output', 9],
        ],
        [map([9], at(1, [1]), [at(0, [1])], [{ constant }, second])],
      );
    const length = (fn: scalar.ScalarFunction, args: readonly number[], constant: number): number =>
      (passed(steps({ fn, args, dtype: 'float32' }, constant)).steps[0] as MapKernel).body.length;
    expect(length(scalar.mul, [0, 1], 1)).toBe(0);
    expect(length(scalar.mul, [1, 0], -1)).toBe(1);
    expect(length(scalar.add, [0, 1], -0)).toBe(0);
    expect(length(scalar.add, [0, 1], 0)).toBe(2);
    expect(length(scalar.sub, [0, 1], 0)).toBe(0);
    expect(length(scalar.sub, [0, 1], -0)).toBe(2);
    expect(length(scalar.sub, [1, 0], 0)).toBe(2);
    expect(length(scalar.mul, [0, 1], 0)).toBe(2);
    expect(length(scalar.div, [0, 1], 8)).toBe(2);
  });

  test('nothing to do where there are no elements', () => {
    const plan = planOf(
      [
        ['input', 0],
        ['temporary', 0],
        ['output', 0],
        ['output', 2],
      ],
      [
        map([0, 3], at(1, [3, 1]), [at(0, [3, 1])], body(scalar.exp)),
        map([3, 0], at(2, [0, 1]), [at(1, [0, 1])]),
        {
          kind: 'reduce',
          reducer: scalar.sumReducer,
          kept: [2],
          reduced: [0],
          input: at(1, [0, 1]),
          output: at(3, [1]),
          accumulate: 'float64',
        },
      ],
    );
    expect(passed(plan).steps.map((kernel) => kernel.kind)).toEqual(['reduce']);
  });

  test('equal kernels run once, constants are computed ahead', () => {
    const sum = (to: number): Kernel => ({
      kind: 'reduce',
      reducer: scalar.maxReducer,
      kept: [2],
      reduced: [3],
      input: at(0, [3, 1]),
      output: at(to, [1]),
      accumulate: 'float64',
    });
    const plan = planOf(
      [['input', 6], ['temporary', 2], ['temporary', 2], ['output', 6], Float32Array.of(1, 2), ['temporary', 2]],
      [
        sum(1),
        sum(2),
        map([2], at(5, [1]), [at(4, [-1], 1)], body(scalar.square)),
        map(
          [2, 3],
          at(3, [3, 1]),
          [at(1, [1, 0]), at(2, [1, 0]), at(5, [1, 0])],
          [
            { fn: scalar.sub, args: [0, 1], dtype: 'float32' },
            { fn: scalar.add, args: [3, 2], dtype: 'float32' },
          ],
        ),
      ],
    );
    const after = passed(plan);
    expect(after.steps.map((kernel) => kernel.kind)).toEqual(['reduce', 'map']);
    expect(after.slots.filter((slot) => slot.role === 'constant').map((slot) => Array.from(slot.data!))).toEqual([
      [4, 1],
    ]);
  });
});
