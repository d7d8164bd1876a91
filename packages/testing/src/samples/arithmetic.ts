/** Samples of arithmetic, comparison, logic, choice, casts and rounding. */
import {
  abs,
  add,
  cast,
  ceil,
  div,
  equal,
  floor,
  floorDiv,
  greater,
  greaterEqual,
  isFinite,
  isNaN,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  notEqual,
  round,
  sign,
  square,
  sub,
  where,
} from '@jacobi/tensor';
import { bindOne, castRow } from '@jacobi/tensor/internal';
import { elementwiseOf } from '../array.ts';
import type { Sample } from '../sample.ts';
import { apart, away, fixed, real, truth, whole } from '../sample.ts';
import type { AnyShape, Extras } from './builders.ts';
import { binary, unary, within } from './builders.ts';

const any = within(-2, 2);
const nonzero: AnyShape = (shape) => away(shape, 0.5, 2);
const grid: AnyShape = (shape) => apart(shape);
const besideGrid: AnyShape = (shape) => apart(shape, 0.15);
const few: AnyShape = (shape) => whole(shape, -1, 2, 'float64');
const flags: AnyShape = (shape) => truth(shape);
const ints: AnyShape = (shape) => whole(shape, -5, 6);
const bools: Extras = { order: 0, reason: 'booleans', gives: 'bool' };
const integers: Extras = { order: 0, reason: 'integers' };

const roundEven = (x: number): number => {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
};
const floorMod = (a: number, b: number): number => a - b * Math.floor(a / b);
const tie = { at: [[1], [1]], gradients: [[0.5], [0.5]], shapes: [[1], [1]] };

type Name =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'neg'
  | 'square'
  | 'abs'
  | 'sign'
  | 'floorDiv'
  | 'floorMod'
  | 'maximum'
  | 'minimum'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'equal'
  | 'notEqual'
  | 'less'
  | 'lessEqual'
  | 'greater'
  | 'greaterEqual'
  | 'logicalAnd'
  | 'logicalOr'
  | 'logicalXor'
  | 'logicalNot'
  | 'isNaN'
  | 'isFinite'
  | 'select'
  | 'cast';

export const arithmetic: Record<Name, readonly Sample[]> = {
  add: [
    ...binary('add', add, (a, b) => a + b, any, any),
    ...binary('add of int32', add, (a, b) => a + b, ints, ints, integers),
  ],
  sub: [
    ...binary('sub', sub, (a, b) => a - b, any, any),
    ...binary('sub of int32', sub, (a, b) => a - b, ints, ints, integers),
  ],
  mul: [
    ...binary('mul', mul, (a, b) => a * b, any, any, {
      points: [{ at: [[3], [5]], shapes: [[1], [1]], gradients: [[5], [3]], hessian: [0, 1, 1, 0] }],
    }),
    ...binary('mul of int32', mul, (a, b) => a * b, ints, ints, integers),
    {
      name: 'mul of x with itself',
      arguments: [real([3])],
      run: (x) => mul(x, x),
      oracle: elementwiseOf((x) => x * x),
    },
  ],
  div: binary('div', div, (a, b) => a / b, any, nonzero, {
    points: [
      { at: [[1], [0]], shapes: [[1], [1]], value: [Infinity], gradients: [[Infinity], [-Infinity]] },
      { at: [[6], [2]], shapes: [[1], [1]], gradients: [[0.5], [-1.5]], hessian: [0, -0.25, -0.25, 1.5] },
    ],
  }),
  neg: [...unary('neg', neg, (x) => -x, any), ...unary('neg of int32', neg, (x) => 0 - x, ints, integers)],
  square: unary('square', square, (x) => x * x, any, {
    jets: [
      [-1, [1, -2, 2, 0]],
      [0, [0, 0, 2, 0]],
      [1, [1, 2, 2, 0]],
    ],
  }),
  abs: unary('abs', abs, Math.abs, grid, {
    jets: [
      [0, [0, 0, 0]],
      [-3, [3, -1, 0]],
      [-0, [0, 0, 0]],
    ],
  }),
  sign: unary('sign', sign, Math.sign, grid, { jets: [[0, [0, 0, 0]]] }),
  floorDiv: [
    ...binary('floorDiv', floorDiv, (a, b) => Math.floor(a / b), within(2.3, 2.9), within(1, 1.1)),
    ...binary(
      'floorDiv of int32',
      floorDiv,
      (a, b) => Math.floor(a / b),
      ints,
      (shape) => whole(shape, 1, 4),
      integers,
    ),
  ],
  floorMod: [
    ...binary('mod', mod, floorMod, within(2.3, 2.9), within(1, 1.1)),
    ...binary('mod of a number below 0', mod, floorMod, within(-0.9, -0.3), within(1, 1.1)),
    ...binary('mod of int32', mod, floorMod, ints, (shape) => whole(shape, 1, 4), integers),
    {
      name: 'mod 131, 17',
      arguments: [real([1], 130, 132), real([1], 16.5, 17.5)],
      run: mod,
      points: [{ at: [[131], [17]], value: [12], gradients: [[1], [-7]] }],
    },
  ],
  maximum: binary('maximum', maximum, Math.max, grid, besideGrid, {
    points: [
      tie,
      { at: [[Infinity], [0]], shapes: [[1], [1]], gradients: [[1], [0]] },
      { at: [[1], [3]], shapes: [[1], [1]], gradients: [[0], [1]], hessian: [0, 0, 0, 0] },
    ],
  }),
  minimum: binary('minimum', minimum, Math.min, grid, besideGrid, {
    points: [
      tie,
      { at: [[-Infinity], [0]], shapes: [[1], [1]], gradients: [[1], [0]] },
      { at: [[1], [3]], shapes: [[1], [1]], gradients: [[1], [0]] },
    ],
  }),
  floor: unary('floor', floor, Math.floor, grid, {
    jets: [
      [1.5, [1, 0, 0]],
      [2, [2, 0, 0]],
    ],
  }),
  ceil: unary('ceil', ceil, Math.ceil, grid, { jets: [[1.5, [2, 0, 0]]] }),
  round: [
    ...unary('round', round, roundEven, within(0.6, 1.4), { jets: [[1.4, [1, 0, 0]]] }),
    {
      name: 'round of halves',
      arguments: [fixed([-1.5, -0.5, 0.5, 1.5, 2.5])],
      run: round,
      oracle: elementwiseOf(roundEven),
      order: 0,
      reason: 'jumps',
    },
  ],
  equal: binary('equal', equal, (a, b) => Number(a === b), few, few, bools),
  notEqual: binary('notEqual', notEqual, (a, b) => Number(a !== b), few, few, bools),
  less: binary('less', less, (a, b) => Number(a < b), few, few, bools),
  lessEqual: binary('lessEqual', lessEqual, (a, b) => Number(a <= b), few, few, bools),
  greater: binary('greater', greater, (a, b) => Number(a > b), few, few, bools),
  greaterEqual: binary('greaterEqual', greaterEqual, (a, b) => Number(a >= b), few, few, bools),
  logicalAnd: binary('logicalAnd', logicalAnd, (a, b) => Number(a !== 0 && b !== 0), flags, flags, bools),
  logicalOr: binary('logicalOr', logicalOr, (a, b) => Number(a !== 0 || b !== 0), flags, flags, bools),
  logicalXor: binary('logicalXor', logicalXor, (a, b) => Number((a !== 0) !== (b !== 0)), flags, flags, bools),
  logicalNot: unary('logicalNot', logicalNot, (a) => Number(a === 0), flags, bools),
  isNaN: unary('isNaN', isNaN, (x) => Number(Number.isNaN(x)), few, {
    ...bools,
    points: [{ at: [[NaN, 1, Infinity]], shapes: [[3]], value: [1, 0, 0] }],
  }),
  isFinite: unary('isFinite', isFinite, (x) => Number(Number.isFinite(x)), few, {
    ...bools,
    points: [{ at: [[NaN, 1, -Infinity]], shapes: [[3]], value: [0, 1, 0] }],
  }),
  select: [
    ...[
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      [[3], [2, 3], []],
      [[2, 1], [3], [2, 3]],
      [[], [3], [3]],
      [[0, 3], [3], [1]],
    ].map(
      ([c, a, b]): Sample => ({
        name: `where on [${c!.join()}], [${a!.join()}], [${b!.join()}]`,
        arguments: [truth(c!), real(a!), real(b!)],
        run: where,
        oracle: elementwiseOf((p, x, y) => (p !== 0 ? x : y)),
      }),
    ),
    {
      name: 'where beside NaN',
      arguments: [truth([2]), real([2]), real([2])],
      run: where,
      points: [
        {
          at: [
            [1, 0],
            [2, NaN],
            [NaN, 3],
          ],
          value: [2, 3],
          gradients: [null, [1, 0], [0, 1]],
        },
      ],
    },
    {
      // Where the branch not taken is infinite, a product would leak NaN into the other.
      name: 'where(x < 10, x, x²)',
      arguments: [real([2], 2, 20)],
      run: (x) => where(less(x, 10), x, square(x)),
      points: [{ at: [[5, 50]], gradients: [[1, 100]] }],
    },
  ],
  cast: [
    {
      name: 'float64 to float64',
      arguments: [real([2, 3])],
      run: (x) => bindOne(castRow, [x], { dtype: 'float64' }),
      oracle: elementwiseOf((x) => x),
      float32: false,
    },
    {
      name: 'float64 to float32',
      arguments: [real([2, 3])],
      run: (x) => cast(x, 'float32'),
      oracle: elementwiseOf(Math.fround),
      gives: 'float32',
      order: 0,
      reason: 'compared at points',
      points: [{ at: [[1, 2, 3, 4, 5, 6]], gradients: [[1, 1, 1, 1, 1, 1]] }],
    },
    {
      name: 'float64 to int32',
      arguments: [fixed([-1.7, -0.2, 0, 0.9, 1.5, 3e9])],
      run: (x) => cast(x, 'int32'),
      oracle: elementwiseOf((x) => Math.min(Math.trunc(x), 2147483647)),
      gives: 'int32',
      order: 0,
      reason: 'integers',
    },
    {
      name: 'float64 to bool',
      arguments: [fixed([-1, 0, 0.5, -0])],
      run: (x) => cast(x, 'bool'),
      oracle: elementwiseOf((x) => Number(x !== 0)),
      gives: 'bool',
      order: 0,
      reason: 'booleans',
    },
    {
      name: 'int32 to float64',
      arguments: [whole([2, 3], -9, 9)],
      run: (x) => cast(x, 'float64'),
      oracle: elementwiseOf((x) => x),
      gives: 'float64',
      order: 0,
      reason: 'integers',
    },
    {
      name: 'bool to int32',
      arguments: [truth([0, 3])],
      run: (x) => cast(x, 'int32'),
      oracle: elementwiseOf((x) => x),
      gives: 'int32',
      order: 0,
      reason: 'integers',
    },
  ],
};
