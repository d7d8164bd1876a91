/** grad, valueAndGrad, jvp, vjp, linearize, hvp, checkpoint: what users of functional transforms rely on. */

import { withoutSyncRead } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import {
  ArgumentError,
  add,
  cast,
  cos,
  DTypeError,
  exp,
  gather,
  getBackend,
  greater,
  log,
  matmul,
  mul,
  pow,
  relu,
  ShapeError,
  sin,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  tensor,
  variable,
  where,
  withBackend,
} from '@jacobi/tensor';
import { values } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import {
  checkGradients,
  checkpoint,
  customJvp,
  GradientTape,
  grad,
  hvp,
  jit,
  jvp,
  linearize,
  valueAndGrad,
  vjp,
  vmap,
} from './index.ts';

const x = tensor([1, 2, 3]);
const cube = (t: Tensor): Tensor => pow(t, 3);

describe('grad and valueAndGrad', () => {
  test('orders of x³ at 3', () => {
    const orders = [cube, grad(cube), grad(grad(cube)), grad(grad(grad(cube))), grad(grad(grad(grad(cube))))];
    expect(orders.map((f) => (f(tensor(3)) as Tensor).item())).toEqual([27, 27, 18, 6, 0]);
  });
  test('argnums: one, several, negative; the order is kept', () => {
    const f = (a: Tensor, b: Tensor, c: Tensor): Tensor => add(mul(a, b), mul(c, 10));
    const at = [tensor(2), tensor(3), tensor(4)] as const;
    expect(values(grad(f)(...at))).toBe(3);
    expect(values(grad(f, { argnums: 1 })(...at))).toBe(2);
    expect(values(grad(f, { argnums: -1 })(...at))).toBe(10);
    expect(values(grad(f, { argnums: [2, 0] })(...at))).toEqual([10, 3]);
  });
  test('nests, numbers, variables as arguments', () => {
    const f = (p: { w: Tensor; b: [Tensor] }): Tensor => sum(mul(p.w, p.b[0]));
    expect(values(grad(f)({ w: x, b: [tensor(2)] }))).toEqual({ w: [2, 2, 2], b: [6] });
    expect(values(grad(square)(3))).toBe(6);
    expect(values(grad((t: Tensor) => sum(square(t)))(variable([1, 2])))).toEqual([2, 4]);
  });
  test('aux is passed through', () => {
    const f = (t: Tensor): unknown => [cube(t), { seen: t, n: 3 }];
    const [g, aux] = grad(f, { hasAux: true })(tensor(3)) as [Tensor, { seen: Tensor; n: number }];
    expect([g.item(), aux.seen.item(), aux.n]).toEqual([27, 3, 3]);
    const [v, d] = valueAndGrad(f, { hasAux: true })(tensor(3)) as Tensor[];
    expect([v!.item(), d!.item()]).toEqual([27, 27]);
    expect(() => grad(cube, { hasAux: true })(tensor(3))).toThrow(/two-element tuple \[value, aux\]/);
  });
  test('f(x, x) has two gradients', () => {
    for (const [a, expected] of [
      [tensor(3), [3, 3]],
      [tensor([[3]]), [[[3]], [[3]]]],
    ] as const) {
      expect(values(grad((p: Tensor, q: Tensor) => sum(mul(p, q)), { argnums: [0, 1] })(a, a))).toEqual(expected);
    }
    expect(values(grad((p: Tensor, q: Tensor) => mul(p, q), { argnums: [0, 1] })(3, 3))).toEqual([3, 3]);
  });
  test('arguments that f does not use, or stops, have gradient 0', () => {
    expect(values(grad((a: Tensor, _b: Tensor) => sum(a), { argnums: [0, 1] })(x, tensor(5)))).toEqual([[1, 1, 1], 0]);
    expect(values(grad((a: Tensor) => sum(stopGradient(a)))(x))).toEqual([0, 0, 0]);
    expect(values(grad(() => tensor(1))(x))).toEqual([0, 0, 0]);
  });
  test('control flow on concrete values', () => {
    const f = (t: Tensor): Tensor => (t.item() > 0 ? mul(3, t) : sin(t));
    expect(values(grad(f)(tensor(2)))).toBe(3);
    expect((grad(f)(tensor(-2)) as Tensor).item()).toBeCloseTo(Math.cos(-2), 6);
  });
  test('d/dx [x · d/dy (x + y)] = 1, in each combination of modes', () => {
    const one = tensor(1);
    const forward =
      (f: (t: Tensor) => Tensor) =>
      (t: Tensor): Tensor =>
        jvp(f, [t], [one])[1] as Tensor;
    const reverse =
      (f: (t: Tensor) => Tensor) =>
      (t: Tensor): Tensor =>
        grad(f)(t) as Tensor;
    for (const outer of [forward, reverse]) {
      for (const inner of [forward, reverse]) {
        expect(outer((p) => mul(p, inner((q) => add(p, q))(one)))(tensor(3)).item()).toBe(1);
        expect(outer((p) => mul(p, inner((q) => mul(p, square(q)))(tensor(2))))(tensor(3)).item()).toBe(24);
      }
    }
  });
  test('an exception leaves everything usable', () => {
    expect(() =>
      grad((t: Tensor) => {
        throw new RangeError(`mine ${t.rank}`);
      })(x),
    ).toThrow(RangeError);
    expect(() =>
      vmap(() => {
        throw new RangeError('mine');
      })(x),
    ).toThrow(RangeError);
    expect(() =>
      jit((_t: Tensor) => {
        throw new RangeError('mine');
      })(x),
    ).toThrow(RangeError);
    expect(values(grad((t: Tensor) => sum(square(t)))(x))).toEqual([2, 4, 6]);
  });
});

describe('jvp, vjp, linearize, hvp', () => {
  test('jvp of products and sums', () => {
    expect(values(jvp((a: Tensor, b: Tensor) => mul(a, b), [tensor(2), tensor(4)], [tensor(3), tensor(5)]))).toEqual([
      8, 22,
    ]);
    expect(values(jvp((t: Tensor) => [t, square(t)], [tensor(3)], [tensor(1)]))).toEqual([
      [3, 9],
      [1, 6],
    ]);
    expect(values(jvp((a: Tensor, _b: Tensor) => sum(a), [x, tensor(1)], [x, tensor(1)]))).toEqual([6, 6]);
  });
  test('numbers take the dtype of their place', () => {
    expect(values(jvp(square, [tensor(3)], [1]))).toEqual([9, 6]);
    expect((jvp(square, [tensor(Float64Array.of(3), { shape: [] })], [1])[1] as Tensor).dtype).toBe('float64');
  });
  test('orders of x^3.5 at 1.1', () => {
    const orders: number[] = [];
    let f = (t: Tensor): Tensor => pow(t, 3.5);
    for (let n = 0; n < 5; n++) {
      orders.push(f(tensor(Float64Array.of(1.1), { shape: [] })).item());
      const below = f;
      f = (t) => jvp(below, [t], [tensor(Float64Array.of(1), { shape: [] })])[1] as Tensor;
    }
    const exact = [1.1 ** 3.5, 3.5 * 1.1 ** 2.5, 8.75 * 1.1 ** 1.5, 13.125 * 1.1 ** 0.5, 6.5625 * 1.1 ** -0.5];
    orders.forEach((value, n) => expect(value).toBeCloseTo(exact[n]!, 12));
  });
  test('vjp: value and pullback, any number of times', () => {
    const [y, pullback] = vjp(square, tensor(3)) as [Tensor, (ct: unknown) => Tensor[]];
    expect([y.item(), pullback(tensor(2))[0]!.item(), pullback(5)[0]!.item()]).toEqual([9, 12, 30]);
  });
  test('vjp of x[i]: the index has no cotangent that counts', () => {
    const [, pullback] = vjp((t: Tensor) => gather(t, tensor(1, { dtype: 'int32' })), tensor([2, 2])) as [
      Tensor,
      (ct: Tensor) => Tensor[],
    ];
    expect(values(pullback(tensor(1)))).toEqual([[0, 1]]);
  });
  test('results that do not depend on an argument', () => {
    const [, pullback] = vjp((a: Tensor, _b: Tensor) => [mul(a, 2), tensor(7)], x, tensor(1)) as [
      unknown,
      (ct: unknown) => Tensor[],
    ];
    expect(values(pullback([x, tensor(1)]))).toEqual([[2, 4, 6], 0]);
    expect(values(jvp(() => tensor([7, 8]), [x], [x]))).toEqual([
      [7, 8],
      [0, 0],
    ]);
    expect(values(linearize(() => tensor([7, 8]), x)[1](x))).toEqual([0, 0]);
  });
  test('linearize: runs f once; aux at 3.4', () => {
    let runs = 0;
    const f = (t: Tensor): unknown => {
      runs++;
      return [sub(mul(2, t), 3), t.item() > 0];
    };
    const [y, push, aux] = linearize(f, tensor(3.4), { hasAux: true }) as [Tensor, (t: Tensor) => Tensor, boolean];
    expect(y.item()).toBeCloseTo(3.8, 6);
    expect([push(tensor(5)).item(), push(tensor(1)).item(), aux, runs]).toEqual([10, 2, true, 1]);
  });
  test('pullbacks and pushforwards go through jit and vmap', () => {
    const [, pullback] = vjp(tanh, x) as [Tensor, (ct: Tensor) => Tensor[]];
    const plain = values(pullback(x));
    expect(values(jit(pullback)(x))).toEqual(plain);
    const rows = vmap((ct: Tensor) => pullback(ct)[0]!)(
      tensor([
        [1, 2, 3],
        [0, 0, 0],
      ]),
    ) as Tensor;
    expect(values(rows)).toEqual([(plain as number[][])[0], [0, 0, 0]]);
    const [, push] = linearize(tanh, x) as [Tensor, (t: Tensor) => Tensor];
    expect(values(jit(push)(x))).toEqual(values(push(x)));
  });
  test('hvp is J of the gradient: forward over reverse = reverse over reverse = reverse over forward', () => {
    const f = (t: Tensor): Tensor => sum(mul(tanh(square(t)), exp(t)));
    const v = tensor([0.5, -1, 2]);
    const [a, b, c] = [
      hvp(f, x, v) as Tensor,
      grad((t: Tensor) => sum(mul(grad(f)(t) as Tensor, v)))(x) as Tensor,
      grad((t: Tensor) => jvp(f, [t], [v])[1] as Tensor)(x) as Tensor,
    ];
    a.dataSync().forEach((value, i) => {
      expect(b.dataSync()[i]).toBeCloseTo(value, 4);
      expect(c.dataSync()[i]).toBeCloseTo(value, 4);
    });
    expect(values(hvp((t: Tensor) => sum(mul(square(t), t)), tensor([1, 2]), tensor([1, 1])))).toEqual([6, 12]);
  });
  test('Hessian of Σ max(x, 0)² along the axes', () => {
    const at = tensor([-1, -0.5, 0, 0.5, 1]);
    const row = (k: number): unknown =>
      values(hvp((t: Tensor) => sum(square(relu(t))), at, tensor([0, 1, 2, 3, 4].map((i) => Number(i === k)))));
    expect([0, 1, 2, 3, 4].map((k) => (row(k) as number[])[k])).toEqual([0, 0, 0, 2, 2]);
  });
  test('integers among results', () => {
    const [y, dy] = jvp((t: Tensor) => [cast(t, 'int32'), add(cast(t, 'int32'), 1)], [tensor(2.5)], [tensor(1)]) as [
      Tensor[],
      Tensor[],
    ];
    expect([values(y), values(dy)]).toEqual([
      [2, 3],
      [0, 0],
    ]);
  });
});

describe('custom rules: invariance under transforms', () => {
  test('jvp of a function with a rule, of its jvp, and of that', () => {
    const f = customJvp(
      (t: Tensor) => mul(cos(mul(2, t)), 0.5),
      ([t]: Tensor[], [g]: Tensor[]) => [t!, mul(3, g!)],
    );
    const along =
      (h: (t: Tensor) => Tensor) =>
      (t: Tensor): Tensor =>
        jvp(h, [t], [t])[0] as Tensor;
    const one = tensor(1);
    const results = [f, along(f), along(along(f))].map((h) => values(jvp(h, [one], [one])));
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect((results[0] as number[])[1]).toBe(3);
  });
  test('the branch that runs decides about the rule', () => {
    const f = customJvp(
      (t: Tensor) => (t.item() > 0 ? sin(t) : cos(t)),
      ([t]: Tensor[], [g]: Tensor[]) => (t!.item() > 0 ? [sin(t!), mul(2, g!)] : [cos(t!), mul(3, g!)]),
    );
    expect(values(jvp(f, [tensor(2)], [tensor(1)])[1])).toBe(2);
    expect(values(jvp(f, [tensor(-2)], [tensor(1)])[1])).toBe(3);
  });
});

describe('checkpoint', () => {
  const f = (t: Tensor): Tensor => sum(mul(sin(t), exp(t)));
  test('values and derivatives of every order are those of f', () => {
    checkGradients(checkpoint(f), [x], { order: 3 });
    expect(values(checkpoint(f)(x))).toEqual(values(f(x)));
    expect(values(grad(checkpoint(f))(x))).toEqual(values(grad(f)(x)));
    expect(values(grad(jit(checkpoint(f)))(x))).toEqual(values(grad(f)(x)));
    expect(values(vmap(grad(checkpoint(f)))(tensor([[1, 2, 3]])))).toEqual([values(grad(f)(x))]);
  });
  test('nests in and out', () => {
    const g = checkpoint(({ a, b }: { a: Tensor; b: Tensor[] }) => ({ y: mul(a, b[0]!), z: [a] }));
    const loss = (p: { a: Tensor; b: Tensor[] }): Tensor => {
      const { y, z } = g(p) as { y: Tensor; z: Tensor[] };
      return add(sum(y), sum(z[0]!));
    };
    expect(values(grad(loss)({ a: tensor(2), b: [tensor(3)] }))).toEqual({ a: 4, b: [2] });
  });
});

describe('bad arguments', () => {
  const dot = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b));
  const whole = tensor([1, 2], { dtype: 'int32' });
  const endless: unknown[] = [];
  endless.push(endless);
  test.each<[string, () => unknown, RegExp, new (message?: string) => Error]>([
    ['grad of no function', () => grad(3 as never), /grad: f must be a function, not 3/, ArgumentError],
    [
      'grad of a vector',
      () => grad(square)(x),
      /f must return one number \(shape \[\]\), not float32\[3\].*sum\(y\).*jacobian/,
      ShapeError,
    ],
    [
      'grad of an integer',
      () => grad((t: Tensor) => sum(cast(t, 'int32')))(x),
      /f must return a float32 or float64 number, not int32\[\]/,
      DTypeError,
    ],
    ['grad by an integer', () => grad((t: Tensor) => sum(t))(whole), /argument 0 has dtype int32.*cast/, DTypeError],
    [
      'grad of nothing',
      () => grad(() => undefined)(x),
      /Cannot differentiate a function that returns undefined; did you forget to return a value/,
      ArgumentError,
    ],
    ['grad of a string', () => grad(() => 'y')(x), /the result of f must be a nest of tensors/, ArgumentError],
    [
      'an argument of the wrong kind',
      () => grad(dot)(x, 'y' as never),
      /argument 1 must be a nest of tensors|must be/,
      ArgumentError,
    ],
    [
      'argnums out of range',
      () => grad(dot, { argnums: 2 })(x, x),
      /argnums 2 names no argument: f was called with 2 arguments/,
      ArgumentError,
    ],
    [
      'argnums null',
      () => grad(dot, { argnums: null as never })(x, x),
      /argnums must be a whole number or .*, not null/,
      ArgumentError,
    ],
    [
      'argnums with a hole',
      () => grad(dot, { argnums: new Array(1) })(x, x),
      /argnums undefined names no argument/,
      ArgumentError,
    ],
    [
      'hasAux',
      () => grad(dot, { hasAux: 'yes' as never }),
      /grad: hasAux must be true or false, not "yes"/,
      ArgumentError,
    ],
    [
      'an option of jvp',
      () => jvp(square, [x], [x], { aux: true } as never),
      /jvp: there is no option "aux"/,
      ArgumentError,
    ],
    [
      'a hole in an argument',
      () => vjp((a: Tensor[]) => a[0], Object.assign([], { 1: x })),
      /vjp: argument 0\[0\] .*not undefined/,
      ArgumentError,
    ],
    [
      'a typed array',
      () => grad(sum)(new Float64Array(2) as never),
      /argument 0 .*not a Float64Array; use tensor\(…\)/,
      ArgumentError,
    ],
    [
      'hvp of a vector',
      () => hvp(square, x, x),
      /hvp: f must return one number \(shape \[\]\), not float32\[3\]/,
      ShapeError,
    ],
    [
      'hvp with another shape',
      () => hvp((t: Tensor) => sum(t), x, tensor([1])),
      /hvp: v is float32\[1\], but must be float32\[3\]/,
      ShapeError,
    ],
    [
      'hvp of an integer',
      () => hvp((t: Tensor) => sum(t), tensor([1], { dtype: 'int32' }), 1),
      /hvp: argument 0 has dtype int32/,
      DTypeError,
    ],
    ['argnums twice', () => grad(dot, { argnums: [0, -2] })(x, x), /argnums must be unique/, ArgumentError],
    [
      'a nest in itself',
      () => new GradientTape().watch(endless as never),
      /watch: sources is nested too deep, or in itself/,
      ArgumentError,
    ],
    [
      'a hole among primals',
      () => jvp(dot, Object.assign([], { 1: x }) as never, [x, x]),
      /jvp: argument 0 must be a nest of .*, not undefined/,
      ArgumentError,
    ],
    [
      'argnums empty',
      () => grad(dot, { argnums: [] })(x, x),
      /argnums must be a whole number or a non-empty array/,
      ArgumentError,
    ],
    ['a Promise', () => grad(async (t: Tensor) => t)(x), /grad: the callback returned a Promise/, ArgumentError],
    [
      'jvp without arrays',
      () => jvp(square, x as never, [x]),
      /primals and tangents must be arrays.*found a tensor float32\[3\] and an array/,
      ArgumentError,
    ],
    [
      'jvp with too few tangents',
      () => jvp(dot, [x, x], [x] as never),
      /one tangent for each of the 2 primals, not 1/,
      ArgumentError,
    ],
    [
      'jvp with another shape',
      () => jvp(square, [x], [tensor([1, 2])]),
      /tangents\[0\] is float32\[2\], but must be float32\[3\]/,
      ShapeError,
    ],
    [
      'jvp with another dtype',
      () => jvp(square, [x], [tensor(Float64Array.of(1, 2, 3))]),
      /tangents\[0\] is float64\[3\], but must be float32\[3\]/,
      DTypeError,
    ],
    [
      'jvp with another nest',
      () => jvp(square, [x], [[x]] as never),
      /tangents\[0\] must have the same tree structure/,
      ArgumentError,
    ],
    ['jvp of nothing', () => jvp(() => x, [], []), /at least one primal/, ArgumentError],
    [
      'a cotangent of another shape',
      () => (vjp(square, x)[1] as (ct: Tensor) => unknown)(tensor(1)),
      /cotangent is float32\[\], but must be float32\[3\] like the result of f$/,
      ShapeError,
    ],
    [
      'a cotangent of another nest',
      () => (vjp(square, x)[1] as (ct: unknown) => unknown)([x]),
      /cotangent must have the same tree structure as the result of f: /,
      ArgumentError,
    ],
    [
      'linearize with another shape',
      () => (linearize(square, x)[1] as (t: Tensor) => unknown)(tensor(1)),
      /tangents\[0\] is float32\[\], but must be float32\[3\]/,
      ShapeError,
    ],
    ['hvp of no function', () => hvp(null as never, x, x), /f must be a function, not null/, ArgumentError],
  ])('%s', (_name, call, message, type) => {
    expect(call).toThrow(message);
    expect(call).toThrow(type);
  });
});

describe('numbers as tangents and cotangents take the dtype of their place, and nothing is read for it', () => {
  const at = tensor(0.5, { dtype: 'float64' });
  const ways: Record<string, (a: Tensor) => Tensor> = {
    jvp: (a) => jvp(sin, [a], [2])[1] as Tensor,
    'jvp in a nest': (a) => jvp(({ p: [t] }: { p: [Tensor] }) => sin(t), [{ p: [a] }], [{ p: [2] }])[1] as Tensor,
    vjp: (a) => (vjp(sin, a)[1] as (ct: number) => Tensor[])(2)[0]!,
    linearize: (a) => (linearize(sin, a)[1] as (t: number) => Tensor)(2),
    hvp: (a) => hvp((t: Tensor) => mul(sin(t), -1), a, 2) as Tensor,
  };
  test.each(Object.entries(ways))('%s', async (name, f) => {
    const expected = 2 * (name === 'hvp' ? Math.sin(0.5) : Math.cos(0.5));
    for (const way of [f, jit(f) as typeof f]) {
      expect(way(at).dtype).toBe('float64');
      expect(way(at).item()).toBeCloseTo(expected, 15);
    }
    const late = withoutSyncRead(getBackend());
    const [there] = await withBackend(late, () => f(tensor(0.5, { dtype: 'float64' }))).data();
    expect(there).toBeCloseTo(expected, 15);
  });
  test('a tensor is taken as it is, in a nest as well', () => {
    expect(() => jvp(([t]: [Tensor]) => sin(t), [[at]], [[tensor(2)]])).toThrow(
      'jvp: tangents[0][0] is float32[], but must be float64[] like its primal',
    );
  });
});

test('where beside an infinite slope: the usual double choice has no NaN', () => {
  const safe = (t: Tensor): Tensor => sum(where(greater(t, 0), log(where(greater(t, 0), t, 1)), 0));
  expect(values(grad(safe)(tensor([0, 1, 2])))).toEqual([0, 1, 0.5]);
  expect(
    values(
      grad((t: Tensor) => sum(matmul(t, t)))(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
    ),
  ).toEqual([
    [7, 11],
    [9, 13],
  ]);
});
