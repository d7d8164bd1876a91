/** Samples of operations that rearrange elements and are made of others. */

import type { Tensor } from '@jacobi/tensor';
import {
  diag,
  diagPart,
  expandDims,
  roll,
  squeeze,
  stack,
  stridedSlice,
  tile,
  tril,
  triu,
  unstack,
} from '@jacobi/tensor';
import type { NdArray } from '../array.ts';
import { at, build } from '../array.ts';
import type { Sample } from '../sample.ts';
import { real } from '../sample.ts';
import { move } from './builders.ts';

type Name =
  | 'squeeze'
  | 'expandDims'
  | 'stack'
  | 'unstack'
  | 'stridedSlice'
  | 'tile'
  | 'roll'
  | 'diag'
  | 'diagPart'
  | 'tril'
  | 'triu';

function stepped(
  shape: readonly number[],
  begin: readonly number[],
  count: readonly number[],
  step: readonly number[],
): (x: NdArray) => NdArray {
  return (x) =>
    build(
      shape.map((d, a) => count[a] ?? d),
      (index) =>
        at(
          x,
          index.map((i, a) => (begin[a] ?? 0) + i * (step[a] ?? 1)),
        ),
    );
}

export const rearrangements: Record<Name, readonly Sample[]> = {
  squeeze: [
    move(
      'squeeze',
      [1, 3, 1],
      (x) => squeeze(x),
      (x) => ({ ...x, shape: [3] }),
    ),
    move(
      'squeeze axis -1',
      [1, 2, 1],
      (x) => squeeze(x, -1),
      (x) => ({ ...x, shape: [1, 2] }),
    ),
  ],
  expandDims: [
    move(
      'expandDims 1',
      [2, 3],
      (x) => expandDims(x, 1),
      (x) => ({ ...x, shape: [2, 1, 3] }),
    ),
    move(
      'expandDims -1',
      [],
      (x) => expandDims(x, -1),
      (x) => ({ ...x, shape: [1] }),
    ),
  ],
  stack: [0, 1, -1].map((axis) => ({
    name: `stack along ${axis}`,
    arguments: [real([2, 3]), real([2, 3])],
    run: (a: Tensor, b: Tensor) => stack([a, b], axis),
    oracle: (a: NdArray, b: NdArray) => {
      const place = axis < 0 ? 2 : axis;
      const shape = [2, 3];
      shape.splice(place, 0, 2);
      return build(shape, (index) =>
        at(
          index[place] === 0 ? a : b,
          index.filter((_, k) => k !== place),
        ),
      );
    },
  })),
  unstack: [
    move(
      'unstack',
      [2, 3],
      (x) => unstack(x),
      (x) => [0, 1].map((i) => build([3], ([j]) => at(x, [i, j!]))),
    ),
    move(
      'unstack along 1',
      [2, 3],
      (x) => unstack(x, 1),
      (x) => [0, 1, 2].map((j) => build([2], ([i]) => at(x, [i!, j]))),
    ),
  ],
  stridedSlice: [
    move('stridedSlice 1:5:2', [6, 2], (x) => stridedSlice(x, [1], [5], [2]), stepped([6, 2], [1], [2], [2])),
    move('stridedSlice ::-1', [4], (x) => stridedSlice(x, null, null, -1), stepped([4], [3], [4], [-1])),
    move(
      'stridedSlice -2:0:-2, 1:-1',
      [5, 4],
      (x) => stridedSlice(x, [-2, 1], [0, -1], [-2, 1]),
      stepped([5, 4], [3, 1], [2, 2], [-2, 1]),
    ),
    move('stridedSlice 3:1', [4, 2], (x) => stridedSlice(x, [3], [1]), stepped([4, 2], [0], [0], [1])),
    move('stridedSlice 4:100:3', [7], (x) => stridedSlice(x, 4, 100, 3), stepped([7], [4], [1], [3])),
  ],
  tile: (
    [
      [
        [2, 3],
        [2, 1],
      ],
      [[2], [3]],
      [
        [1, 2],
        [0, 2],
      ],
      [[], []],
    ] as [number[], number[]][]
  ).map(([shape, repeats]) =>
    move(
      `tile ${repeats.join(' × ')}`,
      shape,
      (x) => tile(x, repeats),
      (x) =>
        build(
          shape.map((d, a) => d * repeats[a]!),
          (index) =>
            at(
              x,
              index.map((i, a) => i % shape[a]!),
            ),
        ),
    ),
  ),
  roll: [
    move(
      'roll by 2',
      [2, 3],
      (x) => roll(x, 2),
      (x) => ({ shape: [2, 3], data: x.data.map((_, i) => x.data[(i + 4) % 6]!) }),
    ),
    move(
      'roll by -1 along 1',
      [2, 3],
      (x) => roll(x, -1, 1),
      (x) => build([2, 3], ([i, j]) => at(x, [i!, (j! + 1) % 3])),
    ),
    move(
      'roll by 1 and 4 along 0 and 1',
      [2, 3],
      (x) => roll(x, [1, 4], [0, 1]),
      (x) => build([2, 3], ([i, j]) => at(x, [(i! + 1) % 2, (j! + 2) % 3])),
    ),
    move(
      'roll of nothing',
      [0, 2],
      (x) => roll(x, 1, 0),
      (x) => x,
    ),
  ],
  diag: ([0, 1, -2] as const).map((k) =>
    move(
      `diag ${k}`,
      [2, 3],
      (x) => diag(x, k),
      (x) => {
        const n = 3 + Math.abs(k);
        return build([2, n, n], ([b, i, j]) => (k === j! - i! ? at(x, [b!, Math.min(i!, j!)]) : 0));
      },
    ),
  ),
  diagPart: (
    [
      [[2, 3, 4], 0, 3],
      [[3, 4], 2, 2],
      [[3, 4], -1, 2],
      [[2, 2], 5, 0],
    ] as [number[], number, number][]
  ).map(([shape, k, length]) =>
    move(
      `diagPart ${k}`,
      shape,
      (x) => diagPart(x, k),
      (x) =>
        build([...shape.slice(0, -2), length], (index) => {
          const i = index.at(-1)!;
          return at(x, [...index.slice(0, -1), i + Math.max(0, -k), i + Math.max(0, k)]);
        }),
    ),
  ),
  tril: ([0, 1, -1] as const).map((k) =>
    move(
      `tril ${k}`,
      [2, 3, 4],
      (x) => tril(x, k),
      (x) => build([2, 3, 4], (i) => (i[2]! - i[1]! <= k ? at(x, i) : 0)),
    ),
  ),
  triu: ([0, 2, -1] as const).map((k) =>
    move(
      `triu ${k}`,
      [3, 4],
      (x) => triu(x, k),
      (x) => build([3, 4], (i) => (i[1]! - i[0]! >= k ? at(x, i) : 0)),
    ),
  ),
};
