/**
 * Sums in other groups: what becomes of them, and that they are the same sums.
 */
import type { Access, ContractKernel, DType, Plan, ReduceKernel, Reducer, TypedArray } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { at, body, map, numbers, planOf, reduce, runPlan } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { checkPlan } from './check.ts';
import { dropDead } from './dead.ts';
import { fusePlan } from './fuse-plan.ts';
import { mapShortSums, sumOperandsFirst } from './fuse-sums.ts';

const ORDER = { simdLanes: 4, reductionLanes: 1 };
const kinds = ({ steps }: Plan): readonly string[] => steps.map(({ kind }) => kind);

const product = (
  sizes: Pick<ContractKernel, 'batch' | 'm' | 'n' | 'k'>,
  left: Access,
  right: Access,
  output: Access,
): ContractKernel => ({ kind: 'contract', ...sizes, left, right, output, accumulate: 'float64' });

/** Whole numbers: their sums are exact in any order. */
const whole = (dtype: DType, length: number): TypedArray => {
  const data = numbers(dtype, length);
  return data.map((_, i) => ((i * 7) % 11) - 5);
};

/** The plan after the pass, which gives the same where sums are exact. */
function summedFirst(plan: Plan): Plan {
  checkPlan(plan);
  const made = sumOperandsFirst(plan);
  const after = made === plan ? plan : dropDead(made);
  checkPlan(after);
  expect(runPlan(after, whole)).toStrictEqual(runPlan(plan, whole));
  return after;
}

describe('a sum of a product', () => {
  const sizes = { batch: [2], m: [3, 5], n: [4], k: [6] };
  /** Products [2, 3, 5, 4], written in another order, and a sum of them. */
  const over = (kernel: (products: Access) => ReduceKernel, outputs: number, dtype: DType = 'float32'): Plan =>
    planOf(
      [
        ['input', 180, dtype],
        ['input', 48, dtype],
        ['temporary', 120, dtype],
        ['output', outputs, dtype],
      ],
      [product(sizes, at(0, [90, 30, 6, 1]), at(1, [24, 1, 4]), at(2, [60, 5, 1, 15])), kernel(at(2, [60, 5, 1, 15]))],
    );

  test.each(['float32', 'float64'] as const)('over rows is a product of the sum of rows: %s', (dtype) => {
    const all = over(() => reduce([4, 2], [5, 3], at(2, [15, 60, 1, 5]), at(3, [1, 4])), 8, dtype);
    expect(kinds(summedFirst(all))).toEqual(['reduce', 'contract', 'map']);
    const some = over(() => reduce([2, 3, 4], [5], at(2, [60, 5, 15, 1]), at(3, [12, 4, 1])), 24, dtype);
    expect(kinds(summedFirst(some))).toEqual(['reduce', 'contract', 'map']);
  });

  test('over columns is a product with the sum of columns, also from their end', () => {
    const plan = over(() => reduce([2, 3, 5], [4], at(2, [60, 5, 1, -15], 45), at(3, [15, 5, 1])), 30);
    const after = summedFirst(plan);
    expect(kinds(after)).toEqual(['reduce', 'contract', 'map']);
    expect((after.steps[1] as ContractKernel).n).toEqual([]);
  });

  test('over other axes stays: of both operands, of the batch, of a part of them, with steps between', () => {
    const plans = [
      over(() => reduce([2, 3], [5, 4], at(2, [60, 5, 1, 15]), at(3, [3, 1])), 6),
      over(() => reduce([3, 5, 4], [2], at(2, [5, 1, 15, 60]), at(3, [20, 4, 1])), 60),
      over(() => reduce([2, 3, 4], [4], at(2, [60, 5, 15, 1]), at(3, [12, 4, 1])), 24),
      over(() => reduce([2, 3, 4], [3], at(2, [60, 5, 15, 2]), at(3, [12, 4, 1])), 24),
      over(() => reduce([2, 3, 4], [7], at(2, [60, 5, 15, 0]), at(3, [12, 4, 1])), 24),
      over(() => reduce([2, 3, 4], [5], at(2, [60, 5, 15, 1]), at(3, [12, 4, 1]), scalar.maxReducer), 24),
    ];
    for (const plan of plans) expect(summedFirst(plan)).toBe(plan);
  });

  test('stays if somebody else reads the products, or an operand is written again', () => {
    const slots: Parameters<typeof planOf>[0] = [
      ['input', 12],
      ['temporary', 12],
      ['temporary', 9],
      ['output', 3],
      ['output', 9],
    ];
    const first = product({ batch: [], m: [3], n: [3], k: [4] }, at(1, [4, 1]), at(0, [4, 1]), at(2, [3, 1]));
    const last = reduce([3], [3], at(2, [1, 3]), at(3, [1]));
    const copy = map([12], at(1, [1]), [at(0, [1])]);
    const other = map([9], at(4, [1]), [at(2, [1])]);
    const again = map([12], at(1, [1]), [at(0, [-1], 11)]);
    expect(kinds(summedFirst(planOf(slots, [copy, first, last])))).toEqual(['map', 'reduce', 'contract', 'map']);
    for (const steps of [
      [copy, first, other, last],
      [copy, first, again, last],
    ])
      expect(kinds(summedFirst(planOf(slots, steps)))).toEqual(steps.map(({ kind }) => kind));
  });

  test('of nothing is nothing, and of vectors stays', () => {
    const plan = (m: number, n: number): Plan =>
      planOf(
        [
          ['input', m * 4],
          ['input', n * 4],
          ['temporary', m * n],
          ['output', n],
        ],
        [
          product({ batch: [], m: [m], n: [n], k: [4] }, at(0, [4, 1]), at(1, [4, 1]), at(2, [n, 1])),
          reduce([n], [m], at(2, [1, n]), at(3, [1])),
        ],
      );
    summedFirst(plan(0, 3));
    summedFirst(plan(3, 0));
    expect(kinds(summedFirst(plan(5, 1)))).toEqual(['contract', 'reduce']);
  });
});

/** A reduction of [kept, reduced] elements, the reduced ones next to each other or far apart. */
function reduction(reducer: Reducer, kept: number, reduced: number, apart: boolean, dtype: DType): Plan {
  return planOf(
    [
      ['input', kept * reduced, dtype],
      ['output', kept, dtype],
    ],
    [reduce([kept], [reduced], at(0, apart ? [1, kept] : [reduced, 1]), at(1, [1]), reducer)],
  );
}

describe('a sum of few terms', () => {
  test.each([
    [scalar.sumReducer, 'float32'],
    [scalar.prodReducer, 'float64'],
    [scalar.maxReducer, 'float32'],
    [scalar.minReducer, 'float64'],
  ] as const)('is a map, to the last bit: %o %s', (reducer, dtype) => {
    for (const reduced of [2, 3, 7, 8, 9, 12])
      for (const apart of [false, true]) {
        const plan = reduction(reducer, 1031, reduced, apart, dtype);
        const after = mapShortSums(plan, ORDER);
        checkPlan(after);
        expect(kinds(after)).toEqual(['map']);
        expect(runPlan(after)).toStrictEqual(runPlan(plan));
      }
  });

  test('goes in the order of the device', () => {
    const kept = 1024;
    const plan = reduction(scalar.sumReducer, kept, 11, false, 'float64');
    const [input] = [numbers('float64', kept * 11)];
    const [sums] = runPlan(mapShortSums(plan, { ...ORDER, reductionLanes: 4 }));
    for (let i = 0; i < kept; i++) {
      const x = (j: number): number => input![i * 11 + j]!;
      const lane = (j: number): number => (j < 3 ? x(j) + x(j + 4) + x(j + 8) : x(3) + x(7));
      expect(sums![i]).toBe(lane(0) + lane(2) + (lane(1) + lane(3)));
    }
  });

  test('takes all axes in their order, and fuses on both sides', () => {
    const plan = planOf(
      [
        ['input', 3000],
        ['temporary', 3000],
        ['temporary', 500],
        ['output', 500],
      ],
      [
        map([3000], at(1, [1]), [at(0, [1])], body(scalar.square)),
        reduce([500], [2, 3], at(1, [1, 1500, -500], 1000), at(2, [1])),
        map([500], at(3, [1]), [at(2, [1])], body(scalar.neg)),
      ],
    );
    const after = fusePlan(plan, { order: ORDER }, checkPlan);
    expect(kinds(after)).toEqual(['map']);
    expect(runPlan(after)).toStrictEqual(runPlan(plan));
  });

  test('stays where it is long, small, whole, or where there are no lanes', () => {
    const stays: readonly (readonly [Plan, typeof ORDER])[] = [
      [reduction(scalar.sumReducer, 1000, 13, false, 'float32'), ORDER],
      [reduction(scalar.sumReducer, 10, 5, false, 'float32'), ORDER],
      [reduction(scalar.sumReducer, 4096, 1, false, 'float32'), ORDER],
      [reduction(scalar.sumReducer, 4096, 0, false, 'float32'), ORDER],
      [reduction(scalar.sumReducer, 1000, 5, false, 'int32'), ORDER],
      [reduction(scalar.anyReducer, 1000, 5, false, 'bool'), ORDER],
      [reduction(scalar.sumReducer, 1000, 5, false, 'float32'), { ...ORDER, simdLanes: 1 }],
    ];
    for (const [plan, order] of stays) expect(mapShortSums(plan, order)).toBe(plan);
  });
});
