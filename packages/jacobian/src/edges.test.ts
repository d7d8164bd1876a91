/** What an attacker tries: infinities beside structure, large sizes in small memory, odd arguments, things that happen in f. */
import { customVjp, jit, RuleError } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { expectDense, float64 } from '@jacobi/testing/jacobians';
import { describe, expect, test, vi } from 'vitest';
import { GradientTape, jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';
import type { FunctionJacobianOptions } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const every: readonly FunctionJacobianOptions[] = (['auto', 'forward', 'reverse'] as const).flatMap((mode) => [{ mode }, { mode, chunkSize: 1 }, { mode, chunkSize: 2 }, { mode, memoryBudget: 1 }]);
const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];

describe('infinities and NaN stay where they belong', () => {
  const cases: readonly { name: string; f: (x: Tensor) => Tensor; x: NestedLike; gives: unknown }[] = [
    { name: 'sqrt at 0', f: ops.sqrt, x: [0, 4], gives: [[inf, 0], [0, 0.25]] },
    { name: 'sqrt below 0', f: ops.sqrt, x: [-1, 4], gives: [[nan, 0], [0, 0.25]] },
    { name: 'log at 0', f: ops.log, x: [0, 2], gives: [[inf, 0], [0, 0.5]] },
    { name: '1/x at 0', f: ops.reciprocal, x: [0, 2], gives: [[-inf, 0], [0, -0.25]] },
    { name: 'exp that overflows', f: ops.exp, x: [1000, 0], gives: [[inf, 0], [0, 1]] },
    { name: 'an infinite coefficient', f: (x) => ops.mul(x, f64([inf, 2])), x: [1, 1], gives: [[inf, 0], [0, 2]] },
    { name: 'a NaN coefficient', f: (x) => ops.mul(x, f64([nan, 2])), x: [1, 1], gives: [[nan, 0], [0, 2]] },
    { name: 'a NaN value that no coefficient reads', f: (x) => ops.add(x, f64([nan, 2])), x: [1, 1], gives: [[1, 0], [0, 1]] },
    { name: 'a NaN argument of something linear', f: (x) => ops.mul(2, x), x: [nan, inf], gives: [[2, 0], [0, 2]] },
    { name: 'transposed', f: (x) => ops.transpose(ops.sqrt(x)), x: [[0, 4]], gives: [[[[inf, 0]]], [[[0, 0.25]]]].map((r) => r.map((c) => c)) },
    { name: 'the double where', f: (x) => { const on = ops.greater(x, 0); return ops.where(on, ops.sqrt(ops.where(on, x, 1)), 0); }, x: [0, 4], gives: [[0, 0], [0, 0.25]] },
    { name: 'relu and its like at the kink', f: (x) => ops.add(ops.relu(x), ops.abs(x)), x: [0, -inf], gives: [[0, 0], [0, -1]] },
    { name: 'a largest element that is infinite', f: (x) => ops.max(x), x: [inf, 1], gives: [1, 0] },
    { name: 'clipped infinities', f: (x) => ops.clip(x, -1, 1), x: [inf, -inf, 0.5], gives: [[0, 0, 0], [0, 0, 0], [0, 0, 1]] },
    { name: 'the norm at 0', f: (x) => ops.norm(x), x: [0, 0], gives: [0, 0] },
  ];
  test.each(cases)('$name', ({ f, x, gives }) => {
    for (const options of every) expect((jacobian(f, options)(f64(x)) as Tensor).arraySync(), JSON.stringify(options)).toEqual(gives);
    expect((prepareJacobian(f, f64(x))(f64(x)) as Tensor).arraySync()).toEqual(gives);
    expect((jit(jacobian(f))(f64(x)) as Tensor).arraySync()).toEqual(gives);
  });

  test('in a block of seeds that starts as an identity, infinities do not meet its zeros', () => {
    const f = (x: Tensor): Tensor => ops.concat([ops.sqrt(x), x]);
    expect((jacfwd(f)(f64([0, 4])) as Tensor).arraySync()).toEqual([[inf, 0], [0, 0.25], [1, 0], [0, 1]]);
  });

  test('plain where with an infinite slope in the branch not taken: 0 forward, NaN in reverse, nothing elsewhere', () => {
    const f = (x: Tensor): Tensor => ops.where(ops.greater(x, 0), ops.sqrt(x), 0);
    expect((jacfwd(f)(f64([0, 4])) as Tensor).arraySync()).toEqual([[0, 0], [0, 0.25]]);
    expect((jacrev(f)(f64([0, 4])) as Tensor).arraySync()).toEqual([[nan, 0], [0, 0.25]]);
  });

  test('a batch example that is bad does not spoil the others', () => {
    const x = f64([[0, 1], [4, 1], [nan, 9]]);
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return ops.mul(ops.sqrt(x), ops.sum(x, 1, true));
    });
    for (const options of every) {
      const J = tape.batchJacobian(y, x, options).arraySync() as number[][][];
      expect(J[1]).toEqual([[3.25, 2], [1, 3.5]]);
      expect(J[2]!.flat().some(Number.isNaN)).toBe(true);
      const rows = tape.jacobian(y, x, options).arraySync() as number[][][][];
      expect(rows.map((r) => r.map((c) => c.map((e, b) => (r === rows[b] ? 'own' : e))))).toEqual(rows.map((_, i) => [0, 1].map(() => [0, 1, 2].map((b) => (b === i ? 'own' : [0, 0])))));
    }
    expect((tape.batchJacobian(y, x).arraySync() as number[][][])[0]![1]).toEqual([1, 1.5]);
  });
});

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
    const atATime = (memoryBudget: number): number => Number(/seeds: 100, (\d+) at a time/.exec(tape.explain(y, x, { mode: 'reverse', memoryBudget }))?.[1] ?? 100);
    const [a, b, c] = [1, 10_000, 50_000].map(atATime) as [number, number, number];
    expect(a).toBe(1);
    expect(b).toBeGreaterThan(1);
    expect(c).toBeGreaterThan(b);
    expect(atATime(1e9)).toBe(100);
  });

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
    const f = (x: Tensor): Tensor => Array.from({ length: 1000 }).reduce<Tensor>((t, _, i) => (i % 2 === 0 ? ops.sin(t) : ops.add(t, x)), x);
    const x = f64([0.1, 0.2]);
    expectDense(jacfwd(f)(x) as Tensor, jacrev(f)(x) as Tensor, '', 1e-12);
  });

  test('many axes', () => {
    const x = float64(Array.from({ length: 64 }, (_, i) => i), [2, 2, 2, 2, 2, 2]);
    const f = (t: Tensor): Tensor => ops.sum(ops.square(ops.transpose(t)), [0, 3]);
    const J = jacobian(f)(x) as Tensor;
    expect(J.shape).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    expectDense(J, jacrev(f, { chunkSize: 3 })(x) as Tensor);
    expectDense(ops.sum(J, [0, 1, 2, 3]), ops.mul(2, x));
  });
});

describe('functions that do odd things', () => {
  const x = f64([1, 2]);
  const plain = (t: unknown): unknown => (t as Tensor).arraySync();

  test('that return their argument, a part of it, a constant, a number, another argument', () => {
    expect(plain(jacobian((t: Tensor) => t)(x))).toEqual([[1, 0], [0, 1]]);
    expect(jacobian((n: { a: Tensor }) => n)({ a: f64(2) })).toMatchObject({ a: { a: { shape: [] } } });
    expect(plain(jacobian(() => 3)(x))).toEqual([0, 0]);
    expect(plain(jacobian((_t: Tensor, u: Tensor) => u)(x, x))).toEqual([[0, 0], [0, 0]]);
    expect(plain(jacobian(() => x)(x))).toEqual([[0, 0], [0, 0]]);
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
        jacobian(() => { throw new Error('inner'); })(t);
      } catch {
        return ops.square(t);
      }
      return t;
    };
    expect(plain(jacobian(f)(x))).toEqual([[2, 0], [0, 4]]);
  });

  test('that stop the recording, inside of functions too', () => {
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return ops.mul(x, tape.stopRecording(() => jacobian(ops.square)(x) as Tensor));
    });
    expect(plain(tape.jacobian(y, x))).toEqual([[[2, 0], [0, 0]], [[0, 0], [0, 4]]].map((r) => r.map((c) => c)));
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

describe('custom backward rules', () => {
  const clip = (t: Tensor): Tensor => ops.clip(t, -0.5, 0.5);
  const clipped = customVjp(ops.square, (t: Tensor) => [ops.square(t), t], (t: Tensor, dy: Tensor) => [clip(ops.mul(dy, ops.mul(2, t)))]);
  const x = f64([0.1, 2]);

  test('that are not linear: auto takes reverse, forward says what to add', () => {
    expect((jacobian(clipped)(x) as Tensor).arraySync()).toEqual([[0.2, 0], [0, 0.5]]);
    expect((jacrev(clipped, { chunkSize: 1 })(x) as Tensor).arraySync()).toEqual([[0.2, 0], [0, 0.5]]);
    expect(() => jacfwd(clipped)(x) as Tensor).toThrow(RuleError);
    expect(() => jacfwd(clipped)(x) as Tensor).toThrow('customJvp');
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return clipped(x);
    });
    expect(tape.jacobian(y, x).arraySync()).toEqual([[0.2, 0], [0, 0.5]]);
    expect(tape.explain(y, x)).toContain('reverse');
    expect(prepareJacobian(clipped, x)(x)).toBeDefined();
  });

  test('that clip the norm of what comes: 0.5 · 2v at 2', () => {
    const byNorm = customVjp((t: Tensor) => t, (t: Tensor) => [t, f64(0)], (_: Tensor, dy: Tensor) => [ops.mul(dy, ops.div(0.5, ops.maximum(ops.norm(dy), 0.5)))]);
    const f = (v: Tensor): Tensor => byNorm(ops.mul(v, v));
    for (const options of [{}, { mode: 'reverse' }, { chunkSize: 1 }] as FunctionJacobianOptions[]) {
      expect((jacobian(f, options)(f64(2)) as Tensor).item()).toBe(2);
      expect((jit(jacobian(f, options))(f64(2)) as Tensor).item()).toBe(2);
    }
  });

  test('that add constants to what comes: each row is pulled back by itself', () => {
    const shifted = customVjp((t: Tensor) => t, (t: Tensor) => [t, t], (t: Tensor, dy: Tensor) => [ops.where(ops.greater(t, 1.5), ops.mul(dy, 3), ops.mul(0.5, t))]);
    for (const options of [{}, { mode: 'reverse' }, { chunkSize: 1 }] as FunctionJacobianOptions[]) {
      expect((jacobian(shifted, options)(f64([1, 2])) as Tensor).arraySync()).toEqual([[0.5, 0], [0.5, 3]]);
    }
  });

  test('that add 1 to what comes (2·dy·x + 1 at 3): 7, and no forward mode', () => {
    const f = customVjp(ops.square, (t: Tensor) => [ops.square(t), t], (t: Tensor, dy: Tensor) => [ops.add(ops.mul(dy, ops.mul(2, t)), 1)]);
    expect((jacobian(f)(f64(3)) as Tensor).item()).toBe(7);
    expect(() => jacfwd(f)(f64(3)) as Tensor).toThrow('add adds a constant to it');
    const constant = customVjp(ops.square, (t: Tensor) => [ops.square(t), t], (t: Tensor) => [t]);
    expect((jacobian(constant)(f64(3)) as Tensor).item()).toBe(3);
    expect(() => jacfwd(constant)(f64(3)) as Tensor).toThrow('a gradient does not depend on it');
    const none = customVjp(ops.square, (t: Tensor) => [ops.square(t), t], (t: Tensor, dy: Tensor) => [ops.where(ops.greater(t, 0), ops.add(dy, ops.zerosLike(dy)), 0)]);
    expect((jacfwd(none)(f64([3, -1])) as Tensor).arraySync()).toEqual([[1, 0], [0, 0]]);
  });

  test('that are linear serve both', () => {
    const doubled = customVjp(ops.square, (t: Tensor) => [ops.square(t), t], (t: Tensor, dy: Tensor) => [ops.mul(dy, ops.mul(4, t))]);
    for (const options of every) expect((jacobian(doubled, options)(f64([1, 2])) as Tensor).arraySync()).toEqual([[4, 0], [0, 8]]);
  });
});
