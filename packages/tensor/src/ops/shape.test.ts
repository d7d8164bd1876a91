/** Creation, shapes, joining, steps, diagonals and triangles against values written by hand. */
import { describe, expect, test } from 'vitest';
import * as ops from '../index.ts';
import { tensor } from '../index.ts';

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe('creation', () => {
  test('constants', () => {
    expect(ops.full([2], 3, { dtype: 'int32' }).arraySync()).toEqual([3, 3]);
    expect(ops.full([], 0.5).item()).toBe(0.5);
    expect(ops.full([2], true).arraySync()).toEqual([true, true]);
    expect(ops.full([2], 5, { dtype: 'bool' }).arraySync()).toEqual([true, true]);
    expect(ops.full([1], NaN).item()).toBeNaN();
    expect(ops.full([1], -0).item()).toBe(-0);
    expect(ops.full([1], 0).item()).toBe(0);
    expect(ops.zeros([2, 0]).shape).toEqual([2, 0]);
    expect(ops.ones([2], { dtype: 'float64' }).dtype).toBe('float64');
    expect(ops.zerosLike(tensor([1, 2], { dtype: 'int32' })).dtype).toBe('int32');
    expect(ops.onesLike(tensor([false])).arraySync()).toEqual([true]);
  });
  test('eye, arange, linspace', () => {
    expect(ops.eye(2, { columns: 3 }).arraySync()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    expect(ops.eye(3, { columns: 1, dtype: 'int32' }).arraySync()).toEqual([[1], [0], [0]]);
    expect(ops.eye(0).shape).toEqual([0, 0]);
    expect(ops.arange(3).dtype).toBe('int32');
    expect(ops.arange(5, 1, -2).arraySync()).toEqual([5, 3]);
    expect(ops.arange(1, 0).shape).toEqual([0]);
    expect(ops.arange(0, 1, 0.5).dtype).toBe('float32');
    expect(ops.linspace(0, 1, 3).arraySync()).toEqual([0, 0.5, 1]);
    expect(ops.linspace(-10, 10, 201, { dtype: 'float64' }).dataSync()[200]).toBe(10);
    expect(ops.linspace(2, 5, 1).arraySync()).toEqual([2]);
    expect(ops.linspace(2, 5, 0).shape).toEqual([0]);
  });
});

describe('shapes', () => {
  test('reshape, squeeze, expandDims', () => {
    expect(ops.reshape(x, [3, 2]).arraySync()).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(ops.reshape(ops.transpose(x), [-1]).arraySync()).toEqual([1, 4, 2, 5, 3, 6]);
    expect(ops.reshape(x, [1, -1, 2]).shape).toEqual([1, 3, 2]);
    expect(ops.reshape(ops.zeros([0, 3]), [3, 0]).shape).toEqual([3, 0]);
    expect(ops.reshape(tensor(5), [1, 1]).arraySync()).toEqual([[5]]);
    expect(ops.reshape(x, x.shape)).toBe(x);
    expect(ops.squeeze(ops.zeros([1, 2, 1]), [-1]).shape).toEqual([1, 2]);
    expect(ops.expandDims(x, 1).shape).toEqual([2, 1, 3]);
    expect(ops.expandDims(tensor(1), 0).shape).toEqual([1]);
  });
  test('transpose', () => {
    expect(ops.transpose(x).arraySync()).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    const y = tensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      { shape: [2, 3, 4] },
    );
    expect(ops.transpose(y, [1, -1, 0]).shape).toEqual([3, 4, 2]);
    expect((ops.transpose(y, [1, 2, 0]).arraySync() as number[][][])[2]![1]).toEqual([9, 21]);
    expect(ops.transpose(tensor(3)).item()).toBe(3);
  });
  test('broadcastTo, tile, flip, roll', () => {
    expect(ops.broadcastTo(tensor([[1], [2]]), [2, 2, 2]).arraySync()).toEqual([
      [
        [1, 1],
        [2, 2],
      ],
      [
        [1, 1],
        [2, 2],
      ],
    ]);
    expect(ops.broadcastTo(tensor(7), [0, 2]).shape).toEqual([0, 2]);
    expect(
      ops
        .tile(
          tensor([
            [1, 2],
            [3, 4],
          ]),
          [1, 2],
        )
        .arraySync(),
    ).toEqual([
      [1, 2, 1, 2],
      [3, 4, 3, 4],
    ]);
    expect(ops.tile(tensor([1, 2]), [0]).shape).toEqual([0]);
    expect(ops.tile(tensor(3), []).item()).toBe(3);
    expect(ops.flip(x).arraySync()).toEqual([
      [6, 5, 4],
      [3, 2, 1],
    ]);
    expect(ops.flip(x, [0]).arraySync()).toEqual([
      [4, 5, 6],
      [1, 2, 3],
    ]);
    expect(ops.roll(x, 1).arraySync()).toEqual([
      [6, 1, 2],
      [3, 4, 5],
    ]);
    expect(ops.roll(x, -1, 1).arraySync()).toEqual([
      [2, 3, 1],
      [5, 6, 4],
    ]);
    expect(ops.roll(x, [3, 1], [0, -1]).arraySync()).toEqual([
      [6, 4, 5],
      [3, 1, 2],
    ]);
    expect(ops.roll(x, 6, 1)).toBe(x);
    expect(ops.roll(ops.zeros([0]), 1, 0).shape).toEqual([0]);
  });
  test('pad', () => {
    expect(
      ops
        .pad(
          tensor([[1]]),
          [
            [1, 0],
            [0, 2],
          ],
          9,
        )
        .arraySync(),
    ).toEqual([
      [9, 9, 9],
      [1, 9, 9],
    ]);
    expect(ops.pad(tensor([1], { dtype: 'int32' }), [[1, 1]]).arraySync()).toEqual([0, 1, 0]);
    expect(ops.pad(ops.zeros([0]), [[1, 1]], -1).arraySync()).toEqual([-1, -1]);
    expect(ops.pad(tensor(1), []).item()).toBe(1);
  });
});

describe('parts', () => {
  test('slice', () => {
    expect(ops.slice(x, [1, 1], [1, 2]).arraySync()).toEqual([[5, 6]]);
    expect(ops.slice(x, [0, -1]).arraySync()).toEqual([[3], [6]]);
    expect(ops.slice(x, 1).arraySync()).toEqual([[4, 5, 6]]);
    expect(ops.slice(x, [0, 3]).shape).toEqual([2, 0]);
    expect(ops.slice(x, 0, 1).arraySync()).toEqual([[1, 2, 3]]);
    expect(ops.slice(tensor(1), []).item()).toBe(1);
  });

  /** Python's slice, element by element. */
  function pythonSlice(n: number, begin: number | null, end: number | null, stride: number): number[] {
    const out: number[] = [];
    const clamp = (p: number, low: number, high: number): number => Math.min(Math.max(p < 0 ? p + n : p, low), high);
    const from = begin === null ? (stride > 0 ? 0 : n - 1) : stride > 0 ? clamp(begin, 0, n) : clamp(begin, -1, n - 1);
    const to = end === null ? (stride > 0 ? n : -1) : stride > 0 ? clamp(end, 0, n) : clamp(end, -1, n - 1);
    for (let i = from; stride > 0 ? i < to : i > to; i += stride) out.push(i);
    return out;
  }
  test('stridedSlice follows Python for every begin, end and stride', () => {
    for (const n of [0, 1, 5]) {
      const v = ops.arange(n);
      for (const begin of [null, -7, -5, -2, -1, 0, 1, 4, 5, 9]) {
        for (const end of [null, -7, -5, -2, -1, 0, 1, 4, 5, 9]) {
          for (const stride of [-7, -2, -1, 1, 2, 7]) {
            const y = ops.stridedSlice(v, [begin], [end], [stride]);
            expect(y.arraySync(), `[${begin}:${end}:${stride}] of ${n}`).toEqual(pythonSlice(n, begin, end, stride));
          }
        }
      }
    }
    expect(ops.stridedSlice(x, [0, 2], [2, 0], [1, -1]).arraySync()).toEqual([
      [3, 2],
      [6, 5],
    ]);
    expect(ops.stridedSlice(x, 1, 2).arraySync()).toEqual([[4, 5, 6]]);
    expect(ops.stridedSlice(x, null, null, [-1]).arraySync()).toEqual([
      [4, 5, 6],
      [1, 2, 3],
    ]);
  });
});

describe('joining', () => {
  test('concat and stack', () => {
    expect(ops.concat([x, x], -1).shape).toEqual([2, 6]);
    expect(ops.concat([ops.zeros([0, 3]), x], 0).arraySync()).toEqual(x.arraySync());
    expect(ops.concat([tensor([1]), tensor([2], { dtype: 'float64' })]).dtype).toBe('float64');
    expect(ops.stack([1, 2, 3]).arraySync()).toEqual([1, 2, 3]);
    expect(ops.stack([tensor([1, 2]), tensor([3, 4])], -1).arraySync()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(ops.stack([x]).shape).toEqual([1, 2, 3]);
  });
  test('split and unstack take apart what concat and stack join', () => {
    const [a, b, c] = ops.split(x, 3, 1);
    expect([a, b, c].map((t) => t!.arraySync())).toEqual([
      [[1], [4]],
      [[2], [5]],
      [[3], [6]],
    ]);
    expect(ops.split(x, [1, 0, -1], -1).map((t) => t.shape)).toEqual([
      [2, 1],
      [2, 0],
      [2, 2],
    ]);
    expect(ops.concat(ops.split(x, [2, 1], 1), 1).arraySync()).toEqual(x.arraySync());
    expect(ops.unstack(x, 1).map((t) => t.arraySync())).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
    expect(ops.stack(ops.unstack(x, 1), 1).arraySync()).toEqual(x.arraySync());
    expect(ops.unstack(ops.zeros([0, 2]))).toEqual([]);
  });
});

describe('diagonals and triangles', () => {
  test('diag and diagPart undo each other, on every diagonal and in batches', () => {
    expect(ops.diag(tensor([1, 2])).arraySync()).toEqual([
      [1, 0],
      [0, 2],
    ]);
    expect(ops.diag(tensor([1, 2]), 1).arraySync()).toEqual([
      [0, 1, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]);
    expect(ops.diag(tensor([1]), -1).arraySync()).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(ops.diag(x).shape).toEqual([2, 3, 3]);
    expect(ops.diag(ops.zeros([0])).shape).toEqual([0, 0]);
    for (const k of [-2, -1, 0, 1, 3]) expect(ops.diagPart(ops.diag(x, k), k).arraySync()).toEqual(x.arraySync());
    expect(ops.diagPart(x).arraySync()).toEqual([1, 5]);
    expect(ops.diagPart(x, 2).arraySync()).toEqual([3]);
    expect(ops.diagPart(x, 5).shape).toEqual([0]);
    expect(ops.diagPart(x, -9).shape).toEqual([0]);
  });
  test('triu and tril', () => {
    const ones = ops.ones([3, 4], { dtype: 'int32' });
    expect(ops.triu(ones).arraySync()).toEqual([
      [1, 1, 1, 1],
      [0, 1, 1, 1],
      [0, 0, 1, 1],
    ]);
    expect(ops.triu(ones, 2).arraySync()).toEqual([
      [0, 0, 1, 1],
      [0, 0, 0, 1],
      [0, 0, 0, 0],
    ]);
    expect(ops.tril(ones, -1).arraySync()).toEqual([
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [1, 1, 0, 0],
    ]);
    expect(ops.tril(ones, 1).dtype).toBe('int32');
    expect(
      ops
        .triu(
          tensor([
            [1, 1],
            [NaN, 1],
          ]),
        )
        .arraySync(),
    ).toEqual([
      [1, 1],
      [0, 1],
    ]);
    expect(ops.tril(ops.ones([2, 2, 2])).arraySync()).toEqual([
      [
        [1, 0],
        [1, 1],
      ],
      [
        [1, 0],
        [1, 1],
      ],
    ]);
    expect(ops.tril(ops.zeros([0, 2])).shape).toEqual([0, 2]);
  });
});

describe('indices', () => {
  test('gather takes parts in any order, repeated, along any axis', () => {
    expect(ops.gather(x, [2, 0, 2], 1).arraySync()).toEqual([
      [3, 1, 3],
      [6, 4, 6],
    ]);
    expect(ops.gather(x, [[1], [0]]).shape).toEqual([2, 1, 3]);
    expect(ops.gather(x, 1).arraySync()).toEqual([4, 5, 6]);
    expect(ops.gather(x, tensor([1], { dtype: 'int32' }), -1).arraySync()).toEqual([[2], [5]]);
    expect(ops.gather(x, Int32Array.of(0, 0)).arraySync()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(ops.gather(x, []).shape).toEqual([0, 3]);
    expect(ops.gather(tensor([true, false]), [1, 0]).arraySync()).toEqual([false, true]);
  });
  test('scatterAdd adds, in order, what gather would take', () => {
    expect(ops.scatterAdd(ops.zeros([3]), [1, 1, 2], tensor([1, 2, 3])).arraySync()).toEqual([0, 3, 3]);
    expect(ops.scatterAdd(x, [0], tensor([[10], [20]]), 1).arraySync()).toEqual([
      [11, 2, 3],
      [24, 5, 6],
    ]);
    expect(ops.scatterAdd(x, 1, 1).arraySync()).toEqual([
      [1, 2, 3],
      [5, 6, 7],
    ]);
    expect(ops.scatterAdd(x, [], ops.zeros([0, 3])).arraySync()).toEqual(x.arraySync());
    expect(ops.scatterAdd(tensor([1], { dtype: 'int32' }), [0], tensor([0.5])).arraySync()).toEqual([1.5]);
  });
  test('oneHot', () => {
    expect(ops.oneHot([0, 2], 3).arraySync()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect(ops.oneHot([0, 2], 3, { axis: 0 }).arraySync()).toEqual([
      [1, 0],
      [0, 0],
      [0, 1],
    ]);
    expect(ops.oneHot([-1, 5], 3, { dtype: 'int32' }).arraySync()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(ops.oneHot(1, 2).arraySync()).toEqual([0, 1]);
    expect(ops.oneHot([1], 0).shape).toEqual([1, 0]);
    expect(ops.oneHot([[0], [1]], 2).shape).toEqual([2, 1, 2]);
  });
});
