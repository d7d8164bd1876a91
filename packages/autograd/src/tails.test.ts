/**
 * Derivatives of elementwise functions where they are tiny, huge or at the end of the domain, by closed forms.
 * The one idea: every mode, eager and compiled, gives the same right digits, in each dtype, and nothing absolute is allowed.
 */
import type { Tensor } from '@jacobi/tensor';
import { acos, asin, atan, atanh, erf, erfc, gelu, onesLike, softsign, tensor } from '@jacobi/tensor';
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

/** Values of 40 digits (mpmath): x·Φ(x), and x / (1 + e^(−√(8/π)·(x + 0.044715 x³))), at numbers that float32 has. */
const gelus: readonly Row[] = [
  [2.5, 1.037611085908145, -0.07449527709766629],
  [-0.25, 0.30462664511636395, 0.7491694763055203],
  [-2, -0.0852318010781969, -0.1079819330263761],
  [-4, -0.0005036496612264215, -0.001873623160708395],
  [-6, -3.5468709453902015e-8, -2.065800168939917e-7],
  [-8, -3.979607261086796e-14, -3.1324080717928733e-13],
  [-10.5, -4.760954306868753e-24, -4.9528440767387717e-23],
  [-20, -1.1014360483133464e-86, -2.1973374481395856e-85],
  [-30, -4.416031690708495e-195, -1.3233342291209357e-193],
];
const approximations: readonly Row[] = [
  [2.5, 1.037951576212666, null],
  [-2, -0.08609925662361838, -0.10787507995107845],
  [-4, -0.0003351231971226708, -0.0014740596637653363],
  [-6, -7.709973930953696e-10, -6.824247274157189e-9],
  [-8, -4.7147845041068414e-20, -7.0458213960972915e-19],
  [-20, -2.9424328724945027e-259, -2.5620732028460162e-257],
];
const far = [1e10, 1e20, 3e38].flatMap((x): Row[] => [
  [x, 1, 0],
  [-x, 0, 0],
]);

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
  ['erfc', erfc, bells(-1)],
  ['gelu', (x) => gelu(x), [...gelus, ...far]],
  ['gelu, approximate', (x) => gelu(x, { approximate: true }), [...approximations, ...far]],
];

describe.each(['float32', 'float64'] as const)('derivatives in %s', (dtype) => {
  test.each(TABLE)('%s', (_name, f, rows) => {
    check(f, rows, dtype);
  });
});

test.each(['float32', 'float64'] as const)('values of erfc and gelu keep their digits in %s', (dtype) => {
  // mpmath
  const values: readonly [F, at: number, expected: number][] = [
    [erfc, 1, 0.15729920705028513],
    [erfc, 2.25, 0.0014627165866811518],
    [erfc, 5, 1.537459794428035e-12],
    [erfc, 8, 1.1224297172982928e-29],
    [erfc, -2, 1.9953222650189526],
    [(x) => gelu(x), -6, -5.9195258702261885e-9],
    [(x) => gelu(x), -8, -4.976768459417427e-15],
    [(x) => gelu(x, { approximate: true }), -6, -8.439646700762297e-11],
  ];
  for (const [f, at, expected] of values)
    for (const run of [f, jit(f) as F]) {
      const actual = run(tensor(at, { dtype })).item();
      expect(close(actual, expected, dtype), `${at}: ${actual}, not ${expected}`).toBe(true);
    }
});
