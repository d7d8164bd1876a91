/** Samples of powers, exponentials, logarithms, trigonometry and activations that are primitives. */
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cos,
  cosh,
  elu,
  erf,
  erfc,
  exp,
  expm1,
  hypot,
  log,
  log1p,
  pow,
  reciprocal,
  relu,
  rsqrt,
  sigmoid,
  sin,
  sinh,
  softplus,
  softsign,
  sqrt,
  tan,
  tanh,
} from '@jacobi/tensor';
import { erfOf } from '../oracles.ts';
import type { Sample } from '../sample.ts';
import { apart, away } from '../sample.ts';
import type { AnyShape } from './builders.ts';
import { binary, unary, within } from './builders.ts';

const any = within(-2, 2);
const positive = within(0.5, 2);
const inside = within(-0.8, 0.8);
const kinked: AnyShape = (shape) => apart(shape);
const nonzero: AnyShape = (shape) => away(shape, 0.5, 2);
const one = [[1], [1]];
const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
const ln4 = Math.log(4);

type Name =
  | 'pow'
  | 'powInt'
  | 'reciprocal'
  | 'sqrt'
  | 'rsqrt'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'atan2'
  | 'hypot'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'sigmoid'
  | 'softplus'
  | 'softsign'
  | 'relu'
  | 'elu'
  | 'erf'
  | 'erfc';

export const functions: Record<Name, readonly Sample[]> = {
  pow: binary('pow', pow, (a, b) => a ** b, positive, any, {
    points: [
      { at: [[4], [0]], shapes: one, value: [1], gradients: [[0], [ln4]], hessian: [0, 0.25, 0.25, ln4 * ln4] },
      { at: [[0], [0]], shapes: one, value: [1], gradients: [[0], [0]] },
      { at: [[0], [2]], shapes: one, value: [0], gradients: [[0], [0]] },
      { at: [[0], [1]], shapes: one, value: [0], gradients: [[1], [0]] },
      { at: [[0], [0.5]], shapes: one, value: [0], gradients: [[Infinity], [0]] },
      { at: [[-2], [3]], shapes: one, value: [-8], gradients: [[12], [NaN]] },
      { at: [[1.1], [3.5]], shapes: one, gradients: [[3.5 * 1.1 ** 2.5], [1.1 ** 3.5 * Math.log(1.1)]] },
    ],
  }),
  powInt: [
    ...unary(
      'pow(x, 3)',
      (x) => pow(x, 3),
      (x) => x ** 3,
      any,
      {
        jets: [
          [0, [0, 0, 0, 6, 0]],
          [-2, [-8, 12, -12, 6, 0]],
        ],
      },
    ),
    ...unary(
      'pow(x, 5)',
      (x) => pow(x, 5),
      (x) => x ** 5,
      any,
    ),
    ...unary(
      'pow(x, -2)',
      (x) => pow(x, -2),
      (x) => x ** -2,
      nonzero,
      { jets: [[2, [0.25, -0.25, 0.375, -0.75]]] },
    ),
    ...unary(
      'pow(x, 2)',
      (x) => pow(x, 2),
      (x) => x ** 2,
      any,
      {
        jets: [
          [0, [0, 0, 2, 0]],
          [-3, [9, -6, 2, 0]],
        ],
      },
    ),
    ...unary(
      'pow(x, 0)',
      (x) => pow(x, 0),
      () => 1,
      any,
      { jets: [[0, [1, 0, 0]]] },
    ),
  ],
  reciprocal: unary('reciprocal', reciprocal, (x) => 1 / x, nonzero, {
    jets: [[4, [0.25, -0.0625, 0.03125, -0.0234375, 0.0234375, -0.029296875, 0.0439453125]]],
  }),
  sqrt: unary('sqrt', sqrt, Math.sqrt, positive, {
    jets: [
      [0, [0, Infinity]],
      [4, [2, 0.25, -0.03125]],
    ],
  }),
  rsqrt: unary('rsqrt', rsqrt, (x) => 1 / Math.sqrt(x), positive, { jets: [[4, [0.5, -0.0625, 0.0234375]]] }),
  exp: unary('exp', exp, Math.exp, any, {
    jets: [
      [0, [1, 1, 1, 1]],
      [-1000, [0, 0, 0]],
    ],
  }),
  expm1: unary('expm1', expm1, Math.expm1, any, {
    jets: [
      [1e-8, [1.000000005e-8, 1.00000001, 1.00000001]],
      [-1000, [-1, 0, 0]],
    ],
  }),
  log: unary('log', log, Math.log, positive, {
    jets: [
      [0, [-Infinity, Infinity]],
      [2, [Math.LN2, 0.5, -0.25]],
    ],
  }),
  log1p: unary('log1p', log1p, Math.log1p, within(-0.5, 2), {
    jets: [
      [1e-8, [9.99999995e-9, 0.99999999, -0.99999998]],
      [-1, [-Infinity, Infinity]],
    ],
  }),
  sin: unary('sin', sin, Math.sin, any, { jets: [[0, [0, 1, 0, -1, 0]]] }),
  cos: unary('cos', cos, Math.cos, any, { jets: [[0, [1, 0, -1, 0, 1]]] }),
  tan: unary('tan', tan, Math.tan, within(-1.2, 1.2), {
    jets: [
      [0, [0, 1, 0, 2, 0]],
      [Math.PI / 4, [1, 2, 4, 16]],
    ],
  }),
  asin: unary('asin', asin, Math.asin, inside, {
    jets: [
      [0, [0, 1, 0, 1]],
      [1, [Math.PI / 2, Infinity, Infinity]],
      [-1, [-Math.PI / 2, Infinity, -Infinity]],
      [1000, [NaN, NaN]],
    ],
  }),
  acos: unary('acos', acos, Math.acos, inside, {
    jets: [
      [0, [Math.PI / 2, -1, 0, -1]],
      [1, [0, -Infinity, -Infinity]],
      [-1, [Math.PI, -Infinity, Infinity]],
      [1000, [NaN, NaN]],
    ],
  }),
  atan: unary('atan', atan, Math.atan, any, {
    jets: [
      [0, [0, 1, 0, -2]],
      [1000, [Math.atan(1000), 1 / 1000001, -2000 / 1000001 ** 2]],
    ],
  }),
  atan2: binary('atan2', atan2, Math.atan2, nonzero, nonzero, {
    points: [
      { at: [[0], [0]], shapes: one, value: [0], gradients: [[NaN], [NaN]] },
      { at: [[0], [-1]], shapes: one, value: [Math.PI], gradients: [[-1], [0]] },
      { at: [[1], [0]], shapes: one, value: [Math.PI / 2], gradients: [[0], [-1]], hessian: [0, 1, 1, 0] },
    ],
  }),
  hypot: binary('hypot', hypot, Math.hypot, nonzero, nonzero, {
    points: [
      { at: [[0], [0]], shapes: one, value: [0], gradients: [[0], [0]] },
      { at: [[3], [4]], shapes: one, value: [5], gradients: [[0.6], [0.8]], hessian: [0.128, -0.096, -0.096, 0.072] },
      { at: [[1e200], [0]], shapes: one, value: [1e200], gradients: [[1], [0]] },
    ],
  }),
  sinh: unary('sinh', sinh, Math.sinh, any),
  cosh: unary('cosh', cosh, Math.cosh, any),
  tanh: unary('tanh', tanh, Math.tanh, any, {
    jets: [
      [1000, [1, 0, 0]],
      [-1000, [-1, 0, 0]],
      [0, [0, 1, 0, -2]],
    ],
  }),
  asinh: unary('asinh', asinh, Math.asinh, any, {
    jets: [
      [0, [0, 1, 0, -1]],
      [1e200, [Math.asinh(1e200), 1e-200]],
    ],
  }),
  acosh: unary('acosh', acosh, Math.acosh, within(1.2, 3), {
    jets: [
      [1, [0, Infinity]],
      [0.5, [NaN, NaN]],
    ],
  }),
  atanh: unary('atanh', atanh, Math.atanh, inside, {
    jets: [
      [0, [0, 1, 0, 2]],
      [1, [Infinity, Infinity, Infinity]],
      [-1, [-Infinity, Infinity, -Infinity]],
    ],
  }),
  sigmoid: unary('sigmoid', sigmoid, sigma, any, {
    jets: [
      [-200, [Math.exp(-200), Math.exp(-200)]],
      [200, [1, 0, 0]],
      [0, [0.5, 0.25, 0, -0.125]],
      [-1000, [0, 0, 0]],
    ],
  }),
  softplus: unary('softplus', softplus, (x) => Math.log(1 + Math.exp(x)), any, {
    jets: [
      [100, [100, 1, 0]],
      [-Infinity, [0, 0]],
      [Infinity, [Infinity, 1]],
      [0, [Math.LN2, 0.5, 0.25]],
      [-1000, [0, 0, 0]],
    ],
  }),
  softsign: unary('softsign', softsign, (x) => x / (1 + Math.abs(x)), kinked, {
    jets: [
      [0, [0, 1, 0]],
      [3, [0.75, 1 / 16, -1 / 32]],
      [-1e8, [-1 / (1 + 1e-8), 1 / (1 + 1e8) ** 2, 2 / (1 + 1e8) ** 3]],
    ],
  }),
  relu: unary('relu', relu, (x) => Math.max(x, 0), kinked, {
    jets: [
      [0, [0, 0, 0]],
      [Infinity, [Infinity, 1, 0]],
      [-Infinity, [0, 0, 0]],
    ],
  }),
  elu: [
    ...unary('elu', elu, (x) => (x > 0 ? x : Math.expm1(x)), kinked, {
      jets: [
        [0, [0, 1, null]],
        [-1000, [-1, 0, 0]],
        [1000, [1000, 1, 0]],
      ],
    }),
    ...unary(
      'elu, alpha 0.5',
      (x) => elu(x, 0.5),
      (x) => (x > 0 ? x : 0.5 * Math.expm1(x)),
      kinked,
      { jets: [[0, [0, 0.5, null]]] },
    ),
  ],
  erf: unary('erf', erf, erfOf, any, {
    jets: [
      [0, [0, 2 / Math.sqrt(Math.PI), 0, -4 / Math.sqrt(Math.PI)]],
      [6, [1, (2 / Math.sqrt(Math.PI)) * Math.exp(-36), (-24 / Math.sqrt(Math.PI)) * Math.exp(-36)]],
      [-40, [-1, 0, 0]],
    ],
  }),
  erfc: unary('erfc', erfc, (x) => 1 - erfOf(x), within(-2, 1), {
    jets: [
      [0, [1, -2 / Math.sqrt(Math.PI), 0, 4 / Math.sqrt(Math.PI)]],
      [40, [0, 0, 0]],
      [-40, [2, 0, 0]],
    ],
  }),
};
