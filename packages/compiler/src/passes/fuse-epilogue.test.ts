/**
 * Epilogues of contractions: which maps become one, and that results keep their bits.
 */
import type { ContractKernel, DType, Kernel, Plan, ScalarStep } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { at, body, map, planOf, reduce, runPlan } from '@jacobi/testing';
import { expect, test } from 'vitest';
import { checkPlan } from './check.ts';
import { finishPlan } from './fuse-plan.ts';
import { printPlan } from './print.ts';

/** The plan after the last passes, which must give the same bits. */
function passed(plan: Plan): Plan {
  checkPlan(plan);
  const after = finishPlan(plan, checkPlan);
  expect(runPlan(after)).toStrictEqual(runPlan(plan));
  return after;
}

const product: ContractKernel = {
  kind: 'contract',
  batch: [2],
  m: [3],
  n: [5],
  k: [4],
  left: at(0, [12, 4, 1]),
  right: at(1, [0, 1, 5]),
  output: at(4, [15, 5, 1]),
  accumulate: 'float32',
};

/** Results [2, 3, 5] into a temporary, and what reads them. */
function results(
  readers: readonly Kernel[],
  dtype: DType = 'float32',
  made: DType = dtype,
  first: Kernel = product,
): Plan {
  return planOf(
    [
      ['input', 24, dtype],
      ['input', 20, dtype],
      ['input', 5, dtype],
      ['input', 30, dtype],
      ['temporary', 30, dtype],
      ['output', 30, made],
      ['output', 70, dtype],
    ],
    [first, ...readers],
  );
}

/** The bias comes before the result. */
const layer = (dtype: DType): ScalarStep[] => [
  { fn: scalar.sub, args: [0, 1], dtype },
  { fn: scalar.relu, args: [2], dtype },
];
const rows = map([6, 5], at(5, [5, 1]), [at(2, [0, 1]), at(4, [5, 1])], layer('float32'));
const kindsOf = (plan: Plan): string[] => passed(plan).steps.map(({ kind }) => kind);

test.each(['float32', 'float64'] as const)('a map is made where results are: %s', (dtype) => {
  for (const reader of [
    map([2, 3, 5], at(5, [15, 5, 1]), [at(2, [0, 0, 1]), at(4, [15, 5, 1])], layer(dtype)),
    map([5, 3, 2], at(5, [6, -2, 1], 4), [at(2, [-1, 0, 0], 4), at(4, [1, 5, 15])], layer(dtype)),
    map([30], at(6, [2], 3), [at(3, [-1], 29), at(4, [1])], layer(dtype)),
  ]) {
    const after = passed(results([reader], dtype));
    expect(after.steps.map(({ kind }) => kind)).toEqual(['contract']);
    expect(after.slots.filter(({ role }) => role === 'temporary')).toEqual([]);
  }
});

test('as text', () => {
  const after = passed(
    results([map([2, 3, 5], at(5, [1, 2, 6]), [at(2, [0, 0, 1]), at(4, [15, 5, 1])], layer('float32'))]),
  );
  expect(printPlan(after)).toContain(
    'out4:f32[2,3,5](1,2,6) = relu(sub(in2(0,0,1), contract in0 · in1(0,1,5) b[2] m[3] n[5] k[4]))',
  );
});

test('a result that a reduction reads through a map is left to its prologue', () => {
  const plan = planOf(
    [
      ['input', 200],
      ['input', 6],
      ['temporary', 300],
      ['temporary', 300],
      ['output', 3],
    ],
    [
      {
        ...product,
        batch: [],
        m: [100],
        n: [3],
        k: [2],
        left: at(0, [2, 1]),
        right: at(1, [2, 1]),
        output: at(2, [3, 1]),
      },
      map([300], at(3, [1]), [at(2, [1])], body(scalar.square)),
      reduce([3], [100], at(3, [1, 3]), at(4, [1])),
    ],
  );
  expect(passed(plan).steps.map((kernel) => [kernel.kind, 'prologue' in kernel])).toEqual([
    ['contract', false],
    ['reduce', true],
  ]);
});

test('a map stays that others read with, that is dear, of another dtype, or whose operands change before', () => {
  const other = map([30], at(6, [1]), [at(4, [1])]);
  expect(kindsOf(results([rows, other]))).toEqual(['contract', 'map', 'map']);
  const dear = map([30], at(5, [1]), [at(4, [1])], body(scalar.exp));
  expect(kindsOf(results([dear]))).toEqual(['contract', 'map']);
  const mask = map([30], at(5, [1]), [at(4, [1]), at(3, [1])], body(scalar.less, 'bool'));
  expect(kindsOf(results([mask], 'float32', 'bool'))).toEqual(['contract', 'map']);
  // Twice the same result, but not in one order; and some results only.
  const turned = map([6, 5], at(5, [5, 1]), [at(4, [5, 1]), at(4, [1, 6])], body(scalar.add));
  expect(kindsOf(results([turned]))).toEqual(['contract', 'map']);
  const some = map([5, 5], at(5, [5, 1]), [at(2, [0, 1]), at(4, [5, 1])], layer('float32'));
  expect(kindsOf(results([some]))).toEqual(['contract', 'map']);
  const slots: Parameters<typeof planOf>[0] = [
    ['input', 24],
    ['input', 20],
    ['temporary', 24],
    ['temporary', 24],
    ['temporary', 30],
    ['output', 30],
    ['output', 24],
  ];
  const [copy, again] = [0.5, 2].map((constant) =>
    map([24], at(2, [1]), [at(0, [1])], [{ constant }, { fn: scalar.mul, args: [0, 1], dtype: 'float32' }]),
  ) as [Kernel, Kernel];
  const scaled = map([30], at(5, [1]), [at(4, [1])], body(scalar.neg));
  const moved = { ...product, left: at(2, [12, 4, 1]) };
  const last = map([24], at(6, [1]), [at(2, [1])], body(scalar.square));
  expect(kindsOf(planOf(slots, [copy, moved, again, scaled, last]))).toEqual(['map', 'contract', 'map', 'map', 'map']);
  expect(kindsOf(planOf(slots, [copy, moved, scaled, again, last]))).toEqual(['map', 'contract', 'map', 'map']);
});
