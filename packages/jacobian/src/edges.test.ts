/** What an attacker tries: large sizes in small memory, odd arguments, things that happen in f. */
import { grad } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { expectDense, float64 } from '@jacobi/testing/jacobians';
import { describe, expect, test, vi } from 'vitest';
import type { FunctionJacobianOptions } from './index.ts';
import { GradientTape, jacfwd, jacobian, jacrev } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const every: readonly FunctionJacobianOptions[] = (['auto', 'forward', 'reverse'] as const).flatMap((mode) => [
  { mode },
  { mode, chunkSize: 1 },
  { mode, chunkSize: 2 },
  { mode, memoryBudget: 1 },
]);

describe('sizes', () => {
  test('a chunk bounds the memory: a Jacobian of 2000 × 2000 through 2000 values each', () => {
    const n = 2000;
    const x = ops.linspace(0, 1, n, { dtype: 'float64' });
    const f = (t: Tensor): Tensor => ops.sin(ops.cumsum(ops.square(t)));
    const J = jacobian(f, { mode: 'reverse', memoryBudget: 4 << 20 })(x) as Tensor;
    expect(J.shape).toEqual([n, n]);
    const slope = ops.cos(ops.cumsum(ops.square(x))).dataSync();
    const [data, xs] = [J.dataSync(), x.dataSync()];
    for (let k = 0; k < 200; k++) {
      const [i, j] = [(k * 7919) % n, (k * 104729) % n];
      expect(data[i * n + j]).toBeCloseTo(j <= i ? 2 * xs[j]! * slope[i]! : 0, 10);
    }
  });

  test('the plan says how many seeds go at a time, and a smaller budget means fewer', () => {
    const x = ops.ones([100], { dtype: 'float64' });
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return ops.cumsum(ops.sin(x));
    });
    const atATime = (memoryBudget: number): number =>
      Number(/seeds: 100, (\d+) at a time/.exec(tape.explain(y, x, { mode: 'reverse', memoryBudget }))?.[1] ?? 100);
    const [a, b, c] = [1, 10_000, 50_000].map(atATime) as [number, number, number];
    expect(a).toBe(1);
    expect(b).toBeGreaterThan(1);
    expect(c).toBeGreaterThan(b);
    expect(atATime(1e9)).toBe(100);
  });

  test.each(['forward', 'reverse'] as const)(
    '%s: a chunk and what it brings back fit the budget, and no seed more would',
    (mode) => {
      for (const dtype of ['float32', 'float64'] as const) {
        const x = ops.ones([60], { dtype });
        const tape = new GradientTape();
        const y = tape.record(() => {
          tape.watch(x);
          return ops.cumsum(ops.concat([ops.cumsum(x), x, x]));
        });
        const text = (memoryBudget?: number): string =>
          tape.explain(y, x, memoryBudget === undefined ? { mode } : { mode, memoryBudget });
        const seeds = mode === 'forward' ? 60 : 180;
        const between = Number(/(\d+) bytes between/.exec(text())![1]) / seeds;
        const back = (mode === 'forward' ? 180 : 60) * (dtype === 'float32' ? 4 : 8);
        for (const count of [2, 7, 30]) {
          expect(text(count * (between + back))).toContain(`, ${count} at a time`);
          expect(text((count + 1) * (between + back) - 1)).toContain(`, ${count} at a time`);
        }
      }
    },
  );

  test('elementwise on 10⁵ numbers needs one seed; the batch Jacobian of it is small', () => {
    const x = ops.ones([25_000, 4]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return ops.sin(x);
    });
    expect(tape.explain(y, x, { batch: true })).toContain('seeds: 1,');
    expect(tape.batchJacobian(y, x).shape).toEqual([25_000, 4, 4]);
  });

  test('a program of a thousand rows', () => {
    const f = (x: Tensor): Tensor =>
      Array.from({ length: 1000 }).reduce<Tensor>((t, _, i) => (i % 2 === 0 ? ops.sin(t) : ops.add(t, x)), x);
    const x = f64([0.1, 0.2]);
    expectDense(jacfwd(f)(x) as Tensor, jacrev(f)(x) as Tensor, '', 1e-12);
  });

  test('many axes', () => {
    const x = float64(
      Array.from({ length: 64 }, (_, i) => i),
      [2, 2, 2, 2, 2, 2],
    );
    const f = (t: Tensor): Tensor => ops.sum(ops.square(ops.transpose(t)), [0, 3]);
    const J = jacobian(f)(x) as Tensor;
    expect(J.shape).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    expectDense(J, jacrev(f, { chunkSize: 3 })(x) as Tensor);
    expectDense(ops.sum(J, [0, 1, 2, 3]), ops.mul(2, x));
  });
});

describe('nests without a tensor in them', () => {
  test.each([[[]], [{}], [[[], { w: [] }]]])('%j gives itself, in every form of call', (nothing) => {
    const x = float64([1, 2], [2]);
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return ops.sum(ops.square(x));
    });
    for (const unconnected of ['error', 'none', 'zero'] as const) {
      expect(tape.gradient(y, nothing as [], { unconnected })).toEqual(nothing);
      expect(tape.gradient([y, x], nothing as [], { unconnected, outputGradients: [2, null] })).toEqual(nothing);
      expect(tape.jacobian(x, nothing as [], { unconnected })).toEqual(nothing);
    }
    expect(tape.explain(y, nothing as [])).toBe('Jacobian: nothing to compute');
    for (const options of [{}, { mode: 'forward' }, { mode: 'reverse' }, { chunkSize: 1 }] as const)
      expect(jacobian(() => ops.tensor([1, 2]), options)(nothing)).toEqual(nothing);
    expect(grad(() => ops.tensor(3))(nothing)).toEqual(nothing);
    const [dx, rest] = tape.gradient(y, [x, nothing as []]);
    expect([dx.arraySync(), rest]).toEqual([[2, 4], nothing]);
  });

  test('they use up a tape that is not persistent, as any sources do', () => {
    const tape = new GradientTape();
    const y = tape.record(() => ops.tensor(1));
    expect(tape.gradient(y, [])).toEqual([]);
    expect(() => tape.jacobian(y, [])).toThrow('can only be used to compute one set');
  });
});

describe('functions that do odd things', () => {
  const x = f64([1, 2]);
  const plain = (t: unknown): unknown => (t as Tensor).arraySync();

  test('that return their argument, a part of it, a constant, a number, another argument', () => {
    expect(plain(jacobian((t: Tensor) => t)(x))).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(jacobian((n: { a: Tensor }) => n)({ a: f64(2) })).toMatchObject({ a: { a: { shape: [] } } });
    expect(plain(jacobian(() => 3)(x))).toEqual([0, 0]);
    expect(plain(jacobian((_t: Tensor, u: Tensor) => u)(x, x))).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(plain(jacobian(() => x)(x))).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test('that change the nests they are given', () => {
    const argument = { list: [f64(2), f64(3)] };
    const f = (n: { list: Tensor[]; extra?: Tensor }): Tensor => {
      n.list.push(ops.mul(n.list[0]!, n.list[1]!));
      n.extra = n.list.pop()!;
      n.list.length = 0;
      return n.extra;
    };
    const J = jacobian(f)(argument) as { list: Tensor[] };
    expect(J.list.map(plain)).toEqual([3, 2]);
    expect(argument.list.map(plain)).toEqual([2, 3]);
    expect(Object.keys(argument)).toEqual(['list']);
  });

  test('that assign variables between reads: each read counts with the value it had', () => {
    const v = ops.variable(f64(3));
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      const a = ops.square(v.value);
      v.assign(f64(5));
      return ops.add(a, ops.mul(v.value, 10));
    });
    expect(y.item()).toBe(59);
    expect(tape.jacobian(y, v).item()).toBe(16);
    expect(v.value.item()).toBe(5);
  });

  test('that call other differentiating functions and throw in them', () => {
    const f = (t: Tensor): Tensor => {
      try {
        jacobian(() => {
          throw new Error('inner');
        })(t);
      } catch {
        return ops.square(t);
      }
      return t;
    };
    expect(plain(jacobian(f)(x))).toEqual([
      [2, 0],
      [0, 4],
    ]);
  });

  test('that stop the recording, inside of functions too', () => {
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return ops.mul(
        x,
        tape.stopRecording(() => jacobian(ops.square)(x) as Tensor),
      );
    });
    expect(plain(tape.jacobian(y, x))).toEqual(
      [
        [
          [2, 0],
          [0, 0],
        ],
        [
          [0, 0],
          [0, 4],
        ],
      ].map((r) => r.map((c) => c)),
    );
  });

  test('that watch an integer: a warning, and no derivative', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const tape = new GradientTape({ persistent: true });
    const i = ops.tensor([1, 2], { dtype: 'int32' });
    const y = tape.record(() => {
      tape.watch(i);
      return ops.cast(i, 'float32');
    });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(tape.jacobian(y, i, { unconnected: 'none' })).toBeNull();
    expect(tape.jacobian(y, i, { unconnected: 'zero' }).shape).toEqual([2, 2]);
    expect(() => tape.jacobian(y, i)).toThrow('integers carry no derivative');
  });

  test('that compute one value and use it on many paths', () => {
    const f = (t: Tensor): Tensor => {
      const s = ops.sin(t);
      return ops.stack([ops.add(s, s), ops.mul(s, s), ops.sub(s, ops.flip(s)), ops.mul(s, t)], 1);
    };
    for (const options of every) expectDense(jacobian(f, options)(x) as Tensor, jacfwd(f)(x) as Tensor, '', 1e-14);
  });

  test('whose target is computed twice from one source in other orders of axes', () => {
    const m = float64([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
    const f = (t: Tensor): Tensor => ops.add(ops.matmul(t, ops.transpose(t)), ops.transpose(ops.mul(t, ops.sum(t, 0))));
    for (const options of every) expectDense(jacobian(f, options)(m) as Tensor, jacrev(f)(m) as Tensor, '', 1e-14);
  });
});

test('wide and deep programs cost as much as they are large', () => {
  // 4000 operands took 24 s where each was looked up among the others; 40,000 rows 5 s where all temporaries were looked at.
  const wide = jacobian((x: Tensor) => ops.stack(new Array<Tensor>(4000).fill(x)))(ops.ones([3])) as Tensor;
  expect(wide.shape).toEqual([4000, 3, 3]);
  const x = ops.tensor(0.5);
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    let value: Tensor = x;
    for (let i = 0; i < 40_000; i++) value = ops.mul(value, 1);
    return value;
  });
  expect((tape.gradient(y, x) as Tensor).item()).toBe(1);
});

test.each([jacobian, jacfwd, jacrev])('a Jacobian that no tensor holds is refused by name', (transform) => {
  const x = ops.ones([100_000]);
  expect(() => transform(ops.cumsum)(x)).toThrow(
    'jacobian: float32[100000] by float32[100000]: 10000000000 elements are more than the 2147483647 of a tensor. Use jvp, vjp or batchJacobian',
  );
  // A batch counts once.
  const tape = new GradientTape();
  const batch = ops.ones([50_000, 1]);
  const y = tape.record(() => (tape.watch(batch), ops.square(batch)));
  expect(tape.batchJacobian(y, batch).shape).toEqual([50_000, 1, 1]);
});

describe("JavaScript's operators", () => {
  const x = f64(3);
  const number = (v: unknown): number => v as number;
  test.each<[string, (t: Tensor) => unknown]>([
    ['a product', (t) => number(t) * number(t)],
    ['a sum', (t) => number(ops.sin(t)) + 1],
    ['Math', (t) => Math.exp(number(t))],
    ['among others', (t) => [ops.sin(t), number(t) ** 2]],
    ['a constant beside a comparison', (t) => (number(t) > 0 ? 0 : ops.square(t))],
  ])('%s loses the derivative, and is refused', (_, f) => {
    for (const transform of [grad, jacobian, jacfwd, jacrev]) {
      const call = transform(f as (t: Tensor) => Tensor) as (t: Tensor) => unknown;
      expect(() => call(x)).toThrow(
        /JavaScript's operators and returned the number -?[\d.]+, which carries no derivative/,
      );
    }
  });

  test('decisions and constants are fine', () => {
    expect(grad((t) => (number(t) > 0 ? ops.square(t) : ops.neg(t)))(x)).toMatchObject({ shape: [] });
    expect(grad((t) => (number(t) > 0 ? ops.tensor(0, { dtype: 'float64' }) : ops.neg(t)))(x).item()).toBe(0);
    expect(grad((t) => (t.item() > 0 ? 0 : ops.neg(t)) as Tensor)(x).item()).toBe(0);
    expect(grad(() => 5 as unknown as Tensor)(x).item()).toBe(0);
    // A value that the arguments have no part in.
    const y = f64(2);
    expect(grad(() => (number(y) * 2) as unknown as Tensor)(x).item()).toBe(0);
  });

  test('a tape says so', () => {
    const tape = new GradientTape();
    const y = tape.record(() => (tape.watch(x), f64(number(x) * 2)));
    expect(() => tape.gradient(y, x)).toThrow(/was read out by JavaScript's operators: numbers carry no history/);
  });
});
