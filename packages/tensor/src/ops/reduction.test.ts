/** Reductions, statistics and running sums against naive loops, over every set of axes, and at their edges. */
import { describe, expect, test } from 'vitest';
import type { DType, Tensor, TensorLike } from '../index.ts';
import * as ops from '../index.ts';
import { tensor } from '../index.ts';

const SHAPE = [2, 3, 2];
const DATA = [3, -1, 4, 1, -5, 9, 2, -6, 5, 3, 5, -8];
const AXES: readonly (number | readonly number[] | undefined)[] = [undefined, 0, 1, -1, [0, 2], [1, -3], [0, 1, 2], []];

/** Groups of elements that a reduction joins, in row-major order of what is kept. Slow and obvious. */
function groups(axes: readonly number[]): number[][] {
  const out = new Map<string, number[]>();
  DATA.forEach((value, at) => {
    const index = [Math.floor(at / 6), Math.floor(at / 2) % 3, at % 2];
    const kept = index.filter((_, axis) => !axes.includes(axis)).join();
    out.set(kept, [...(out.get(kept) ?? []), value]);
  });
  return [...out.values()];
}

const average = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
const spread = (v: readonly number[], ddof: number): number =>
  v.reduce((s, x) => s + (x - average(v)) ** 2, 0) / (v.length - ddof);

type Reduction = (x: TensorLike, axis?: number | readonly number[], keepDims?: boolean) => Tensor;
const TABLE: readonly (readonly [string, Reduction, (v: readonly number[]) => number])[] = [
  ['sum', ops.sum, (v) => v.reduce((a, b) => a + b, 0)],
  ['prod', ops.prod, (v) => v.reduce((a, b) => a * b, 1)],
  ['mean', ops.mean, average],
  ['max', ops.max, (v) => Math.max(...v)],
  ['min', ops.min, (v) => Math.min(...v)],
  ['any', (x, axis, keep) => ops.any(ops.greater(x, 4), axis, keep), (v) => Number(v.some((x) => x > 4))],
  ['all', (x, axis, keep) => ops.all(ops.greater(x, -6), axis, keep), (v) => Number(v.every((x) => x > -6))],
  ['variance', ops.variance, (v) => spread(v, 0)],
  ['std', ops.std, (v) => Math.sqrt(spread(v, 0))],
  ['logSumExp', ops.logSumExp, (v) => Math.log(v.reduce((s, x) => s + Math.exp(x), 0))],
  ['norm', (x, axis, keep) => ops.norm(x, 'euclidean', axis, keep), (v) => Math.hypot(...v)],
];

describe.each(TABLE)('%s', (name, op, oracle) => {
  test.each(AXES)('over axes %j agrees with a loop', (axis) => {
    const list =
      axis === undefined ? [0, 1, 2] : (typeof axis === 'number' ? [axis] : axis).map((a) => (a < 0 ? a + 3 : a));
    const x = tensor(Float64Array.from(DATA), { shape: SHAPE });
    const y = op(x, axis);
    expect(y.shape).toEqual(SHAPE.filter((_, i) => !list.includes(i)));
    expect(op(x, axis, true).shape).toEqual(SHAPE.map((d, i) => (list.includes(i) ? 1 : d)));
    const expected = groups(list).map(oracle);
    y.dataSync().forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 10));
  });

  test('takes scalars and every dtype', () => {
    expect(op(tensor(3)).shape).toEqual([]);
    for (const dtype of ['float32', 'float64', 'int32', 'bool'] as const) {
      const y = op(
        ops.cast(
          tensor([
            [1, 0],
            [1, 1],
          ]),
          dtype,
        ),
        0,
      );
      expect(y.shape).toEqual([2]);
      const kinds: Record<string, DType> = { any: 'bool', all: 'bool' };
      const floating = dtype === 'float64' ? 'float64' : 'float32';
      const same = ['sum', 'prod', 'max', 'min'].includes(name) ? (dtype === 'bool' ? 'int32' : dtype) : floating;
      expect(y.dtype).toBe(kinds[name] ?? same);
    }
  });
});

describe('reductions of nothing', () => {
  const empty = ops.zeros([0, 3]);
  test('sum is 0, prod 1, mean NaN, any false, all true, logSumExp −∞', () => {
    expect(ops.sum(empty, 0).arraySync()).toEqual([0, 0, 0]);
    expect(ops.sum(empty).item()).toBe(0);
    expect(ops.prod(empty, 0).arraySync()).toEqual([1, 1, 1]);
    expect(ops.mean(empty, 0).arraySync()).toEqual([NaN, NaN, NaN]);
    expect(ops.any(empty).item()).toBe(false);
    expect(ops.all(empty).item()).toBe(true);
    expect(ops.logSumExp(empty, 0).arraySync()).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(ops.norm(empty).item()).toBe(0);
    expect(ops.variance(empty).item()).toBeNaN();
  });
  test('over another axis there is nothing to do, but a shape to get right', () => {
    for (const op of [ops.sum, ops.prod, ops.mean, ops.max, ops.min, ops.logSumExp, ops.variance, ops.std]) {
      expect(op(empty, 1).shape).toEqual([0]);
      expect(op(empty, 1, true).shape).toEqual([0, 1]);
    }
    expect(ops.argmax(empty, 1).shape).toEqual([0]);
    expect(ops.cumsum(empty, 0).shape).toEqual([0, 3]);
    expect(ops.softmax(empty, 0).shape).toEqual([0, 3]);
    expect(ops.logSoftmax(empty).shape).toEqual([0, 3]);
  });
});

describe('special values', () => {
  test('NaN and infinities', () => {
    expect(ops.max(tensor([1, NaN, 3])).item()).toBeNaN();
    expect(ops.min(tensor([1, NaN, 3])).item()).toBeNaN();
    expect(ops.max(tensor([-Infinity, -Infinity])).item()).toBe(-Infinity);
    expect(ops.sum(tensor([Infinity, -Infinity])).item()).toBeNaN();
    expect(ops.argmax(tensor([1, NaN, 3])).item()).toBe(1);
    expect(ops.argmin(tensor([1, NaN, -3])).item()).toBe(1);
  });
  test('float32 sums accumulate in float64', () => {
    const x = ops.full([100_000], 0.1);
    expect(ops.sum(x).item()).toBeCloseTo(100_000 * Math.fround(0.1), 2);
    expect(ops.sum(tensor([1e8, 1, -1e8])).item()).toBe(1);
  });
  test('variance is shifted: a large mean does not matter', () => {
    const x = tensor([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], { dtype: 'float64' });
    expect(ops.variance(x).item()).toBeCloseTo(22.5, 9);
    expect(ops.variance(x, 0, false, { ddof: 1 }).item()).toBeCloseTo(30, 9);
    expect(ops.std(x, 0, true, { ddof: 1 }).arraySync()).toEqual([Math.sqrt(30)]);
    expect(ops.variance(tensor([3]), 0, false, { ddof: 1 }).item()).toBeNaN();
  });
  test('logSumExp is shifted, and right where the largest element is infinite', () => {
    expect(ops.logSumExp(tensor([1000, 1000])).item()).toBeCloseTo(1000 + Math.LN2, 3);
    expect(ops.logSumExp(tensor([-1000, -1000])).item()).toBeCloseTo(-1000 + Math.LN2, 3);
    const rows = tensor([
      [-Infinity, -Infinity],
      [Infinity, 0],
      [-Infinity, 2],
      [Infinity, -Infinity],
      [NaN, 0],
    ]);
    expect(ops.logSumExp(rows, 1).arraySync()).toEqual([-Infinity, Infinity, 2, Infinity, NaN]);
  });
  test('softmax and logSoftmax are shifted', () => {
    expect(ops.softmax(tensor([1000, 1000, -1000])).arraySync()).toEqual([0.5, 0.5, 0]);
    expect(ops.logSoftmax(tensor([0, 1000])).arraySync()).toEqual([-1000, 0]);
    const x = tensor(
      [
        [1, 2, 3],
        [-1, 0, 4],
      ],
      { dtype: 'float64' },
    );
    for (const axis of [0, 1, -1]) {
      const y = ops.softmax(x, axis);
      ops
        .sum(y, axis)
        .dataSync()
        .forEach((v) => expect(v).toBeCloseTo(1, 14));
      ops
        .sub(ops.log(y), ops.logSoftmax(x, axis))
        .dataSync()
        .forEach((v) => expect(v).toBeCloseTo(0, 14));
    }
    expect(ops.softmax(tensor([1, 2], { dtype: 'float64' })).arraySync()).toEqual([
      1 / (1 + Math.E),
      Math.E / (1 + Math.E),
    ]);
    expect(ops.softmax(tensor([-Infinity, 0])).arraySync()).toEqual([0, 1]);
  });
});

describe('norm', () => {
  const x = tensor(
    [
      [1, -2, 2],
      [0, 3, -4],
    ],
    { dtype: 'float64' },
  );
  test('of one vector, of vectors, of matrices', () => {
    expect(ops.norm(x).item()).toBeCloseTo(Math.sqrt(34), 14);
    expect(ops.norm(x, 2, 1).arraySync()).toEqual([3, 5]);
    expect(ops.norm(x, 1).item()).toBe(12);
    expect(ops.norm(x, 1, 0).arraySync()).toEqual([1, 5, 6]);
    expect(ops.norm(x, Infinity).item()).toBe(4);
    expect(ops.norm(x, -Infinity, 1, true).arraySync()).toEqual([[1], [0]]);
    expect(ops.norm(x, 3, 1).dataSync()[0]).toBeCloseTo(17 ** (1 / 3), 14);
    expect(ops.norm(x, 0.5, 1).dataSync()[1]).toBeCloseTo((Math.sqrt(3) + 2) ** 2, 12);
    expect(ops.norm(x, 'fro', [0, 1]).item()).toBeCloseTo(Math.sqrt(34), 14);
    expect(ops.norm(x, 1, [0, 1]).item()).toBe(6);
    expect(ops.norm(x, Infinity, [0, 1]).item()).toBe(7);
    expect(ops.norm(x, 1, [1, 0]).item()).toBe(7);
    expect(ops.norm(x, 1, [-2, -1], true).shape).toEqual([1, 1]);
    expect(ops.norm(ops.zeros([2, 3]), 2, 1).arraySync()).toEqual([0, 0]);
    expect(ops.norm(tensor(-3)).item()).toBe(3);
  });
});

describe('argmax and argmin', () => {
  const x = tensor([
    [1, 5, 5],
    [4, 2, -1],
  ]);
  test('take the first of equals, along an axis or in the flattened tensor', () => {
    expect(ops.argmax(x, 1).arraySync()).toEqual([1, 0]);
    expect(ops.argmax(x, -2).arraySync()).toEqual([1, 0, 0]);
    expect(ops.argmin(x, 0).arraySync()).toEqual([0, 1, 1]);
    expect(ops.argmax(x).item()).toBe(1);
    expect(ops.argmin(x).item()).toBe(5);
    expect(ops.argmin(x, 1, true).arraySync()).toEqual([[0], [2]]);
    expect(ops.argmax(x, null, true).shape).toEqual([1, 1]);
    expect(ops.argmax(tensor(3)).item()).toBe(0);
    expect(ops.argmax(tensor([false, true])).dtype).toBe('int32');
  });
});

describe('cumsum and cumprod', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  test('run along an axis, from either end, with or without the element itself', () => {
    expect(ops.cumsum(x, 1).arraySync()).toEqual([
      [1, 3, 6],
      [4, 9, 15],
    ]);
    expect(ops.cumsum(x, 0).arraySync()).toEqual([
      [1, 2, 3],
      [5, 7, 9],
    ]);
    expect(ops.cumsum(x, -1, { reverse: true }).arraySync()).toEqual([
      [6, 5, 3],
      [15, 11, 6],
    ]);
    expect(ops.cumsum(x, 1, { exclusive: true }).arraySync()).toEqual([
      [0, 1, 3],
      [0, 4, 9],
    ]);
    expect(ops.cumsum(x, 1, { exclusive: true, reverse: true }).arraySync()).toEqual([
      [5, 3, 0],
      [11, 6, 0],
    ]);
    expect(ops.cumprod(x, 1).arraySync()).toEqual([
      [1, 2, 6],
      [4, 20, 120],
    ]);
    expect(ops.cumprod(x, 1, { exclusive: true }).arraySync()).toEqual([
      [1, 1, 2],
      [1, 4, 20],
    ]);
    expect(ops.cumprod(x, 1, { reverse: true }).arraySync()).toEqual([
      [6, 6, 3],
      [120, 30, 6],
    ]);
    expect(ops.cumprod(x, 0, { exclusive: true, reverse: true }).arraySync()).toEqual([
      [4, 5, 6],
      [1, 1, 1],
    ]);
    expect(ops.cumsum(tensor([true, false, true])).arraySync()).toEqual([1, 1, 2]);
    expect(ops.cumsum(tensor([1], { dtype: 'float64' })).dtype).toBe('float64');
  });
});
