/**
 * Fusion on random plans: results keep their bits.
 */
import type { Access, DType, Kernel, Plan, Slot } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { at, body, map, runPlan } from '@jacobi/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkPlan } from './check.ts';
import { fusePlan } from './fuse-plan.ts';

/** The plan after all passes, which must give the same bits. */
function passed(plan: Plan): Plan {
  checkPlan(plan);
  const after = fusePlan(plan, {}, checkPlan);
  expect(runPlan(after)).toStrictEqual(runPlan(plan));
  return after;
}

/** Functions for random plans. */
const FUNCTIONS = [
  scalar.add,
  scalar.sub,
  scalar.mul,
  scalar.neg,
  scalar.maximum,
  scalar.select,
  scalar.exp,
  scalar.square,
  scalar.div,
  scalar.less,
];
const DTYPES: readonly DType[] = ['float32', 'float64', 'float32', 'int32'];

/** A random kernel as numbers: they choose modulo what is there. */
const recipe = fc.record({
  fn: fc.nat(FUNCTIONS.length + 3),
  from: fc.array(fc.nat(40), { minLength: 3, maxLength: 3 }),
  order: fc.nat(5),
  views: fc.array(fc.nat(7), { minLength: 3, maxLength: 3 }),
  shape: fc.nat(4),
  dtype: fc.nat(3),
  to: fc.nat(11),
});
const SHAPES: readonly (readonly number[])[] = [[4, 6], [6, 4], [2, 3, 4], [24], [8, 3]];

/** Strides that run through 24 elements in some order: a permutation of the axes, some of them backwards, or repeated. */
function viewOf(shape: readonly number[], order: number, view: number): Access {
  const axes = [...shape.keys()];
  const rotated = axes.map((_, i) => axes[(i + order) % axes.length]!);
  const strides = new Array<number>(shape.length).fill(0);
  let step = 1;
  for (const axis of rotated) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  let offset = 0;
  if (view & 1) {
    offset += (shape[0]! - 1) * strides[0]!;
    strides[0] = -strides[0]!;
  }
  if (view === 6 && shape.length > 1) strides[shape.length - 1] = 0;
  return { slot: 0, offset, strides };
}

function randomPlan(recipes: readonly (typeof recipe extends fc.Arbitrary<infer T> ? T : never)[]): Plan {
  const slots: Slot[] = [0, 1, 2].map((i) => ({ dtype: DTYPES[i + 1]!, length: 24, role: 'input' }));
  const steps: Kernel[] = [];
  recipes.forEach(({ fn, from, order, views, shape: s, dtype: d, to }, i) => {
    const shape = SHAPES[s]!;
    const last = i >= recipes.length - 2;
    const f = FUNCTIONS[fn];
    const dtype: DType = f === scalar.less ? 'bool' : d === 3 && f === scalar.exp ? 'float32' : DTYPES[d]!;
    // Some kernels write a window of what is there: half of it, or its diagonal.
    const older = slots.findLastIndex((slot) => slot.role === 'temporary');
    const window = !last && to > 9 && older >= 0 && f !== undefined && slots[older]!.dtype === dtype;
    const slot = window ? older : slots.push({ dtype, length: 24, role: last ? 'output' : 'temporary' }) - 1;
    const own = window ? (to === 10 ? [4] : [2, 6]) : shape;
    const output: Access = window
      ? at(slot, to === 10 ? [7] : [12, 1])
      : { ...viewOf(shape, to, to === 6 ? 1 : 0), slot };
    const count = f?.arity ?? 1;
    const inputs = from.slice(0, count).map((number, k): Access => {
      const source = number % slots.length;
      const free = source === slot ? 0 : source;
      return { ...viewOf(own, order + (k === 0 ? 0 : 1), views[k]!), slot: free };
    });
    steps.push(map(own, output, inputs, f === undefined ? (fn % 2 ? [{ constant: fn - 11 }] : []) : body(f, dtype)));
  });
  const of = (role: Slot['role']): number[] => [...slots.keys()].filter((i) => slots[i]!.role === role);
  return { format: 1, slots, inputs: of('input'), outputs: of('output'), steps, arenaBytes: 0 };
}

test('random plans give the same bits', () => {
  fc.assert(
    fc.property(fc.array(recipe, { minLength: 2, maxLength: 14 }), (recipes) => {
      const plan = randomPlan(recipes);
      passed(plan);
    }),
    { numRuns: 1000, seed: 3 },
  );
});
