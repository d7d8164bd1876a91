/** Small programs as straight lines: zeros of the program vanish, rows become a loop, and what cannot stays as it is. */
import { jit, vmap } from '@jacobi/autograd';
import type { Backend, Plan, StraightKernel } from '@jacobi/backend';
import { recordingBackend } from '@jacobi/backend';
import { createCpuBackend } from '@jacobi/backend-cpu';
import type { Tensor } from '@jacobi/tensor';
import {
  add,
  atan2,
  cos,
  cumprod,
  cumsum,
  div,
  exp,
  gather,
  matmul,
  mul,
  neg,
  sin,
  stack,
  sub,
  sum,
  tensor,
  unstack,
  variable,
  withBackend,
} from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { jacobian } from './jacobian.ts';
import { prepareJacobian } from './prepare.ts';

/** A device that says it has lanes, and the plans that it was given. */
function device() {
  const cpu = createCpuBackend();
  const laned: Backend = { ...cpu, traits: { ...cpu.traits, simdLanes: 4 } };
  return recordingBackend(laned);
}

/** The straight line that is all of a plan. */
function lineOf({ steps }: Plan): StraightKernel {
  expect(steps.map((kernel) => kernel.kind)).toEqual(['straight']);
  return steps[0] as StraightKernel;
}

const steps = ({ body }: StraightKernel): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const step of body) if ('fn' in step) counts[step.fn.name] = (counts[step.fn.name] ?? 0) + 1;
  return counts;
};

/** Two links of lengths 2 and 3 in a plane: homogeneous matrices, most of whose elements are 0 or 1. */
function plane(q: Tensor): Tensor {
  const link = (angle: Tensor, length: number): Tensor => {
    const [zero, one] = [tensor(0, { dtype: 'float64' }), tensor(1, { dtype: 'float64' })];
    const [c, s] = [cos(angle), sin(angle)];
    const rows = [stack([c, mul(s, -1), mul(c, length)]), stack([s, c, mul(s, length)]), stack([zero, zero, one])];
    return stack(rows);
  };
  const [first, second] = unstack(q) as [Tensor, Tensor];
  const pose = matmul(link(first, 2), link(second, 3));
  return stack([pose.slice([0, 2], [1, 1]).reshape([]), pose.slice([1, 2], [1, 1]).reshape([])]);
}

/** By hand: x = 2c₁ + 3c₁₂, y = 2s₁ + 3s₁₂. */
const planeByHand = ([a, b]: readonly number[]): number[] => {
  const [s1, c1, s12, c12] = [Math.sin(a!), Math.cos(a!), Math.sin(a! + b!), Math.cos(a! + b!)];
  return [-2 * s1 - 3 * s12, -3 * s12, 2 * c1 + 3 * c12, 3 * c12];
};

const close = (actual: ArrayLike<number>, expected: readonly number[]): void => {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 12));
};

test('the Jacobian of an arm is one line without the zeros and ones of its matrices', () => {
  const on = device();
  withBackend(on, () => {
    const J = prepareJacobian(plane, { shape: [2], dtype: 'float64' });
    const out = new Float64Array(4);
    J.into(Float64Array.of(0.3, -0.8), out);
    close(out, planeByHand([0.3, -0.8]));
    const line = lineOf(on.plans.at(-1)!);
    expect([line.rows, line.loads.length, line.stores.length]).toEqual([1, 2, 4]);
    const { sin: sines, cos: cosines, mul: products } = steps(line);
    expect([sines, cosines]).toEqual([2, 2]);
    // Of the 135 in a product of 3×3 matrices and its tangents by two seeds.
    expect(products).toBeLessThanOrEqual(12);
  });
});

test('over a batch it is a loop around the same line', () => {
  const on = device();
  withBackend(on, () => {
    const angles = Float64Array.from({ length: 14 }, (_, i) => Math.sin(i + 1));
    const J = jit(vmap(jacobian(plane)));
    const result = J(tensor(angles, { shape: [7, 2] })) as Tensor;
    expect(result.shape).toEqual([7, 2, 2]);
    const expected = Array.from({ length: 7 }, (_, i) => planeByHand([angles[2 * i]!, angles[2 * i + 1]!])).flat();
    close(result.dataSync(), expected);
    const line = on.plans.flatMap((plan) => plan.steps).find((kernel) => kernel.kind === 'straight');
    expect([line?.rows, line?.loads.map(({ stride }) => stride)]).toEqual([7, [2, 2]]);
  });
});

test('a stencil stores what is not zero, over a fill', () => {
  const on = device();
  withBackend(on, () => {
    const n = 40;
    const J = prepareJacobian((x: Tensor) => mul(x.slice([1], [n - 1]), exp(x.slice([0], [n - 1]))), { shape: [n] });
    const x = tensor(Float32Array.from({ length: n }, (_, i) => Math.cos(i)));
    const dense = (J(x) as Tensor).dataSync();
    const values = x.dataSync();
    for (let i = 0; i < n - 1; i++) {
      for (let k = 0; k < n; k++) {
        const slope = k === i ? values[i + 1]! * Math.exp(values[i]!) : k === i + 1 ? Math.exp(values[i]!) : 0;
        expect(dense[i * n + k]).toBeCloseTo(slope, 5);
      }
    }
    const kinds = on.plans.at(-1)!.steps.map((kernel) => kernel.kind);
    expect(kinds).toEqual(['map', 'straight']);
    expect((on.plans.at(-1)!.steps[1] as StraightKernel).stores.length).toBe(2 * (n - 1));
  });
});

test('variables and tensors from outside of jit stay inputs', () => {
  const on = device();
  withBackend(on, () => {
    const w = variable([2, 3]);
    const outside = tensor([0, 1]);
    const f = jit((x: Tensor) => add(mul(x, w.value), mul(x, outside)));
    expect((f(tensor([1, 1])) as Tensor).arraySync()).toEqual([2, 4]);
    w.assign([5, 7]);
    expect((f(tensor([1, Infinity])) as Tensor).arraySync()).toEqual([5, Infinity]);
    // 0·∞ of data is NaN, in a straight line as well.
    expect((f(tensor([Infinity, 1])) as Tensor).arraySync()).toEqual([NaN, 8]);
  });
});

test('programs that mix rows, or look up by data, are right without a loop around a line', () => {
  const on = device();
  withBackend(on, () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
    const mixing = jit((t: Tensor) => add(mul(t, t), sum(t, 0)));
    expect((mixing(x) as Tensor).arraySync()).toEqual([
      [26, 34],
      [34, 46],
      [50, 66],
      [74, 94],
      [106, 130],
    ]);
    const looking = jit((t: Tensor, i: Tensor) => cumsum(gather(t, i)));
    expect((looking(tensor([5, 7, 9]), tensor([2, 0], { dtype: 'int32' })) as Tensor).arraySync()).toEqual([9, 14]);
  });
});

test('totals of a scan in float32 are carried as its kernel carries them', () => {
  const on = device();
  withBackend(on, () => {
    const x = tensor([16777216, 1, 1, 1, 1]);
    expect((jit((t: Tensor) => cumsum(t))(x) as Tensor).arraySync()).toEqual(cumsum(x).arraySync());
    expect(lineOf(on.plans.at(-2)!).stores.length).toBe(5);
    const y = tensor([1.1, 0.3, -0.7, 1.9, 0.123, 3.3]);
    expect((jit((t: Tensor) => cumprod(t))(y) as Tensor).arraySync()).toEqual(cumprod(y).arraySync());
  });
});

test('a line of too many stores, or with a long sum, is none', () => {
  const on = device();
  withBackend(on, () => {
    const kinds = (): readonly string[] => on.plans.at(-1)!.steps.map(({ kind }) => kind);
    for (const n of [100, 150]) {
      const x = tensor(Float64Array.from({ length: n }, (_, i) => i / n));
      const J = prepareJacobian((t: Tensor) => sin(cumsum(t)), x);
      expect(kinds().includes('straight')).toBe(n === 100);
      const [table, totals] = [J(x).arraySync() as number[][], cumsum(x).dataSync()];
      for (const [i, j] of [
        [0, 0],
        [n - 1, 0],
        [7, 31],
        [n - 2, n - 3],
      ] as const)
        expect(table[i]![j]).toBeCloseTo(j <= i ? Math.cos(totals[i]!) : 0, 14);
    }
    jit((t: Tensor) => sum(sin(t)))(tensor(new Float32Array(300)));
    expect(kinds()).not.toContain('straight');
  });
});

test('zeros of data keep their signs where a function tells them', () => {
  withBackend(device(), () => {
    const x = tensor([1, 2], { dtype: 'float64' });
    const y = tensor([1, 3], { dtype: 'float64' });
    const f = (a: Tensor, b: Tensor): Tensor =>
      stack([div(1, sub(a, b)), div(1, sub(b, a)), atan2(sub(neg(a), neg(b)), -1), atan2(sub(neg(b), neg(a)), -1)]);
    expect((jit(f)(x, y) as Tensor).arraySync()).toEqual(f(x, y).arraySync());
  });
});
