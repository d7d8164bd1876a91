/** The plan cache holds no tensor alive, and neither do tapes and prepared Jacobians that are gone. */
import type { Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { GradientTape, jacobian, prepareJacobian } from './index.ts';

const collect = globalThis.gc as () => void;

/** True once all of these are collected. */
async function gone(references: readonly WeakRef<object>[]): Promise<boolean> {
  for (let round = 0; round < 20; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
    if (references.every((r) => r.deref() === undefined)) return true;
  }
  return false;
}

const ROWS = 64;
const large = (): Tensor => ops.random.normal([ROWS, 32], { key: ops.random.key(1), dtype: 'float64' });

const programs: Record<string, (x: Tensor, c: Tensor) => Tensor> = {
  elementwise: (x, c) => ops.mul(ops.sin(x), c),
  'matrix product': (x, c) => ops.sum(ops.matmul(x, ops.transpose(c)), 1),
  'indices and masks': (x, c) =>
    ops.sum(
      ops.where(
        ops.greater(c, 0),
        ops.gather(x, ops.cast(ops.mul(ops.slice(c, [0, 0], [-1, 1]), 0), 'int32').reshape([ROWS])),
        x,
      ),
      1,
    ),
};
const uses: Record<string, (f: (x: Tensor) => Tensor, x: Tensor) => unknown> = {
  'tape.jacobian': (f, x) => {
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return ops.sum(f(x));
    });
    return tape.jacobian(y, x);
  },
  'tape.batchJacobian of a persistent tape': (f, x) => {
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return ops.reshape(f(x), [ROWS, -1]);
    });
    return tape.batchJacobian(y, x, { chunkSize: 7 });
  },
  'jacobian of a function': (f, x) => jacobian((t: Tensor) => ops.sum(f(t), 0))(x),
  'second order': (f, x) => jacobian((t: Tensor) => ops.sum(jacobian((s: Tensor) => ops.sum(f(s)))(t) as Tensor))(x),
};
const pairs = Object.keys(uses).flatMap((use) => Object.keys(programs).map((program) => [use, program] as const));

test.each(pairs)('%s, %s: inputs, captured tensors and results are collected', async (use, program) => {
  const watched = (() => {
    const [x, c] = [large(), large()];
    const J = uses[use]!((t) => programs[program]!(t, c), x);
    return [x, c, J as object].map((t) => new WeakRef(t));
  })();
  expect(await gone(watched)).toBe(true);
});

test('a prepared Jacobian holds what it captured, and nothing of its calls; gone itself, it holds nothing', async () => {
  let kept: ((x: Tensor) => unknown) | undefined;
  const [calls, captured] = (() => {
    const c = large();
    const J = prepareJacobian((x: Tensor) => ops.sum(ops.mul(ops.square(x), c)), {
      shape: [ROWS, 32],
      dtype: 'float64',
    });
    kept = J;
    const x = large();
    const out = J(x) as Tensor;
    J.into(x, new Float64Array(ROWS * 32));
    return [[new WeakRef(x), new WeakRef(out)], [new WeakRef(c)]];
  })();
  expect(await gone(calls)).toBe(true);
  expect(await gone(captured)).toBe(false);
  expect((kept!(large()) as Tensor).shape).toEqual([ROWS, 32]);
  kept = undefined;
  expect(await gone(captured)).toBe(true);
});

test('ten thousand recorded Jacobians: memory stays bounded', () => {
  const step = (i: number): void => {
    const x = ops.tensor([i, 1, 2]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return ops.mul(ops.sin(x), ops.sum(ops.square(x)));
    });
    tape.jacobian(y, x);
  };
  for (let i = 0; i < 500; i++) step(i);
  collect();
  const before = process.memoryUsage();
  for (let i = 0; i < 10_000; i++) step(i);
  collect();
  const after = process.memoryUsage();
  expect(after.heapUsed - before.heapUsed).toBeLessThan(4e6);
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4e6);
});
