/** Values, dtypes and closures that were once wrong, each through the public names. */

import { createCpuBackend } from '@jacobi/backend-cpu';
import { createWasmBackend } from '@jacobi/backend-wasm';
import { describe, expect, test } from 'vitest';
import type { Tensor } from './index.ts';
import {
  atan2,
  cast,
  checkpoint,
  clip,
  customJvp,
  full,
  gather,
  getBackend,
  grad,
  JacobiError,
  jacobian,
  jit,
  jvp,
  matmul,
  mul,
  nn,
  ones,
  prepareJacobian,
  reciprocal,
  relu,
  reshape,
  setDefaultBackend,
  sin,
  slice,
  square,
  stack,
  stats,
  sub,
  sum,
  tensor,
  variable,
  vmap,
  where,
  withBackend,
  zeros,
} from './index.ts';

test('bytes are numbers, and bools where that is said', () => {
  const bytes = Uint8Array.of(0, 1, 200);
  expect([tensor(bytes).dtype, tensor(bytes).arraySync()]).toEqual(['int32', [0, 1, 200]]);
  expect(tensor(bytes, { dtype: 'float64' }).div(200).arraySync()).toEqual([0, 0.005, 1]);
  expect(cast(tensor(bytes, { dtype: 'bool' }), 'int32').arraySync()).toEqual([0, 1, 1]);
  const J = prepareJacobian(
    (x: Tensor, on: Tensor): Tensor => where(on, x, mul(x, 3)),
    [{ shape: [3] }, { shape: [3], dtype: 'bool' }],
  );
  expect((J(tensor([1, 2, 3]), bytes) as Tensor).arraySync()).toEqual([
    [3, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
});

describe('a checkpoint sees what f closes over as it is at each call', () => {
  let w: Tensor | number = 2;
  const scaled = checkpoint((x: Tensor) => mul(square(x), w));
  test.each([
    ['a number', (): number => 3, 30],
    ['another number', (): number => -0.5, -5],
    ['a tensor', (): Tensor => tensor(7), 70],
    ['another tensor', (): Tensor => tensor(0.25), 2.5],
  ])('%s', (_name, value, slope) => {
    w = value();
    expect(grad(scaled)(tensor(5)).item()).toBe(slope);
  });
  test('one that is differentiated, again and again', () => {
    const through = (v: Tensor): Tensor => {
      w = square(v);
      return scaled(tensor(5));
    };
    for (const at of [2, 3, -1]) expect(grad(through)(tensor(at)).item()).toBe(50 * at);
    expect(grad(grad(through))(tensor(4)).item()).toBe(50);
  });
  test('and derives nothing anew while its rows are the same', () => {
    const before = stats();
    for (const at of [1, 2, 3]) {
      w = tensor(at);
      grad(scaled)(tensor(5)).item();
    }
    const after = stats();
    expect([after.plans - before.plans, after.compiles - before.compiles]).toEqual([0, 0]);
  });
});

test('numbers that are no int32 are refused, in typed arrays as in lists', () => {
  for (const data of [[1.5], Float32Array.of(3e9), Float64Array.of(2, NaN)]) {
    expect(() => tensor(data, { dtype: 'int32' })).toThrow('is not an int32');
    expect(() => variable([1, 2], { dtype: 'int32' }).assign(data)).toThrow(JacobiError);
  }
  expect(tensor(Float64Array.of(-7, 2), { dtype: 'int32' }).arraySync()).toEqual([-7, 2]);
});

test('clip goes by its ends as NumPy does', () => {
  expect(clip(tensor([-1, 2, NaN]), 0, tensor(NaN)).arraySync()).toEqual([NaN, NaN, NaN]);
  expect(clip(tensor([-1, 2]), NaN, 1).arraySync()).toEqual([NaN, NaN]);
  expect(clip(tensor([1, 2, 3]), tensor(3), tensor([1, 5, 2])).arraySync()).toEqual([1, 3, 2]);
  expect((jacobian((x: Tensor) => clip(x, tensor([0, 0, 0]), 1))(tensor([-1, 0, 0.5])) as Tensor).arraySync()).toEqual([
    [0, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
});

test('a difference from a written zero has its sign where a function tells it', () => {
  const x = tensor([-1, 2]);
  for (const n of [1, 2, 5, 1000])
    expect((jit((t: Tensor) => reciprocal(sub(0, relu(t))))(full([n], -1)) as Tensor).arraySync()).toEqual(
      new Array(n).fill(Infinity),
    );
  const f = (t: Tensor): Tensor => stack([reciprocal(sub(0, relu(t))), atan2(sub(0, relu(t)), -1)]);
  expect(f(x).arraySync()).toEqual([
    [Infinity, -0.5],
    [Math.fround(Math.PI), Math.fround(Math.atan2(-2, -1))],
  ]);
  expect((jit(f)(x) as Tensor).arraySync()).toEqual(f(x).arraySync());
});

describe('an empty part of something large', () => {
  const cases: [string, (x: Tensor) => Tensor, number[]][] = [
    ['a slice', (x) => slice(sin(x), [0], [0]), [3, 0]],
    ['gathered by nothing', (x) => gather(sin(x), tensor([], { dtype: 'int32' })), [3, 0]],
    ['a product with nothing', (x) => matmul(reshape(sin(x), [1, 70]), zeros([70, 0])), [3, 1, 0]],
  ];
  for (const backend of [createCpuBackend(), createWasmBackend()])
    test.each(cases)(`${backend.name}: %s`, (_name, f, shape) => {
      withBackend(backend, () => expect((vmap(f)(ones([3, 70])) as Tensor).shape).toEqual(shape));
    });
});

test('holes are no layers', () => {
  expect(
    () =>
      new nn.Sequential(
        Object.assign([], { 0: new nn.Dense({ units: 2 }), 2: new nn.Dense({ units: 3 }) }) as nn.Dense[],
      ),
  ).toThrow('layers[1] must be a layer, not undefined');
});

describe('a function that is traced once and closes over what is being differentiated', () => {
  let w = tensor(0);
  const mapped =
    (g: (x: Tensor) => unknown) =>
    (x: Tensor): Tensor =>
      reshape(g(reshape(x, [1])) as Tensor, []);
  test.each<[string, (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor]>([
    ['jit', (f) => jit(f)],
    ['vmap', (f) => mapped(vmap(f))],
    ['jit of vmap', (f) => mapped(jit(vmap(f)))],
    ['vmap of jit', (f) => mapped(vmap(jit(f)))],
    ['jit of jit', (f) => jit(jit(f))],
    ['checkpoint of jit', (f) => checkpoint(jit(f))],
    ['checkpoint of checkpoint', (f) => checkpoint(checkpoint(f))],
  ])('%s', (_name, traced) => {
    const layer = traced((x) => mul(x, square(w)));
    const loss = (p: Tensor): Tensor => {
      w = p;
      return layer(tensor(2));
    };
    for (const at of [3, 5, -7]) expect(grad(loss)(tensor(at)).item()).toBe(4 * at);
  });
  test('jit compiles nothing anew for another of the same type', () => {
    const layer = jit((x: Tensor) => mul(sin(x), square(w)));
    const slope = (p: Tensor): unknown =>
      grad((t) => {
        w = t;
        return layer(tensor(2)) as Tensor;
      })(p).item();
    slope(tensor(1));
    const before = stats();
    expect(slope(tensor(3))).toBeCloseTo(6 * Math.sin(2), 5);
    const after = stats();
    expect([after.plans - before.plans, after.compiles - before.compiles]).toEqual([0, 0]);
  });
});

test('a default that is set inside of withBackend holds after it', () => {
  const [before, own, next] = [getBackend(), createCpuBackend(), createCpuBackend()];
  const inside = withBackend(own, () => {
    setDefaultBackend(next);
    return getBackend();
  });
  expect([inside === own, getBackend() === next]).toEqual([true, true]);
  setDefaultBackend(before);
});

test('a rule of customJvp must give a value like that of f', () => {
  const f = customJvp(
    (x: Tensor) => mul(x, 2),
    ([x], [t]) => [sum(x as Tensor), t],
  );
  expect(() => jvp(f, [tensor([1, 2])], [tensor([1, 1])])).toThrow("the rule's y is float32[], but y is float32[2]");
});

test('a traced value that is asked for its number names what traces', () => {
  const f = (x: Tensor): Tensor => (x.item() > 0 ? x : mul(x, 2));
  expect(() => checkpoint(f)(tensor(1))).toThrow('call the function without checkpoint');
  expect(() => jit(f)(tensor(1))).toThrow('call the function without jit');
});
