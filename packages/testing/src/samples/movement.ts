/** Samples of rows that rearrange elements, and of constants. */

import type { Tensor } from '@jacobi/tensor';
import { broadcastTo, flip, pad, reshape, slice, stopGradient, transpose } from '@jacobi/tensor';
import { bindOne, padRow, sliceRow } from '@jacobi/tensor/internal';
import type { NdArray } from '../array.ts';
import { at, broadcastAt, build } from '../array.ts';
import type { Sample } from '../sample.ts';
import { real } from '../sample.ts';
import { move } from './builders.ts';

function transposes(): Sample[] {
  const ways: readonly (readonly [number[], number[] | undefined])[] = [
    [[2, 3], undefined],
    [
      [2, 3, 4],
      [2, 0, 1],
    ],
    [
      [2, 3, 4],
      [0, 2, 1],
    ],
    [
      [1, 3],
      [1, 0],
    ],
    [[], undefined],
    [
      [3, 0, 2],
      [1, 2, 0],
    ],
  ];
  return ways.map(([shape, permutation]) => {
    const order = permutation ?? shape.map((_, i) => shape.length - 1 - i);
    return move(
      `transpose(${order.join()})`,
      shape,
      (x) => transpose(x as Tensor, permutation),
      (x) =>
        build(
          order.map((p) => shape[p]!),
          (index) =>
            at(
              x,
              shape.map((_, axis) => index[order.indexOf(axis)]!),
            ),
        ),
    );
  });
}

function slices(): Sample[] {
  const ways: readonly (readonly [number[], number[], number[], number[]])[] = [
    [
      [4, 5],
      [1, 2],
      [2, 2],
      [1, 1],
    ],
    [
      [7, 3],
      [1, 0],
      [3, 2],
      [2, 1],
    ],
    [[7], [6], [1], [3]],
    [
      [4, 2],
      [4, 0],
      [0, 2],
      [1, 1],
    ],
    [
      [5, 4],
      [0, 1],
      [3, 2],
      [2, 2],
    ],
  ];
  return ways.map(([shape, begin, size, stride]) =>
    move(
      `slice from [${begin.join()}] of size [${size.join()}] by [${stride.join()}]`,
      shape,
      (x) => bindOne(sliceRow, [x as Tensor], { begin, size, stride }),
      (x) =>
        build(size, (index) =>
          at(
            x,
            index.map((i, axis) => begin[axis]! + i * stride[axis]!),
          ),
        ),
    ),
  );
}

function padded(
  x: NdArray,
  low: readonly number[],
  high: readonly number[],
  interior: readonly number[],
  value: number,
): NdArray {
  const shape = x.shape.map((d, a) => low[a]! + high[a]! + d + Math.max(0, d - 1) * interior[a]!);
  return build(shape, (index) => {
    const source = index.map((i, a) => (i - low[a]!) / (interior[a]! + 1));
    const inside = source.every((s, a) => Number.isInteger(s) && s >= 0 && s < x.shape[a]!);
    return inside ? at(x, source) : value;
  });
}

function pads(): Sample[] {
  const ways: readonly (readonly [number[], number[], number[], number[]])[] = [
    [
      [2, 3],
      [1, 0],
      [0, 2],
      [0, 0],
    ],
    [[3], [2], [1], [2]],
    [
      [2, 2],
      [0, 0],
      [0, 0],
      [1, 0],
    ],
    [
      [0, 3],
      [1, 0],
      [1, 0],
      [0, 0],
    ],
    [[], [], [], []],
  ];
  return ways.map(([shape, low, high, interior]) =>
    move(
      `pad by [${low.join()}], [${high.join()}], [${interior.join()}]`,
      shape,
      (x) => bindOne(padRow, [x as Tensor], { low, high, interior }),
      (x) => padded(x, low, high, interior, 0),
    ),
  );
}

type Name = 'stopGradient' | 'reshape' | 'transpose' | 'broadcast' | 'slice' | 'pad' | 'padWith' | 'flip';

export const movement: Record<Name, readonly Sample[]> = {
  stopGradient: [
    {
      ...move(
        'stopGradient',
        [2, 3],
        (x) => stopGradient(x as Tensor),
        (x) => x,
      ),
      order: 0,
      reason: 'stopGradient',
    },
  ],
  reshape: (
    [
      [
        [2, 6],
        [3, 4],
      ],
      [[], [1, 1]],
      [[4], [2, 1, 2]],
      [
        [0, 3],
        [3, 0, 2],
      ],
      [[1], []],
    ] as [number[], number[]][]
  ).map(([from, to]) =>
    move(
      `reshape to [${to.join()}]`,
      from,
      (x) => reshape(x as Tensor, to),
      (x) => ({ shape: to, data: x.data }),
    ),
  ),
  transpose: [
    ...transposes(),
    {
      // Rows whose strides are not row-major meet a reshape: elements have to move.
      name: 'reshape of a transpose',
      arguments: [real([2, 3, 2])],
      run: (x: Tensor) => reshape(transpose(x, [2, 1, 0]), [3, 4]),
      oracle: (x: NdArray) => ({ shape: [3, 4], data: build([2, 3, 2], ([i, j, k]) => at(x, [k!, j!, i!])).data }),
    },
  ],
  broadcast: (
    [
      [[3], [2, 3]],
      [
        [2, 1],
        [4, 2, 3],
      ],
      [[], [2, 2]],
      [[1], [0]],
      [
        [1, 3],
        [0, 3],
      ],
    ] as [number[], number[]][]
  ).map(([from, to]) =>
    move(
      `broadcast to [${to.join()}]`,
      from,
      (x) => broadcastTo(x as Tensor, to),
      (x) => build(to, (index) => broadcastAt(x, index)),
    ),
  ),
  slice: [
    ...slices(),
    move(
      'slice(x, [-2, 1], [-1, 2])',
      [4, 5],
      (x) => slice(x as Tensor, [-2, 1], [-1, 2]),
      (x) => build([2, 2], ([i, j]) => at(x, [i! + 2, j! + 1])),
    ),
  ],
  pad: [
    ...pads(),
    move(
      'pad(x, [[1, 2], [0, 1]])',
      [2, 3],
      (x) =>
        pad(x as Tensor, [
          [1, 2],
          [0, 1],
        ]),
      (x) => padded(x, [1, 0], [2, 1], [0, 0], 0),
    ),
  ],
  padWith: [
    move(
      'pad with 7',
      [2, 3],
      (x) =>
        pad(
          x as Tensor,
          [
            [1, 0],
            [2, 1],
          ],
          7,
        ),
      (x) => padded(x, [1, 2], [0, 1], [0, 0], 7),
    ),
    move(
      'pad with -Infinity',
      [2],
      (x) => pad(x as Tensor, [[0, 1]], -Infinity),
      (x) => padded(x, [0], [1], [0], -Infinity),
    ),
    move(
      'pad with 1',
      [0, 2],
      (x) =>
        pad(
          x as Tensor,
          [
            [1, 0],
            [0, 0],
          ],
          1,
        ),
      (x) => padded(x, [1, 0], [0, 0], [0, 0], 1),
    ),
  ],
  flip: (
    [
      [[2, 3], [1]],
      [
        [2, 3, 4],
        [0, 2],
      ],
      [[3], [0]],
      [
        [0, 2],
        [0, 1],
      ],
    ] as [number[], number[]][]
  ).map(([shape, axes]) =>
    move(
      `flip over [${axes.join()}]`,
      shape,
      (x) => flip(x as Tensor, axes),
      (x) =>
        build(shape, (index) =>
          at(
            x,
            index.map((i, a) => (axes.includes(a) ? shape[a]! - 1 - i : i)),
          ),
        ),
    ),
  ),
};
