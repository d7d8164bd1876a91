/**
 * Prologues of reductions: which maps become one, and that results keep their bits.
 */
import type { DType, Kernel, Plan, ScalarStep } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { at, body, map, planOf, reduce, runPlan } from '@jacobi/testing';
import { expect, test } from 'vitest';
import { checkPlan } from './check.ts';
import { finishPlan } from './fuse-plan.ts';
import { printPlan } from './print.ts';

/** The plan after the last pass, which must give the same bits. */
function passed(plan: Plan): Plan {
  checkPlan(plan);
  const after = finishPlan(plan, checkPlan);
  expect(runPlan(after)).toStrictEqual(runPlan(plan));
  return after;
}

/** Elements [7, 90] of three operands into a temporary, and what reads it. */
function terms(readers: readonly Kernel[], dtype: DType = 'float32', steps?: readonly ScalarStep[]): Plan {
  const made = steps ?? [
    { fn: scalar.mul, args: [0, 1], dtype },
    { fn: scalar.select, args: [2, 3, 0], dtype },
  ];
  return planOf(
    [
      ['input', 630, dtype],
      ['input', 90, 'int32'],
      ['input', 630, 'bool'],
      ['temporary', 630, dtype],
      ['output', 90, dtype],
      ['output', 630, dtype],
    ],
    [map([7, 90], at(3, [90, 1]), [at(0, [1, 7]), at(1, [0, -1], 89), at(2, [90, 1])], made), ...readers],
  );
}

test.each([
  ['float32', scalar.sumReducer],
  ['float64', scalar.maxReducer],
] as const)('a map is made as its terms are combined: %s', (dtype, reducer) => {
  for (const reader of [
    reduce([7], [90], at(3, [90, 1]), at(4, [1]), reducer),
    reduce([], [90, 7], at(3, [1, 90]), at(4, []), reducer),
    reduce([7], [9, 10], at(3, [90, -10, 1], 80), at(4, [-1], 6), reducer),
  ]) {
    const after = passed(terms([reader], dtype));
    expect(after.steps.map(({ kind }) => kind)).toEqual(['reduce']);
    expect(after.slots).toHaveLength(5);
  }
});

test('as text', () => {
  const after = passed(terms([reduce([7], [90], at(3, [90, 1]), at(4, [1]))]));
  expect(printPlan(after)).toContain(
    'out3:f32[7] = sum select(in2, mul(in0(1,7), in1(89+0,-1)), in0(1,7)) over [90] in f64',
  );
});

test('a map stays that others read, that is dear, whose elements are read in no order of its own, or change before', () => {
  const reader = reduce([7], [90], at(3, [90, 1]), at(4, [1]));
  const stays = (plan: Plan): void => {
    expect(passed(plan).steps).toHaveLength(plan.steps.length);
  };
  stays(terms([reader, map([630], at(5, [1]), [at(3, [1])])]));
  stays(terms([reduce([2], [70], at(3, [1, 9]), at(4, [1]))]));
  stays(terms([reduce([10], [7, 9], at(3, [9, 90, 1]), at(4, [1]))]));
  stays(terms([reader], 'float32', [{ fn: scalar.exp, args: [0], dtype: 'float32' }]));
  stays(terms([reader], 'float32', []));
  const slots: Parameters<typeof planOf>[0] = [
    ['input', 64],
    ['temporary', 64],
    ['temporary', 64],
    ['output', 1],
  ];
  const copy = map([64], at(1, [1]), [at(0, [1])]);
  const square = map([64], at(2, [1]), [at(1, [1])], body(scalar.square));
  const again = map([64], at(1, [1]), [at(0, [-1], 63)], body(scalar.neg));
  const last = reduce([], [64], at(2, [1]), at(3, []));
  const kinds = (steps: readonly Kernel[]): string[] => passed(planOf(slots, steps)).steps.map(({ kind }) => kind);
  expect(kinds([copy, square, last])).toEqual(['map', 'reduce']);
  // What is written again is read by nobody, and vanishes.
  expect(kinds([copy, square, again, last])).toEqual(['map', 'map', 'reduce']);
});
