/** Plans are made once for each structure: what makes a new one and what does not; explanations. */
import { grad, hvp, jit } from '@jacobi/autograd';
import { stats } from '@jacobi/compiler';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import type { BatchJacobianOptions, TapeJacobianOptions } from './index.ts';
import { GradientTape, hessian, jacobian, prepareJacobian } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });

/** What a run adds to the counters. */
function cost(run: () => unknown): { traces: number; plans: number; compiles: number } {
  const before = stats();
  run();
  const after = stats();
  return {
    traces: after.traces - before.traces,
    plans: after.plans - before.plans,
    compiles: after.compiles - before.compiles,
  };
}
const NOTHING = { traces: 0, plans: 0, compiles: 0 };

function run(f: (x: Tensor) => Tensor, x: Tensor, options: TapeJacobianOptions<'error'> = {}): Tensor {
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return f(x);
  });
  return tape.jacobian(y, x, options);
}
function runBatch(f: (x: Tensor) => Tensor, x: Tensor, options: BatchJacobianOptions<'error'> = {}): Tensor {
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return f(x);
  });
  return tape.batchJacobian(y, x, options);
}

/** A function made anew each time. */
const make =
  (rate: number, power = 2): ((x: Tensor) => Tensor) =>
  (x) =>
    ops.mul(ops.pow(ops.sin(x), power), rate);

describe('no new plan for', () => {
  const x = (): Tensor => f64([0.1, 0.2, Math.random()]);
  const again: Record<string, () => unknown> = {
    'other values': () => run(make(2), x()),
    'another closure': () => run((t) => ops.mul(ops.pow(ops.sin(t), 2), 2), x()),
    'a changed scalar constant': () => run(make(Math.random()), x()),
    'a changed captured tensor': () => run((t) => ops.mul(t, f64([Math.random(), 1, 2])), x()),
    chunks: () => run(make(2), x(), { chunkSize: 2, mode: 'forward' }),
    'a batch': () =>
      runBatch(
        (t) => ops.softmax(t),
        f64([
          [1, Math.random()],
          [3, 4],
        ]),
      ),
    'a checked batch': () =>
      runBatch(
        (t) => ops.softmax(t),
        f64([
          [1, Math.random()],
          [3, 4],
        ]),
        { check: true },
      ),
    'the explanation': () => {
      const tape = new GradientTape();
      const source = x();
      const y = tape.record(() => {
        tape.watch(source);
        return make(2)(source);
      });
      return tape.explain(y, source);
    },
    'a jitted function': (
      (f) => () =>
        run(f as (t: Tensor) => Tensor, x())
    )(jit(make(2))),
    'a jitted Jacobian': (
      (f) => () =>
        f(x())
    )(jit(jacobian(make(2)))),
    'a prepared Jacobian': (
      (f) => () =>
        f(x())
    )(prepareJacobian(make(2), { shape: [3], dtype: 'float64' })),
    jacobian: () => jacobian(make(Math.random()))(x()),
    hessian: () => hessian((t: Tensor) => ops.sum(make(Math.random())(t)))(x()),
    'grad and hvp': () => [
      grad((t: Tensor) => ops.sum(make(2)(t)))(x()),
      hvp((t: Tensor) => ops.sum(make(2)(t)), x(), x()),
    ],
    'data-dependent indices': () => run((t) => ops.gather(t, ops.argmax(ops.reshape(t, [1, 3]), 1)), x()),
    'a tape in a tape': () => run((t) => run(make(3), t), x()),
    'two sources of one structure': () =>
      jacobian((a: Tensor, b: Tensor) => ops.mul(a, b), { argnums: [0, 1] })(x(), x()),
    'batch normalization': () =>
      runBatch(
        (t) => ops.div(ops.sub(t, ops.mean(t, 0)), ops.sqrt(ops.add(ops.variance(t, 0), 1e-3))),
        f64([
          [1, Math.random()],
          [3, 4],
        ]),
      ),
  };
  test.each(Object.keys(again))('%s', (name) => {
    again[name]!();
    expect(cost(again[name]!)).toEqual(NOTHING);
    expect(cost(again[name]!)).toEqual(NOTHING);
  });
});

describe('a new plan for', () => {
  const base = (): Tensor => run(make(2), f64([1, 2, 3]));
  const others: Record<string, () => unknown> = {
    'another integer exponent': () => run(make(2, 7), f64([1, 2, 3])),
    'another shape': () => run(make(2), f64([1, 2, 3, 4, 5, 6, 7])),
    'another dtype': () => run(make(2), ops.tensor([1, 2, 3], { dtype: 'float32' })),
    'another mode': () => run(make(2), f64([1, 2, 3]), { mode: 'reverse' }),
    'another chunk': () => run((x) => ops.cumsum(make(2)(x)), f64([1, 2, 3]), { chunkSize: 2 }),
    'another operation': () => run((x) => ops.mul(ops.pow(ops.cos(x), 2), 2), f64([1, 2, 3])),
    'operands in the other order': () => run((x) => ops.sub(1, ops.pow(ops.sin(x), 2)), f64([1, 2, 3])),
  };
  test.each(Object.keys(others))('%s', (name) => {
    base();
    expect(cost(others[name]!).traces).toBeGreaterThan(0);
    expect(cost(others[name]!)).toEqual(NOTHING);
    expect(cost(base)).toEqual(NOTHING);
  });
});

test('chunks that hold all seeds are the plan without chunks', () => {
  const wave = (x: Tensor): Tensor => ops.cumsum(make(2)(x));
  run(wave, f64([1, 2, 3]));
  expect(cost(() => run(wave, f64([1, 2, 3]), { chunkSize: 3 }))).toEqual(NOTHING);
  expect(cost(() => run(wave, f64([1, 2, 3]), { memoryBudget: 1e6 }))).toEqual(NOTHING);
});

test('values do not stick to a plan', () => {
  for (const rate of [1, 5, -2]) {
    for (const v of [0.5, 2])
      expect(run((x) => ops.mul(ops.square(x), rate), f64([v])).arraySync()).toEqual([[2 * rate * v]]);
  }
  for (const index of [0, 2, 1])
    expect(run((x) => ops.gather(x, [index]), f64([1, 2, 3])).arraySync()).toEqual([
      [0, 1, 2].map((k) => (k === index ? 1 : 0)),
    ]);
  for (const mask of [
    [true, false],
    [false, true],
  ])
    expect(run((x) => ops.where(mask, x, 0), f64([1, 2])).arraySync()).toEqual([
      [Number(mask[0]), 0],
      [0, Number(mask[1])],
    ]);
});

test('branches of ordinary control flow have plans of their own', () => {
  const f = (x: Tensor): Tensor => (x.item() > 0 ? ops.square(x) : ops.mul(x, 3));
  expect([2, -1, 5, -7].map((v) => run(f, f64(v)).item())).toEqual([4, 3, 10, 3]);
  expect(cost(() => [2, -1].map((v) => run(f, f64(v))))).toEqual(NOTHING);
});

describe('explain', () => {
  test('scalar source', () => {
    const x = ops.tensor(1);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return ops.stack([ops.pow(x, 2), ops.sin(x)]);
    });
    expect(tape.explain(y, x)).toMatchInlineSnapshot(`
      "Jacobian of float32[2] with respect to float32[], through 5 rows
        mode:  forward (1 forward or 2 reverse seeds: forward has at most half)
        seeds: 1, as one block
        cost:  about 4 flops, 16 bytes between
        source 0: 2 of 2 entries can differ from zero"
    `);
    expect(String(tape.jacobian(y, x))).toBe('[2, 0.5403023]');
  });

  test('tensor source', () => {
    const x = ops.tensor([1, 2]);
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return ops.constant(ops.add(ops.pow(x, 2), ops.mul(2, x)));
    });
    expect(tape.explain(y, x)).toMatchInlineSnapshot(`
      "Jacobian of float32[2] with respect to float32[2], through 3 rows
        mode:  forward (1 forward or 1 reverse seeds, 6 or 6 flops: the fewer)
        seeds: 1, as one block
        cost:  about 6 flops, 24 bytes between
        source 0: 2 of 4 entries can differ from zero, axes 0→0 (source→target) are carried"
    `);
    expect(tape.jacobian(y, x).arraySync()).toEqual([
      [4, 0],
      [0, 6],
    ]);
  });

  test('batch of a network with normalization', () => {
    const x = ops.cast(ops.random.uniform([5, 5], { minval: 0, maxval: 10, dtype: 'int32', seed: 1 }), 'float32');
    const [w1, w2] = [ops.random.normal([5, 8], { seed: 2 }), ops.random.normal([8, 6], { seed: 3 })];
    const tape = new GradientTape({ persistent: true, watchAccessedVariables: false });
    const y = tape.record(() => {
      tape.watch(x);
      const h = ops.elu(ops.matmul(x, w1));
      const centred = ops.sub(h, ops.mean(h, 0));
      return ops.elu(ops.matmul(ops.mul(centred, ops.rsqrt(ops.add(ops.variance(h, 0), 1e-3))), w2));
    });
    expect(tape.explain(y, x, { batch: true })).toMatchInlineSnapshot(`
      "batch Jacobian of float32[5,6] with respect to float32[5,5], through 17 rows
        mode:  reverse (examples mix: only in reverse one seed serves all)
        seeds: 6, as one block
        cost:  about 8532 flops, 3840 bytes between
        source 0: 150 of 150 entries can differ from zero
        examples: mixed by sum; each entry sums over the batch"
    `);
    expect(tape.batchJacobian(y, x).shape).toEqual([5, 6, 5]);
  });

  test('several sources, chunks, what is not connected', () => {
    const [a, b, c] = [
      f64([1, 2, 3]),
      f64([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      f64(1),
    ];
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch([a, b, c]);
      return ops.matmul(ops.sin(a), b);
    });
    expect(tape.explain(y, { a, b, c }, { mode: 'reverse', chunkSize: 1 })).toMatchInlineSnapshot(`
      "Jacobian of float64[2] with respect to float64[3], float64[3,2], float64[], through 2 rows
        mode:  reverse (asked for)
        seeds: 3, 1 at a time
        cost:  about 81 flops, 288 bytes between
        source 0: 6 of 6 entries can differ from zero
        source 1: 6 of 12 entries can differ from zero, axes 1→0 (source→target) are carried
        source 2: 0 of 2 entries can differ from zero
        source .c: not connected, the target does not depend on source .c"
    `);
    expect(tape.explain(c, a)).toMatchInlineSnapshot(`
      "Jacobian: nothing to compute
        source: not connected, the target does not depend on source"
    `);
    expect(tape.jacobian(y, a).shape).toEqual([2, 3]);
  });
});

test('a row that is used now and then is kept among thousands of others', () => {
  const x = ops.ones([5000]);
  const hot = (): Tensor => run((t) => ops.slice(t, [7], [2]), x);
  hot();
  const used = cost(() => {
    for (let i = 0; i < 4500; i++) {
      ops.slice(x, [i], [3]);
      if (i % 100 === 0) hot();
    }
  });
  expect(used).toEqual(NOTHING);
});
