/**
 * exp, expm1 and what is made of them: sinh, cosh, tanh, sigmoid, softplus, elu.
 * The one idea: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial for e^r − 1, and 2ⁿ put into the exponent last, in two
 * factors, so that results round once even where they are subnormal (W. J. Cody, W. Waite, "Software Manual for the
 * Elementary Functions", 1980, chapter 6). Must not import anything but lanes, logarithms and coefficients.
 */
import { EXP, SINH, TANH } from './coefficients.ts';
import type { Int, Lanes, Num } from './lanes.ts';
import { log1p } from './logarithm.ts';

/** ln 2 in two parts: the upper has so few bits that its product with any n here is exact. */
const LN2 = {
  64: [0.6931471805598903, 5.497923018708371e-14],
  32: [0.693145751953125, 1.4286068203094173e-6],
} as const;
/** Below the first all results are 0, above the second they are infinite. */
const RANGE = { 64: [-746, 711], 32: [-105, 90] } as const;

/** e^x = 2ⁿ·(1 + r + tail), and what r lost in rounding. */
function series(m: Lanes, x: Num): { n: Int; r: Num; lost: () => Num; tail: Num } {
  const { bits } = m.form;
  const [low, high] = RANGE[bits];
  // Comparisons with NaN are false: it stays.
  const above = m.select(m.is('lt', x, m.num(low)), m.num(low), x);
  const t = m.select(m.is('gt', above, m.num(high)), m.num(high), above);
  const n = m.round(m.mul(t, m.num(1.4426950408889634)));
  const near = m.sub(t, m.mul(n.num, m.num(LN2[bits][0])));
  const small = m.mul(n.num, m.num(LN2[bits][1]));
  const r = m.sub(near, small);
  const tail = m.mul(m.mul(r, r), m.poly(r, m.short ? EXP.f32 : EXP.f64));
  return { n: n.int, r, tail, lost: () => m.sub(m.sub(near, r), small) };
}

/** e^x = 2ⁿ·(1 + p): n and p. */
function parts(m: Lanes, x: Num): { n: Int; p: Num } {
  const { n, r, tail } = series(m, x);
  return { n, p: m.add(r, tail) };
}

export function exp(m: Lanes, x: Num): Num {
  const { n, p } = parts(m, x);
  return m.scale(m.add(p, m.num(1)), n);
}

/** e^(h + l) = 2ⁿ·(1 + p), l small beside 1, which what the reduction of h loses is added to: their sum is multiplied by e^r. */
export function partsOfSum(m: Lanes, h: Num, l: Num): { n: Int; p: Num } {
  const { n, r, tail, lost } = series(m, h);
  const rest = m.add(lost(), l);
  return { n, p: m.add(r, m.add(tail, m.add(rest, m.mul(rest, m.add(r, tail))))) };
}

/** e^|x| / 2, for the hyperbolic functions: it overflows only where they do. */
function halfExp(m: Lanes, x: Num): Num {
  const { n, p } = parts(m, m.abs(x));
  return m.scale(m.add(p, m.num(1)), m.iop('sub', n, m.int(1n)));
}

/** (2ⁿ − 1) + 2ⁿ·r + 2ⁿ·tail, in halves so that n may be one more than the largest exponent. */
export function expm1(m: Lanes, x: Num): Num {
  const [low, high] = m.form.bits === 64 ? [-40, 709.9] : [-20, 88.8];
  const above = m.select(m.is('lt', x, m.num(low)), m.num(low), x);
  const { n, r, tail, lost } = series(m, m.select(m.is('gt', above, m.num(high)), m.num(high), above));
  const half = m.powerOfTwo(m.iop('sub', n, m.int(1n)));
  const whole = m.sub(half, m.num(0.5));
  const linear = m.mul(half, r);
  const sum = m.add(whole, linear);
  // What the sum rounds away: whole is 0 or larger than linear.
  const rest = m.sub(linear, m.sub(sum, whole));
  const y = m.add(sum, m.add(rest, m.mul(half, m.add(tail, lost()))));
  // −0 stays −0, and subnormals stay what they are.
  return m.select(m.is('lt', m.abs(x), m.num(m.form.bits === 64 ? 1e-17 : 1e-9)), x, m.add(y, y));
}

export function sinh(m: Lanes, x: Num): Num {
  const a = m.abs(x);
  const h = halfExp(m, x);
  const large = m.sub(h, m.div(m.num(0.25), h));
  const z = m.mul(x, x);
  const small = m.add(a, m.mul(m.mul(a, z), m.poly(z, m.short ? SINH.f32 : SINH.f64)));
  return m.copySign(m.select(m.is('lt', a, m.num(1)), small, large), x);
}

export function cosh(m: Lanes, x: Num): Num {
  const h = halfExp(m, x);
  return m.add(h, m.div(m.num(0.25), h));
}

/** Near 0 a polynomial, elsewhere 1 − 2 / (e^(2|x|) + 1). */
export function tanh(m: Lanes, x: Num): Num {
  const a = m.abs(x);
  const twice = m.add(a, a);
  const capped = m.select(m.is('gt', twice, m.num(44)), m.num(44), twice);
  const { n, p } = parts(m, capped);
  const e = m.mul(m.add(p, m.num(1)), m.powerOfTwo(n));
  const large = m.sub(m.num(1), m.div(m.num(2), m.add(e, m.num(1))));
  const z = m.mul(a, a);
  const small = m.add(a, m.mul(m.mul(a, z), m.poly(z, m.short ? TANH.f32 : TANH.f64)));
  return m.copySign(m.select(m.is('lt', a, m.num(0.6)), small, large), x);
}

/** 1 / (1 + e), times e for negative x, with e = e^−|x| in two parts and the quotient corrected by what it missed. */
export function sigmoid(m: Lanes, x: Num): Num {
  const one = m.num(1);
  const { n, r, tail, lost } = series(m, m.neg(m.abs(x)));
  const p = m.add(r, tail);
  const q = m.add(p, one);
  const low = m.add(m.sub(p, m.sub(q, one)), m.add(m.sub(tail, m.sub(p, r)), lost()));
  const [e, rest] = [m.scale(q, n), m.scale(low, n)];
  const d = m.add(one, e);
  const missed = m.add(m.sub(e, m.sub(d, one)), rest);
  const negative = m.is('lt', x, m.num(0));
  const y = m.div(m.select(negative, e, one), d);
  const inverse = m.select(negative, m.sub(one, y), y);
  const error = m.sub(m.select(negative, rest, m.num(0)), m.mul(y, missed));
  return m.add(y, m.mul(error, inverse));
}

/** max(x, 0) + log1p(e^−|x|). */
export function softplus(m: Lanes, x: Num): Num {
  return m.add(m.max(x, m.num(0)), log1p(m, exp(m, m.neg(m.abs(x)))));
}

export function elu(m: Lanes, x: Num, alpha: Num): Num {
  return m.select(m.is('gt', x, m.num(0)), x, m.mul(alpha, expm1(m, x)));
}
