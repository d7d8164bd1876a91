import type { DType, Shape } from '@jacobi/tensor';
import { random } from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import type { Initializer } from './index.ts';
import { initializers } from './index.ts';

/** Mean, variance and extremes of many draws. */
function moments(initialize: Initializer, shape: Shape, dtype: DType = 'float64') {
  const values = Float64Array.from(initialize(shape, dtype).dataSync());
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
  return { mean, variance, min: Math.min(...values), max: Math.max(...values), n };
}

const seed = 20;
/** Maker, scale and fan of Keras's table; for a kernel [in, out], fan by shape below. */
const SCALED = [
  ['glorotUniform', 1, 'average', 'uniform'],
  ['glorotNormal', 1, 'average', 'normal'],
  ['heUniform', 2, 'input', 'uniform'],
  ['heNormal', 2, 'input', 'normal'],
  ['lecunUniform', 1, 'input', 'uniform'],
  ['lecunNormal', 1, 'input', 'normal'],
] as const;
const SHAPES = [
  { shape: [120, 260], input: 120, average: 190 },
  { shape: [3, 3, 40, 80], input: 360, average: 540 },
  { shape: [5, 60, 90], input: 300, average: 375 },
  { shape: [20_000], input: 20_000, average: 20_000 },
];

describe.each(SCALED)('%s: variance %d / %s fan', (name, scale, fan, distribution) => {
  test.each(SHAPES)('shape $shape', (entry) => {
    const expected = scale / entry[fan];
    const m = moments(initializers[name]({ seed }), entry.shape);
    // The standard error of a variance of n draws is at most √(2/n) of it.
    expect(Math.abs(m.variance / expected - 1)).toBeLessThan(5 * Math.sqrt(2 / m.n));
    expect(Math.abs(m.mean)).toBeLessThan(5 * Math.sqrt(expected / m.n));
    const limit = distribution === 'uniform' ? Math.sqrt(3 * expected) : (2 * Math.sqrt(expected)) / 0.8796256610342398;
    expect(Math.max(m.max, -m.min)).toBeLessThanOrEqual(limit * (1 + 1e-6));
    expect(Math.min(m.max, -m.min)).toBeGreaterThan(0.98 * limit);
  });
});

test('a scalar has fans of 1', () => {
  expect(Math.abs(initializers.glorotUniform({ seed })([], 'float32').item())).toBeLessThan(Math.sqrt(3));
});

test('shapes without elements', () => {
  for (const make of Object.values(initializers)) {
    expect((make as () => Initializer)()([0, 3], 'float32').shape).toEqual([0, 3]);
  }
});

test('the truncated normal distribution has the quantiles of the closed form', () => {
  const n = 100_000;
  const values = Float64Array.from(
    initializers.truncatedNormal({ mean: 3, stddev: 2, seed })([n], 'float64').dataSync(),
  ).sort();
  // Φ(z) within ±2: (Φ(z) − Φ(−2)) / (Φ(2) − Φ(−2)), from a table of Φ.
  const PHI = { '-1.5': 0.0668072, '-1': 0.1586553, '-0.5': 0.3085375, '0': 0.5, '1': 0.8413447, '1.9': 0.9712834 };
  for (const [z, phi] of Object.entries(PHI)) {
    const expected = (phi - 0.0227501) / 0.9544997;
    const found = values.findIndex((v) => v > 3 + 2 * Number(z)) / n;
    expect(Math.abs(found - expected)).toBeLessThan(0.005);
  }
  expect(values[0]).toBeGreaterThanOrEqual(-1.000001);
  expect(values[n - 1]).toBeLessThanOrEqual(7.000001);
});

test('plain random initialisers have the defaults of Keras', () => {
  const uniform = moments(initializers.randomUniform({ seed }), [50_000]);
  expect(uniform.min).toBeGreaterThanOrEqual(-0.05);
  expect(uniform.max).toBeLessThan(0.05);
  expect(uniform.max - uniform.min).toBeGreaterThan(0.0999);
  expect(Math.sqrt(moments(initializers.randomNormal({ seed }), [50_000]).variance)).toBeCloseTo(0.05, 3);
  expect(Math.sqrt(moments(initializers.truncatedNormal({ seed }), [50_000]).variance)).toBeCloseTo(0.05 * 0.8796, 3);
  const wide = moments(initializers.randomUniform({ minval: 2, maxval: 4, seed }), [50_000]);
  expect(wide.mean).toBeCloseTo(3, 1);
  const shifted = moments(initializers.randomNormal({ mean: -1, stddev: 3, seed }), [50_000]);
  expect(shifted.mean).toBeCloseTo(-1, 1);
  expect(Math.sqrt(shifted.variance)).toBeCloseTo(3, 1);
});

test('constants', () => {
  expect(initializers.zeros()([2], 'float32').arraySync()).toEqual([0, 0]);
  expect(initializers.ones()([2], 'float64').dtype).toBe('float64');
  expect(initializers.constant()([2], 'float32').arraySync()).toEqual([0, 0]);
  expect(initializers.constant(0.1)([1], 'float64').item()).toBe(0.1);
  expect(initializers.identity(2)([2, 3], 'float64').arraySync()).toEqual([
    [2, 0, 0],
    [0, 2, 0],
  ]);
});

const RANDOM = [
  'randomUniform',
  'randomNormal',
  'truncatedNormal',
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'lecunUniform',
  'lecunNormal',
] as const;

test.each(RANDOM)('%s: the same for the same seed or key, else new each time', (name) => {
  const shape = [4, 5];
  const draw = (initialize: Initializer) => initialize(shape, 'float32').arraySync();
  const seeded = initializers[name]({ seed: 1 });
  expect(draw(seeded)).toEqual(draw(seeded));
  expect(draw(seeded)).not.toEqual(draw(initializers[name]({ seed: 2 })));
  const free = initializers[name]();
  expect(draw(free)).not.toEqual(draw(free));
  const byKey = () => free(shape, 'float32', random.key(7)).arraySync();
  expect(byKey()).toEqual(byKey());
  expect(seeded(shape, 'float32', random.key(7)).arraySync()).toEqual(byKey());
  for (const dtype of ['float32', 'float64'] as const) expect(free(shape, dtype).dtype).toBe(dtype);
});
