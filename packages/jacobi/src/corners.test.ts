/** Corners of operations: empty parts, extreme sizes of numbers, signs of zero. Expected values are closed forms. */
import { describe, expect, test } from 'vitest';
import type { Tensor } from './index.ts';
import {
  add,
  arange,
  atan2,
  checkpoint,
  clip,
  concat,
  cpu,
  DTypeError,
  diag,
  diagPart,
  einsum,
  grad,
  hessian,
  hvp,
  hypot,
  jit,
  linspace,
  logAddExp,
  matmul,
  mod,
  mul,
  norm,
  ones,
  pad,
  pow,
  prepareJacobian,
  random,
  reciprocal,
  scatterAdd,
  slice,
  split,
  square,
  stack,
  sum,
  tensor,
  unstack,
  variable,
  wasm,
  where,
  withBackend,
} from './index.ts';

const backends = [await cpu(), await wasm()];
const d = (data: number | number[] | number[][]): Tensor => tensor(data, { dtype: 'float64' });

describe.each(backends)('on $name', (backend) => {
  test('a sum over nothing is 0, whatever lies before it', () => {
    withBackend(backend, () => {
      const x = tensor([5, 6, 7]);
      const table: readonly (readonly [(t: Tensor) => Tensor, number | number[]])[] = [
        [(t) => sum(slice(diag(t), [0, 0], [0, 3]), 0), [0, 0, 0]],
        [(t) => sum(slice(pad(square(t), [[2, 2]]), [2], [0])), 0],
        [(t) => sum(diagPart(slice(diag(t), [0, 0], [3, 0]))), 0],
        [(t) => einsum('ij->', slice(diag(t), [3, 0], [0, 3])), 0],
      ];
      for (const [f, expected] of table) {
        expect(f(x).arraySync()).toEqual(expected);
        expect((jit(f)(x) as Tensor).arraySync()).toEqual(expected);
      }
    });
  });

  test('second derivatives of norms at 0 are 0, whatever x is multiplied by', () => {
    withBackend(backend, () => {
      for (const dtype of ['float32', 'float64'] as const) {
        const x = tensor([0, 0, 0], { dtype });
        const f = (t: Tensor): Tensor => norm(mul(5, t));
        const zeros = [0, 1, 2].map(() => [0, 0, 0]);
        expect((hessian(f)(x) as Tensor).arraySync()).toEqual(zeros);
        expect((jit(hessian(f))(x) as Tensor).arraySync()).toEqual(zeros);
        expect((prepareJacobian(grad(f), x)(x) as Tensor).arraySync()).toEqual(zeros);
        expect(hvp((t: Tensor) => norm(t), x, tensor([2, -7, 3], { dtype })).arraySync()).toEqual([0, 0, 0]);
      }
      const ofHypot = hessian((t: Tensor) => hypot(...(unstack(t) as [Tensor, Tensor])));
      expect(ofHypot(d([0, 0])).arraySync()).toEqual([
        [0, 0],
        [0, 0],
      ]);
      // At (3, 4): (I − uuᵀ) / 5.
      const table = ofHypot(d([3, 4])).arraySync() as number[][];
      table.flat().forEach((h, i) => expect(h).toBeCloseTo([0.128, -0.096, -0.096, 0.072][i]!, 14));
    });
  });

  test('slopes of logAddExp at NaN are NaN, beside infinities 0 and 1', () => {
    withBackend(backend, () => {
      const slopes = (a: number, b: number): unknown =>
        (grad(logAddExp, { argnums: [0, 1] })(d(a), d(b)) as Tensor[]).map((t) => t.item());
      expect(slopes(NaN, 1)).toEqual([NaN, NaN]);
      expect(slopes(NaN, Infinity)).toEqual([NaN, NaN]);
      expect(slopes(-Infinity, 2)).toEqual([0, 1]);
      expect(slopes(Infinity, 2)).toEqual([1, 0]);
      expect(slopes(2, 2)).toEqual([0.5, 0.5]);
    });
  });

  test('powers of integers wrap around, also where the exponent is no int32', () => {
    withBackend(backend, () => {
      for (const exponent of [31, 2 ** 31, 3e9, 2 ** 32 + 1]) {
        const wrapped = (base: number): number => {
          let [result, square, rest] = [1n, BigInt(base), BigInt(exponent)];
          for (; rest > 0n; rest /= 2n, square = BigInt.asIntN(32, square * square))
            if (rest % 2n === 1n) result = BigInt.asIntN(32, result * square);
          return Number(result);
        };
        const bases = [3, -1, 2, -7];
        expect(pow(tensor(bases, { dtype: 'int32' }), exponent).arraySync()).toEqual(bases.map(wrapped));
      }
    });
  });

  test('uniform numbers from a range that is wider than the largest number', () => {
    withBackend(backend, () => {
      for (const [dtype, most] of [
        ['float32', 3e38],
        ['float64', 1.5e308],
      ] as const) {
        const drawn = random.uniform([500], { minval: -most, maxval: most, dtype, seed: 4 }).dataSync() as Float64Array;
        expect(drawn.every((x) => x >= -most && x < most)).toBe(true);
        expect(drawn.filter((x) => x < 0).length).toBeGreaterThan(200);
        expect(drawn.filter((x) => x > most / 2).length).toBeGreaterThan(80);
      }
    });
  });

  test.each(['forward', 'reverse'] as const)('the Jacobian of a sum over nothing is 0, %s', (mode) => {
    withBackend(backend, () => {
      const first = prepareJacobian((t: Tensor) => sum(split(t, [0, 3])[0]!), { shape: [3] }, { mode });
      expect(first(tensor([1, 2, 3])).arraySync()).toEqual([0, 0, 0]);
      const beside = (t: Tensor): Tensor => add(sum(slice(t, [0], [0])), sum(square(t)));
      expect(prepareJacobian(beside, { shape: [3] }, { mode })(tensor([1, 2, 3])).arraySync()).toEqual([2, 4, 6]);
    });
  });

  test('a remainder of zero has the sign of the divisor', () => {
    withBackend(backend, () => {
      for (const dtype of ['float32', 'float64'] as const) {
        const a = tensor([-0, 0, -0, 0, 6, -6, 6, -6], { dtype });
        const b = tensor([1, 1, -1, -1, 3, 3, -3, -3], { dtype });
        const expected = [Infinity, Infinity, -Infinity, -Infinity, Infinity, Infinity, -Infinity, -Infinity];
        expect(reciprocal(mod(a, b)).arraySync()).toEqual(expected);
        expect((jit((p: Tensor, q: Tensor) => reciprocal(mod(p, q)))(a, b) as Tensor).arraySync()).toEqual(expected);
      }
    });
  });
});

test('the slopes of atan2 are right where squares over- or underflow', () => {
  const slopes = (y: Tensor, x: Tensor): number[] =>
    (grad(atan2, { argnums: [0, 1] })(y, x) as Tensor[]).map((t) => t.item());
  // ∂ atan2(y, x) = (x, −y) / (x² + y²).
  for (const [size, slope] of [
    [1e-23, 5e22],
    [1e20, 5e-21],
  ] as const) {
    const [byY, byX] = slopes(tensor(size), tensor(size));
    expect(byY! / slope).toBeCloseTo(1, 5);
    expect(byX! / -slope).toBeCloseTo(1, 5);
  }
  expect(slopes(d(0), d(1e-200)).map((s) => s + 0)).toEqual([1e200, 0]);
});

describe('arange and linspace', () => {
  test('whole numbers that int32 does not hold are float32, or refused', () => {
    expect(arange(0, 4e9, 1e9)).toMatchObject({ dtype: 'float32' });
    expect(arange(0, 4e9, 1e9).arraySync()).toEqual([0, 1e9, 2e9, 3e9]);
    expect(arange(3e9, 3e9 + 2, 1, { dtype: 'float64' }).arraySync()).toEqual([3e9, 3e9 + 1]);
    expect(() => arange(0, 4e9, 1e9, { dtype: 'int32' })).toThrow(DTypeError);
    expect(arange(2147483646, 2147483648).arraySync()).toEqual([2147483646, 2147483647]);
    expect(arange(-2147483648, -2147483646)).toMatchObject({ dtype: 'int32' });
  });
  test('the ends may be far apart', () => {
    expect(linspace(-1e308, 1e308, 3, { dtype: 'float64' }).arraySync()).toEqual([-1e308, 0, 1e308]);
  });
});

test('a vector is taken apart in time that grows as it does', () => {
  const parts = unstack(arange(40_000));
  expect(parts).toHaveLength(40_000);
  expect(parts.at(-1)!.item()).toBe(39_999);
  expect(split(ones([6]), [1, 2, 3]).map((t) => t.size)).toEqual([1, 2, 3]);
});

test('a checkpoint of nothing gives nothing', () => {
  expect(checkpoint((x: object) => x)({})).toEqual({});
  expect(checkpoint((_: Tensor) => [])(tensor(1))).toEqual([]);
});

describe('a list of numbers beside float64 is float64', () => {
  const x = d([1, 2]);
  const list = [0.1, 0.2];
  test.each<[string, () => Tensor, number[] | number[][]]>([
    ['add', () => add(x, list), [1.1, 2.2]],
    ['add, on the left', () => add(list, x), [1.1, 2.2]],
    [
      'matmul',
      () =>
        matmul(
          [[0.1, 0.2]],
          d([
            [1, 0],
            [0, 1],
          ]),
        ),
      [[0.1, 0.2]],
    ],
    ['einsum', () => einsum('i,i->i', x, list), [0.1, 0.4]],
    ['concat', () => concat([x, list], 0), [1, 2, 0.1, 0.2]],
    ['stack', () => stack([list, x]), [list, [1, 2]]],
    ['where', () => where([true, false], list, x), [0.1, 2]],
    ['clip', () => clip(x, list, [0.7, 0.9]), [0.7, 0.9]],
    ['scatterAdd', () => scatterAdd(x, [0, 1], list), [1.1, 2.2]],
    ['tensor', () => tensor([x, list]), [[1, 2], list]],
    ['assignAdd', () => variable([0, 0], { dtype: 'float64' }).assignAdd(list).value, list],
  ])('%s', (_, run, expected) => {
    expect(run()).toMatchObject({ dtype: 'float64' });
    expect(run().arraySync()).toEqual(expected);
  });
  test('a list in itself is refused by name', () => {
    const list: unknown[] = [1];
    list.push(list);
    expect(() => add(x, list as number[])).toThrow('add: b[1] has 2 elements, its neighbours none');
    const deep: unknown[] = [];
    deep.push(deep);
    expect(() => add(x, deep as number[])).toThrow('add: b is nested too deep, or in itself');
  });
  test('but what has a dtype keeps it', () => {
    expect(add(x, tensor(list)).arraySync()).toEqual([1 + Math.fround(0.1), 2 + Math.fround(0.2)]);
    expect(add(tensor([1, 2], { dtype: 'int32' }), [1, 2])).toMatchObject({ dtype: 'float32' });
    expect(add(tensor([1, 2]), list)).toMatchObject({ dtype: 'float32' });
    expect(add(x, [true, false]).arraySync()).toEqual([2, 2]);
  });
});
