/** Every operation of two operands on every pair of shapes that broadcasts, and its refusal of those that do not. */
import { ShapeError } from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { checkOrder1, checkOrder2, checkValue, checkVmap, checkVmapOfGrad } from './checks.ts';
import { composites } from './composites.ts';
import type { Sample } from './sample.ts';
import { tensorsFor } from './sample.ts';
import { samples } from './samples.ts';

const SHAPES: readonly (readonly number[])[] = [[], [1], [3], [2, 3], [2, 1], [1, 3], [0, 3]];

const BINARY: Readonly<Record<string, readonly Sample[]>> = {
  add: samples.add,
  sub: samples.sub,
  mul: samples.mul,
  div: samples.div,
  pow: samples.pow,
  atan2: samples.atan2,
  hypot: samples.hypot,
  maximum: samples.maximum,
  minimum: samples.minimum,
  floorDiv: samples.floorDiv,
  mod: samples.floorMod,
  logAddExp: composites.logAddExp,
  xlogy: composites.xlogy,
  equal: samples.equal,
  notEqual: samples.notEqual,
  less: samples.less,
  lessEqual: samples.lessEqual,
  greater: samples.greater,
  greaterEqual: samples.greaterEqual,
  logicalAnd: samples.logicalAnd,
  logicalOr: samples.logicalOr,
  logicalXor: samples.logicalXor,
};

/** NumPy's rule: aligned at the last axis, sizes are equal or 1. */
function fits(a: readonly number[], b: readonly number[]): boolean {
  const rank = Math.min(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => [a.at(-1 - i), b.at(-1 - i)]).every(
    ([p, q]) => p === q || p === 1 || q === 1,
  );
}

function onShapes({ points: _points, jets: _jets, ...sample }: Sample, shapes: readonly (readonly number[])[]): Sample {
  return {
    ...sample,
    name: `${sample.name.split(' on ')[0]} on ${shapes.map((s) => `[${s.join()}]`).join(' and ')}`,
    arguments: shapes.map((shape, i) => ({ ...sample.arguments[i]!, shape })),
  };
}

describe.each(Object.keys(BINARY))('%s on all pairs of shapes', (operation) => {
  const pairs = SHAPES.flatMap((a) => SHAPES.map((b) => [a, b] as const));
  const each = (check: (sample: Sample) => void) => () => {
    for (const pair of pairs) if (fits(...pair)) check(onShapes(BINARY[operation]![0]!, pair));
  };
  test('value', each(checkValue));
  test('order 1', each(checkOrder1));
  test('order 2', each(checkOrder2));
  test(
    'vmap',
    each((sample) => {
      checkVmap(sample);
      checkVmapOfGrad(sample);
    }),
  );
  test('others are refused', () => {
    for (const pair of pairs) {
      if (fits(...pair)) continue;
      const sample = onShapes(BINARY[operation]![0]!, pair);
      expect(() => sample.run(...tensorsFor(sample)), sample.name).toThrow(ShapeError);
    }
  });
});
