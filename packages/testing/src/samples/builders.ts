/** Families of samples: what most elementwise operations are called with. Must not import operations. */
import type { Tensor } from '@jacobi/tensor';
import { elementwiseOf } from '../array.ts';
import type { Argument, Sample } from '../sample.ts';
import { real } from '../sample.ts';

/** What a family cannot know. */
export type Extras = Pick<Sample, 'gives' | 'order' | 'reason' | 'float32' | 'points' | 'jets'>;
/** An argument of any shape. */
export type AnyShape = (shape: readonly number[]) => Argument;

/** Numbers between two bounds. */
export function within(low: number, high: number): AnyShape {
  return (shape) => real(shape, low, high);
}

/** A function of one operand on a matrix, one number, and nothing. What is known at points goes with the first. */
export function unary(
  name: string,
  run: (x: Tensor) => Tensor,
  js: (x: number) => number,
  domain: AnyShape,
  extras: Extras = {},
): Sample[] {
  const { points: _points, jets: _jets, ...rest } = extras;
  return [[2, 3], [], [1], [0, 3]].map((shape, i) => ({
    name: `${name} on [${shape.join()}]`,
    arguments: [domain(shape)],
    run,
    oracle: elementwiseOf(js),
    ...(i === 0 ? extras : rest),
  }));
}

/** Shapes of two operands that broadcast in each of the ways there are. */
const PAIRS: readonly (readonly [number[], number[]])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[], [2, 3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], []],
  [[0, 3], [1]],
];

/** A function of two operands on shapes that broadcast. */
export function binary(
  name: string,
  run: (a: Tensor, b: Tensor) => Tensor,
  js: (a: number, b: number) => number,
  left: AnyShape,
  right: AnyShape,
  extras: Extras = {},
): Sample[] {
  const { points: _points, jets: _jets, ...rest } = extras;
  return PAIRS.map(([a, b], i) => ({
    name: `${name} on [${a.join()}] and [${b.join()}]`,
    arguments: [left(a), right(b)],
    run,
    oracle: elementwiseOf(js),
    ...(i === 0 ? extras : rest),
  }));
}

/** A function of one float64 operand of a shape, with the computation of its value. */
export const move = (
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
