/**
 * Random numbers: the generator against published vectors, the distributions against their moments and quantiles, and what
 * equal keys promise. All with fixed keys, so that nothing here fails by chance.
 */
import { describe, expect, test } from 'vitest';
import type { Tensor } from './index.ts';
import { cast, gather, less, mean, random, reshape, slice, square, sub, tensor } from './index.ts';
import { bindOne, randomBitsRow, Trace, tensorType, withFrame } from './internal.ts';

const words = (key: readonly [number, number], count: number): number[] =>
  [...bindOne(randomBitsRow, [tensor(Int32Array.of(...key))], { count }).dataSync()].map((w) => w >>> 0);

describe('Threefry-2x32-20', () => {
  // The known answer of Random123 for key 0 and counter 0.
  test('gives the published words', () => {
    expect(words([0, 0], 2)).toEqual([0x6b200159, 0x99ba4efe]);
  });
  test('a word depends on key and position only', () => {
    expect(words([1, 2], 7)).toEqual(words([1, 2], 100).slice(0, 7));
    expect(words([1, 2], 4)).not.toEqual(words([2, 1], 4));
  });
  test('bits are even: each is set in half of the words, and words do not repeat', () => {
    const all = words([3, 4], 20_000);
    for (let bit = 0; bit < 32; bit++) {
      const share = all.filter((w) => (w >>> bit) & 1).length / all.length;
      expect(Math.abs(share - 0.5)).toBeLessThan(0.02);
    }
    expect(new Set(all).size).toBeGreaterThan(19_900);
  });
});

describe('keys', () => {
  test('a key is the high and the low word of its seed', () => {
    expect(random.key(5).arraySync()).toEqual([0, 5]);
    expect(random.key(2 ** 32 + 7).arraySync()).toEqual([1, 7]);
    expect(random.key(-1).arraySync()).toEqual([-1, -1]);
    expect(random.key(2 ** 31).arraySync()).toEqual([0, -(2 ** 31)]);
    expect(random.key(0).dtype).toBe('int32');
  });
  test('split gives different keys, by iteration or as one tensor', () => {
    const keys = random.split(random.key(0), 4);
    expect(keys.shape).toEqual([4, 2]);
    const each = [...keys];
    expect(each.map((k) => k.shape)).toEqual([[2], [2], [2], [2]]);
    expect(new Set(each.map(String)).size).toBe(4);
    expect(String(gather(keys, 2))).toBe(String(each[2]));
    const draws = each.map((key) => String(random.uniform([3], { key })));
    expect(new Set(draws).size).toBe(4);
  });
  test('the same key or seed gives the same numbers, and a key that of its seed', () => {
    for (const draw of [random.uniform, random.normal]) {
      const a = draw([4], { key: random.key(9) });
      expect(a.arraySync()).toEqual(draw([4], { seed: 9 }).arraySync());
      expect(a.arraySync()).toEqual(reshape(draw([2, 2], { seed: 9 }), [4]).arraySync());
      expect(a.arraySync()).not.toEqual(draw([4], { seed: 10 }).arraySync());
    }
  });
  test('without key and seed each call gives other numbers', () => {
    const draws = Array.from({ length: 20 }, () => String(random.uniform([2])));
    expect(new Set(draws).size).toBe(20);
  });
  test('in a trace there must be a key or a seed', () => {
    const trace = new Trace('jit');
    withFrame(trace, () => {
      expect(() => random.uniform([2])).toThrow(/inside jit .* pass \{ key \}/);
      expect(() => random.normal([2])).toThrow(/inside jit .* pass \{ key \}/);
      const key = trace.input(tensorType('int32', [2]));
      expect(random.normal([3], { key }).shape).toEqual([3]);
      expect(random.uniform([3], { seed: 1 }).shape).toEqual([3]);
    });
  });
});

/** Mean, and central moments 2 to 4. */
function moments(x: Tensor): number[] {
  const data = [...x.dataSync()];
  const average = data.reduce((a, b) => a + b, 0) / data.length;
  return [average, ...[2, 3, 4].map((p) => data.reduce((s, v) => s + (v - average) ** p, 0) / data.length)];
}

const N = 100_000;

describe('uniform', () => {
  test.each(['float32', 'float64'] as const)('%s has the moments of its range and stays in it', (dtype) => {
    const x = random.uniform([N], { minval: -1, maxval: 3, dtype, seed: 1 });
    expect(x.dtype).toBe(dtype);
    const [m1, m2, m3, m4] = moments(x) as [number, number, number, number];
    expect(m1).toBeCloseTo(1, 1);
    expect(Math.abs(m2 - 16 / 12)).toBeLessThan(0.02);
    expect(Math.abs(m3)).toBeLessThan(0.05);
    expect(Math.abs(m4 - 256 / 80)).toBeLessThan(0.05);
    const data = [...x.dataSync()];
    expect(data.every((v) => v >= -1 && v < 3)).toBe(true);
  });
  test('float64 uses more than 24 bits', () => {
    const x = random.uniform([1000], { dtype: 'float64', seed: 2 });
    expect([...x.dataSync()].some((v) => !Number.isInteger(v * 2 ** 32))).toBe(true);
  });
  test('never gives maxval, even where rounding would', () => {
    const x = random.uniform([N], { minval: 1e6, maxval: 1e6 + 0.25, seed: 3 });
    expect([...x.dataSync()].every((v) => v >= 1e6 && v < 1e6 + 0.25)).toBe(true);
    const y = random.uniform([N], { minval: -1, maxval: 0, seed: 3 });
    expect([...y.dataSync()].every((v) => v >= -1 && v < 0)).toBe(true);
  });
  test('quantiles: a twentieth of the numbers in each twentieth of the range', () => {
    const x = random.uniform([N], { seed: 4 });
    for (let i = 1; i < 20; i++) expect(Math.abs(mean(less(x, i / 20)).item() - i / 20)).toBeLessThan(0.005);
  });
  test('neighbours are not correlated', () => {
    const x = sub(random.uniform([N], { seed: 5 }), 0.5);
    const lag = mean(slice(x, 1).mul(slice(x, 0, N - 1))).item();
    expect(Math.abs(lag)).toBeLessThan(0.001);
  });
  test('int32 draws every number of the half-open range about equally often', () => {
    const x = random.uniform([70_000], { minval: -3, maxval: 4, dtype: 'int32', seed: 6 });
    expect(x.dtype).toBe('int32');
    const counts = new Map<number, number>();
    for (const v of x.dataSync()) counts.set(v, (counts.get(v) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    for (const n of counts.values()) expect(Math.abs(n - 10_000)).toBeLessThan(400);
  });
  test('int32 over its whole range', () => {
    const x = random.uniform([N], { minval: -2147483648, maxval: 2147483648, dtype: 'int32', seed: 7 });
    expect(mean(less(x, 0)).item()).toBeCloseTo(0.5, 2);
    expect(mean(less(x, -1073741824)).item()).toBeCloseTo(0.25, 2);
    const one = random.uniform([10], { minval: 2147483646, maxval: 2147483647, dtype: 'int32', seed: 7 });
    expect(new Set(one.dataSync())).toEqual(new Set([2147483646]));
  });
  test('zero-size and scalar shapes', () => {
    expect(random.uniform([0, 3], { seed: 1 }).shape).toEqual([0, 3]);
    expect(random.uniform([], { seed: 1 }).shape).toEqual([]);
    expect(random.uniform([2, 2], { minval: 0, maxval: 10, dtype: 'int32' }).shape).toEqual([2, 2]);
  });
});

describe('normal', () => {
  test.each(['float32', 'float64'] as const)(
    '%s has mean, variance, skewness and kurtosis of its distribution',
    (dtype) => {
      const x = random.normal([N], { mean: 2, stddev: 3, dtype, seed: 8 });
      expect(x.dtype).toBe(dtype);
      const [m1, m2, m3, m4] = moments(x) as [number, number, number, number];
      expect(Math.abs(m1 - 2)).toBeLessThan(0.03);
      expect(Math.abs(m2 - 9)).toBeLessThan(0.15);
      expect(Math.abs(m3 / 27)).toBeLessThan(0.03);
      expect(Math.abs(m4 / 81 - 3)).toBeLessThan(0.1);
    },
  );
  test('quantiles are those of the normal distribution', () => {
    const x = random.normal([N], { seed: 9 });
    // Φ at −2, −1, 0, 1, 2
    const table = [
      [-2, 0.0227501],
      [-1, 0.1586553],
      [0, 0.5],
      [1, 0.8413447],
      [2, 0.9772499],
    ] as const;
    for (const [at, share] of table) expect(Math.abs(mean(less(x, at)).item() - share)).toBeLessThan(0.004);
  });
  test('the two numbers of a pair are independent', () => {
    const x = random.normal([N], { seed: 10 });
    const [a, b] = [slice(x, 0, N / 2), slice(x, N / 2)];
    expect(Math.abs(mean(a.mul(b)).item())).toBeLessThan(0.01);
    expect(Math.abs(mean(square(a).mul(square(b))).item() - 1)).toBeLessThan(0.05);
  });
  test('all numbers are finite; odd counts, scalars, nothing, stddev 0', () => {
    const x = random.normal([300_001], { seed: 11 });
    expect(x.shape).toEqual([300_001]);
    expect([...x.dataSync()].every(Number.isFinite)).toBe(true);
    expect(random.normal([], { seed: 1 }).shape).toEqual([]);
    expect(random.normal([0], { seed: 1 }).shape).toEqual([0]);
    expect(random.normal([2], { mean: 5, stddev: 0, seed: 1 }).arraySync()).toEqual([5, 5]);
    expect(cast(random.normal([3], { seed: 1 }), 'int32').dtype).toBe('int32');
  });
});
