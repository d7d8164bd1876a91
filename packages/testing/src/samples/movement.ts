/** Samples of rows that rearrange elements, and of constants. */

import type { Tensor } from '@jacobi/tensor';
import {
  broadcastTo,
  concat,
  eye,
  flip,
  full,
  pad,
  reshape,
  slice,
  split,
  stopGradient,
  transpose,
} from '@jacobi/tensor';
import { bindOne, diagonalRow, embedRow, padRow, sliceRow } from '@jacobi/tensor/internal';
import type { NdArray } from '../array.ts';
import { at, broadcastAt, build, elementwiseOf } from '../array.ts';
import type { Sample } from '../sample.ts';
import { real } from '../sample.ts';

const move = (
  name: string,
  shape: readonly number[],
  run: Sample['run'],
  oracle: NonNullable<Sample['oracle']>,
): Sample => ({
  name: `${name} of [${shape.join()}]`,
  arguments: [real(shape)],
  run,
  oracle,
});

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

const without = (shape: readonly number[], axis: number): number[] => shape.filter((_, a) => a !== axis);

type Name =
  | 'stopGradient'
  | 'reshape'
  | 'transpose'
  | 'broadcast'
  | 'slice'
  | 'pad'
  | 'padWith'
  | 'flip'
  | 'diagonal'
  | 'embed'
  | 'concat'
  | 'split'
  | 'full'
  | 'eye';

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
  diagonal: (
    [
      [[3, 3], 0, 1],
      [[2, 3, 2], 0, 2],
      [[2, 3, 3], 1, 2],
      [[0, 0], 0, 1],
    ] as [number[], number, number][]
  ).map(([shape, first, second]) =>
    move(
      `diagonal of axes ${first} and ${second}`,
      shape,
      (x) => bindOne(diagonalRow, [x as Tensor], { first, second }),
      (x) =>
        build(without(shape, second), (index) => {
          const full = [...index];
          full.splice(second, 0, index[first]!);
          return at(x, full);
        }),
    ),
  ),
  embed: (
    [
      [[3], 0, 1],
      [[2, 3], 0, 2],
      [[2, 3], 1, 2],
      [[0], 0, 1],
    ] as [number[], number, number][]
  ).map(([shape, first, second]) =>
    move(
      `embed on axes ${first} and ${second}`,
      shape,
      (x) => bindOne(embedRow, [x as Tensor], { first, second }),
      (x) => {
        const wide = [...shape];
        wide.splice(second, 0, shape[first]!);
        return build(wide, (index) => (index[first] === index[second] ? at(x, without(index, second)) : 0));
      },
    ),
  ),
  concat: (
    [
      [
        [
          [2, 3],
          [2, 1],
        ],
        1,
      ],
      [
        [
          [1, 2],
          [3, 2],
          [2, 2],
        ],
        0,
      ],
      [
        [
          [0, 2],
          [1, 2],
        ],
        0,
      ],
      [[[2], [2]], 0],
    ] as [number[][], number][]
  ).map(
    ([shapes, axis]): Sample => ({
      name: `concat of ${shapes.map((s) => `[${s.join()}]`).join(', ')} along ${axis}`,
      arguments: shapes.map((s) => real(s)),
      run: (...xs) => concat(xs, axis),
      oracle: (...xs) => {
        const sizes = xs.map((x) => x.shape[axis]!);
        const shape = xs[0]!.shape.map((d, a) => (a === axis ? sizes.reduce((s, v) => s + v, 0) : d));
        return build(shape, (index) => {
          let place = index[axis]!;
          let which = 0;
          while (place >= sizes[which]!) place -= sizes[which++]!;
          return at(
            xs[which]!,
            index.map((i, a) => (a === axis ? place : i)),
          );
        });
      },
    }),
  ),
  split: (
    [
      [[2, 5], [2, 3], 1],
      [[4, 2], [1, 1, 2], 0],
      [[3], [0, 3], 0],
    ] as [number[], number[], number][]
  ).map(([shape, sizes, axis]) =>
    move(
      `split into [${sizes.join()}] along ${axis}`,
      shape,
      (x) => split(x as Tensor, sizes, axis),
      (x) =>
        sizes.map((size, k) => {
          const begin = sizes.slice(0, k).reduce((s, v) => s + v, 0);
          return build(
            shape.map((d, a) => (a === axis ? size : d)),
            (index) =>
              at(
                x,
                index.map((i, a) => (a === axis ? i + begin : i)),
              ),
          );
        }),
    ),
  ),
  full: [
    {
      name: 'full [2, 3]',
      arguments: [],
      run: () => full([2, 3], 1.5, { dtype: 'float64' }),
      oracle: () => build([2, 3], () => 1.5),
      gives: 'float64',
    },
    {
      name: 'full []',
      arguments: [],
      run: () => full([], -2, { dtype: 'int32' }),
      oracle: () => build([], () => -2),
      gives: 'int32',
    },
    { name: 'full [0]', arguments: [], run: () => full([0], true), oracle: () => build([0], () => 1), gives: 'bool' },
    {
      name: 'x + full',
      arguments: [real([3])],
      run: (x: Tensor) => x.add(full([2, 1], 2, { dtype: x.dtype })),
      oracle: (x: NdArray) =>
        elementwiseOf((a, b) => a + b)(
          x,
          build([2, 1], () => 2),
        ),
    },
  ],
  eye: (
    [
      [3, 3],
      [2, 4],
      [4, 2],
      [0, 2],
    ] as [number, number][]
  ).map(
    ([n, columns]): Sample => ({
      name: `eye ${n} × ${columns}`,
      arguments: [],
      run: () => eye(n, { columns, dtype: 'float64' }),
      oracle: () => build([n, columns], ([i, j]) => Number(i === j)),
      gives: 'float64',
    }),
  ),
};
