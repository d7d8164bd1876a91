/** hessian: closed forms, nests, unrelated results, mapped. */
import { vmap } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { expectDense, float64 } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import type { FunctionJacobianOptions } from './index.ts';
import { hessian, jacrev } from './index.ts';

const { tensor } = ops;
const f64 = (data: NestedLike): Tensor => tensor(data, { dtype: 'float64' });
const numbers = (...shape: number[]): Tensor =>
  float64(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + 2.3 * i)),
    shape,
  );

/** Leaves of a nest as plain arrays. */
function plain(nest: unknown): unknown {
  if (nest instanceof ops.Tensor) return nest.arraySync();
  if (Array.isArray(nest)) return nest.map(plain);
  if (typeof nest === 'object' && nest !== null)
    return Object.fromEntries(Object.entries(nest).map(([k, v]) => [k, plain(v)]));
  return nest;
}

const x2 = f64([1, 2]);

describe('hessian', () => {
  test('of xᵀAx is A + Aᵀ, aux is passed on', () => {
    const M = numbers(3, 3);
    const quadratic = (x: Tensor): Tensor => ops.dot(x, ops.matmul(M, x));
    const x = numbers(3);
    expectDense(hessian(quadratic)(x) as Tensor, ops.add(M, ops.transpose(M)));
    const [H, aux] = hessian((t: Tensor) => [quadratic(t), t], { hasAux: true })(x) as [Tensor, Tensor];
    expectDense(H, ops.add(M, ops.transpose(M)));
    expectDense(aux, x);
  });

  test('of Rosenbrock’s function', () => {
    const f = (x: Tensor): Tensor => {
      const [a, b] = ops.unstack(x) as [Tensor, Tensor];
      return ops.add(ops.square(ops.sub(1, a)), ops.mul(100, ops.square(ops.sub(b, ops.square(a)))));
    };
    const [a, b] = [1.2, 1.1];
    for (const options of [
      {},
      { mode: 'forward' },
      { mode: 'reverse' },
      { chunkSize: 1 },
    ] as FunctionJacobianOptions[]) {
      expectDense(
        hessian(f, options)(f64([a, b])) as Tensor,
        float64([1200 * a * a - 400 * b + 2, -400 * a, -400 * a, 200], [2, 2]),
      );
    }
  });

  test('of Σ max(x, 0)²: half at the tie', () => {
    const f = (x: Tensor): Tensor => ops.sum(ops.square(ops.maximum(x, 0)));
    expect(plain(hessian(f)(f64([-1, -0.5, 0, 0.5, 1])))).toEqual(
      [0, 0, 0.5, 2, 2].map((d, i) => [0, 1, 2, 3, 4].map((k) => (k === i ? d : 0))),
    );
  });

  test('nests and argnums: result, argument, argument', () => {
    const f = ({ p, q }: { p: Tensor; q: Tensor }, r: Tensor): Tensor => ops.add(ops.mul(ops.sum(ops.square(p)), q), r);
    const H = hessian(f)({ p: x2, q: f64(3) }, f64(1));
    expect(plain(H)).toEqual({
      p: {
        p: [
          [6, 0],
          [0, 6],
        ],
        q: [2, 4],
      },
      q: { p: [2, 4], q: 0 },
    });
    const both = hessian((a: Tensor, b: Tensor) => ops.mul(ops.square(a), b), { argnums: [0, 1] })(f64(2), f64(3));
    expect(plain(both)).toEqual([
      [6, 4],
      [4, 0],
    ]);
  });

  test('of a vector, of an unrelated result, of a mapped function', () => {
    expect(plain(hessian((x: Tensor) => ops.pow(x, 3))(x2))).toEqual([
      [
        [6, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 12],
      ],
    ]);
    expect(plain(hessian(() => f64(3))(x2))).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(plain(hessian((x: Tensor) => ops.sum(x))(x2))).toEqual([
      [0, 0],
      [0, 0],
    ]);
    const rows = numbers(3, 2);
    const f = (row: Tensor): Tensor => ops.prod(ops.sin(row));
    expectDense(
      vmap(hessian(f))(rows) as Tensor,
      ops.stack(ops.unstack(rows).map((row) => jacrev(jacrev(f))(row) as Tensor)),
      '',
      1e-14,
    );
  });
});
