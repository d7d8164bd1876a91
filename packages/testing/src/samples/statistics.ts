/** Samples of statistics, norms and normalisations: operations made of reductions. */

import type { Tensor } from '@jacobi/tensor';
import { logSoftmax, logSumExp, mean, norm, softmax, std, variance } from '@jacobi/tensor';
import type { NdArray } from '../array.ts';
import { alongAxes, onLines } from '../array.ts';
import type { Jet, Point, Sample } from '../sample.ts';
import { apart, real } from '../sample.ts';

type Name = 'mean' | 'variance' | 'std' | 'norm' | 'logSumExp' | 'softmax' | 'logSoftmax';
type Fold = (values: number[]) => number;

const total: Fold = (values) => values.reduce((a, b) => a + b, 0);
const average: Fold = (values) => total(values) / values.length;
const squares: Fold = (values) => total(values.map((v) => (v - average(values)) ** 2));
const logOfSum: Fold = (values) => {
  const top = Math.max(...values);
  return top + Math.log(total(values.map((v) => Math.exp(v - top))));
};

/** A reduction over some ways of naming axes. */
function folded(
  name: string,
  run: (x: Tensor, axis?: number | number[], keepDims?: boolean) => Tensor,
  fold: Fold,
  argument: (shape: readonly number[]) => Sample['arguments'][number] = (shape) => real(shape),
): Sample[] {
  const ways: readonly (readonly [number[], number | number[] | undefined, boolean])[] = [
    [[2, 3, 2], 1, false],
    [[2, 3], undefined, false],
    [[3, 4], [0, -1], true],
    [[4, 2], [0], true],
  ];
  return ways.map(([shape, axis, keepDims]) => ({
    name: `${name} of [${shape.join()}] over ${axis === undefined ? 'all' : `[${String(axis)}]`}${keepDims ? ', kept' : ''}`,
    arguments: [argument(shape)],
    run: (x: Tensor) => run(x, axis, keepDims),
    oracle: (x: NdArray) => {
      const axes =
        axis === undefined ? x.shape.map((_, a) => a) : [axis].flat().map((a) => (a < 0 ? a + x.shape.length : a));
      return alongAxes(x, axes, keepDims, fold);
    },
  }));
}

/** A function of lines along an axis. */
function lined(
  name: string,
  run: (x: Tensor, axis?: number) => Tensor,
  line: (values: number[]) => number[],
): Sample[] {
  const ways: readonly (readonly [number[], number | undefined])[] = [
    [[2, 3], undefined],
    [[3, 2], 0],
    [[2, 3, 2], 1],
    [[4], -1],
    [[1], 0],
    [[0, 3], 1],
    [[2, 0], 1],
  ];
  return ways.map(([shape, axis]) => ({
    name: `${name} of [${shape.join()}] along ${axis ?? 'the last axis'}`,
    arguments: [real(shape)],
    run: (x: Tensor) => run(x, axis),
    oracle: (x: NdArray) => onLines(x, ((axis ?? -1) + shape.length) % shape.length, line),
  }));
}

function at(name: string, run: (x: Tensor) => Tensor, points: readonly Point[], jets: readonly Jet[] = []): Sample {
  return {
    name,
    arguments: [real([points[0]!.at[0]!.length], 0.5, 1.5)],
    run,
    points: points.map((p) => ({ shapes: [[p.at[0]!.length]], ...p })),
    jets,
  };
}

const soft = (values: number[]): number[] => values.map((v) => Math.exp(v - logOfSum(values)));

export const statistics: Record<Name, readonly Sample[]> = {
  mean: [
    ...folded('mean', (x, axis, keep) => mean(x, axis, keep), average),
    {
      name: 'mean of nothing',
      arguments: [real([0, 2])],
      run: (x: Tensor) => mean(x, 0),
      oracle: () => ({ shape: [2], data: [NaN, NaN] }),
      order: 0,
      reason: 'no elements',
    },
  ],
  variance: [
    ...folded(
      'variance',
      (x, axis, keep) => variance(x, axis, keep),
      (v) => squares(v) / v.length,
    ),
    ...folded(
      'variance, ddof 1',
      (x, axis, keep) => variance(x, axis, keep, { ddof: 1 }),
      (v) => squares(v) / (v.length - 1),
    ),
    // Two passes: a large mean costs nothing.
    at('variance beside a large mean', (x) => variance(x), [
      { at: [[1e8, 1e8 + 1, 1e8 + 2]], value: [2 / 3], gradients: [[-2 / 3, 0, 2 / 3]] },
    ]),
  ],
  std: [
    ...folded(
      'std',
      (x, axis, keep) => std(x, axis, keep),
      (v) => Math.sqrt(squares(v) / v.length),
    ),
    at('std of equals', (x) => std(x), [{ at: [[2, 2, 2]], value: [0], gradients: [[0, 0, 0]] }]),
  ],
  norm: [
    ...folded(
      'norm',
      (x, axis, keep) => norm(x, 'euclidean', axis, keep),
      (v) => Math.hypot(...v),
    ),
    ...folded(
      'norm 1',
      (x, axis, keep) => norm(x, 1, Array.isArray(axis) && axis.length > 1 ? axis[0] : axis, keep),
      (v) => total(v.map(Math.abs)),
      (shape) => apart(shape),
    ).filter((_, i) => i !== 2),
    ...folded(
      'norm 3',
      (x, axis, keep) => norm(x, 3, Array.isArray(axis) && axis.length > 1 ? axis[0] : axis, keep),
      (v) => total(v.map((x) => Math.abs(x) ** 3)) ** (1 / 3),
      (shape) => apart(shape),
    ).filter((_, i) => i !== 2),
    ...folded(
      'norm Infinity',
      (x, axis, keep) => norm(x, Infinity, Array.isArray(axis) && axis.length > 1 ? axis[0] : axis, keep),
      (v) => Math.max(...v.map(Math.abs)),
      (shape) => apart(shape, 0.075),
    ).filter((_, i) => i !== 2),
    {
      name: 'norm 1 of a matrix',
      arguments: [apart([3, 2])],
      run: (x: Tensor) => norm(x, 1, [0, 1]),
      oracle: (x: NdArray) =>
        alongAxes(
          alongAxes(x, [0], false, (v) => total(v.map(Math.abs))),
          [0],
          false,
          (v) => Math.max(...v),
        ),
    },
    at('norm at 0', (x) => norm(x), [
      { at: [[0, 0]], value: [0], gradients: [[0, 0]] },
      { at: [[1, -0]], value: [1], gradients: [[1, 0]], hessian: [0, 0, 0, 1] },
      { at: [[3, 4]], value: [5], gradients: [[0.6, 0.8]], hessian: [0.128, -0.096, -0.096, 0.072] },
    ]),
    at('norm 3 at 0', (x) => norm(x, 3), [{ at: [[0, 0]], value: [0], gradients: [[0, 0]] }]),
    at('norm Infinity with ties', (x) => norm(x, Infinity), [{ at: [[1, -1]], value: [1], gradients: [[0.5, -0.5]] }]),
  ],
  logSumExp: [
    ...folded('logSumExp', (x, axis, keep) => logSumExp(x, axis, keep), logOfSum),
    {
      name: 'logSumExp of nothing',
      arguments: [real([0, 2])],
      run: (x: Tensor) => logSumExp(x, 0),
      oracle: () => ({ shape: [2], data: [-Infinity, -Infinity] }),
      order: 0,
      reason: 'no elements',
    },
    at('logSumExp at the edges', (x) => logSumExp(x), [
      { at: [[1000, 1000]], value: [1000 + Math.LN2], gradients: [[0.5, 0.5]], hessian: [0.25, -0.25, -0.25, 0.25] },
      { at: [[-1000, -1000]], value: [-1000 + Math.LN2], gradients: [[0.5, 0.5]] },
      { at: [[-Infinity, -Infinity]], value: [-Infinity], gradients: [[0, 0]] },
      { at: [[-Infinity, 0]], value: [0], gradients: [[0, 1]] },
      { at: [[3]], value: [3], gradients: [[1]], hessian: [0] },
    ]),
  ],
  softmax: [
    ...lined('softmax', softmax, soft),
    at('softmax of large numbers', (x) => softmax(x), [
      { at: [[1000, 1000, 0]], value: [0.5, 0.5, 0], gradients: [[0, 0, 0]] },
    ]),
  ],
  logSoftmax: [
    ...lined('logSoftmax', logSoftmax, (values) => values.map((v) => v - logOfSum(values))),
    at('logSoftmax of large numbers', (x) => logSoftmax(x), [
      { at: [[1000, 0]], value: [0, -1000], gradients: [[-1, 1]] },
    ]),
  ],
};
