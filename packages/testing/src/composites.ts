/**
 * Samples of public operations that are no primitives. The one idea: the table's type is made of what @jacobi/tensor exports, so
 * that an operation without samples does not compile.
 */
import type { DType } from '@jacobi/backend';
import type * as library from '@jacobi/tensor';
import type { Tensor } from '@jacobi/tensor';
import {
  arange,
  broadcastTo,
  clip,
  dot,
  einsum,
  exp2,
  gelu,
  leakyRelu,
  linspace,
  log2,
  log10,
  logAddExp,
  logSigmoid,
  oneHot,
  ones,
  onesLike,
  outer,
  random,
  relu6,
  selu,
  silu,
  swish,
  tensordot,
  xlogy,
  zeros,
  zerosLike,
} from '@jacobi/tensor';
import { at, build, elementwiseOf } from './array.ts';
import { einsumOf, erfOf, matmulOf } from './oracles.ts';
import type { Sample } from './sample.ts';
import { apart, real, whole } from './sample.ts';
import { binary, move, unary, within } from './samples/builders.ts';
import { einsumSample } from './samples/products.ts';
import { rearrangements } from './samples/rearrangements.ts';
import { statistics } from './samples/statistics.ts';
import type { PrimitiveName } from './samples.ts';
import { samples } from './samples.ts';

type Library = typeof library;
type OperationKey = {
  [K in keyof Library]: Library[K] extends (...args: never[]) => Tensor | Tensor[] ? K : never;
}[keyof Library];

/** The names of all public operations that are no primitives. */
export type CompositeName = Exclude<OperationKey, PrimitiveName | 'tensor' | 'constant' | 'withBackend'>;

/** Operations of `random`. */
type RandomName = `random.${Exclude<keyof Library['random'], 'key'>}`;

const any = within(-2, 2);
const positive = within(0.5, 2);
const grid = (shape: readonly number[]): Sample['arguments'][number] => apart(shape);
const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
const constants = { order: 0, reason: 'constant' } as const;
const selu1 = 1.0507009873554805;
const selu2 = 1.6732632423543772;
const tanhBell = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

function drawn(name: string, run: (key: Tensor) => Tensor, gives: DType): Sample {
  return { name, arguments: [whole([2], -1000, 1000)], run, gives, order: 0, reason: 'random' };
}

/** Each public operation that is made of others, with what it is checked on. */
export const composites: Record<CompositeName | RandomName, readonly Sample[]> = {
  ...statistics,
  ...rearrangements,
  // Names of primitives under which the public operation goes by another name.
  where: samples.select,
  mod: samples.floorMod,
  matmul: samples.contract,
  broadcastTo: [
    ...samples.broadcast,
    move(
      'broadcastTo its own shape',
      [2, 3],
      (x) => broadcastTo(x, [2, 3]),
      (x) => x,
    ),
  ],
  // Elementwise
  exp2: unary('exp2', exp2, (x) => 2 ** x, any),
  log2: unary('log2', log2, Math.log2, positive),
  log10: unary('log10', log10, Math.log10, positive),
  logAddExp: binary('logAddExp', logAddExp, (a, b) => Math.log(Math.exp(a) + Math.exp(b)), any, any, {
    points: [
      { at: [[1000], [1000]], shapes: [[1], [1]], value: [1000 + Math.LN2], gradients: [[0.5], [0.5]] },
      { at: [[-Infinity], [2]], shapes: [[1], [1]], value: [2], gradients: [[0], [1]] },
      { at: [[0], [0]], shapes: [[1], [1]], gradients: [[0.5], [0.5]], hessian: [0.25, -0.25, -0.25, 0.25] },
    ],
  }),
  xlogy: binary('xlogy', xlogy, (x, y) => x * Math.log(y), any, positive, {
    points: [
      { at: [[0], [3]], shapes: [[1], [1]], value: [0], gradients: [[Math.log(3)], [0]] },
      { at: [[0], [0]], shapes: [[1], [1]], value: [0] },
      { at: [[2], [4]], shapes: [[1], [1]], gradients: [[Math.log(4)], [0.5]], hessian: [0, 0.25, 0.25, -0.125] },
    ],
  }),
  logSigmoid: unary('logSigmoid', logSigmoid, (x) => Math.log(sigma(x)), any, {
    jets: [
      [-1000, [-1000, 1, 0]],
      [1000, [0, 0, 0]],
    ],
  }),
  relu6: unary('relu6', relu6, (x) => Math.min(Math.max(x, 0), 6), grid, {
    jets: [
      [0, [0, 0, 0]],
      [6, [6, 0, 0]],
      [3, [3, 1, 0]],
      [7, [6, 0, 0]],
    ],
  }),
  leakyRelu: [
    ...unary('leakyRelu', leakyRelu, (x) => (x > 0 ? x : 0.2 * x), grid, { jets: [[0, [0, 0.2, 0]]] }),
    ...unary(
      'leakyRelu, alpha 0.01',
      (x) => leakyRelu(x, 0.01),
      (x) => (x > 0 ? x : 0.01 * x),
      grid,
    ),
  ],
  selu: unary('selu', selu, (x) => selu1 * (x > 0 ? x : selu2 * Math.expm1(x)), grid),
  silu: unary('silu', silu, (x) => x * sigma(x), any, { jets: [[0, [0, 0.5, 0.5]]] }),
  swish: unary('swish', swish, (x) => x * sigma(x), any),
  gelu: [
    ...unary('gelu', gelu, (x) => 0.5 * x * (1 + erfOf(x / Math.SQRT2)), any, {
      jets: [
        [0, [0, 0.5, 2 / Math.sqrt(2 * Math.PI)]],
        [-40, [0, 0, 0]],
      ],
    }),
    ...unary('gelu, approximate', (x) => gelu(x, { approximate: true }), tanhBell, any, {
      jets: [
        [-1e200, [0, 0, 0]],
        [1e200, [1e200, 1, 0]],
      ],
    }),
  ],
  clip: [
    ...unary(
      'clip',
      (x) => clip(x, -0.5, 0.7),
      (x) => Math.min(Math.max(x, -0.5), 0.7),
      (shape) => apart(shape, 0.05),
      {
        jets: [
          [-0.5, [-0.5, 1, 0]],
          [0.7, [0.7, 1, 0]],
          [2, [0.7, 0, 0]],
          [-2, [-0.5, 0, 0]],
          [Infinity, [0.7, 0, 0]],
        ],
      },
    ),
    {
      name: 'clip between tensors',
      arguments: [apart([2, 3]), real([3], -0.3, -0.25), real([], 0.25, 0.3)],
      run: (x, low, high) => clip(x, low, high),
      oracle: elementwiseOf((x, low, high) => Math.min(Math.max(x, low), high)),
    },
  ],
  // Products
  dot: [
    { name: 'dot of vectors', arguments: [real([3]), real([3])], run: dot, oracle: einsumOf('i,i->') },
    { name: 'dot of matrices', arguments: [real([2, 3]), real([3, 4])], run: dot, oracle: einsumOf('ij,jk->ik') },
    {
      name: 'dot over the last but one axis',
      arguments: [real([2, 3]), real([2, 3, 2])],
      run: dot,
      oracle: einsumOf('ij,kjl->ikl'),
    },
  ],
  outer: [{ name: 'outer', arguments: [real([2]), real([3])], run: outer, oracle: einsumOf('i,j->ij') }],
  tensordot: [
    {
      name: 'tensordot over 1',
      arguments: [real([2, 3]), real([3, 4])],
      run: (a, b) => tensordot(a, b, 1),
      oracle: einsumOf('ij,jk->ik'),
    },
    {
      name: 'tensordot over 2',
      arguments: [real([2, 3, 2]), real([3, 2])],
      run: (a, b) => tensordot(a, b),
      oracle: einsumOf('ijk,jk->i'),
    },
    {
      name: 'tensordot over named axes',
      arguments: [real([2, 3, 4]), real([4, 2])],
      run: (a, b) =>
        tensordot(a, b, [
          [0, 2],
          [1, 0],
        ]),
      oracle: einsumOf('ijk,ki->j'),
    },
    {
      name: 'tensordot over nothing',
      arguments: [real([2]), real([1, 3])],
      run: (a, b) => tensordot(a, b, 0),
      oracle: einsumOf('i,jk->ijk'),
    },
  ],
  einsum: [
    einsumSample('ij,jk->ik', { i: 2, j: 3, k: 4 }),
    einsumSample('ij->ji', { i: 2, j: 3 }),
    einsumSample('ij->', { i: 2, j: 3 }),
    einsumSample('ii->i', { i: 3 }),
    einsumSample('ii->', { i: 3 }),
    einsumSample('iij->j', { i: 2, j: 3 }),
    einsumSample('i,j->ji', { i: 2, j: 3 }),
    einsumSample('bij,bjk->bik', { b: 2, i: 2, j: 3, k: 2 }),
    einsumSample('ij,jk,kl->il', { i: 2, j: 3, k: 2, l: 3 }),
    einsumSample('ij,ij,ij->i', { i: 2, j: 3 }),
    einsumSample('i,j,k->', { i: 2, j: 2, k: 3 }),
    einsumSample('ij,k->kj', { i: 2, j: 3, k: 2 }),
    einsumSample('ij,jk->ik', { i: 2, j: 0, k: 3 }),
    einsumSample(',i->i', { i: 3 }),
    {
      name: 'einsum with an ellipsis',
      arguments: [real([2, 2, 3]), real([1, 3, 2])],
      run: (a: Tensor, b: Tensor) => einsum('...ij,...jk->...ik', a, b),
      oracle: matmulOf,
    },
  ],
  // Random numbers: what they are is tested beside them; here, that a key gives the same ones in every way to run
  'random.uniform': [
    drawn('random.uniform', (key) => random.uniform([2, 3], { key }), 'float32'),
    drawn('random.uniform of float64', (key) => random.uniform([3], { key, dtype: 'float64', minval: -1 }), 'float64'),
    drawn('random.uniform of int32', (key) => random.uniform([4], { key, dtype: 'int32', maxval: 10 }), 'int32'),
  ],
  'random.normal': [
    drawn('random.normal', (key) => random.normal([2, 3], { key, mean: 2 }), 'float32'),
    drawn('random.normal of float64', (key) => random.normal([3], { key, dtype: 'float64' }), 'float64'),
  ],
  'random.split': [drawn('random.split', (key) => random.split(key, 3), 'int32')],
  // Creation
  oneHot: [
    {
      name: 'oneHot',
      arguments: [whole([2, 2], 0, 3)],
      run: (i) => oneHot(i, 3),
      oracle: (i) => build([2, 2, 3], (k) => Number(at(i, k.slice(0, 2)) === k[2])),
      gives: 'float32',
      order: 0,
      reason: 'integers',
    },
    {
      name: 'oneHot along 0',
      arguments: [whole([3], -1, 3)],
      run: (i) => oneHot(i, 2, { axis: 0, dtype: 'int32' }),
      oracle: (i) => build([2, 3], (k) => Number(at(i, [k[1]!]) === k[0])),
      gives: 'int32',
      order: 0,
      reason: 'integers',
    },
  ],
  zeros: [
    {
      name: 'zeros',
      arguments: [],
      run: () => zeros([2, 3]),
      oracle: () => build([2, 3], () => 0),
      gives: 'float32',
      ...constants,
    },
  ],
  ones: [
    {
      name: 'ones',
      arguments: [],
      run: () => ones([0, 3], { dtype: 'int32' }),
      oracle: () => build([0, 3], () => 1),
      gives: 'int32',
      ...constants,
    },
  ],
  zerosLike: [
    { name: 'zerosLike', arguments: [real([2, 3])], run: zerosLike, oracle: elementwiseOf(() => 0), ...constants },
  ],
  onesLike: [
    { name: 'onesLike', arguments: [real([2, 3])], run: onesLike, oracle: elementwiseOf(() => 1), ...constants },
  ],
  arange: [
    {
      name: 'arange',
      arguments: [],
      run: () => arange(5, -2, -2),
      oracle: () => ({ shape: [4], data: [5, 3, 1, -1] }),
      gives: 'int32',
      ...constants,
    },
  ],
  linspace: [
    {
      name: 'linspace',
      arguments: [],
      run: () => linspace(-1, 1, 5, { dtype: 'float64' }),
      oracle: () => ({ shape: [5], data: [-1, -0.5, 0, 0.5, 1] }),
      gives: 'float64',
      ...constants,
    },
  ],
};
