/** jacobian, jacfwd, jacrev, hessian: the cases of JAX and PyTorch (nests, argnums, aux, chunks, dtypes, transforms of them). */
import { jit, vmap } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { differences, expectDense, float64 } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import type { FunctionJacobianOptions, JacobianFunction } from './index.ts';
import { jacfwd, jacobian, jacrev } from './index.ts';

const { tensor } = ops;
const f64 = (data: NestedLike): Tensor => tensor(data, { dtype: 'float64' });
const numbers = (...shape: number[]): Tensor =>
  float64(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + 2.3 * i)),
    shape,
  );

type AnyF = (...args: any[]) => any;
const transforms: readonly (readonly [
  string,
  (f: AnyF, options?: Omit<FunctionJacobianOptions, 'mode'>) => JacobianFunction,
])[] = [
  ['jacobian', jacobian],
  ['jacfwd', jacfwd],
  ['jacrev', jacrev],
];

/** Leaves of a nest as plain arrays. */
function plain(nest: unknown): unknown {
  if (nest instanceof ops.Tensor) return nest.arraySync();
  if (Array.isArray(nest)) return nest.map(plain);
  if (typeof nest === 'object' && nest !== null)
    return Object.fromEntries(Object.entries(nest).map(([k, v]) => [k, plain(v)]));
  return nest;
}

interface Case {
  readonly name: string;
  readonly f: AnyF;
  readonly args: readonly unknown[];
  readonly options?: Omit<FunctionJacobianOptions, 'mode'>;
  readonly gives: unknown;
}

const A = f64([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
  [10, 11, 13],
]);
const identity = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, k) => (i === k ? 1 : 0)));
const [x2, y3] = [f64([1, 2]), f64([3, 4, 5])];

const cases: readonly Case[] = [
  { name: 'A·x is A', f: (x) => ops.matmul(A, x), args: [f64([1, 2, 3])], gives: A.arraySync() },
  { name: 'argnums 0 of (x, y) → [x, y]', f: (x, y) => [x, y], args: [f64(0), f64(1)], gives: [1, 0] },
  { name: 'argnums 1', f: (x, y) => [x, y], args: [f64(0), f64(1)], options: { argnums: 1 }, gives: [0, 1] },
  {
    name: 'argnums [0, 1]',
    f: (x, y) => [x, y],
    args: [f64(0), f64(1)],
    options: { argnums: [0, 1] },
    gives: [
      [1, 0],
      [0, 1],
    ],
  },
  {
    name: 'the first two of an array of three',
    f: (x) => x.slice(0, 2),
    args: [[f64(1), f64(2), f64(3)]],
    gives: [
      [1, 0, 0],
      [0, 1, 0],
    ],
  },
  {
    name: 'an object of results: x, and the outer product',
    f: (x, y) => ({ x, xy: ops.outer(x, y) }),
    args: [x2, y3],
    options: { argnums: [0, 1] },
    gives: {
      x: [
        identity(2),
        [
          [0, 0, 0],
          [0, 0, 0],
        ],
      ],
      xy: [
        [
          [
            [3, 0],
            [4, 0],
            [5, 0],
          ],
          [
            [0, 3],
            [0, 4],
            [0, 5],
          ],
        ],
        [identity(3), identity(3).map((row) => row.map((v) => 2 * v))],
      ],
    },
  },
  { name: 'scalar to scalar', f: (x) => ops.square(x), args: [f64(3)], gives: 6 },
  { name: '[1] to [1]', f: (x) => ops.square(x), args: [f64([3])], gives: [[6]] },
  { name: '[1] to scalar', f: (x) => ops.sum(ops.square(x)), args: [f64([3])], gives: [6] },
  { name: 'scalar to [2]', f: (x) => ops.stack([x, ops.mul(2, x)]), args: [f64(3)], gives: [1, 2] },
  { name: 'the first element', f: (x) => ops.gather(x, [0]), args: [f64([5, 6, 7])], gives: [[1, 0, 0]] },
  {
    name: 'a row without its first element, as a column',
    f: (x) => ops.expandDims(ops.squeeze(ops.slice(x, [0, 1], [1, -1]), 0), -1),
    args: [numbers(2, 4)],
    gives: [1, 2, 3].map((k) => [[0, 1].map((r) => [0, 1, 2, 3].map((c) => (r === 0 && c === k ? 1 : 0)))]),
  },
  {
    name: 'several arguments, one 1-tuple',
    f: (x, y) => ops.add(ops.mul(2, x), ops.mul(3, y)),
    args: [x2, x2],
    options: { argnums: [0] },
    gives: [
      [
        [2, 0],
        [0, 2],
      ],
    ],
  },
  {
    name: 'several arguments, out of order',
    f: (x, y) => ops.add(ops.mul(2, x), ops.mul(3, y)),
    args: [f64(1), f64(1)],
    options: { argnums: [1, 0] },
    gives: [3, 2],
  },
  {
    name: 'argnums −1',
    f: (x, y) => ops.add(ops.mul(2, x), ops.mul(3, y)),
    args: [f64(1), f64(1)],
    options: { argnums: -1 },
    gives: 3,
  },
  {
    name: 'the same argument twice',
    f: (x, y) => ops.mul(ops.square(x), y),
    args: [x2, x2],
    options: { argnums: [0, 1] },
    gives: [
      [
        [2, 0],
        [0, 8],
      ],
      [
        [1, 0],
        [0, 4],
      ],
    ],
  },
  {
    name: 'nests inside of nests',
    f: ({ a: [p, q], b }) => [{ s: ops.mul(p, q) }, [ops.sum(b)]],
    args: [{ a: [f64(2), f64(3)], b: x2 }],
    gives: [{ s: { a: [3, 2], b: [0, 0] } }, [{ a: [0, 0], b: [1, 1] }]],
  },
  {
    name: 'a result that does not depend on the argument',
    f: () => f64([[1, 2]]),
    args: [x2],
    gives: [
      [
        [0, 0],
        [0, 0],
      ],
    ],
  },
  { name: 'an argument that is not used', f: (_x, y) => ops.square(y), args: [x2, f64(2)], gives: [0, 0] },
  {
    name: 'one result that depends, one that does not, one number',
    f: (x) => [ops.sum(x), f64(7), 5],
    args: [x2],
    gives: [
      [1, 1],
      [0, 0],
      [0, 0],
    ],
  },
  { name: 'the argument itself', f: (x) => x, args: [x2], gives: identity(2) },
  { name: 'a number for an argument', f: (x) => ops.square(x), args: [3], gives: 6 },
  { name: 'an array of numbers is a nest of scalars', f: ([p, q]) => ops.mul(p, q), args: [[2, 3]], gives: [3, 2] },
  {
    name: 'integer arguments that are not differentiated',
    f: (x, i) => ops.gather(x, i),
    args: [x2, tensor([1, 1, 0], { dtype: 'int32' })],
    gives: [
      [0, 1],
      [0, 1],
      [1, 0],
    ],
  },
  {
    name: 'masks and plain values in arguments that are not differentiated',
    f: (x, { mask, n }) => ops.where(mask, ops.mul(n, x), 0),
    args: [x2, { mask: tensor([true, false]), n: 3 }],
    gives: [
      [3, 0],
      [0, 0],
    ],
  },
  {
    name: 'documentation: four functions of three numbers',
    f: (x) => {
      const [a, b, c] = ops.unstack(x) as [Tensor, Tensor, Tensor];
      return ops.stack([a, ops.mul(5, c), ops.sub(ops.mul(4, ops.square(b)), ops.mul(2, c)), ops.mul(c, ops.floor(a))]);
    },
    args: [f64([1, 2, 3])],
    gives: [
      [1, 0, 0],
      [0, 0, 5],
      [0, 16, -2],
      [0, 0, 1],
    ],
  },
  { name: 'a source of no elements', f: (x) => ops.sum(x), args: [f64([])], gives: [] },
  { name: 'a result of no elements', f: (x) => ops.slice(x, [0], [0]), args: [x2], gives: [] },
  { name: 'nothing, by steps of two', f: (x) => ops.stridedSlice(x, [1], [1], [2]), args: [x2], gives: [] },
  {
    name: 'a nest with an empty array in it',
    f: ({ x }) => ops.square(x),
    args: [{ x: f64(2), rest: [] }],
    gives: { x: 4, rest: [] },
  },
  {
    name: 'aux: a tensor',
    f: (x) => [ops.pow(x, 3), [ops.square(x)]],
    args: [f64(3)],
    options: { hasAux: true },
    gives: [27, [9]],
  },
  {
    name: 'aux: anything',
    f: (x) => [ops.square(x), { text: 'as it was', x, list: new Map() }],
    args: [f64(3)],
    options: { hasAux: true },
    gives: [6, { text: 'as it was', x: 3, list: {} }],
  },
];

describe.each(transforms)('%s', (_name, transform) => {
  test.each(cases)('$name', ({ f, args, options, gives }) => {
    expect(plain(transform(f, options)(...args))).toEqual(gives);
    for (const chunk of [{ chunkSize: 1 }, { chunkSize: 2 }, { memoryBudget: 1 }]) {
      expect(plain(transform(f, { ...options, ...chunk })(...args))).toEqual(gives);
    }
  });

  test.each([1, 2, 3, 4, 7, 10, 1000])('chunks of %d', (chunkSize) => {
    const f = (x: Tensor): Tensor => ops.sin(ops.matmul(x, numbers(3, 4)));
    const x = numbers(2, 3);
    expectDense(transform(f, { chunkSize })(x) as Tensor, transform(f)(x) as Tensor, '', 1e-14);
    expectDense(
      transform(transform(f, { chunkSize }), { chunkSize })(x) as Tensor,
      jacrev(jacfwd(f))(x) as Tensor,
      '',
      1e-13,
    );
    expectDense(
      vmap(transform(f, { chunkSize }))(ops.stack([x, ops.mul(2, x)])) as Tensor,
      ops.stack([transform(f)(x) as Tensor, transform(f)(ops.mul(2, x)) as Tensor]),
      '',
      1e-13,
    );
  });

  test('jacobian of itself, and of a mapped function', () => {
    const x = numbers(3);
    expectDense(
      transform(transform(ops.sin))(x) as Tensor,
      differences((t) => jacobian(ops.sin)(t) as Tensor, x),
    );
    const rows = numbers(4, 3);
    const f = (row: Tensor): Tensor => ops.mul(row, ops.sum(ops.square(row)));
    expectDense(
      vmap(transform(f))(rows) as Tensor,
      ops.stack(ops.unstack(rows).map((row) => transform(f)(row) as Tensor)),
      '',
      1e-14,
    );
    expectDense(
      vmap(transform(transform(f)))(rows) as Tensor,
      ops.stack(ops.unstack(rows).map((row) => transform(transform(f))(row) as Tensor)),
      '',
      1e-14,
    );
    expectDense(transform(vmap(f))(rows) as Tensor, differences(vmap(f), rows));
    expectDense(jit(transform(vmap(jit(f))))(rows) as Tensor, differences(vmap(f), rows));
  });

  test('under jit: traced once, then found', () => {
    let runs = 0;
    const J = jit(
      transform((x: Tensor) => {
        runs++;
        return ops.square(ops.cumsum(x));
      }),
    );
    const first = J(x2) as Tensor;
    expect(first.arraySync()).toEqual([
      [2, 0],
      [6, 6],
    ]);
    expect((J(ops.mul(2, x2)) as Tensor).arraySync()).toEqual([
      [4, 0],
      [12, 12],
    ]);
    expect(runs).toBe(1);
    expect(first.arraySync()).toEqual([
      [2, 0],
      [6, 6],
    ]);
  });

  test('dtypes that differ are promoted', () => {
    const [a, b] = [tensor([1, 2]), f64([3, 4])];
    const J = transform((p: Tensor, q: Tensor) => [p, q, ops.add(p, q)], { argnums: [0, 1] })(a, b) as Tensor[][];
    expect(J.map((row) => row.map((t) => t.dtype))).toEqual([
      ['float32', 'float64'],
      ['float64', 'float64'],
      ['float64', 'float64'],
    ]);
    expect(plain(J)).toEqual([
      [
        identity(2),
        [
          [0, 0],
          [0, 0],
        ],
      ],
      [
        [
          [0, 0],
          [0, 0],
        ],
        identity(2),
      ],
      [identity(2), identity(2)],
    ]);
  });

  test('an integer result has no derivative: zeros of the argument’s dtype', () => {
    const J = transform((x: Tensor) => ops.cast(x, 'int32'))(f64([1, 2])) as Tensor;
    expect([J.dtype, plain(J)]).toEqual([
      'float64',
      [
        [0, 0],
        [0, 0],
      ],
    ]);
  });

  test('rounding is connected, with derivative zero', () => {
    for (const f of [ops.floor, ops.ceil, ops.round, ops.sign])
      expect(plain(transform((x: Tensor) => ops.add(f(x), x))(f64([0.4, 1.6])))).toEqual(identity(2));
  });
});
