/**
 * Derivatives of elementwise functions where they are tiny, huge or at the end of the domain, by closed forms.
 * The one idea: every mode, eager and compiled, gives the same right digits, in each dtype, and nothing absolute is allowed.
 */
import type { Tensor } from '@jacobi/tensor';
import { acos, asin, atan, atanh, erf, onesLike, softsign, tensor } from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { grad, jit, jvp } from './index.ts';

type F = (x: Tensor) => Tensor;

const reverse = (f: F): F => grad(f) as F;
const forward =
  (f: F): F =>
  (x) =>
    (jvp(f, [x], [onesLike(x)]) as [Tensor, Tensor])[1];

const WAYS: Record<string, readonly [first: (f: F) => F, second: (f: F) => F]> = {
  reverse: [reverse, (f) => reverse(reverse(f))],
  forward: [forward, (f) => forward(forward(f))],
  'forward over reverse': [reverse, (f) => forward(reverse(f))],
  'reverse over forward': [forward, (f) => reverse(forward(f))],
};

/** Relative errors: some steps of rounding, each of which the argument of an exponential may enlarge. */
const ALLOWED = { float32: 1e-5, float64: 2e-13 } as const;
type Floating = keyof typeof ALLOWED;

/** The first two derivatives at points, null where they are not stated. `only`: points that mean nothing in the other dtype. */
type Row = readonly [at: number, first: number | null, second: number | null, only?: Floating];

function close(actual: number, expected: number, dtype: Floating): boolean {
  const right = dtype === 'float32' ? Math.fround(expected) : expected;
  if (Object.is(actual + 0, right + 0)) return true;
  // Below the normal numbers there are fewer digits.
  const least = dtype === 'float32' ? 2 ** -126 : 2 ** -1022;
  return Math.abs(actual - right) <= ALLOWED[dtype] * Math.max(Math.abs(right), least);
}

function check(f: F, rows: readonly Row[], dtype: Floating): void {
  for (const [way, orders] of Object.entries(WAYS))
    for (const [order, derive] of orders.entries())
      for (const [how, make] of [['eager', derive(f)] as const, ['jit', jit(derive(f)) as F] as const])
        for (const [at, first, second, only = dtype] of rows) {
          const expected = order === 0 ? first : second;
          if (expected === null || only !== dtype) continue;
          const actual = make(tensor(at, { dtype })).item();
          expect(
            close(actual, expected, dtype),
            `order ${order + 1} at ${at}, ${way}, ${how}: ${actual}, not ${expected}`,
          ).toBe(true);
        }
}

const softsigns = [0.3, -0.7, 3, -1e4, 1e8, -1e12].map(
  (x): Row => [
    Math.fround(x),
    (1 + Math.abs(Math.fround(x))) ** -2,
    -2 * Math.sign(x) * (1 + Math.abs(Math.fround(x))) ** -3,
  ],
);

/** 1 − x² with all its digits: 1 − x and 1 + x are exact near the ends, and x² is small near 0. */
const rest = (x: number): number => (Math.abs(x) < 0.5 ? 1 - x * x : (1 - x) * (1 + x));
const inside = [1e-12, -1e-5, 0.3, -0.6, 0.9, 1 - 2 ** -20, -(1 - 2 ** -24)].map(Math.fround);
const arcs = (sign: 1 | -1): Row[] => [
  ...inside.map((x): Row => [x, sign / Math.sqrt(rest(x)), (sign * x) / rest(x) ** 1.5]),
  [1, sign * Infinity, sign * Infinity],
  [-1, sign * Infinity, -sign * Infinity],
];
const huge = 3.4028234663852886e38;
const largest = Number.MAX_VALUE;
const bells = (scale: number): Row[] => [
  ...[1e-12, -0.5, 2, -3.5].map(Math.fround).map((x): Row => {
    const bell = (scale * 2 * Math.exp(-x * x)) / Math.sqrt(Math.PI);
    return [x, bell, -2 * x * bell];
  }),
  ...[-huge, huge, Infinity, -Infinity].map((x): Row => [x, 0, 0]),
  ...[-largest, largest].map((x): Row => [x, 0, 0, 'float64']),
];

const TABLE: readonly (readonly [name: string, f: F, rows: readonly Row[]])[] = [
  ['softsign', softsign, [[0, 1, 0], ...softsigns]],
  ['asin', asin, arcs(1)],
  ['acos', acos, arcs(-1)],
  [
    'atanh',
    atanh,
    [
      ...inside.map((x): Row => [x, 1 / rest(x), (2 * x) / rest(x) ** 2]),
      [1, Infinity, Infinity],
      [-1, Infinity, -Infinity],
    ],
  ],
  [
    'atan',
    atan,
    [
      ...[1e-12, -0.4, 3, -1e3, 1e10]
        .map(Math.fround)
        .map((x): Row => [x, 1 / (1 + x * x), (-2 * x) / (1 + x * x) ** 2]),
      ...[-huge, huge].map((x): Row => [x, 1 / x / x, -2 / x / x / x]),
      ...[-largest, largest].map((x): Row => [x, 0, 0, 'float64']),
    ],
  ],
  ['erf', erf, bells(1)],
];

describe.each(['float32', 'float64'] as const)('derivatives in %s', (dtype) => {
  test.each(TABLE)('%s', (_name, f, rows) => {
    check(f, rows, dtype);
  });
});
