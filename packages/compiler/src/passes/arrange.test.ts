/**
 * Layouts of temporaries: which are changed, and that results keep their bits.
 */
import type { Access, ContractKernel, Kernel, Plan } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { at, body, map, numbers, planOf, reduce, runPlan } from '@jacobi/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrangeTemporaries } from './arrange.ts';
import { checkPlan } from './check.ts';
import { printPlan } from './print.ts';

/** The plan after the pass, which must give the same bits. */
function passed(plan: Plan): Plan {
  checkPlan(plan);
  const after = arrangeTemporaries(plan);
  checkPlan(after);
  // Finite inputs: which NaN a sum gives depends on nothing that is promised.
  const finite: typeof numbers = (dtype, length) => numbers(dtype, length).map((x) => (Number.isFinite(x) ? x : 0.5));
  expect(runPlan(after, finite)).toStrictEqual(runPlan(plan, finite));
  return after;
}

const contract = (
  [m, n, k]: readonly (readonly number[])[],
  left: Access,
  right: Access,
  output: Access,
): ContractKernel => ({ kind: 'contract', batch: [], m: m!, n: n!, k: k!, left, right, output, accumulate: 'float32' });

test('rows of a temporary lie as what it is made of', () => {
  // Xᵀ·diag(v)·X for X [90, 35].
  const plan = planOf(
    [
      ['input', 3150],
      ['input', 90],
      ['temporary', 3150],
      ['output', 1225],
    ],
    [
      map([35, 90], at(2, [90, 1]), [at(0, [1, 35]), at(1, [0, 1])], body(scalar.mul)),
      contract([[35], [35], [90]], at(0, [1, 35]), at(2, [90, 1]), at(3, [35, 1])),
    ],
  );
  expect(printPlan(passed(plan))).toMatchInlineSnapshot(`
    "plan(in0:f32[3150], in1:f32[90]) → (out3:f32[1225])
      t2:f32[90,35] = map mul(in0, in1(1,0))
      out3:f32[35,35] = contract in0(1,35) · t2(1,35) b[] m[35] n[35] k[90]
      arena of 0 bytes"
  `);
});

test('the long axis comes last where kernels would run along a short one', () => {
  // c [5, 90, 3] of x [90, 3] and y [5, 3], and the sums of its squares over the last axis, taken apart.
  const squares = [0, 1].map((i) => at(2, [270, 3], i));
  const plan = planOf(
    [
      ['input', 270],
      ['input', 15],
      ['temporary', 1350],
      ['output', 450],
    ],
    [
      map([5, 90, 3], at(2, [270, 3, 1]), [at(0, [0, 3, 1]), at(1, [3, 0, 1])], body(scalar.sub)),
      map([5, 90], at(3, [90, 1]), squares, body(scalar.mul)),
    ],
  );
  expect(printPlan(passed(plan))).toMatchInlineSnapshot(`
    "plan(in0:f32[270], in1:f32[15]) → (out3:f32[450])
      t2:f32[5,3,90] = map sub(in0(0,1,3), in1(3,1,0))
      out3:f32[5,90] = map mul(t2(270,1), t2(90+270,1))
      arena of 0 bytes"
  `);
});

test('a temporary stays as it is if it is small, read through windows or out of order, or written twice', () => {
  const slots = (count: number): Parameters<typeof planOf>[0] => [
    ['input', count],
    ['temporary', count],
    ['output', count],
  ];
  const turned = map([30, 20], at(1, [20, 1]), [at(0, [1, 30])], body(scalar.exp));
  const read = (shape: readonly number[], access: Access): Kernel => {
    const strides = shape.length === 1 ? [1] : [shape[1]!, 1];
    return map(shape, at(2, strides), [access], body(scalar.neg));
  };
  const stays = (...steps: readonly Kernel[]): void => {
    const plan = planOf(slots(600), steps);
    expect(passed(plan).steps).toEqual(plan.steps);
  };
  expect(passed(planOf(slots(600), [turned, read([20, 30], at(1, [1, 20]))])).steps).not.toContain(turned);
  stays(turned, read([19, 30], at(1, [1, 20], 1)));
  stays(turned, read([20, 29], at(1, [1, 20])));
  stays(turned, read([20], at(1, [21])));
  stays(turned, read([600], at(1, [-1], 599)));
  stays(turned, { ...turned, body: body(scalar.neg) }, read([20, 30], at(1, [1, 20])));
  const few = planOf(slots(120), [
    map([6, 20], at(1, [20, 1]), [at(0, [1, 6])], body(scalar.exp)),
    map([20, 6], at(2, [6, 1]), [at(1, [1, 20])], body(scalar.neg)),
  ]);
  expect(passed(few).steps).toEqual(few.steps);
});

/** Strides of a row-major array whose axes are in some order. */
function stridesOf(shape: readonly number[], order: readonly number[]): number[] {
  const strides = shape.map(() => 0);
  let step = 1;
  for (const axis of order.toReversed()) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

test('random programs keep their bits', () => {
  let changed = 0;
  const orders = fc.shuffledSubarray([0, 1, 2], { minLength: 3 });
  const sizes = fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 2, max: 40 }),
  );
  fc.assert(
    fc.property(sizes, fc.array(orders, { minLength: 8, maxLength: 8 }), fc.boolean(), (shape, by, flat) => {
      const [a, b, c] = shape;
      const count = a * b * c;
      const access = (slot: number, i: number): Access => at(slot, stridesOf(shape, by[i]!));
      const sum = access(4, 5);
      const plan = planOf(
        [
          ['input', count],
          ['input', c * 6],
          ['temporary', count],
          ['temporary', count],
          ['temporary', count],
          ['output', a * b * 6],
          ['output', b],
          ['output', count],
        ],
        [
          map(shape, access(2, 0), [access(0, 1)], body(scalar.square)),
          map(shape, access(3, 2), [access(2, 0), access(0, 3)], body(scalar.add)),
          // Two axes as one wherever they lie so.
          flat
            ? map([count], at(4, [1]), [at(3, [1]), at(0, [1])], body(scalar.mul))
            : map(shape, access(4, 5), [access(3, 4), access(2, 6)], body(scalar.sub)),
          contract([[a, b], [6], [c]], sum, at(1, [1, 6]), at(5, [b * 6, 6, 1])),
          reduce([b], [a, c], at(4, [sum.strides[1]!, sum.strides[0]!, sum.strides[2]!]), at(6, [1])),
          map(shape, access(7, 7), [access(3, 6)], body(scalar.neg)),
        ],
      );
      if (passed(plan).steps.some((kernel, i) => kernel !== plan.steps[i])) changed++;
    }),
    { numRuns: 400, seed: 5 },
  );
  expect(changed).toBeGreaterThan(100);
});
