/** Properties that were once broken, each through the public names. */

import { recordingBackend } from '@jacobi/backend';
import { createCpuBackend } from '@jacobi/backend-cpu';
import { describe, expect, test } from 'vitest';
import type { Tensor } from './index.ts';
import {
  add,
  arange,
  checkpoint,
  customGradient,
  customVjp,
  eye,
  GradientTape,
  grad,
  hypot,
  jacfwd,
  jacrev,
  jit,
  logSumExp,
  max,
  mul,
  nn,
  norm,
  pad,
  square,
  stack,
  tensor,
  variable,
  vjp,
  vmap,
  withBackend,
  zeros,
} from './index.ts';

const f64 = (data: number | number[]): Tensor => tensor(data, { dtype: 'float64' });

describe('custom rules: each argument has its own gradient, whichever are differentiated', () => {
  const rules: [string, (p: Tensor | number, q: Tensor) => Tensor][] = [
    ['customGradient', customGradient((p: Tensor, q: Tensor) => [mul(p, q), (d: Tensor) => [mul(d, q), mul(d, p)]])],
    [
      'customVjp',
      customVjp(
        mul,
        (p: Tensor, q: Tensor) => [mul(p, q), { p, q }],
        ({ p, q }: { p: Tensor; q: Tensor }, d: Tensor) => [mul(d, q), mul(d, p)],
      ) as never,
    ],
  ];
  for (const [name, f] of rules) {
    test(`${name}: only the second argument moves`, () => {
      expect(grad((x: Tensor) => f(2, x))(tensor(7)).item()).toBe(2);
      expect(grad(f, { argnums: 1 })(tensor(2), tensor(7)).item()).toBe(2);
      expect(grad(jit((x: Tensor) => f(2, x)))(tensor(7)).item()).toBe(2);
      expect(grad(f, { argnums: [0, 1] })(tensor(2), tensor(7)).map((g: Tensor) => g.item())).toEqual([7, 2]);
    });
  }
  test('gradient descent through a rule: losses 4, 3, 2, 1, 0', () => {
    const myMul = customGradient((p: Tensor, q: Tensor) => [mul(p, q), (d: Tensor) => [mul(d, q), mul(d, p)]]);
    let x = tensor(2);
    const losses = [];
    for (let i = 0; i < 5; i++) {
      const tape = new GradientTape();
      const loss = tape.record(() => {
        tape.watch(x);
        return myMul(2, x);
      });
      losses.push(loss.item());
      x = x.sub(tape.gradient(loss, x).mul(0.25));
    }
    expect(losses).toEqual([4, 3, 2, 1, 0]);
  });
});

describe('norms neither overflow nor vanish before they are done', () => {
  for (const [dtype, sizes] of [
    ['float32', [1e-44, 1e-38, 1e-20, 1, 1e20, 5e37]],
    ['float64', [1e-310, 1e-200, 1, 1e200, 3e307]],
  ] as const) {
    test.each(sizes)(`${dtype}, of size %d`, (size) => {
      const x = tensor([3 * size, 0, -4 * size], { dtype });
      const [a, , b] = x.dataSync() as Float64Array as unknown as [number, number, number];
      const two = Math.abs(b) * Math.hypot(a / b, 1);
      // What is subnormal on the way is rounded more coarsely.
      const [subnormal, ulp] = dtype === 'float32' ? [two < 1e-37, 1e-7] : [two < 1e-300, 3e-16];
      const near = (value: number, exact: number): void =>
        expect(Math.abs(value / exact - 1)).toBeLessThan(ulp * (subnormal ? 30 : 3));
      if (!subnormal) near(norm(x).item(), two);
      const [g, zero, h] = grad((t: Tensor) => norm(t))(x).arraySync() as [number, number, number];
      near(g, a / two);
      near(h, b / two);
      expect(zero).toBe(0);
      const three = Math.abs(b) * (Math.abs(a / b) ** 3 + 1) ** (1 / 3);
      near(grad((t: Tensor) => norm(t, 3))(x).dataSync()[2]!, -((Math.abs(b) / three) ** 2));
    });
  }
  test('zeros, infinities, NaN and nothing at all', () => {
    expect(norm(tensor([0, 0])).item()).toBe(0);
    expect(grad((t: Tensor) => norm(t))(tensor([0, 0])).arraySync()).toEqual([0, 0]);
    const rows = tensor([
      [3, 4],
      [0, 0],
    ]);
    expect((jacrev((t: Tensor) => norm(t, 2, 1))(rows).arraySync() as number[][][])[1]).toEqual([
      [0, 0],
      [0, 0],
    ]); // prettier-ignore
    expect(norm(tensor([-Infinity, 1])).item()).toBe(Infinity);
    expect(norm(tensor([NaN, 1])).item()).toBeNaN();
    expect(norm(zeros([0])).item()).toBe(0);
    expect(norm(zeros([2, 0]), 'euclidean', 1).arraySync()).toEqual([0, 0]);
  });
});

describe('a bare number takes the dtype that it stands beside', () => {
  test('as an argument of a transformed function', () => {
    for (const transform of [jit, checkpoint]) {
      expect(transform((a: Tensor, b: Tensor | number) => mul(a, b))(f64(1), 0.1).item()).toBe(0.1);
    }
    expect(vjp(mul, f64(1), 0.1)[0].item()).toBe(0.1);
    expect(vmap(mul, { inAxes: [0, null] })(f64([1]), 0.1).arraySync()).toEqual([0.1]);
    expect(jit((a: Tensor, b: Tensor | number) => mul(a, b))(tensor(3, { dtype: 'int32' }), 2).dtype).toBe('int32');
  });
  test('in a list of tensors', () => {
    expect(stack([f64(1), 0.1]).arraySync()).toEqual([1, 0.1]);
    expect(tensor([f64(1), 0.1]).arraySync()).toEqual([1, 0.1]);
  });
});

describe('an assignment cuts the chain: what is read afterwards is the variable', () => {
  const program = (v: ReturnType<typeof variable>): Tensor => {
    v.assign(mul(v.value, 3));
    return square(v.value);
  };
  test('eagerly and in jit', () => {
    for (const wrap of [(f: () => Tensor) => f, (f: () => Tensor) => jit(f)]) {
      const v = variable(2);
      const tape = new GradientTape();
      const y = tape.record(wrap(() => program(v)));
      expect(y.item()).toBe(36);
      expect(tape.gradient(y, v).item()).toBe(12);
      expect(v.value.item()).toBe(6);
    }
  });
  test('what was assigned has no gradient', () => {
    const v = variable(0);
    const x = tensor(2);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      v.assign(square(x));
      return v.value;
    });
    expect(tape.gradient(y, x, { unconnected: 'none' })).toBeNull();
  });
});

describe('tapes', () => {
  test('a call that throws leaves the tape as it was', () => {
    const x = tensor(3);
    const other = tensor(1);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return square(x);
    });
    expect(() => tape.gradient(y, other)).toThrow('not watched');
    expect(tape.gradient(y, x).item()).toBe(6);
    expect(() => tape.gradient(y, x)).toThrow('A non-persistent GradientTape can only');
  });
  test('a tape that has given its gradients begins anew', () => {
    const x = variable(3);
    const z = variable(4);
    const tape = new GradientTape();
    tape.gradient(
      tape.record(() => square(x.value)),
      x,
    );
    const y = tape.record(() => square(z.value));
    expect(tape.watchedVariables()).toEqual([z]);
    expect(tape.gradient(y, z).item()).toBe(8);
  });
  test('variables are listed in the order in which they were made', () => {
    const a = variable(1);
    const b = variable(2);
    const tape = new GradientTape();
    tape.record(() => add(b.value, a.value));
    expect(tape.watchedVariables()).toEqual([a, b]);
  });
});

describe('values', () => {
  test('max of a NaN has one derivative in both modes', () => {
    const x = f64([1, Number.NaN]);
    expect(jacrev(max)(x).arraySync()).toEqual([0, 1]);
    expect(jacfwd(max)(x).arraySync()).toEqual([0, 1]);
  });
  test('logSumExp of an infinity has the derivative of max', () => {
    const x = f64([Number.POSITIVE_INFINITY, 0]);
    expect(logSumExp(x).item()).toBe(Number.POSITIVE_INFINITY);
    expect(grad(logSumExp)(x).arraySync()).toEqual([1, 0]);
    expect(grad(logSumExp)(f64([-Infinity, -Infinity])).arraySync()).toEqual([0, 0]);
  });
  test('what a dtype cannot hold is refused', () => {
    expect(() => pad(tensor([1], { dtype: 'int32' }), [[1, 0]], 0.5)).toThrow('pad: value 0.5 is not of dtype int32');
    expect(() => arange(0, 2, 0.5, { dtype: 'int32' })).toThrow('arange: start 0, stop 2 and step 0.5');
  });
  test('large float32 numbers print with their own digits', () => {
    expect(String(tensor([1e30, 3.4e38, 16777216]))).toBe('[1e+30, 3.4e+38, 16777216]');
  });
  test('Sequential is made with and without new', () => {
    const layers = (): [nn.Dense] => [new nn.Dense({ units: 2 })];
    expect(nn.Sequential(layers()).apply(tensor([[1, 2, 3]])).shape).toEqual([1, 2]);
    expect(new nn.Sequential(layers())).toBeInstanceOf(nn.Sequential);
  });
});

describe('corners of arguments', () => {
  test('holes in arrays and sizes beyond memory are refused', () => {
    expect(() => zeros(Object.assign(new Array<number>(2), { 1: 2 }))).toThrow(
      'zeros: shape must be an array of whole numbers',
    );
    expect(() => eye(1e9)).toThrow('more than the');
  });
  test('a jitted function may assign and return nothing, or return a variable', () => {
    const v = variable(1);
    const step = jit((x: Tensor) => {
      v.assign(add(v.value, x));
    });
    expect(step(tensor(2))).toBeUndefined();
    expect(v.value.item()).toBe(3);
    expect(jit(() => v)().item()).toBe(3);
  });
});

describe('tensors in places for numbers', () => {
  test('a tensor of one element is its number; others, and traced ones, say what to do', () => {
    expect(Math.sqrt(tensor(4) as never)).toBe(2);
    expect((variable(3) as never as number) + 1).toBe(4);
    expect(String(tensor([1, 2]))).toBe('[1, 2]');
    expect(() => (tensor([1, 2]) as never as number) + 1).toThrow('add(a, b) for a + b');
    expect(() => jit((x: Tensor) => ((x as never as number) > 1 ? x : mul(x, 2)))(tensor(2))).toThrow('traced value');
  });
  test('reading through an operator is named', () => {
    const x = tensor(2);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return tensor((x as never as number) * 3);
    });
    expect(() => tape.gradient(y, x)).toThrow("was read out by JavaScript's operators");
  });
  test('in debug mode what is read is a copy', () => {
    const x = tensor([1, 2]);
    x.dataSync()[0] = 99;
    expect(x.arraySync()).toEqual([1, 2]);
  });
});

test('a derivative reads what the row has computed, and does not compute it again', () => {
  const recording = recordingBackend(createCpuBackend());
  const slope = withBackend(recording, () => {
    const [a, b] = [tensor([3, 5], { dtype: 'float64' }), tensor([4, 12], { dtype: 'float64' })];
    return grad((x: Tensor) => hypot(x, b).sum())(a) as Tensor;
  });
  expect([...slope.dataSync()]).toEqual([3 / 5, 5 / 13]);
  const calls = recording.plans.flatMap(({ steps }) =>
    steps.flatMap((kernel) => (kernel.kind === 'map' ? kernel.body.map((s) => ('fn' in s ? s.fn.name : '')) : [])),
  );
  expect(calls.filter((name) => name === 'hypot')).toHaveLength(1);
});

describe('sources that the tape does not follow', () => {
  const [x, w] = [tensor([2, 3]), tensor([5, 7])];
  test('give null beside others, and say why', () => {
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return mul(x, w);
    });
    const [dx, dw] = tape.gradient(y, [x, w], { unconnected: 'none' }) as [Tensor, null];
    expect([dx.arraySync(), dw]).toEqual([[5, 7], null]);
    const zeros = tape.jacobian(y, { x, w }, { unconnected: 'zero' }) as { x: Tensor; w: Tensor };
    expect([zeros.x.arraySync(), zeros.w.arraySync()]).toEqual([
      [
        [5, 0],
        [0, 7],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
    expect(() => tape.gradient(y, [x, w])).toThrow('not watched');
  });
  test('and were watched after they were used', () => {
    const tape = new GradientTape({ persistent: true });
    const [y, z] = tape.record(() => {
      tape.watch(x);
      const early = mul(x, w);
      tape.watch(w);
      return [early, add(early, mul(w, w))];
    }) as [Tensor, Tensor];
    expect(tape.gradient(y, w, { unconnected: 'none' })).toBeNull();
    const [dx, dw] = tape.gradient(z, [x, w]) as [Tensor, Tensor];
    expect([dx.arraySync(), dw.arraySync()]).toEqual([
      [5, 7],
      [10, 14],
    ]);
  });
});

test('one number fills a shape, and stays connected', () => {
  expect(tensor(2, { shape: [2, 3] }).arraySync()).toEqual([
    [2, 2, 2],
    [2, 2, 2],
  ]);
  expect(tensor(Int32Array.of(4), { shape: [2] }).dtype).toBe('int32');
  expect((grad((t: Tensor) => tensor(t, { shape: [2, 3] }).sum())(tensor(1)) as Tensor).item()).toBe(6);
  expect(() => tensor([1, 2], { shape: [3] })).toThrow('[3]');
});
