/** Samples of reductions, positions of extremes and running sums and products. */

import type { Tensor } from '@jacobi/tensor';
import { all, any, argmax, argmin, cumprod, cumsum, max, min, prod, sum } from '@jacobi/tensor';
import { bindOne, recurrenceRow } from '@jacobi/tensor/internal';
import type { NdArray } from '../array.ts';
import { alongAxes, at, onLines } from '../array.ts';
import { argmaxOf, recurrenceOf } from '../oracles.ts';
import type { Argument, Point, Sample } from '../sample.ts';
import { apart, fixed, real, truth, whole } from '../sample.ts';

type Reduce = (x: Tensor, axis?: number | readonly number[] | null, keepDims?: boolean) => Tensor;
type Shaped = (shape: readonly number[]) => Argument;
type Extras = Partial<Sample>;

/** Shapes with the axes to reduce; undefined: all. */
const WAYS: readonly (readonly [shape: number[], axis: number | number[] | undefined, keepDims: boolean])[] = [
  [[2, 3, 2], 1, false],
  [[2, 3, 2], [0, 2], true],
  [[2, 3], undefined, false],
  [[3, 2], -1, true],
  [[4], 0, false],
  [[], undefined, false],
  [[2, 3], [], false],
];
const EMPTY: typeof WAYS = [
  [[0, 3], 0, false],
  [[2, 0], undefined, true],
];
const EMPTY_RESULT: typeof WAYS = [[[0, 3], 1, false]];

function reductions(
  name: string,
  run: Reduce,
  fold: (values: number[]) => number,
  make: Shaped,
  ways: typeof WAYS,
  extras: Extras = {},
): Sample[] {
  return ways.map(([shape, axis, keepDims]) => ({
    name: `${name} of [${shape.join()}] over ${axis === undefined ? 'all' : `[${String(axis)}]`}${keepDims ? ', kept' : ''}`,
    arguments: [make(shape)],
    run: (x) => run(x, axis, keepDims),
    oracle: (x: NdArray) => {
      const axes =
        axis === undefined ? x.shape.map((_, a) => a) : [axis].flat().map((a) => (a < 0 ? a + x.shape.length : a));
      return alongAxes(x, axes, keepDims, fold);
    },
    ...extras,
  }));
}

function pointsOf(name: string, run: (x: Tensor) => Tensor, points: readonly Point[]): Sample {
  return {
    name,
    arguments: [apart([points[0]!.at[0]!.length])],
    run,
    points: points.map((p) => ({ shapes: [[p.at[0]!.length]], ...p })),
  };
}

const total = (values: number[]): number => values.reduce((a, b) => a + b, 0);
const product = (values: number[]): number => values.reduce((a, b) => a * b, 1);
const reals: Shaped = (shape) => real(shape);
const grid: Shaped = (shape) => apart(shape);
const ints: Shaped = (shape) => whole(shape, -4, 5);
const flags: Shaped = (shape) => truth(shape);
const integers: Extras = { order: 0, reason: 'integers' };
const bools: Extras = { order: 0, reason: 'booleans', gives: 'bool' };
const places: Extras = { order: 0, reason: 'integers', gives: 'int32' };
const LINES: typeof WAYS = [
  [[2, 3, 2], 1, false],
  [[3, 4], -1, true],
  [[5], 0, false],
  [[2, 3], undefined, false],
  [[0, 3], 1, false],
];

const running =
  (lines: (line: number[]) => number[], reverse = false, exclusive?: number) =>
  (line: number[]): number[] => {
    const ordered = reverse ? [...line].reverse() : [...line];
    const input = exclusive === undefined ? ordered : [exclusive, ...ordered.slice(0, -1)];
    const out = lines(input);
    return reverse ? out.reverse() : out;
  };
const sums = (line: number[]): number[] => line.map((_, i) => total(line.slice(0, i + 1)));
const products = (line: number[]): number[] => line.map((_, i) => product(line.slice(0, i + 1)));

function scans(
  name: string,
  run: typeof cumsum,
  lines: (line: number[]) => number[],
  identity: number,
  extras: Extras = {},
): Sample[] {
  const ways: readonly (readonly [number[], number, boolean, boolean])[] = [
    [[4], 0, false, false],
    [[2, 3, 2], 1, true, false],
    [[3, 2], -1, false, true],
    [[2, 4], 1, true, true],
    [[1], 0, false, true],
    [[0, 3], 0, false, false],
    [[3, 0], 0, true, true],
  ];
  return ways.map(([shape, axis, reverse, exclusive]) => ({
    name: `${name} of [${shape.join()}] along ${axis}${reverse ? ', reverse' : ''}${exclusive ? ', exclusive' : ''}`,
    arguments: [real(shape)],
    run: (x: Tensor) => run(x, axis, { reverse, exclusive }),
    oracle: (x: NdArray) =>
      onLines(x, axis < 0 ? axis + shape.length : axis, running(lines, reverse, exclusive ? identity : undefined)),
    ...extras,
  }));
}

function recurrences(): Sample[] {
  const ways: readonly (readonly [number[], number, boolean])[] = [
    [[4], 0, false],
    [[2, 3, 2], 1, true],
    [[3, 2], 0, false],
    [[2, 0], 1, false],
    [[1], 0, true],
  ];
  return ways.map(([shape, axis, reverse]) => ({
    name: `recurrence on [${shape.join()}] along ${axis}${reverse ? ', reverse' : ''}`,
    arguments: [real(shape), real(shape)],
    run: (v: Tensor, a: Tensor) => bindOne(recurrenceRow, [v, a], { axis, reverse }),
    oracle: (v: NdArray, a: NdArray) => {
      const line = (x: NdArray, index: readonly number[]): number[] =>
        Array.from({ length: shape[axis]! }, (_, i) =>
          at(
            x,
            index.map((p, k) => (k === axis ? i : p)),
          ),
        );
      const places: NdArray = { shape, data: v.data.map((_, i) => i) };
      return onLines(places, axis, (line0) => {
        const index = indexOf(line0[0]!, shape);
        const [values, factors] = [line(v, index), line(a, index)];
        const out = reverse
          ? recurrenceOf(values.reverse(), factors.reverse()).reverse()
          : recurrenceOf(values, factors);
        return out;
      });
    },
  }));
}

function indexOf(place: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = place; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}

type Name = 'sum' | 'prod' | 'max' | 'min' | 'any' | 'all' | 'argmax' | 'argmin' | 'cumsum' | 'cumprod' | 'recurrence';

export const reductionSamples: Record<Name, readonly Sample[]> = {
  sum: [
    ...reductions('sum', sum, total, reals, [...WAYS, ...EMPTY, ...EMPTY_RESULT]),
    ...reductions('sum of int32', sum, total, ints, WAYS.slice(0, 3), integers),
    pointsOf('sum beside infinity', (x) => sum(x), [{ at: [[1, Infinity]], value: [Infinity], gradients: [[1, 1]] }]),
  ],
  prod: [
    ...reductions('prod', prod, product, reals, [...WAYS, ...EMPTY, ...EMPTY_RESULT]),
    ...reductions('prod of int32', prod, product, ints, WAYS.slice(0, 3), integers),
    pointsOf('prod with zeros', (x) => prod(x), [
      { at: [[0, 2, 3]], value: [0], gradients: [[6, 0, 0]], hessian: [0, 3, 2, 3, 0, 0, 2, 0, 0] },
      { at: [[0, 0, 3]], value: [0], gradients: [[0, 0, 0]], hessian: [0, 3, 0, 3, 0, 0, 0, 0, 0] },
      { at: [[2, 3, 4]], value: [24], gradients: [[12, 8, 6]], hessian: [0, 4, 3, 4, 0, 2, 3, 2, 0] },
      { at: [[0, 0, 0]], value: [0], gradients: [[0, 0, 0]], hessian: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
    ]),
  ],
  max: [
    ...reductions('max', max, (v) => Math.max(...v), grid, [...WAYS, ...EMPTY_RESULT]),
    ...reductions('max of int32', max, (v) => Math.max(...v), ints, WAYS.slice(0, 3), integers),
    pointsOf('max with ties', (x) => max(x), [
      { at: [[1, 1, 0]], value: [1], gradients: [[0.5, 0.5, 0]], hessian: [0, 0, 0, 0, 0, 0, 0, 0, 0] },
      { at: [[2, 2, 2]], value: [2], gradients: [[1 / 3, 1 / 3, 1 / 3]] },
      { at: [[-Infinity, 5, Infinity]], value: [Infinity], gradients: [[0, 0, 1]] },
    ]),
  ],
  min: [
    ...reductions('min', min, (v) => Math.min(...v), grid, [...WAYS, ...EMPTY_RESULT]),
    pointsOf('min with ties', (x) => min(x), [
      { at: [[1, 0, 0]], value: [0], gradients: [[0, 0.5, 0.5]] },
      { at: [[-Infinity, 5, 1]], value: [-Infinity], gradients: [[1, 0, 0]] },
    ]),
  ],
  any: reductions('any', any, (v) => Number(v.some((b) => b !== 0)), flags, [...WAYS, ...EMPTY], bools),
  all: reductions('all', all, (v) => Number(v.every((b) => b !== 0)), flags, [...WAYS, ...EMPTY], bools),
  argmax: [
    ...reductions('argmax', argmax as Reduce, argmaxOf, grid, LINES, places),
    {
      name: 'argmax of equals',
      arguments: [fixed([1, 3, 3, 2])],
      run: (x: Tensor) => argmax(x),
      points: [{ at: [[1, 3, 3, 2]], value: [1] }],
      ...places,
    },
  ],
  argmin: [
    ...reductions('argmin', argmin as Reduce, (v) => argmaxOf(v.map((x) => -x)), grid, LINES, places),
    {
      name: 'argmin of equals',
      arguments: [fixed([3, 1, 1, 2])],
      run: (x: Tensor) => argmin(x),
      points: [{ at: [[3, 1, 1, 2]], value: [1] }],
      ...places,
    },
  ],
  cumsum: scans('cumsum', cumsum, sums, 0),
  cumprod: [
    ...scans('cumprod', cumprod, products, 1),
    pointsOf('cumprod with zeros', (x) => cumprod(x), [
      { at: [[0, 2, 3]], value: [0, 0, 0], gradients: [[9, 0, 0]] },
      { at: [[2, 3, 0]], value: [2, 6, 0], gradients: [[4, 2, 6]] },
      { at: [[2, 0, 0, 3]], value: [2, 0, 0, 0], gradients: [[1, 2, 0, 0]] },
      { at: [[2, 0, 3, 4]], value: [2, 0, 0, 0], gradients: [[1, 32, 0, 0]] },
    ]),
  ],
  recurrence: recurrences(),
};
