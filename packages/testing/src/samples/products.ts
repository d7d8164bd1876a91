/** Samples of contractions, of rows that read and write by index, and of random bits. */

import type { Tensor } from '@jacobi/tensor';
import { einsum, gather, matmul, scatterAdd } from '@jacobi/tensor';
import {
  bindOne,
  bitsToRangeRow,
  bitsToUnit64Row,
  bitsToUnitRow,
  gatherRow,
  randomBitsRow,
  scatterAddRow,
} from '@jacobi/tensor/internal';
import type { NdArray } from '../array.ts';
import { at, build, elementwiseOf, indices } from '../array.ts';
import { einsumOf, matmulOf } from '../oracles.ts';
import type { Sample } from '../sample.ts';
import { fixed, real, whole } from '../sample.ts';

/** An einsum with the sizes of its labels. */
export function einsumSample(equation: string, sizes: Readonly<Record<string, number>>): Sample {
  const operands = equation.split('->')[0]!.split(',');
  return {
    name: `einsum ${equation} of ${Object.entries(sizes)
      .map(([l, n]) => `${l} = ${n}`)
      .join(', ')}`,
    arguments: operands.map((own) => real([...own].map((label) => sizes[label]!))),
    run: (...xs) => einsum(equation, ...xs),
    oracle: einsumOf(equation),
  };
}

/** A product of matrices with leading axes. */
function matmulSample(left: readonly number[], right: readonly number[]): Sample {
  return {
    name: `matmul of [${left.join()}] and [${right.join()}]`,
    arguments: [real(left), real(right)],
    run: matmul,
    oracle: matmulOf,
  };
}

/** Values of x at indices along an axis, after `batch` axes that x and the indices share. */
function gathered(x: NdArray, where: NdArray, axis: number, batch: number): NdArray {
  const own = where.shape.slice(batch);
  const shape = [...x.shape.slice(0, axis), ...own, ...x.shape.slice(axis + 1)];
  return build(shape, (index) => {
    const place = at(where, [...index.slice(0, batch), ...index.slice(axis, axis + own.length)]);
    return at(x, [...index.slice(0, axis), place, ...index.slice(axis + own.length)]);
  });
}

/** Zeros with updates added at indices. */
function scattered(updates: NdArray, where: NdArray, axis: number, batch: number, size: number): NdArray {
  const count = where.shape.length - batch;
  const shape = [...updates.shape.slice(0, axis), size, ...updates.shape.slice(axis + count)];
  return build(shape, (index) => {
    let sum = 0;
    for (const inner of indices(where.shape.slice(batch))) {
      if (at(where, [...index.slice(0, batch), ...inner]) !== index[axis]) continue;
      sum += at(updates, [...index.slice(0, axis), ...inner, ...index.slice(axis + 1)]);
    }
    return sum;
  });
}

type Way = readonly [shape: number[], where: number[], axis: number, batch: number];
const GATHERS: readonly Way[] = [
  [[4], [3], 0, 0],
  [[4, 2], [2, 2], 0, 0],
  [[2, 4, 3], [5], 1, 0],
  [[3, 4], [], 1, 0],
  [[2, 4, 3], [2, 2], 1, 1],
  [[2, 3, 4], [2, 3], 2, 1],
  [[4, 2], [0], 0, 0],
];
const SCATTERS: readonly Way[] = [
  [[3], [3], 0, 0],
  [[2, 2, 3], [2, 2], 0, 0],
  [[2, 5, 3], [5], 1, 0],
  [[2, 2, 3], [2, 2], 1, 1],
  [[0, 3], [0], 0, 0],
];

type Name = 'contract' | 'gather' | 'scatterAdd' | 'randomBits' | 'bitsToUnit' | 'bitsToUnit64' | 'bitsToRange';

export const products: Record<Name, readonly Sample[]> = {
  contract: [
    matmulSample([2, 3], [3, 4]),
    matmulSample([3], [3]),
    matmulSample([2, 2, 3], [3, 2]),
    matmulSample([2, 1, 2, 3], [3, 3, 2]),
    matmulSample([3], [2, 3, 2]),
    matmulSample([2, 3], [3]),
    matmulSample([2, 0], [0, 3]),
    matmulSample([0, 2], [2, 3]),
    einsumSample('i,j->ij', { i: 2, j: 3 }),
    einsumSample('bij,bkj->kbi', { b: 2, i: 2, j: 3, k: 2 }),
    einsumSample('ij,ij->', { i: 2, j: 3 }),
    einsumSample('ij,j->ij', { i: 2, j: 3 }),
    {
      name: 'product of int32 matrices',
      arguments: [whole([2, 3], -5, 6), whole([3, 2], -5, 6)],
      run: matmul,
      oracle: matmulOf,
      order: 0,
      reason: 'integers',
    },
    {
      name: 'a matrix with itself',
      arguments: [real([3, 3])],
      run: (x: Tensor) => matmul(x, x),
      oracle: (x: NdArray) => matmulOf(x, x),
    },
  ],
  gather: [
    ...GATHERS.map(
      ([shape, where, axis, batch]): Sample => ({
        name: `gather of [${shape.join()}] at [${where.join()}] along ${axis}, batch ${batch}`,
        arguments: [real(shape), whole(where, 0, shape[axis]!)],
        run: (x, i) => bindOne(gatherRow, [x, i], { axis, batch }),
        oracle: (x, i) => gathered(x, i, axis, batch),
      }),
    ),
    {
      name: 'gather with repeats',
      arguments: [real([3]), fixed([1, 1, 1], [3], 'int32')],
      run: (x: Tensor, i: Tensor) => gather(x, i),
      points: [
        {
          at: [
            [1, 2, 3],
            [1, 1, 1],
          ],
          value: [2, 2, 2],
          gradients: [[0, 3, 0], null],
        },
      ],
    },
    {
      name: 'gather of int32',
      arguments: [whole([3], 0, 9), whole([2], 0, 3)],
      run: (x: Tensor, i: Tensor) => gather(x, i),
      oracle: (x: NdArray, i: NdArray) => gathered(x, i, 0, 0),
      order: 0,
      reason: 'integers',
    },
  ],
  scatterAdd: [
    ...SCATTERS.map(
      ([shape, where, axis, batch]): Sample => ({
        name: `scatterAdd of [${shape.join()}] at [${where.join()}] along ${axis}, batch ${batch}`,
        arguments: [real(shape), whole(where, 0, 4)],
        run: (x, i) => bindOne(scatterAddRow, [x, i], { axis, batch, size: 4 }),
        oracle: (x, i) => scattered(x, i, axis, batch, 4),
      }),
    ),
    {
      name: 'scatterAdd(x, indices, updates)',
      arguments: [real([4, 2]), whole([3], 0, 4), real([3, 2])],
      run: (x: Tensor, i: Tensor, u: Tensor) => scatterAdd(x, i, u),
      oracle: (x: NdArray, i: NdArray, u: NdArray) => elementwiseOf((a, b) => a + b)(x, scattered(u, i, 0, 0, 4)),
    },
  ],
  randomBits: [
    {
      // Threefry-2x32 with 20 rounds, published vectors for the first counter: Salmon et al., SC 2011 (Random123, kat_vectors).
      name: 'bits of key 0, 0',
      arguments: [fixed([0, 0], [2], 'int32')],
      run: (key: Tensor) => bindOne(randomBitsRow, [key], { count: 2 }),
      oracle: () => ({ shape: [2], data: [0x6b200159 | 0, 0x99ba4efe | 0] }),
      order: 0,
      reason: 'integers',
    },
    {
      name: 'bits of a batch of keys',
      arguments: [whole([3, 2], -1000, 1000)],
      run: (key: Tensor) => bindOne(randomBitsRow, [key], { count: 5 }),
      order: 0,
      reason: 'integers',
    },
  ],
  bitsToUnit: [
    {
      name: 'bits to [0, 1) in float32',
      arguments: [fixed([0, -1, 256, 0x7fffffff], [4], 'int32')],
      run: (x: Tensor) => bindOne(bitsToUnitRow, [x]),
      oracle: elementwiseOf((x) => Math.floor((x < 0 ? x + 2 ** 32 : x) / 256) / 2 ** 24),
      gives: 'float32',
      order: 0,
      reason: 'integers',
    },
  ],
  bitsToUnit64: [
    {
      name: 'bits to [0, 1) in float64',
      arguments: [fixed([0, -1, 32, 0x7fffffff], [4], 'int32'), fixed([64, -1, 0, 5], [4], 'int32')],
      run: (a: Tensor, b: Tensor) => bindOne(bitsToUnit64Row, [a, b]),
      oracle: elementwiseOf(
        (a, b) =>
          (Math.floor((a < 0 ? a + 2 ** 32 : a) / 32) * 2 ** 26 + Math.floor((b < 0 ? b + 2 ** 32 : b) / 64)) / 2 ** 53,
      ),
      gives: 'float64',
      order: 0,
      reason: 'integers',
    },
  ],
  bitsToRange: [
    {
      name: 'bits to whole numbers below 10',
      arguments: [fixed([0, -1, 0x40000000, 0x7fffffff], [4], 'int32'), fixed([10], [1], 'int32')],
      run: (x: Tensor, n: Tensor) => bindOne(bitsToRangeRow, [x, n]),
      oracle: elementwiseOf((x, n) => Math.floor(((x < 0 ? x + 2 ** 32 : x) * n) / 2 ** 32)),
      order: 0,
      reason: 'integers',
    },
  ],
};
