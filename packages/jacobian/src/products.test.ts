/** Derivatives of products of huge, infinite and zero factors: each mode gives the product of the other factors. */
import { grad, jit } from '@jacobi/autograd';
import type { Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

type F = (x: Tensor) => Tensor;
type Dtype = 'float32' | 'float64';
const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];

const FIRST: Record<string, (f: F) => F> = {
  forward: (f) => jacfwd(f) as F,
  reverse: (f) => jacrev(f) as F,
  grad: (f) => grad(f) as F,
  'forward, one seed at a time': (f) => jacobian(f, { mode: 'forward', chunkSize: 1 }) as F,
  jit: (f) => jit(jacrev(f)) as F,
};
const SECOND: Record<string, (f: F) => F> = {
  'forward over forward': (f) => jacfwd(jacfwd(f)) as F,
  'forward over reverse': (f) => jacfwd(jacrev(f)) as F,
  'reverse over forward': (f) => jacrev(jacfwd(f)) as F,
  'reverse over reverse': (f) => jacrev(jacrev(f)) as F,
  jit: (f) => jit(jacrev(jacrev(f))) as F,
};

/** The product of all numbers but those at some places. */
function without(x: readonly number[], ...places: number[]): number {
  return x.reduce((product, v, i) => (places.includes(i) ? product : product * v), 1);
}

/** Each entry but for the rounding of a few products; NaN and infinities as they are. */
function expectNear(actual: Tensor, expected: readonly number[], what: string): void {
  const close = actual.dtype === 'float32' ? 1e-6 : 1e-14;
  const right = expected.map((v) => (actual.dtype === 'float32' ? Math.fround(v) : v));
  const data = Array.from(actual.dataSync());
  const same = data.map((v, i) => (Math.abs(v - right[i]!) <= close * Math.abs(right[i]!) ? right[i]! : v + 0));
  expect(same, what).toEqual(right);
}

describe.each(['float32', 'float64'] as const)('prod in %s', (dtype: Dtype) => {
  test.each([[[1, nan, 2]], [[3, inf, -2]], [[inf, 0, 5, -1]], [[1e30, 1e30, 1e-30]], [[0, 7, 0, 2, 3]], [[-2.5]]])(
    'the gradient at %j',
    (x) => {
      for (const [way, derive] of Object.entries(FIRST))
        expectNear(
          derive((t) => ops.prod(t))(ops.tensor(x, { dtype })),
          x.map((_, i) => without(x, i)),
          way,
        );
    },
  );

  test.each([[[1e30, 1e30]], [[1e30, -1e30, 1e30]], [[2, 0, 1e30, 0]], [[-3, 0.5, 2, 7, 1.5]]])(
    'the Hessian at %j',
    (x) => {
      const expected = x.flatMap((_, i) => x.map((_, k) => (i === k ? 0 : without(x, i, k))));
      for (const [way, derive] of Object.entries(SECOND))
        expectNear(derive((t) => ops.prod(t))(ops.tensor(x, { dtype })), expected, way);
    },
  );

  test('over some axes, the first and the last', () => {
    const x = ops.tensor(
      [
        [[2], [nan], [3]],
        [[inf], [4], [5]],
      ],
      { dtype },
    );
    const f: F = (t) => ops.prod(t, [0, 2]);
    const expected = [0, 1, 2].flatMap((row) => [inf, 4, 5, 2, nan, 3].map((other, i) => (i % 3 === row ? other : 0)));
    for (const derive of [FIRST.forward!, FIRST.reverse!]) expectNear(derive(f)(x), expected, 'axes');
    const prepared = prepareJacobian(f, [x]);
    expectNear(prepared(x) as Tensor, expected, 'prepared');
  });
});
