/** jit: traced once, never stale; what is cached is found again; what is traced may not leak. */
import { stats } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import {
  ArgumentError,
  abs,
  add,
  cast,
  exp,
  greater,
  matmul,
  mul,
  random,
  ShapeError,
  sin,
  square,
  stack,
  sub,
  sum,
  TraceError,
  tensor,
  variable,
  where,
} from '@jacobi/tensor';
import { values } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { GradientTape, grad, hvp, jit, jvp, vmap } from './index.ts';

const x = tensor([1, 2, 3]);
/** What was traced, planned and compiled while fn ran. */
function counted(fn: () => unknown): { traces: number; plans: number; compiles: number } {
  const before = stats();
  fn();
  const after = stats();
  return {
    traces: after.traces - before.traces,
    plans: after.plans - before.plans,
    compiles: after.compiles - before.compiles,
  };
}
const NOTHING = { traces: 0, plans: 0, compiles: 0 };

describe('tracing', () => {
  test('once for each structure, shape and dtype', () => {
    let runs = 0;
    const f = jit((t: Tensor) => {
      runs++;
      return add(square(t), 1);
    });
    expect(values(f(x))).toEqual([2, 5, 10]);
    expect(values(f(tensor([0, 0, 0])))).toEqual([1, 1, 1]);
    expect(runs).toBe(1);
    f(tensor([1, 2]));
    f(tensor(Float64Array.of(1, 2)));
    f(tensor(3));
    expect(runs).toBe(4);
    f(tensor([3, 4]));
    expect(runs).toBe(4);
  });
  test('a second call traces, plans and compiles nothing', () => {
    const f = jit((t: Tensor) => sum(mul(sin(t), exp(t))));
    f(x);
    expect(counted(() => f(tensor([4, 5, 6])))).toEqual(NOTHING);
  });
  test('neither does a second gradient, of the tape or of the transform', () => {
    const f = (t: Tensor): Tensor => sum(mul(sin(t), exp(t)));
    const g = grad(f);
    const taped = (t: Tensor): Tensor => {
      const tape = new GradientTape();
      const y = tape.record(() => {
        tape.watch(t);
        return f(t);
      });
      return tape.gradient(y, t);
    };
    for (const call of [g, taped, grad(jit(f)), jit(g), (t: Tensor) => jvp(f, [t], [t])[1] as unknown]) {
      call(x);
      call(tensor([3, 4, 5]));
      expect(counted(() => call(tensor([7, 8, 9])))).toEqual(NOTHING);
    }
  });
  test('a learning rate that changes makes no new plan', () => {
    const step = (t: Tensor, rate: number): Tensor =>
      sub(t, mul(grad((u: Tensor) => sum(square(u)))(t) as Tensor, rate));
    step(x, 0.1);
    expect(
      counted(() => {
        for (let i = 1; i < 10; i++) step(x, i / 100);
      }),
    ).toEqual(NOTHING);
  });
  test('grad of jit traces once', () => {
    let runs = 0;
    const f = jit((t: Tensor) => {
      runs++;
      return sum(square(t));
    });
    const g = grad(f);
    g(x);
    g(x);
    hvp(f, x, x);
    hvp(f, x, x);
    expect(runs).toBe(1);
  });
  test('nests in and out, static arguments', () => {
    let runs = 0;
    const f = jit(
      ({ a, b }: { a: Tensor; b: Tensor[] }, power: number, flag: { up: boolean }) => {
        runs++;
        return { y: flag.up ? mul(a, power) : a, z: [b[0]!] };
      },
      { staticArgnums: [1, 2] },
    );
    const flag = { up: true };
    expect(values(f({ a: x, b: [tensor(1)] }, 2, flag))).toEqual({ y: [2, 4, 6], z: [1] });
    expect(values(f({ a: x, b: [tensor(1)] }, 3, flag))).toEqual({ y: [3, 6, 9], z: [1] });
    expect(values(f({ a: x, b: [tensor(1)] }, 3, { up: false }))).toEqual({ y: [1, 2, 3], z: [1] });
    f({ a: x, b: [tensor(1)] }, 2, flag);
    expect(runs).toBe(3);
  });
  test('static arguments are told apart by what they are', () => {
    const read = (c: unknown): number => (typeof c === 'number' ? (Object.is(c, -0) ? 7 : c) : String(c).length);
    const f = jit((t: Tensor, c: unknown) => add(t, read(c)), { staticArgnums: 1 });
    const given = [NaN, Infinity, -Infinity, 0, -0, '1', 1, 10n, null, undefined, true, Symbol('a'), Symbol('ab')];
    const wanted = [NaN, Infinity, -Infinity, 0, 7, 1, 1, 2, 4, 9, 4, 9, 10];
    // Twice: made, then found again.
    for (let round = 0; round < 2; round++)
      given.forEach((c, i) =>
        expect((f(tensor(0, { dtype: 'float64' }), c) as Tensor).item(), String(c)).toBe(wanted[i]),
      );
  });
  test('a result that is an argument, a constant, or the same twice', () => {
    const f = jit((t: Tensor) => [t, tensor(5), t, square(t)]);
    expect(values(f(tensor(3)))).toEqual([3, 5, 3, 9]);
    expect(values(grad((t: Tensor) => (f(t) as Tensor[]).reduce((a, b) => add(a, b)))(tensor(3)))).toBe(8);
  });
  test('zero-size and boolean values', () => {
    const f = jit((t: Tensor) => [sum(t), greater(t, 0)]);
    expect(values(f(tensor([], { shape: [0, 2] })))).toEqual([0, []]);
    expect(values(f(tensor([1, -1])))).toEqual([0, [true, false]]);
  });
});

describe('what a function reads from outside', () => {
  test('a captured tensor is followed by tapes, jvp and vmap', () => {
    const w = tensor([2, 3, 4]);
    const f = (v: Tensor) => jit((t: Tensor) => sum(mul(t, v)));
    const g = jit((t: Tensor) => sum(mul(t, w)));
    expect(values(grad((v: Tensor) => f(v)(x) as Tensor)(w))).toEqual([1, 2, 3]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(w);
      return g(x) as Tensor;
    });
    expect(values(tape.gradient(y, w))).toEqual([1, 2, 3]);
    expect(values(jvp((v: Tensor) => f(v)(x), [w], [x])[1])).toBe(14);
    expect(
      values(
        vmap((v: Tensor) => f(v)(x))(
          tensor([
            [1, 1, 1],
            [0, 0, 1],
          ]),
        ),
      ),
    ).toEqual([6, 3]);
  });
  test('variables are never stale, and tapes follow them through jit', () => {
    const v = variable(2);
    const f = jit((t: Tensor) => mul(t, square(v.value)));
    expect(values(f(tensor(3)))).toBe(12);
    v.assign(5);
    expect(values(f(tensor(3)))).toBe(75);
    const tape = new GradientTape();
    const y = tape.record(() => f(tensor(3)) as Tensor);
    expect(tape.gradient(y, v).item()).toBe(30);
    const nested = new GradientTape();
    const outer = new GradientTape();
    const slope = outer.record(() =>
      nested.gradient(
        nested.record(() => f(tensor(3)) as Tensor),
        v,
      ),
    );
    expect(outer.gradient(slope, v).item()).toBe(6);
  });
  test('assignments are outputs', () => {
    const count = variable(0);
    const f = jit((t: Tensor) => {
      count.assignAdd(t);
      return mul(count.value, 10);
    });
    expect([values(f(tensor(1))), values(f(tensor(2))), count.value.item()]).toEqual([10, 30, 3]);
    const g = jit((t: Tensor) => f(f(t) as Tensor));
    expect([values(g(tensor(1))), count.value.item()]).toEqual([440, 44]);
  });
  test('a training step in jit', () => {
    const w = variable([0, 0]);
    const step = jit((input: Tensor, wanted: Tensor) => {
      const loss = (u: Tensor): Tensor => square(sub(sum(mul(u, input)), wanted));
      w.assignSub(mul(grad(loss)(w.value) as Tensor, 0.1));
      return loss(w.value);
    });
    let last = Infinity;
    for (let i = 0; i < 20; i++) last = (step(tensor([1, 2]), tensor(3)) as Tensor).item();
    expect(last).toBeLessThan(1e-6);
    expect(counted(() => step(tensor([1, 2]), tensor(3)))).toEqual(NOTHING);
  });
  test('an error while tracing assigns nothing, and the next call traces again', () => {
    const v = variable(1);
    let broken = true;
    const f = jit((t: Tensor) => {
      v.assign(t);
      if (broken) throw new RangeError('mine');
      return v.value;
    });
    expect(() => f(tensor(7))).toThrow(RangeError);
    expect(v.value.item()).toBe(1);
    broken = false;
    expect(values(f(tensor(7)))).toBe(7);
    expect(v.value.item()).toBe(7);
  });
});

describe('traced values', () => {
  test('have no numbers', () => {
    for (const look of [(t: Tensor) => t.item(), (t: Tensor) => t.dataSync(), (t: Tensor) => t.arraySync()]) {
      expect(() =>
        jit((t: Tensor) => {
          look(sum(t));
          return t;
        })(x),
      ).toThrow(TraceError);
      expect(() =>
        jit((t: Tensor) => {
          look(sum(t));
          return t;
        })(x),
      ).toThrow(/traced value.*where/);
    }
  });
  test('may not be used after the trace has ended', () => {
    let kept: Tensor | undefined;
    jit((t: Tensor) => {
      kept = square(t);
      return kept;
    })(x);
    expect(() => add(kept!, 1)).toThrow(/a value traced by jit was used after that: return it/);
    expect(() => jit((t: Tensor) => add(t, kept!))(x)).toThrow(TraceError);
    expect(() => kept!.dataSync()).toThrow(TraceError);
    expect(() => variable(1).assign(kept!)).toThrow();
    expect(() => grad(() => sum(kept!))(x)).toThrow(TraceError);
    expect(values(jit((t: Tensor) => add(t, 1))(x))).toEqual([2, 3, 4]);
  });
  test('variables are not made inside', () => {
    expect(() => jit((t: Tensor) => variable(t).value)(x)).toThrow(/make variables outside of jit/);
  });
  test('random numbers need a key', () => {
    expect(() => jit(() => random.uniform([2]))()).toThrow(TraceError);
    const key = random.key(3);
    const f = jit((k: Tensor) => random.normal([2], { key: k }));
    expect(values(f(key))).toEqual(values(random.normal([2], { key })));
  });
  test('a function that captured a value of an enclosing trace is not cached', () => {
    const inner = (scale: Tensor) => jit((t: Tensor) => mul(t, scale));
    const shared = new Map<string, (t: Tensor) => Tensor>();
    const outer = jit((a: Tensor) => {
      const f = inner(a);
      shared.set('f', f as never);
      return add(f(a) as Tensor, f(tensor([1, 1, 1])) as Tensor);
    });
    expect(values(outer(x))).toEqual([2, 6, 12]);
    expect(() => shared.get('f')!(x)).toThrow(TraceError);
  });
});

describe('bad arguments', () => {
  test.each<[string, () => unknown, RegExp, new (message?: string) => Error]>([
    ['no function', () => jit(1 as never), /jit: f must be a function, not 1/, ArgumentError],
    ['a Promise', () => jit(async (t: Tensor) => t)(x), /jit: the callback returned a Promise/, ArgumentError],
    [
      'a string',
      () => jit((t: Tensor) => t)('a' as never),
      /jit: argument 0 is "a", no tensor; .*\{ staticArgnums: 0 \}/,
      ArgumentError,
    ],
    [
      'a flag after a tensor',
      () => jit((t: Tensor, _on: unknown) => t)(x, false as never),
      /jit: argument 1 is false, no tensor; .*\{ staticArgnums: 1 \}/,
      ArgumentError,
    ],
    [
      'staticArgnums',
      () => jit((t: Tensor) => t, { staticArgnums: -1 }),
      /staticArgnums must be whole numbers ≥ 0/,
      ArgumentError,
    ],
    [
      'staticArgnums twice',
      () => jit((t: Tensor) => t, { staticArgnums: [0, 0] }),
      /each of them once, not \[0, 0\]/,
      ArgumentError,
    ],
    [
      'staticArgnums with a hole',
      () => jit((t: Tensor) => t, { staticArgnums: new Array(1) }),
      /staticArgnums/,
      ArgumentError,
    ],
    [
      'staticArgnums out of range',
      () => jit((t: Tensor) => t, { staticArgnums: 1 })(x),
      /jit: staticArgnums 1 names no argument: f was called with 1/,
      ArgumentError,
    ],
    [
      'staticArgnums null',
      () => jit((t: Tensor) => t, { staticArgnums: null as never }),
      /staticArgnums.*not null/,
      ArgumentError,
    ],
    [
      'shapes inside',
      () => jit((t: Tensor) => add(t, tensor([1, 2])))(x),
      /add: shapes \[3\] and \[2\] do not broadcast/,
      ShapeError,
    ],
    [
      'no result',
      () => jit((_t: Tensor) => undefined)(x),
      /returns undefined; did you forget to return a value/,
      ArgumentError,
    ],
  ])('%s', (_name, call, message, type) => {
    expect(call).toThrow(message);
    expect(call).toThrow(type);
  });
});

test('jitted, eager and mapped give the same bits where no sum is regrouped and no zero is written', () => {
  const f = (a: Tensor, b: Tensor): Tensor =>
    where(greater(a, 0), matmul(sin(a), b), abs(cast(stack([sum(a), sum(b)]), a.dtype)));
  const [a, b] = [
    tensor([
      [0.1, 0.2],
      [0.3, 0.4],
    ]),
    tensor([
      [1.5, -2],
      [0.25, 3],
    ]),
  ];
  expect(values(jit(f)(a, b))).toEqual(values(f(a, b)));
  expect(values(vmap(f)(stack([a, b]), stack([b, a])))).toEqual([values(f(a, b)), values(f(b, a))]);
});

test('what is used now and then is traced once, among hundreds of other shapes', () => {
  let traced = 0;
  const f = jit((x: Tensor) => {
    if (x.size === 1000) traced++;
    return sin(x);
  });
  const hot = tensor(new Float32Array(1000));
  for (let n = 1; n <= 300; n++) {
    f(tensor(new Float32Array(n)));
    if (n % 20 === 0) f(hot);
  }
  expect(traced).toBe(1);
});
