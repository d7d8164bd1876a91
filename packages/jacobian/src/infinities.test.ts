/** Infinities and NaN in Jacobians: zeros that the structure proves stay zero, and bad entries stay where they belong. */
import { jit } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import type { FunctionJacobianOptions } from './index.ts';
import { GradientTape, jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const every: readonly FunctionJacobianOptions[] = (['auto', 'forward', 'reverse'] as const).flatMap((mode) => [
  { mode },
  { mode, chunkSize: 1 },
  { mode, chunkSize: 2 },
  { mode, memoryBudget: 1 },
]);
const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];

describe('infinities and NaN stay where they belong', () => {
  const cases: readonly { name: string; f: (x: Tensor) => Tensor; x: NestedLike; gives: unknown }[] = [
    {
      name: 'sqrt at 0',
      f: ops.sqrt,
      x: [0, 4],
      gives: [
        [inf, 0],
        [0, 0.25],
      ],
    },
    {
      name: 'sqrt below 0',
      f: ops.sqrt,
      x: [-1, 4],
      gives: [
        [nan, 0],
        [0, 0.25],
      ],
    },
    {
      name: 'log at 0',
      f: ops.log,
      x: [0, 2],
      gives: [
        [inf, 0],
        [0, 0.5],
      ],
    },
    {
      name: '1/x at 0',
      f: ops.reciprocal,
      x: [0, 2],
      gives: [
        [-inf, 0],
        [0, -0.25],
      ],
    },
    {
      name: 'exp that overflows',
      f: ops.exp,
      x: [1000, 0],
      gives: [
        [inf, 0],
        [0, 1],
      ],
    },
    {
      name: 'an infinite coefficient',
      f: (x) => ops.mul(x, f64([inf, 2])),
      x: [1, 1],
      gives: [
        [inf, 0],
        [0, 2],
      ],
    },
    {
      name: 'a NaN coefficient',
      f: (x) => ops.mul(x, f64([nan, 2])),
      x: [1, 1],
      gives: [
        [nan, 0],
        [0, 2],
      ],
    },
    {
      name: 'a NaN value that no coefficient reads',
      f: (x) => ops.add(x, f64([nan, 2])),
      x: [1, 1],
      gives: [
        [1, 0],
        [0, 1],
      ],
    },
    {
      name: 'a NaN argument of something linear',
      f: (x) => ops.mul(2, x),
      x: [nan, inf],
      gives: [
        [2, 0],
        [0, 2],
      ],
    },
    {
      name: 'transposed',
      f: (x) => ops.transpose(ops.sqrt(x)),
      x: [[0, 4]],
      gives: [[[[inf, 0]]], [[[0, 0.25]]]].map((r) => r.map((c) => c)),
    },
    {
      name: 'the double where',
      f: (x) => {
        const on = ops.greater(x, 0);
        return ops.where(on, ops.sqrt(ops.where(on, x, 1)), 0);
      },
      x: [0, 4],
      gives: [
        [0, 0],
        [0, 0.25],
      ],
    },
    {
      name: 'relu and its like at the kink',
      f: (x) => ops.add(ops.relu(x), ops.abs(x)),
      x: [0, -inf],
      gives: [
        [0, 0],
        [0, -1],
      ],
    },
    { name: 'a largest element that is infinite', f: (x) => ops.max(x), x: [inf, 1], gives: [1, 0] },
    {
      name: 'clipped infinities',
      f: (x) => ops.clip(x, -1, 1),
      x: [inf, -inf, 0.5],
      gives: [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 1],
      ],
    },
    { name: 'the norm at 0', f: (x) => ops.norm(x), x: [0, 0], gives: [0, 0] },
  ];
  test.each(cases)('$name', ({ f, x, gives }) => {
    for (const options of every)
      expect((jacobian(f, options)(f64(x)) as Tensor).arraySync(), JSON.stringify(options)).toEqual(gives);
    expect((prepareJacobian(f, f64(x))(f64(x)) as Tensor).arraySync()).toEqual(gives);
    expect((jit(jacobian(f))(f64(x)) as Tensor).arraySync()).toEqual(gives);
  });

  test('in a block of seeds that starts as an identity, infinities do not meet its zeros', () => {
    const f = (x: Tensor): Tensor => ops.concat([ops.sqrt(x), x]);
    for (const { mode: _, ...options } of every)
      expect((jacfwd(f, options)(f64([0, 4])) as Tensor).arraySync(), JSON.stringify(options)).toEqual([
        [inf, 0],
        [0, 0.25],
        [1, 0],
        [0, 1],
      ]);
  });

  test('chunks give what the whole block gives, with several free axes and infinite slopes before and after they mix', () => {
    const [a, b] = [
      f64([
        [1, -2],
        [3, 4],
        [5, 0.5],
        [-6, 7],
      ]),
      f64([
        [1, 2],
        [3, -1],
        [2, 2],
      ]),
    ]; // prettier-ignore
    const x = f64([
      [0, 4, 0],
      [9, 0, 1],
    ]); // prettier-ignore
    const roots = (t: Tensor): Tensor => ops.sqrt(ops.relu(t));
    const functions: Record<string, (t: Tensor) => Tensor> = {
      before: (t) => ops.matmul(a, ops.matmul(ops.sqrt(t), b)),
      after: (t) => ops.sqrt(ops.matmul(a, ops.matmul(ops.mul(t, 0), b))),
      between: (t) => ops.matmul(a, roots(ops.matmul(t, b))),
      flat: (t) => ops.sqrt(ops.reshape(ops.concat([ops.flip(t, 0), ops.square(t)], 1), [-1])),
      running: (t) => ops.cumsum(ops.sqrt(ops.cumsum(t, 0)), 1),
      parts: (t) => ops.concat([ops.sum(ops.sqrt(t), 0), ops.sqrt(ops.sum(t, 1))]),
    };
    for (const [name, f] of Object.entries(functions))
      for (const mode of ['forward', 'reverse'] as const) {
        const whole = (jacobian(f, { mode })(x) as Tensor).arraySync();
        for (const chunkSize of [1, 2, 3, 4, 5, 7, 100])
          expect((jacobian(f, { mode, chunkSize })(x) as Tensor).arraySync(), `${name} ${mode} ${chunkSize}`).toEqual(
            whole,
          );
      }
  });

  test('plain where with an infinite slope in the branch not taken: 0 forward, NaN in reverse, nothing elsewhere', () => {
    const f = (x: Tensor): Tensor => ops.where(ops.greater(x, 0), ops.sqrt(x), 0);
    expect((jacfwd(f)(f64([0, 4])) as Tensor).arraySync()).toEqual([
      [0, 0],
      [0, 0.25],
    ]);
    expect((jacrev(f)(f64([0, 4])) as Tensor).arraySync()).toEqual([
      [nan, 0],
      [0, 0.25],
    ]);
  });

  test('a batch example that is bad does not spoil the others', () => {
    const x = f64([
      [0, 1],
      [4, 1],
      [nan, 9],
    ]);
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return ops.mul(ops.sqrt(x), ops.sum(x, 1, true));
    });
    for (const options of every) {
      const J = tape.batchJacobian(y, x, options).arraySync() as number[][][];
      expect(J[1]).toEqual([
        [3.25, 2],
        [1, 3.5],
      ]);
      expect(J[2]!.flat().some(Number.isNaN)).toBe(true);
      const rows = tape.jacobian(y, x, options).arraySync() as number[][][][];
      expect(rows.map((r) => r.map((c) => c.map((e, b) => (r === rows[b] ? 'own' : e))))).toEqual(
        rows.map((_, i) => [0, 1].map(() => [0, 1, 2].map((b) => (b === i ? 'own' : [0, 0])))),
      );
    }
    expect((tape.batchJacobian(y, x).arraySync() as number[][][])[0]![1]).toEqual([1, 1.5]);
  });
});
