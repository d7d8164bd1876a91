/** Samples of rows that take diagonals, join and split, and of constants. */

import type { Tensor } from '@jacobi/tensor';
import { concat, eye, full, split } from '@jacobi/tensor';
import { bindOne, diagonalRow, embedRow } from '@jacobi/tensor/internal';
import type { NdArray } from '../array.ts';
import { at, build, elementwiseOf } from '../array.ts';
import type { Sample } from '../sample.ts';
import { real } from '../sample.ts';
import { move } from './builders.ts';

type Name = 'diagonal' | 'embed' | 'concat' | 'split' | 'full' | 'eye';

const without = (shape: readonly number[], axis: number): number[] => shape.filter((_, a) => a !== axis);

export const joining: Record<Name, readonly Sample[]> = {
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
