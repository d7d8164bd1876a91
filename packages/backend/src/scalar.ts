/**
 * Scalar functions: one exported const for each, with its form for every target.
 * The one idea: kernels name these objects, so a bundle holds only the functions its kernels use.
 * Must not import anything but the bodies that are too long to stand here.
 *
 * `js` computes in float64; the kernel rounds to the step's dtype. Where integers need other arithmetic, `int` has it.
 */
import { erfc as erfcValue, erf as erfValue } from './erf.ts';
import type { Fold, Loop } from './loops.ts';
import * as loops from './loops.ts';

/** The languages that a scalar function is written in. Each function has a form for each of them. */
export interface Targets {
  /** JavaScript on float64 numbers. */
  readonly js: (a: number, b: number, c: number) => number;
}

/** A function from up to three numbers to one. */
export interface ScalarFunction extends Targets {
  readonly name: string;
  readonly arity: 1 | 2 | 3;
  /**
   * Where the function has one right result, which every target computes: what it takes, in additions. Such a step may be computed
   * ahead.
   */
  readonly exact?: 1 | 3;
  /** Used in place of `js` where the step's dtype is int32. */
  readonly int?: (a: number, b: number, c: number) => number;
  /** `js` over strided arrays, where a call for each element would cost more than the arithmetic, or takes three operands. */
  readonly loop?: Loop;
}

type Extras = Pick<ScalarFunction, 'exact' | 'int' | 'loop'>;

/** It takes as many operands as its `js`. */
const fn = (name: string, js: ScalarFunction['js'], extras?: Extras): ScalarFunction => ({
  name,
  arity: js.length as 1 | 2 | 3,
  js,
  ...extras,
});

// Arithmetic
export const add: ScalarFunction = /* @__PURE__ */ fn('add', (a, b) => a + b, { exact: 1, loop: loops.addLoop });
export const sub: ScalarFunction = /* @__PURE__ */ fn('sub', (a, b) => a - b, {
  exact: 1,
  loop: (n, out, o, s, a, i, p, b, j, q) => {
    for (; n-- > 0; o += s, i += p, j += q) out[o] = a[i]! - b[j]!;
  },
});
export const mul: ScalarFunction = /* @__PURE__ */ fn('mul', (a, b) => a * b, {
  exact: 1,
  int: Math.imul,
  loop: (n, out, o, s, a, i, p, b, j, q) => {
    for (; n-- > 0; o += s, i += p, j += q) out[o] = a[i]! * b[j]!;
  },
});
export const div: ScalarFunction = /* @__PURE__ */ fn('div', (a, b) => a / b, {
  exact: 3,
  loop: (n, out, o, s, a, i, p, b, j, q) => {
    for (; n-- > 0; o += s, i += p, j += q) out[o] = a[i]! / b[j]!;
  },
});
export const neg: ScalarFunction = /* @__PURE__ */ fn('neg', (a) => -a, {
  exact: 1,
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = -a[i]!;
  },
});
export const abs: ScalarFunction = /* @__PURE__ */ fn('abs', Math.abs, { exact: 1 });
export const square: ScalarFunction = /* @__PURE__ */ fn('square', (a) => a * a, {
  exact: 1,
  int: (a) => Math.imul(a, a),
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = a[i]! * a[i]!;
  },
});
export const reciprocal: ScalarFunction = /* @__PURE__ */ fn('reciprocal', (a) => 1 / a, {
  exact: 3,
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = 1 / a[i]!;
  },
});
export const sign: ScalarFunction = /* @__PURE__ */ fn('sign', Math.sign, { exact: 1 });
/** NaN in either operand gives NaN. */
export const maximum: ScalarFunction = /* @__PURE__ */ fn('maximum', Math.max, { exact: 1, loop: loops.maximumLoop });
export const minimum: ScalarFunction = /* @__PURE__ */ fn('minimum', Math.min, { exact: 1, loop: loops.minimumLoop });
/** Division rounded towards −∞, and what it leaves (with the sign of the divisor). */
export const floorDiv: ScalarFunction = /* @__PURE__ */ fn('floorDiv', (a, b) => Math.floor(a / b), {
  int: (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
});
export const floorMod: ScalarFunction = /* @__PURE__ */ fn(
  'floorMod',
  (a, b) => {
    const r = a % b;
    if (r === 0) return b < 0 ? -0 : 0;
    return r < 0 !== b < 0 ? r + b : r;
  },
  { int: (a, b) => (b === 0 ? 0 : ((a % b) + b) % b) },
);

// Powers, exponentials, logarithms
/** IEEE pow, with pow(1, NaN) = pow(±1, ±∞) = 1 as in C (ECMAScript says NaN). */
export const pow: ScalarFunction = /* @__PURE__ */ fn(
  'pow',
  (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
  { int: intPower },
);
/** a to the integer n, by repeated squaring. */
export const powInt: ScalarFunction = /* @__PURE__ */ fn('powInt', integerPower, { int: intPower });
export const sqrt: ScalarFunction = /* @__PURE__ */ fn('sqrt', Math.sqrt, {
  exact: 3,
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = Math.sqrt(a[i]!);
  },
});
export const rsqrt: ScalarFunction = /* @__PURE__ */ fn('rsqrt', (a) => 1 / Math.sqrt(a));
export const exp: ScalarFunction = /* @__PURE__ */ fn('exp', Math.exp, {
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = Math.exp(a[i]!);
  },
});
export const expm1: ScalarFunction = /* @__PURE__ */ fn('expm1', Math.expm1);
export const log: ScalarFunction = /* @__PURE__ */ fn('log', Math.log, {
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = Math.log(a[i]!);
  },
});
export const log1p: ScalarFunction = /* @__PURE__ */ fn('log1p', Math.log1p);

function integerPower(a: number, n: number): number {
  let result = 1;
  let base = a;
  for (let k = Math.abs(n); k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result *= base;
    base *= base;
  }
  return n < 0 ? 1 / result : result;
}

function intPower(a: number, n: number): number {
  if (n < 0) return a * a === 1 ? a ** n : 0;
  let result = 1;
  let base = a;
  for (let k = n; k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = Math.imul(result, base);
    base = Math.imul(base, base);
  }
  return result;
}

// Trigonometry
export const sin: ScalarFunction = /* @__PURE__ */ fn('sin', Math.sin, {
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = Math.sin(a[i]!);
  },
});
export const cos: ScalarFunction = /* @__PURE__ */ fn('cos', Math.cos, {
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = Math.cos(a[i]!);
  },
});
export const tan: ScalarFunction = /* @__PURE__ */ fn('tan', Math.tan);
export const asin: ScalarFunction = /* @__PURE__ */ fn('asin', Math.asin);
export const acos: ScalarFunction = /* @__PURE__ */ fn('acos', Math.acos);
export const atan: ScalarFunction = /* @__PURE__ */ fn('atan', Math.atan);
export const atan2: ScalarFunction = /* @__PURE__ */ fn('atan2', Math.atan2);
export const sinh: ScalarFunction = /* @__PURE__ */ fn('sinh', Math.sinh);
export const cosh: ScalarFunction = /* @__PURE__ */ fn('cosh', Math.cosh);
export const asinh: ScalarFunction = /* @__PURE__ */ fn('asinh', Math.asinh);
export const acosh: ScalarFunction = /* @__PURE__ */ fn('acosh', Math.acosh);
export const atanh: ScalarFunction = /* @__PURE__ */ fn('atanh', Math.atanh);
/** √(a² + b²) without overflow in between. */
export const hypot: ScalarFunction = /* @__PURE__ */ fn('hypot', (a, b) => Math.hypot(a, b));
export const tanh: ScalarFunction = /* @__PURE__ */ fn('tanh', Math.tanh, {
  loop: (n, out, o, s, a, i, p) => {
    for (; n-- > 0; o += s, i += p) out[o] = Math.tanh(a[i]!);
  },
});

// Activations and special functions
/** 1 / (1 + e^−a) without overflow on either side. */
export const sigmoid: ScalarFunction = /* @__PURE__ */ fn('sigmoid', (a) => {
  const e = Math.exp(-Math.abs(a));
  return a < 0 ? e / (1 + e) : 1 / (1 + e);
});
/** log(1 + e^a) as max(a, 0) + log1p(e^−|a|). */
export const softplus: ScalarFunction = /* @__PURE__ */ fn(
  'softplus',
  (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
);
/** a / (1 + |a|). */
export const softsign: ScalarFunction = /* @__PURE__ */ fn('softsign', (a) => a / (1 + Math.abs(a)));
/** max(a, 0), NaN kept. */
export const relu: ScalarFunction = /* @__PURE__ */ fn('relu', (a) => (a < 0 ? 0 : a), { exact: 1 });
/** a above 0, α·(e^a − 1) below. */
export const elu: ScalarFunction = /* @__PURE__ */ fn('elu', (a, alpha) => (a > 0 ? a : alpha * Math.expm1(a)));
export const erf: ScalarFunction = /* @__PURE__ */ fn('erf', erfValue);
/** 1 − erf(a), with all its digits where that cancels. */
export const erfc: ScalarFunction = /* @__PURE__ */ fn('erfc', erfcValue);

// Rounding
export const floor: ScalarFunction = /* @__PURE__ */ fn('floor', Math.floor, { exact: 1 });
export const ceil: ScalarFunction = /* @__PURE__ */ fn('ceil', Math.ceil, { exact: 1 });
/** To the nearest integer, ties to even (IEEE, NumPy, TensorFlow). */
export const round: ScalarFunction = /* @__PURE__ */ fn(
  'round',
  (a) => {
    const below = Math.floor(a);
    const rest = a - below;
    const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
    // What is rounded up to zero is negative, and stays so.
    return up ? below + 1 || -0 : below;
  },
  { exact: 3 },
);

// Comparison and logic; true is 1
export const equal: ScalarFunction = /* @__PURE__ */ fn('equal', (a, b) => (a === b ? 1 : 0), { exact: 1 });
export const notEqual: ScalarFunction = /* @__PURE__ */ fn('notEqual', (a, b) => (a !== b ? 1 : 0), { exact: 1 });
export const less: ScalarFunction = /* @__PURE__ */ fn('less', (a, b) => (a < b ? 1 : 0), { exact: 1 });
export const lessEqual: ScalarFunction = /* @__PURE__ */ fn('lessEqual', (a, b) => (a <= b ? 1 : 0), { exact: 1 });
export const greater: ScalarFunction = /* @__PURE__ */ fn('greater', (a, b) => (a > b ? 1 : 0), { exact: 1 });
export const greaterEqual: ScalarFunction = /* @__PURE__ */ fn('greaterEqual', (a, b) => (a >= b ? 1 : 0), {
  exact: 1,
});
export const logicalAnd: ScalarFunction = /* @__PURE__ */ fn('logicalAnd', (a, b) => (a !== 0 && b !== 0 ? 1 : 0), {
  exact: 1,
});
export const logicalOr: ScalarFunction = /* @__PURE__ */ fn('logicalOr', (a, b) => (a !== 0 || b !== 0 ? 1 : 0), {
  exact: 1,
});
export const logicalXor: ScalarFunction = /* @__PURE__ */ fn(
  'logicalXor',
  (a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0),
  { exact: 1 },
);
export const logicalNot: ScalarFunction = /* @__PURE__ */ fn('logicalNot', (a) => (a === 0 ? 1 : 0), { exact: 1 });
export const isNaN: ScalarFunction = /* @__PURE__ */ fn('isNaN', (a) => (a !== a ? 1 : 0), { exact: 1 });
export const isFinite: ScalarFunction = /* @__PURE__ */ fn('isFinite', (a) => (Number.isFinite(a) ? 1 : 0), {
  exact: 1,
});
/** b where the condition a holds, else c: a choice, never a product. */
export const select: ScalarFunction = /* @__PURE__ */ fn('select', (a, b, c) => (a !== 0 ? b : c), {
  exact: 1,
  loop: (n, out, o, s, a, i, p, b, j, q, c, k, r) => {
    for (; n-- > 0; o += s, i += p, j += q, k += r) out[o] = a[i] !== 0 ? b[j]! : c[k]!;
  },
});

// Casts
export const identity: ScalarFunction = /* @__PURE__ */ fn('identity', (a) => a, { exact: 1, loop: loops.copyLoop });
export const toBool: ScalarFunction = /* @__PURE__ */ fn('toBool', (a) => (a !== 0 ? 1 : 0), { exact: 1 });
/** Truncates; NaN gives 0, and what int32 cannot hold gives its nearest end. */
export const toInt: ScalarFunction = /* @__PURE__ */ fn(
  'toInt',
  (a) => Math.min(Math.max(a, -2147483648), 2147483647) | 0,
  { exact: 3 },
);

// Bits of int32, for random numbers
export const bitsToUnit: ScalarFunction = /* @__PURE__ */ fn('bitsToUnit', (a) => (a >>> 8) / 16777216);
/** 53 random bits from two words: [0, 1) in float64. */
export const bitsToUnit64: ScalarFunction = /* @__PURE__ */ fn(
  'bitsToUnit64',
  (a, b) => ((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992,
);
/** a word to an integer of [0, b): the high word of the 64-bit product (Lemire's multiply-shift). */
export const bitsToRange: ScalarFunction = /* @__PURE__ */ fn('bitsToRange', multiplyHigh);

function multiplyHigh(word: number, span: number): number {
  const a = word >>> 0;
  const high = (a >>> 16) * span;
  const low = (a & 0xffff) * span;
  return Math.floor((high + Math.floor(low / 65536)) / 65536);
}

/** How a reduction combines elements: an associative function with its identity. */
export interface Reducer {
  readonly name: string;
  readonly identity: number;
  readonly js: (accumulator: number, value: number) => number;
  /** Used in place of `js` where the reduction accumulates in int32. */
  readonly int?: (accumulator: number, value: number) => number;
  /** `js` along a strided array, and between arrays: only where it does for int32 as well, a few hundred at a time. */
  readonly fold?: Fold;
  readonly loop?: Loop;
}

/** Backends add in blocks, so that the error hardly grows with the number of elements. */
export const sumReducer: Reducer = {
  name: 'sum',
  identity: 0,
  js: (a, b) => a + b,
  int: (a, b) => (a + b) | 0,
  fold: (t, n, a, i, p) => {
    for (; n-- > 0; i += p) t += a[i]!;
    return t;
  },
  loop: loops.addLoop,
};
export const prodReducer: Reducer = { name: 'prod', identity: 1, js: (a, b) => a * b, int: Math.imul };
export const maxReducer: Reducer = {
  name: 'max',
  identity: -Infinity,
  js: Math.max,
  fold: (t, n, a, i, p) => {
    for (; n-- > 0; i += p) t = Math.max(t, a[i]!);
    return t;
  },
  loop: loops.maximumLoop,
};
export const minReducer: Reducer = {
  name: 'min',
  identity: Infinity,
  js: Math.min,
  fold: (t, n, a, i, p) => {
    for (; n-- > 0; i += p) t = Math.min(t, a[i]!);
    return t;
  },
  loop: loops.minimumLoop,
};
export const anyReducer: Reducer = { name: 'any', identity: 0, js: (a, b) => (a !== 0 || b !== 0 ? 1 : 0) };
export const allReducer: Reducer = { name: 'all', identity: 1, js: (a, b) => (a !== 0 && b !== 0 ? 1 : 0) };
