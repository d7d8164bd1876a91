/** Terms: equal ones are one, numbers are computed ahead, zeros and ones vanish, signs meet; nothing else changes a bit. */
import type { DType, ScalarFunction } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { held } from './exact.ts';
import { tellsSigns } from './laws.ts';
import type { Term } from './terms.ts';
import { linearise, Terms } from './terms.ts';

const lane = (offset: number) => ({ slot: 0, offset, stride: 0 });

/** A function of as many numbers as it takes: some take any number. */
function numberOf(fn: ScalarFunction, operands: readonly number[]): number {
  const call: (...operands: number[]) => number = fn.js;
  return call(...operands.slice(0, fn.arity));
}

/** The steps that compute a term of loads x0, x1, …, as text. */
function written(terms: Terms, term: Term): string {
  const node = terms.node(term);
  if ('constant' in node) return Object.is(node.constant, -0) ? '-0' : String(node.constant);
  if ('lane' in node) return `x${node.lane.offset}`;
  return `${node.fn.name}(${node.args.map((arg) => written(terms, arg)).join(', ')})`;
}

describe('laws', () => {
  const terms = new Terms();
  const [x, y] = [0, 1].map((i) => terms.load(lane(i), 'float32')) as [Term, Term];
  const n = terms.load(lane(2), 'int32');
  const c = (value: number, dtype: DType = 'float64'): Term => terms.constant(value, dtype);
  const f = 'float32';
  const { add, sub, mul, div, neg, select, square, powInt, identity, sin, less } = scalar;
  const minusX = terms.call(neg, f, x);
  test.each([
    ['x + 0', terms.call(add, f, x, c(0)), 'x0'],
    ['0 + x', terms.call(add, f, c(0), x), 'x0'],
    ['x + -0', terms.call(add, f, x, c(-0)), 'x0'],
    ['x − 0', terms.call(sub, f, x, c(0)), 'x0'],
    ['0 − x', terms.call(sub, f, c(0), x), 'neg(x0)'],
    ['0·x', terms.call(mul, f, c(0), x), '0'],
    ['1·x', terms.call(mul, f, c(1), x), 'x0'],
    ['x·−1', terms.call(mul, f, x, c(-1)), 'neg(x0)'],
    ['0 / x', terms.call(div, f, c(0), x), '0'],
    ['x / 1', terms.call(div, f, x, c(1)), 'x0'],
    ['−(−x)', terms.call(neg, f, minusX), 'x0'],
    ['y + −x', terms.call(add, f, y, minusX), 'sub(x1, x0)'],
    ['y − −x', terms.call(sub, f, y, minusX), 'add(x0, x1)'],
    ['(−x)·y', terms.call(mul, f, minusX, y), 'neg(mul(x0, x1))'],
    ['x − y, the other way round', terms.call(sub, f, x, y), 'neg(sub(x1, x0))'],
    ['x − x', terms.call(sub, f, x, x), 'sub(x0, x0)'],
    ['x − x once more', terms.call(sub, f, x, x), 'sub(x0, x0)'],
    ['y·x', terms.call(mul, f, y, x), 'mul(x0, x1)'],
    ['x²', terms.call(square, f, x), 'mul(x0, x0)'],
    ['x^2', terms.call(powInt, f, x, c(2)), 'mul(x0, x0)'],
    ['x^3', terms.call(powInt, f, x, c(3)), 'powInt(x0, 3)'],
    ['true ? x : y', terms.call(select, f, c(1, 'bool'), x, y), 'x0'],
    ['x < y ? x : x', terms.call(select, f, terms.call(less, 'bool', x, y), x, x), 'x0'],
    ['max(−3, −5)', terms.call(scalar.maximum, f, c(-3), c(-5)), '-3'],
    ['min(3, 5)', terms.call(scalar.minimum, 'int32', c(3), c(5)), '3'],
    ['2 + 3', terms.call(add, f, c(2), c(3)), '5'],
    ['sin 2, which devices compute each in its own way', terms.call(sin, f, c(2)), 'sin(2)'],
    ['x as float64', terms.call(identity, 'float64', x), 'identity(x0)'],
    ['x as float32', terms.call(identity, f, x), 'x0'],
    ['n + 0 in float32', terms.call(add, f, n, c(0)), 'identity(x2)'],
    ['−n of a rounded n', terms.call(neg, f, terms.call(neg, f, n)), 'neg(neg(x2))'],
    ['0 / 0 of whole numbers', terms.call(div, 'int32', c(0), n), 'div(0, x2)'],
  ])('%s', (_title, term, expected) => {
    expect(written(terms, term)).toBe(expected);
  });
});

test('a sign turns only where no function tells that of a zero', () => {
  for (const [fn, seen] of [
    [scalar.reciprocal, true],
    [scalar.sqrt, false],
  ] as const) {
    const terms = new Terms();
    const [x, y] = [0, 1].map((i) => terms.load(lane(i), 'float32')) as [Term, Term];
    const there = terms.call(scalar.sub, 'float32', x, y);
    terms.call(fn, 'float32', there);
    expect(terms.wrongSigns).toBe(false);
    terms.call(scalar.sub, 'float32', y, x);
    expect(terms.wrongSigns).toBe(seen);
  }
  const terms = new Terms(true);
  const [x, y] = [0, 1].map((i) => terms.load(lane(i), 'float32')) as [Term, Term];
  terms.call(scalar.sub, 'float32', x, y);
  expect(written(terms, terms.call(scalar.sub, 'float32', y, x))).toBe('sub(x1, x0)');
});

test('numbers are rounded to their dtype', () => {
  expect([held(0.1, 'float32'), held(2 ** 31, 'int32'), held(257, 'bool'), held(0.1, 'float64')]).toEqual([
    Math.fround(0.1),
    -(2 ** 31),
    1,
    0.1,
  ]);
});

test('what is made of terms computes what the functions compute', () => {
  const { add, sub, mul, neg, square, maximum, minimum, div, less } = scalar;
  const functions = [add, sub, mul, neg, square, maximum, minimum, div, less];
  const step = fc.record({
    fn: fc.constantFrom(...functions),
    a: fc.nat(),
    b: fc.nat(),
    dtype: fc.constantFrom('float32', 'float64'),
  });
  const numbers = fc.array(fc.constantFrom(-2, -1, -0.1, 0, 1, 3, 0.3), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(
      numbers,
      fc.array(fc.double({ min: 0.1, max: 9, noNaN: true }), { minLength: 2, maxLength: 3 }),
      fc.array(step, { minLength: 1, maxLength: 25 }),
      (constants, values, steps) => {
        const terms = new Terms();
        const made: Term[] = [];
        const direct: number[] = [];
        constants.forEach((value) => {
          made.push(terms.constant(value, 'float64'));
          direct.push(value);
        });
        values.forEach((value, i) => {
          made.push(terms.load(lane(i), 'float64'));
          direct.push(value);
        });
        for (const { fn, a, b, dtype } of steps) {
          const [p, q] = [a % made.length, b % made.length];
          // Division by what may be zero leaves the numbers that the laws speak of.
          if (fn === scalar.div && !(Math.abs(direct[q]!) > 1e-3)) continue;
          if (!(Math.abs(direct[p]!) < 1e30 && Math.abs(direct[q]!) < 1e30)) continue;
          made.push(terms.call(fn, dtype, made[p]!, fn.arity > 1 ? made[q]! : undefined));
          direct.push(held(numberOf(fn, [direct[p]!, direct[q]!]), dtype));
        }
        const { loads, body, operands } = linearise(terms, made);
        const results: number[] = loads.map(({ offset }) => values[offset]!);
        for (const each of body) {
          if ('constant' in each) results.push(each.constant);
          else {
            const given = each.args.map((arg) => results[arg]!);
            results.push(held(numberOf(each.fn, given), each.dtype));
          }
        }
        // A zero may have another sign.
        expect(operands.map((operand) => results[operand]! + 0)).toEqual(direct.map((value) => value + 0));
      },
    ),
  );
});

describe('functions that are not said to tell 0 from −0', () => {
  const functions = Object.values(scalar).filter(
    (each): each is ScalarFunction => typeof each === 'object' && 'arity' in each && !each.name.startsWith('bits'),
  );
  const others = [-Infinity, -2, -1, -0.5, -0, 0, 0.5, 1, 3, Infinity];
  const terms = new Terms();
  const operands = [0, 1, 2].map((i) => terms.load(lane(i), 'float64'));
  const quiet = functions.filter((fn) => !tellsSigns(terms, fn, operands));
  test.each(quiet.map((fn) => [fn.name, fn] as const))('%s gives one number for both', (_, fn) => {
    for (const a of others) {
      for (const b of others) {
        for (let place = 0; place < fn.arity; place++) {
          const at = (zero: number): number => numberOf(fn, [a, b, a].with(place, zero));
          const [plus, minus] = [at(0), at(-0)];
          expect(plus === minus || (Number.isNaN(plus) && Number.isNaN(minus)), `${place}: ${a}, ${b}`).toBe(true);
        }
      }
    }
  });
});
