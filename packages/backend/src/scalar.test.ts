import { describe, expect, test } from 'vitest';
import type { Reducer, ScalarFunction } from './scalar.ts';
import * as scalar from './scalar.ts';

const rows = Object.entries<ScalarFunction | Reducer>(scalar);
const functions = rows.filter((row): row is [string, ScalarFunction] => 'arity' in row[1]);
const reducers = rows.filter((row): row is [string, Reducer] => 'identity' in row[1]);

const VALUES = [0, -0, 1, -1, 0.5, -2.5, 3, 1e-8, 700, -700, 1e300, Infinity, -Infinity, NaN];

describe('scalar functions', () => {
  test('bear the name that they are exported under', () => {
    for (const [name, fn] of functions) expect(fn.name).toBe(name);
    for (const [name, reducer] of reducers) expect(`${reducer.name}Reducer`).toBe(name);
  });

  test.each(functions.filter(([, fn]) => fn.loop))('%s: its loop says the same as its function', (_, fn) => {
    const triples = VALUES.flatMap((a) => VALUES.flatMap((b) => [0, 1, -2].map((c) => [a, b, c] as const)));
    const n = triples.length;
    const [a, b, c] = [0, 1, 2].map((i) => Float64Array.from(triples, (triple) => triple[i]!));
    const out = new Float64Array(2 * n + 1);
    // Out of step on purpose: results at 1, 3, 5 …, the third operand from its end.
    fn.loop!(n, out, 1, 2, a!, 0, 1, b!, 0, 1, c!, n - 1, -1);
    const call: (...operands: number[]) => number = fn.js;
    triples.forEach((triple, i) => {
      const operands = [triple[0], triple[1], triples[n - 1 - i]![2]].slice(0, fn.arity);
      expect([...operands, out[2 * i + 1]! + 0]).toEqual([...operands, call(...operands) + 0]);
    });
  });

  test('keep NaN where a comparison would lose it', () => {
    for (const fn of [scalar.maximum, scalar.minimum]) {
      expect(fn.js(NaN, 1, 0)).toBeNaN();
      expect(fn.js(1, NaN, 0)).toBeNaN();
    }
    for (const fn of [
      scalar.relu,
      scalar.sign,
      scalar.abs,
      scalar.sigmoid,
      scalar.softplus,
      scalar.erf,
      scalar.round,
    ]) {
      expect([fn.name, fn.js(NaN, 0, 0)]).toEqual([fn.name, NaN]);
    }
  });
});

describe('powers', () => {
  test('follow C, not ECMAScript, at 1 and −1', () => {
    expect(scalar.pow.js(1, NaN, 0)).toBe(1);
    expect(scalar.pow.js(1, Infinity, 0)).toBe(1);
    expect(scalar.pow.js(-1, Infinity, 0)).toBe(1);
    expect(scalar.pow.js(-1, -Infinity, 0)).toBe(1);
    expect(scalar.pow.js(NaN, 0, 0)).toBe(1);
    expect(scalar.pow.js(-8, 1 / 3, 0)).toBeNaN();
  });

  test.each([
    [3, 5, 243],
    [-2, 3, -8],
    [2, -2, 0.25],
    [0, 0, 1],
    [1.5, 1, 1.5],
    [10, 22, 1e22],
  ])('%d to the integer %d', (a, n, expected) => {
    expect(scalar.powInt.js(a, n, 0)).toBe(expected);
  });

  test('of integers wrap, and truncate where the exponent is negative', () => {
    expect(scalar.pow.int!(3, 20, 0)).toBe(Number(BigInt.asIntN(32, 3n ** 20n)));
    expect([scalar.pow.int!(2, -1, 0), scalar.pow.int!(1, -5, 0), scalar.pow.int!(-1, -3, 0)]).toEqual([0, 1, -1]);
  });
});

describe('special functions', () => {
  // Abramowitz & Stegun, table 7.1, and 1 − erfc of table 7.3.
  test.each([
    [0, 0],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.5, 0.999593047982555],
    [3, 0.9999779095030014],
    [5, 0.9999999999984626],
    [Infinity, 1],
  ])('erf(%d)', (x, expected) => {
    expect(scalar.erf.js(x, 0, 0)).toBeCloseTo(expected, 15);
    expect(scalar.erf.js(-x, 0, 0)).toBeCloseTo(-expected, 15);
  });

  test('erf is continuous where its formula changes', () => {
    const [below, above] = [scalar.erf.js(2.5 - 1e-12, 0, 0), scalar.erf.js(2.5, 0, 0)];
    expect(Math.abs(above - below)).toBeLessThan(1e-14);
    expect(scalar.erf.js(1e-300, 0, 0)).toBeCloseTo(1.1283791670955126e-300, 310);
  });

  test('sigmoid and softplus do not overflow', () => {
    expect([-1000, 0, 1000].map((x) => scalar.sigmoid.js(x, 0, 0))).toEqual([0, 0.5, 1]);
    expect([-1000, 1000].map((x) => scalar.softplus.js(x, 0, 0))).toEqual([0, 1000]);
    expect(scalar.softplus.js(0, 0, 0)).toBeCloseTo(Math.LN2, 15);
    expect(scalar.sigmoid.js(-40, 0, 0)).toBeCloseTo(4.248354255291589e-18, 30);
  });
});

describe('rounding and division', () => {
  test('round takes ties to even', () => {
    const round = (x: number): number => scalar.round.js(x, 0, 0);
    expect([-2.5, -1.5, -0.5, -0.3, -0, 0, 0.5, 1.5, 2.5, 2.4, -2.6].map(round)).toEqual([
      -2, -2, -0, -0, -0, 0, 0, 2, 2, 2, -3,
    ]);
    expect([Infinity, -Infinity].map(round)).toEqual([Infinity, -Infinity]);
  });

  test('floorDiv and floorMod take the sign of the divisor', () => {
    const pairs = [
      [7, 3],
      [-7, 3],
      [7, -3],
      [-7, -3],
    ] as const;
    for (const form of ['js', 'int'] as const) {
      expect(pairs.map(([a, b]) => scalar.floorDiv[form]!(a, b, 0))).toEqual([2, -3, -3, 2]);
      expect(pairs.map(([a, b]) => scalar.floorMod[form]!(a, b, 0))).toEqual([1, 2, -2, -1]);
    }
    expect([scalar.floorDiv.int!(1, 0, 0), scalar.floorMod.int!(1, 0, 0)]).toEqual([0, 0]);
  });

  test('toInt truncates and saturates', () => {
    const values = [1.9, -1.9, 3e9, -3e9, Infinity, -Infinity, NaN];
    const expected = [1, -1, 2147483647, -2147483648, 2147483647, -2147483648, 0];
    expect(values.map((x) => scalar.toInt.js(x, 0, 0))).toEqual(expected);
  });

  test('select chooses and never multiplies', () => {
    expect(scalar.select.js(1, 2, NaN)).toBe(2);
    expect(scalar.select.js(0, Infinity, 3)).toBe(3);
  });
});

describe('bits', () => {
  test('become fractions of [0, 1)', () => {
    expect(scalar.bitsToUnit.js(0, 0, 0)).toBe(0);
    expect(scalar.bitsToUnit.js(-1, 0, 0)).toBe(1 - 2 ** -24);
    expect(scalar.bitsToUnit64.js(-1, -1, 0)).toBe(1 - 2 ** -53);
    expect(Math.fround(scalar.bitsToUnit.js(-1, 0, 0))).toBeLessThan(1);
  });

  test('become integers of a range by the high word of a product', () => {
    for (const word of [0, 1, -1, 0x7fffffff, -0x80000000, 123456789]) {
      for (const span of [1, 2, 3, 1000, 65537, 2147483647]) {
        const exact = Number((BigInt(word >>> 0) * BigInt(span)) >> 32n);
        expect([word, span, scalar.bitsToRange.js(word, span, 0)]).toEqual([word, span, exact]);
      }
    }
  });
});

describe('reducers', () => {
  test.each(reducers)('%s: its identity changes nothing, its fold and loop say the same', (_, reducer) => {
    const values = reducer === scalar.anyReducer || reducer === scalar.allReducer ? [0, 1] : [2, -3, 0.5, 7, 0];
    for (const value of values) expect(reducer.js(reducer.identity, value) + 0).toBe(value);
    const data = Float64Array.from(values);
    const expected = values.reduce((a, b) => reducer.js(a, b), reducer.identity);
    if (reducer.fold) expect(reducer.fold(reducer.identity, data.length, data, 0, 1)).toBe(expected);
    const accumulators = new Float64Array(data.length).fill(1);
    reducer.loop?.(data.length, accumulators, 0, 1, accumulators, 0, 1, data, 0, 1, data, 0, 1);
    if (reducer.loop) expect([...accumulators]).toEqual(values.map((value) => reducer.js(1, value)));
  });
});
