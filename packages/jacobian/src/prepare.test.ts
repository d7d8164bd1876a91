/** prepareJacobian: traced once, run often; nests, batch, aux, variables, `into`, mismatches. */
import { grad } from '@jacobi/autograd';
import { stats } from '@jacobi/compiler';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { expectDense, float64 } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import { GradientTape, jacobian, prepareJacobian } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const spec = (...shape: number[]): { shape: number[]; dtype: 'float64' } => ({ shape, dtype: 'float64' });
const A = f64([
  [1, 2, 3],
  [4, 5, 7],
]);
const layer = (x: Tensor): Tensor => ops.tanh(ops.matmul(A, x));
const x1 = f64([0.1, -0.2, 0.3]);
const x2 = f64([0.5, 0.4, -0.1]);
/** Leaves as plain arrays. */
function plain(nest: unknown): unknown {
  if (nest instanceof ops.Tensor) return nest.arraySync();
  if (Array.isArray(nest)) return nest.map(plain);
  if (typeof nest === 'object' && nest !== null)
    return Object.fromEntries(Object.entries(nest).map(([k, v]) => [k, plain(v)]));
  return nest;
}

describe('calls', () => {
  test('give the Jacobian at each point; results stay as they are', () => {
    const J = prepareJacobian(layer, spec(3));
    const first = J(x1) as Tensor;
    const before = first.arraySync();
    const second = J(x2) as Tensor;
    expectDense(first, jacobian(layer)(x1) as Tensor, '', 1e-14);
    expectDense(second, jacobian(layer)(x2) as Tensor, '', 1e-14);
    const [value, third] = J.valueAndJacobian(x1) as [Tensor, Tensor];
    J.into(x2, new Float64Array(6));
    J(f64([9, 9, 9]));
    expect([first.arraySync(), third.arraySync()]).toEqual([before, before]);
    expectDense(value, layer(x1), '', 1e-14);
  });

  test('results that are constant or the argument itself share no memory either', () => {
    const J = prepareJacobian((x: Tensor) => [ops.mul(2, x), x], spec(2));
    const x = f64([1, 2]);
    const [[y1], [a]] = J.valueAndJacobian(x);
    const [b] = J(f64([3, 4]));
    (a.dataSync() as Float64Array)[0] = 99;
    expect(plain(b)).toEqual([
      [2, 0],
      [0, 2],
    ]);
    expect(plain(J(x))).toEqual([
      [
        [2, 0],
        [0, 2],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    expect(plain(y1)).toEqual([2, 4]);
    expect(plain(x)).toEqual([1, 2]);
  });

  test('trace nothing and plan nothing after the first', () => {
    let runs = 0;
    const J = prepareJacobian((x: Tensor) => {
      runs++;
      return layer(x);
    }, spec(3));
    const out = new Float64Array(6);
    const value = new Float64Array(2);
    J(x1);
    J.valueAndJacobian(x1);
    J.into(x1, out, { value });
    const { traces, plans, compiles } = stats();
    for (let i = 0; i < 5; i++) {
      J(x2);
      J.valueAndJacobian(x2);
      J.into(x2, out);
      J.into(x2.dataSync(), out, { value });
    }
    expect([stats().traces, stats().plans, stats().compiles, runs]).toEqual([traces, plans, compiles, 1]);
  });

  test('compile nothing that was compiled when it was prepared; values are compiled when they are asked for', () => {
    const count = (run: () => unknown): number => {
      const { compiles } = stats();
      run();
      return stats().compiles - compiles;
    };
    const { compileTime } = stats();
    let J = prepareJacobian(layer, spec(3));
    expect(stats().compileTime).toBeGreaterThan(compileTime);
    expect(count(() => (J = prepareJacobian(layer, spec(3))))).toBe(1);
    expect(count(() => J(x1))).toBe(0);
    expect(count(() => J.into(x1, new Float64Array(6)))).toBe(0);
    expect(count(() => J.valueAndJacobian(x1))).toBe(1);
    expect(count(() => J.into(x1, new Float64Array(6), { value: new Float64Array(2) }))).toBe(0);
    const K = prepareJacobian((x: Tensor) => [layer(x), ops.sum(x)] as const, spec(3), { hasAux: true });
    expect(count(() => K(x1))).toBe(0);
  });

  test('arguments may be tensors, variables, typed arrays, arrays and numbers', () => {
    const J = prepareJacobian((x: Tensor, s: Tensor) => ops.mul(ops.square(x), s), [spec(2), spec()]);
    for (const x of [f64([1, 2]), ops.variable(f64([1, 2])), Float64Array.of(1, 2), [1, 2]]) {
      expect(plain(J(x, 3))).toEqual([
        [6, 0],
        [0, 12],
      ]);
    }
    expect(plain(J(f64([1, 2]), f64(2)))).toEqual([
      [4, 0],
      [0, 8],
    ]);
    const M = prepareJacobian((x: Tensor) => ops.sum(ops.square(x), 0), spec(2, 2));
    expect(plain(M(Float64Array.of(1, 2, 3, 4)))).toEqual([
      [
        [2, 0],
        [6, 0],
      ],
      [
        [0, 4],
        [0, 8],
      ],
    ]);
  });

  test('an example tensor is a spec; float32 where none is given', () => {
    expect((prepareJacobian(ops.sin, x1)(x1) as Tensor).dtype).toBe('float64');
    expect((prepareJacobian(ops.sin, { shape: [] })(0) as Tensor).dtype).toBe('float32');
  });

  test('zero sizes', () => {
    expect((prepareJacobian(ops.square, spec(0))(f64([])) as Tensor).shape).toEqual([0, 0]);
    expect(
      prepareJacobian((x: Tensor) => ops.slice(x, [0], [0]), spec(2)).into(f64([1, 2]), new Float64Array(0)),
    ).toHaveLength(0);
  });
});

describe('what varies', () => {
  test('arguments that are not differentiated, of any dtype', () => {
    let runs = 0;
    const J = prepareJacobian(
      (x: Tensor, { index, on }: { index: Tensor; on: Tensor }) => {
        runs++;
        return ops.where(on, ops.gather(ops.square(x), index), 0);
      },
      [spec(2), { index: { shape: [2], dtype: 'int32' }, on: { shape: [], dtype: 'bool' } }],
    );
    const x = f64([1, 2]);
    const index = ops.tensor([1, 1], { dtype: 'int32' });
    expect(plain(J(x, { index, on: ops.tensor(true) }))).toEqual([
      [0, 4],
      [0, 4],
    ]);
    expect(plain(J(x, { index: Int32Array.of(0, 1), on: ops.tensor(true) }))).toEqual([
      [2, 0],
      [0, 4],
    ]);
    expect(plain(J(x, { index, on: ops.tensor(false) }))).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(runs).toBe(1);
  });

  test('variables are read at each call', () => {
    const v = ops.variable(f64([1, 2]));
    const J = prepareJacobian((x: Tensor) => ops.mul(ops.square(x), v.value), spec(2));
    const x = f64([1, 1]);
    expect(plain(J(x))).toEqual([
      [2, 0],
      [0, 4],
    ]);
    v.assign(f64([3, 4]));
    expect(plain(J(x))).toEqual([
      [6, 0],
      [0, 8],
    ]);
    expect([...J.into(x, new Float64Array(4))]).toEqual([6, 0, 0, 8]);
    expect(plain(J.valueAndJacobian(x)[0])).toEqual([3, 4]);
    expect(plain(grad((t: Tensor) => ops.sum(J(t) as Tensor))(x))).toEqual([6, 8]);
  });

  test('captured tensors keep their value, and tapes see them', () => {
    const c = f64([2, 3]);
    const J = prepareJacobian((x: Tensor) => ops.mul(ops.square(x), c), spec(2));
    const tape = new GradientTape();
    const x = f64([1, 1]);
    const y = tape.record(() => {
      tape.watch(c);
      return ops.sum(J(x) as Tensor);
    });
    expect(plain(J(x))).toEqual([
      [4, 0],
      [0, 6],
    ]);
    expect(plain(tape.gradient(y, c))).toEqual([2, 2]);
  });
});

describe('nests, arguments, aux', () => {
  test('argnums: one, several, from the end', () => {
    const f = (x: Tensor, y: Tensor): Tensor => ops.mul(x, y);
    const specs = [spec(2), spec()];
    const [x, y] = [f64([1, 2]), f64(3)];
    for (const argnums of [0, 1, -1, [0], [1, 0], [0, 1]]) {
      const J = prepareJacobian(f, specs, { argnums });
      expect(plain(J(x, y))).toEqual(plain(jacobian(f, { argnums })(x, y)));
    }
    const both = prepareJacobian(f, specs, { argnums: [1, 0] });
    expect([...both.into(x, 3, new Float64Array(6))]).toEqual([1, 2, 3, 0, 0, 3]);
  });

  test('results outside, arguments inside', () => {
    const f = ({ p, q: [r] }: { p: Tensor; q: [Tensor] }): unknown => ({
      sum: ops.add(ops.sum(p), r),
      list: [ops.mul(p, r)],
    });
    const J = prepareJacobian(f, { p: spec(2), q: [spec()] });
    const argument = { p: f64([1, 2]), q: [f64(3)] as [Tensor] };
    expect(plain(J(argument))).toEqual(plain(jacobian(f)(argument)));
    expect(plain(J.valueAndJacobian(argument)[0])).toEqual({ sum: 6, list: [[3, 6]] });
    expect([...J.into(argument, new Float64Array(9), { value: new Float64Array(3) })]).toEqual([
      1, 1, 1, 3, 0, 0, 3, 1, 2,
    ]);
  });

  test('a single argument that is an array', () => {
    const J = prepareJacobian(([a, b]: [Tensor, Tensor]) => ops.mul(a, b), [[spec(), spec()]]);
    expect(plain(J([f64(2), f64(3)]))).toEqual([3, 2]);
  });

  test('aux follows, with the values of each call', () => {
    const f = (x: Tensor): unknown => [ops.square(x), { total: ops.sum(x), name: 'aux', list: [ops.neg(x), 4] }];
    const J = prepareJacobian(f, spec(2), { hasAux: true });
    for (const x of [f64([1, 2]), f64([3, 5])]) {
      const [a, b] = x.arraySync() as [number, number];
      const aux = { total: a + b, name: 'aux', list: [[-a, -b], 4] };
      expect(plain(J(x))).toEqual([
        [
          [2 * a, 0],
          [0, 2 * b],
        ],
        aux,
      ]);
      expect(plain(J.valueAndJacobian(x))).toEqual([
        [a * a, b * b],
        [
          [2 * a, 0],
          [0, 2 * b],
        ],
        aux,
      ]);
      expect([...J.into(x, new Float64Array(4))]).toEqual([2 * a, 0, 0, 2 * b]);
    }
    expect(plain(jacobian(f, { hasAux: true })(f64([1, 2])))).toEqual(plain(J(f64([1, 2]))));
  });

  test('batch: the Jacobian of each example', () => {
    const W = float64([1, 2, 3, 4, 5, 6], [3, 2]);
    const f = (x: Tensor, w: Tensor): Tensor => ops.sin(ops.matmul(x, w));
    const J = prepareJacobian(f, [spec(4, 3), spec(3, 2)], { batch: true });
    const x = float64(
      Array.from({ length: 12 }, (_, i) => i / 7),
      [4, 3],
    );
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return f(x, W);
    });
    expectDense(J(x, W) as Tensor, tape.batchJacobian(y, x), '', 1e-14);
    expect(J.explain()).toContain('examples: independent');
    // The rows of W mix: what is summed is ∂f[b]/∂W[k] = x[b, k]·cos(x·W)[b], over b.
    const square = ops.slice(x, [0, 0], [3, 3]);
    const slopes = ops.cos(ops.matmul(square, W));
    const truth = ops.einsum('bk,bi,ij->kij', square, slopes, ops.eye(2, { dtype: 'float64' }));
    for (const mode of ['auto', 'forward', 'reverse'] as const) {
      const kernel = prepareJacobian(f, [spec(3, 3), spec(3, 2)], { batch: true, argnums: 1, mode });
      expectDense(kernel(square, W) as Tensor, truth, mode, 1e-13);
      expect(kernel.explain()).toContain('examples: mixed by contract');
    }
  });

  test('a result that does not depend on the argument is zero', () => {
    const J = prepareJacobian(() => f64([1, 2]), spec(3));
    expect(plain(J(x1))).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(J.plan).toMatchObject({ forwardSeeds: 0, reverseSeeds: 0, nnz: 0, flops: 0 });
    expect(J.explain()).toContain('zero everywhere');
    const partly = prepareJacobian((x: Tensor) => [f64(1), ops.sum(x)], spec(2));
    expect(plain(partly(f64([1, 2])))).toEqual([
      [0, 0],
      [1, 1],
    ]);
    const B = prepareJacobian(() => f64([[1], [2]]), spec(2, 3), { batch: true });
    expect((B(float64(new Array(6).fill(1), [2, 3])) as Tensor).shape).toEqual([2, 1, 3]);
  });
});

describe('plan', () => {
  test('is plain data', () => {
    const J = prepareJacobian(layer, spec(3), { mode: 'forward' });
    expect(JSON.parse(JSON.stringify(J.plan))).toEqual(J.plan);
    expect(J.plan).toMatchObject({ mode: 'forward', forwardSeeds: 3, reverseSeeds: 0, lowerBound: 3, nnz: 6 });
    expect(prepareJacobian(layer, spec(3)).plan).toMatchObject({
      mode: 'reverse',
      forwardSeeds: 0,
      reverseSeeds: 2,
      nnz: 6,
    });
    expect(prepareJacobian(ops.sin, spec(5)).plan).toMatchObject({
      mode: 'forward',
      forwardSeeds: 1,
      lowerBound: 1,
      nnz: 5,
    });
    for (const value of Object.values(J.plan).slice(1)) expect(Number.isInteger(value)).toBe(true);
  });

  test('of several results: the sum of all', () => {
    const J = prepareJacobian((x: Tensor) => [ops.sin(x), ops.sum(x)], spec(4), { mode: 'reverse' });
    expect(J.plan).toMatchObject({ reverseSeeds: 2, nnz: 8 });
    expect(
      J.explain()
        .split('\n')
        .filter((line) => line.startsWith('Jacobian of')),
    ).toHaveLength(2);
  });

  test('chunks are in the explanation', () => {
    expect(prepareJacobian(layer, spec(3), { mode: 'forward', chunkSize: 2 }).explain()).toContain(
      'seeds: 3, 2 at a time',
    );
  });
});
