/** vmap: axes in and out, nests, chunks, captured values, other transforms inside and outside. */

import { stats } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import {
  ArgumentError,
  add,
  argmax,
  cast,
  gather,
  greater,
  log,
  logSumExp,
  matmul,
  mul,
  random,
  relu,
  reshape,
  ShapeError,
  sin,
  square,
  stopGradient,
  sub,
  sum,
  TraceError,
  tanh,
  tensor,
  transpose,
  variable,
  where,
  zeros,
} from '@jacobi/tensor';
import { values } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { GradientTape, grad, hvp, jit, jvp, vjp, vmap } from './index.ts';

const rows = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe('axes', () => {
  test('default: the first axis of each argument, and of the result', () => {
    expect(values(vmap((a: Tensor, b: Tensor) => sum(mul(a, b)))(rows, rows))).toEqual([14, 77]);
  });
  test('inAxes: one for all, one an argument, null, negative', () => {
    expect(values(vmap((a: Tensor) => sum(a), { inAxes: 1 })(rows))).toEqual([5, 7, 9]);
    expect(values(vmap((a: Tensor) => sum(a), { inAxes: -1 })(rows))).toEqual([5, 7, 9]);
    const f = vmap((a: Tensor, b: Tensor) => sum(mul(a, b)), { inAxes: [0, null] });
    expect(values(f(rows, tensor([1, 0, 2])))).toEqual([7, 16]);
    expect(values(vmap((a: Tensor, b: Tensor) => matmul(a, b), { inAxes: [null, 1] })(rows, transpose(rows)))).toEqual([
      [14, 32],
      [32, 77],
    ]);
  });
  test('outAxes', () => {
    const f = (a: Tensor): Tensor => mul(a, 10);
    expect(values(vmap(f, { outAxes: 1 })(rows))).toEqual([
      [10, 40],
      [20, 50],
      [30, 60],
    ]);
    expect(values(vmap(f, { inAxes: 1, outAxes: -1 })(rows))).toEqual([
      [10, 20, 30],
      [40, 50, 60],
    ]);
  });
  test('results that do not depend on the batch are repeated', () => {
    expect(values(vmap((a: Tensor) => [sum(a), tensor(7)])(rows))).toEqual([
      [6, 15],
      [7, 7],
    ]);
  });
  test('nests in and out', () => {
    const f = vmap(({ a, b }: { a: Tensor; b: [Tensor] }) => ({ y: add(sum(a), b[0]), z: [a] }));
    expect(values(f({ a: rows, b: [tensor([10, 20])] }))).toEqual({
      y: [16, 35],
      z: [
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    });
  });
  test('a batch of none, and of one', () => {
    expect(values(vmap((a: Tensor) => sum(square(a)))(zeros([0, 3])))).toEqual([]);
    expect((vmap((a: Tensor) => tanh(a))(zeros([0, 3])) as Tensor).shape).toEqual([0, 3]);
    expect(values(vmap((a: Tensor) => sum(square(a)))(tensor([[1, 2, 3]])))).toEqual([14]);
  });
  test('scalars in a batch broadcast against matrices', () => {
    const f = (s: Tensor, m: Tensor): Tensor => add(mul(s, m), s);
    expect(values(vmap(f, { inAxes: [0, null] })(tensor([1, 10]), rows))).toEqual([
      [
        [2, 3, 4],
        [5, 6, 7],
      ],
      [
        [20, 30, 40],
        [50, 60, 70],
      ],
    ]);
  });
  test('three deep', () => {
    const x = reshape(sin(tensor(Array.from({ length: 24 }, (_, i) => i))), [2, 3, 4]);
    const f = (t: Tensor): Tensor => square(t);
    expect(values(vmap(vmap(vmap(f)))(x))).toEqual(values(f(x)));
  });
});

describe('chunks', () => {
  test.each([1, 2, 3, 4, 5, 100])('of %i rows give the same numbers', (chunkSize) => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 10],
    ]);
    const f = (t: Tensor): unknown => ({ a: logSumExp(t), b: mul(t, t) });
    expect(values(vmap(f, { chunkSize })(x))).toEqual(values(vmap(f)(x)));
    expect(
      values(vmap((t: Tensor, u: Tensor) => add(t, u), { chunkSize, inAxes: [0, null], outAxes: 1 })(x, x)),
    ).toEqual(values(vmap((t: Tensor, u: Tensor) => add(t, u), { inAxes: [0, null], outAxes: 1 })(x, x)));
  });
  test('a batch of none', () => {
    expect(values(vmap((t: Tensor) => square(t), { chunkSize: 2 })(zeros([0])))).toEqual([]);
  });
});

describe('with other transforms', () => {
  const f = (t: Tensor): Tensor => sum(mul(tanh(t), square(t)));
  const each = (g: (t: Tensor) => unknown): unknown =>
    [0, 1].map((i) => values(g(gather(rows, tensor(i, { dtype: 'int32' })))));
  test('gradients of each example', () => {
    expect(values(vmap(grad(f))(rows))).toEqual(each(grad(f)));
    expect(values(vmap(jit(grad(f)))(rows))).toEqual(each(grad(f)));
    expect(values(jit(vmap(grad(f)))(rows))).toEqual(each(grad(f)));
    expect(values(vmap((t: Tensor) => jvp(f, [t], [t])[1])(rows))).toEqual(each((t) => jvp(f, [t], [t])[1]));
    expect(values(vmap((t: Tensor) => hvp(f, t, t))(rows))).toEqual(each((t) => hvp(f, t, t)));
    expect(values(vmap((t: Tensor) => (vjp(f, t)[1] as (ct: unknown) => unknown)(2))(rows))).toEqual([
      each((t) => values(grad((u: Tensor) => mul(2, f(u)))(t))),
    ]);
  });
  test('the gradient of a sum over a batch', () => {
    expect(values(grad((x: Tensor) => sum(vmap(f)(x) as Tensor))(rows))).toEqual(each(grad(f)));
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(rows);
      return vmap(f)(rows) as Tensor;
    });
    expect(values(tape.gradient(y, rows))).toEqual(each(grad(f)));
  });
  test('gradients by what is not mapped add up over the batch', () => {
    const loss = (w: Tensor, x: Tensor): Tensor => square(sum(mul(w, x)));
    const w = tensor([1, -1, 2]);
    const whole = grad((v: Tensor) => sum(vmap(loss, { inAxes: [null, 0] })(v, rows) as Tensor))(w) as Tensor;
    const single = vmap(grad(loss), { inAxes: [null, 0] })(w, rows) as Tensor;
    expect(values(whole)).toEqual(values(sum(single, 0)));
  });
  test('captured tensors and variables are followed', () => {
    const w = tensor([1, 2, 3]);
    const v = variable(2);
    expect(values(grad((u: Tensor) => sum(vmap((t: Tensor) => sum(mul(t, u)))(rows) as Tensor))(w))).toEqual([5, 7, 9]);
    const tape = new GradientTape();
    const y = tape.record(() => sum(vmap((t: Tensor) => mul(sum(t), v.value))(rows) as Tensor));
    expect(tape.gradient(y, v).item()).toBe(21);
    v.assign(10);
    expect(values(vmap((t: Tensor) => mul(sum(t), v.value))(rows))).toEqual([60, 150]);
  });
  test('a captured value of an outer vmap', () => {
    const outer = vmap((a: Tensor) => vmap((b: Tensor) => sum(mul(a, b)))(rows) as Tensor);
    expect(values(outer(rows))).toEqual([
      [14, 32],
      [32, 77],
    ]);
  });
  test('inside of jit, it traces once', () => {
    let runs = 0;
    const g = jit(
      vmap((t: Tensor) => {
        runs++;
        return f(t);
      }),
    );
    g(rows);
    const before = stats();
    g(rows);
    expect([runs, stats().traces - before.traces, stats().compiles - before.compiles]).toEqual([1, 0, 0]);
  });
  test('keys are mapped: each example has numbers of its own', () => {
    const keys = random.split(random.key(1), 2);
    const drawn = vmap((k: Tensor) => random.uniform([3], { key: k }))(keys) as Tensor;
    const [a, b] = [...keys].map((key) => values(random.uniform([3], { key })));
    expect(values(drawn)).toEqual([a, b]);
    expect(a).not.toEqual(b);
  });
  test('integers, booleans, choices', () => {
    const g = (t: Tensor): Tensor => where(greater(t, stopGradient(sum(t)).div(3)), t, cast(argmax(t), t.dtype));
    expect(values(vmap(g)(rows))).toEqual(each(g));
    expect(values(vmap((t: Tensor) => sum(relu(sub(t, 3))))(rows))).toEqual([0, 6]);
  });
});

describe('traced, planned and compiled once for each structure', () => {
  /** Traces, plans and compiles of ten calls. */
  const counted = (call: () => unknown): number[] => {
    const before = stats();
    for (let i = 0; i < 10; i++) call();
    const after = stats();
    return [after.traces - before.traces, after.plans - before.plans, after.compiles - before.compiles];
  };
  const many = sin(reshape(tensor(Array.from({ length: 21 }, (_, i) => i)), [7, 3]));

  test('ten calls', () => {
    let runs = 0;
    const f = vmap((t: Tensor, { s }: { s: Tensor }) => {
      runs++;
      return mul(sum(tanh(t)), s);
    });
    expect(counted(() => f(many, { s: many }))).toEqual([1, 1, 1]);
    expect(runs).toBe(1);
    f(many, { s: cast(many, 'float64') });
    expect(runs).toBe(2);
    f(rows, { s: rows });
    expect(runs).toBe(3);
  });
  test('chunks: one plan for whole ones, one for the rest', () => {
    const f = vmap((t: Tensor) => sum(tanh(square(t))), { chunkSize: 3 });
    expect(counted(() => f(many)).slice(0, 2)).toEqual([1, 2]);
    expect(values(f(many))).toEqual(values(vmap((t: Tensor) => sum(tanh(square(t))))(many)));
  });
  test('variables and what was captured are those of the call', () => {
    const v = variable([2, 3, 5]);
    const w = tensor([1, 0, -1]);
    const f = vmap((t: Tensor) => sum(mul(t, mul(v.value, w))));
    expect(values(f(rows))).toEqual([2 - 15, 8 - 30]);
    v.assign([1, 1, 7]);
    expect(values(f(rows))).toEqual([1 - 21, 4 - 42]);
    const slope = (): unknown => {
      const tape = new GradientTape({ persistent: true });
      const y = tape.record(() => {
        tape.watch(w);
        return sum(f(rows) as Tensor);
      });
      return [values(tape.gradient(y, v)), values(tape.gradient(y, w))];
    };
    expect(slope()).toEqual([
      [5, 0, -9],
      [5, 7, 63],
    ]);
    expect(slope()).toEqual(slope());
  });
  test('one mapped function in several traces', () => {
    const f = vmap((t: Tensor) => sum(square(t)));
    const jitted = [jit(f), jit((t: Tensor) => mul(f(t) as Tensor, 2))];
    expect(jitted.map((g) => values(g(rows)))).toEqual([
      [14, 77],
      [28, 154],
    ]);
    expect(values(f(rows))).toEqual([14, 77]);
  });
  test('what it took from an enclosing trace is taken anew', () => {
    let scale = tensor(1);
    const inner = vmap((t: Tensor) => mul(sum(t), scale));
    const outer = jit((s: Tensor) => {
      scale = s;
      return inner(rows);
    });
    const other = jit((s: Tensor, _: Tensor) => {
      scale = s;
      return inner(rows);
    });
    expect(values(outer(tensor(2)))).toEqual([12, 30]);
    expect(values(other(tensor(10), tensor(1)))).toEqual([60, 150]);
  });
  test('a trace that failed leaves nothing behind', () => {
    let fails = true;
    const f = vmap((t: Tensor) => {
      if (fails) throw new Error('not yet');
      return sum(t);
    });
    expect(() => f(rows)).toThrow('not yet');
    fails = false;
    expect(values(f(rows))).toEqual([6, 15]);
  });
});

test('axes as nests, which may end above the tensors', () => {
  const p = {
    w: tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    b: [tensor([10, 20]), tensor(0.5)],
  }; // prettier-ignore
  const f = ({ w, b }: { w: Tensor; b: Tensor[] }, x: Tensor): { sum: Tensor; parts: Tensor[] } => ({
    sum: add(sum(w), x),
    parts: [mul(w, b[0]!), add(b[1]!, w)],
  });
  const mapped = vmap(f, { inAxes: [{ w: 1, b: [0, null] }, null], outAxes: { parts: [1, 0], sum: 0 } })(
    p,
    tensor(100),
  );
  expect(values(mapped.sum)).toEqual([109, 112]);
  expect(values(mapped.parts[0])).toEqual([
    [10, 40],
    [30, 80],
    [50, 120],
  ]); // prettier-ignore
  expect(values(mapped.parts[1])).toEqual([
    [1.5, 3.5, 5.5],
    [2.5, 4.5, 6.5],
  ]); // prettier-ignore
  const above = vmap(({ w }: typeof p, [x]: [Tensor]) => [add(w, x), [x]], { inAxes: [null, -1], outAxes: [1, [0]] });
  const [y, [z]] = above(p, [tensor([0, 10])]);
  expect(y.shape).toEqual([3, 2, 2]);
  expect(values(z)).toEqual([0, 10]);
});

describe('bad arguments', () => {
  const one = (t: Tensor): Tensor => t;
  test.each<[string, () => unknown, RegExp, new (message?: string) => Error]>([
    ['no function', () => vmap('f' as never), /vmap: f must be a function, not "f"/, ArgumentError],
    ['no arguments', () => (vmap(one) as () => unknown)(), /got no inputs/, ArgumentError],
    [
      'a scalar',
      () => vmap(one)(tensor(1)),
      /argument 0 is float32\[\]: a scalar has no axis to map over; use inAxes null/,
      ShapeError,
    ],
    [
      'sizes that differ',
      () => vmap((a: Tensor, b: Tensor) => [a, b])(rows, tensor([1, 2, 3])),
      /same size in the mapped dimension: argument 0 has 2 \(float32\[2,3\]\), argument 1 has 3 \(float32\[3\]\)/,
      ShapeError,
    ],
    ['nothing mapped', () => vmap(one, { inAxes: null })(rows), /no argument is mapped/, ArgumentError],
    [
      'inAxes of another length',
      () => vmap(one, { inAxes: [0, 0] })(rows),
      /inAxes must be an axis, or a nest of axes like the array of 1 argument, not \[0, 0\]/,
      ArgumentError,
    ],
    [
      'inAxes of another kind',
      () => vmap(one, { inAxes: [true] as never })(rows),
      /inAxes\[0\] must be a nest of whole numbers or null \(plain objects and arrays\), not true/,
      ArgumentError,
    ],
    ['inAxes out of range', () => vmap(one, { inAxes: 2 })(rows), /inAxes of argument 0/, ArgumentError],
    ['outAxes', () => vmap(one, { outAxes: 0.5 }), /outAxes must be a nest of whole numbers/, ArgumentError],
    [
      'inAxes with another name',
      () => vmap((p: { w: Tensor; b: Tensor }) => p.w, { inAxes: [{ w: 0, bias: null }] })({ w: rows, b: rows }),
      /inAxes\[0\] must be an axis, or a nest of axes like the array of 1 argument, not an object \{ w, bias \}/,
      ArgumentError,
    ],
    [
      'inAxes deeper than the argument',
      () => vmap((p: { w: Tensor }) => p.w, { inAxes: [{ w: [0] }] })({ w: rows }),
      /inAxes\[0\]\.w must be an axis/,
      ArgumentError,
    ],
    [
      'inAxes with a hole',
      () => vmap(one, { inAxes: new Array(1) as never }),
      /inAxes\[0\].*not undefined/,
      ArgumentError,
    ],
    [
      'inAxes without an array',
      () => vmap(one, { inAxes: { x: 0 } })(rows),
      /like the array of 1 argument/,
      ArgumentError,
    ],
    [
      'outAxes unlike the result',
      () => vmap((t: Tensor) => [t, t], { outAxes: [0] })(rows),
      /outAxes must be an axis, or a nest of axes like the result, not \[0\]/,
      ArgumentError,
    ],
    ['outAxes null', () => vmap(one, { outAxes: null as never }), /outAxes.*not null/, ArgumentError],
    ['outAxes out of range', () => vmap(one, { outAxes: 3 })(rows), /outAxes/, ArgumentError],
    ['chunkSize 0', () => vmap(one, { chunkSize: 0 }), /chunkSize should be greater than 0/, ArgumentError],
    ['numbers inside', () => vmap((t: Tensor) => (t.sum().item() > 0 ? t : log(t)))(rows), /traced value/, TraceError],
    ['a Promise', () => vmap(async (t: Tensor) => t)(rows), /vmap: the callback returned a Promise/, ArgumentError],
    [
      'random without a key',
      () => vmap((t: Tensor) => add(t, random.uniform([3])))(rows),
      /inside vmap.*pass \{ key \}/,
      TraceError,
    ],
  ])('%s', (_name, call, message, type) => {
    expect(call).toThrow(message);
    expect(call).toThrow(type);
  });
});
