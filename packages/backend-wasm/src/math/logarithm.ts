/**
 * log, log1p, and the inverse hyperbolic functions.
 * The one idea: x = 2ᵏ·(1 + f) with 1 + f from √½ to √2, and log(1 + f) = f − (f²/2 − s·(f²/2 + R(s²))) with
 * s = f / (2 + f): nothing that is rounded is as large as f (P. T. P. Tang, "Table-driven implementation of the logarithm",
 * ACM TOMS 16, 1990, section 2, procedure 2, without its table). Must not import anything but lanes and coefficients.
 */
import { LOG } from './coefficients.ts';
import type { Lanes, Num } from './lanes.ts';

const LN2 = {
  64: [0.6931471805598903, 5.497923018708371e-14],
  32: [0.693145751953125, 1.4286068203094173e-6],
} as const;
const LEAST_NORMAL = { 64: 2.2250738585072014e-308, 32: 1.1754943508222875e-38 } as const;
const LIFT = { 64: 54, 32: 25 } as const;

/** k·ln 2 + log(1 + f) + c for a small correction c. */
function assemble(m: Lanes, k: Num, f: Num, c: Num | undefined): Num {
  const [high, low] = LN2[m.form.bits];
  const s = m.div(f, m.add(f, m.num(2)));
  const z = m.mul(s, s);
  const r = m.mul(z, m.poly(z, m.short ? LOG.f32 : LOG.f64));
  const half = m.mul(m.mul(f, f), m.num(0.5));
  const small = m.mul(k, m.num(low));
  const tail = m.add(m.mul(s, m.add(half, r)), c ? m.add(small, c) : small);
  return m.add(m.mul(k, m.num(high)), m.sub(f, m.sub(half, tail)));
}

/** What log gives outside of 0 < x < ∞. */
function outside(m: Lanes, x: Num, y: Num): Num {
  const finite = m.select(m.is('lt', x, m.num(Infinity)), y, x);
  const positive = m.select(m.is('gt', x, m.num(0)), finite, m.num(NaN));
  return m.select(m.is('eq', x, m.num(0)), m.num(-Infinity), positive);
}

export function log(m: Lanes, x: Num): Num {
  const { bits } = m.form;
  const tiny = m.is('lt', x, m.num(LEAST_NORMAL[bits]));
  const { k, m: significand } = m.split(m.select(tiny, m.mul(x, m.num(2 ** LIFT[bits])), x));
  const exponent = m.sub(m.ofInt(k), m.select(tiny, m.num(LIFT[bits]), m.num(0)));
  return outside(m, x, assemble(m, exponent, m.sub(significand, m.num(1)), undefined));
}

/** log u + (what u = 1 + x lost in rounding) / u; where k is 0, x itself is f. */
export function log1p(m: Lanes, x: Num): Num {
  const u = m.add(x, m.num(1));
  const split = m.split(u);
  const k = m.ofInt(split.k);
  const lost = m.select(m.is('gt', u, m.num(2)), m.sub(m.num(1), m.sub(u, x)), m.sub(x, m.sub(u, m.num(1))));
  const near = m.is('eq', k, m.num(0));
  const f = m.select(near, x, m.sub(split.m, m.num(1)));
  const c = m.select(near, m.num(0), m.div(lost, u));
  const y = outside(m, u, assemble(m, k, f, c));
  return m.select(m.is('lt', m.abs(x), m.num(m.form.bits === 64 ? 1e-17 : 1e-9)), x, y);
}

/** log1p(a + a² / (1 + √(a² + 1))); log 2a where a² would overflow or the rest vanishes. */
export function asinh(m: Lanes, x: Num): Num {
  const a = m.abs(x);
  const big = m.is('gt', a, m.num(1e18));
  const z = m.mul(a, a);
  const t = m.add(a, m.div(z, m.add(m.num(1), m.sqrt(m.add(z, m.num(1))))));
  const y = log1p(m, m.select(big, a, t));
  return m.copySign(m.add(y, m.select(big, m.num(Math.LN2), m.num(0))), x);
}

/** log1p(t + √(2t + t²)) with t = x − 1. */
export function acosh(m: Lanes, x: Num): Num {
  const big = m.is('gt', x, m.num(1e18));
  const t = m.sub(x, m.num(1));
  const y = log1p(m, m.select(big, x, m.add(t, m.sqrt(m.add(m.add(t, t), m.mul(t, t))))));
  const sum = m.add(y, m.select(big, m.num(Math.LN2), m.num(0)));
  return m.select(m.is('lt', x, m.num(1)), m.num(NaN), sum);
}

/** ½ log1p(2a / (1 − a)). */
export function atanh(m: Lanes, x: Num): Num {
  const a = m.abs(x);
  const y = log1p(m, m.div(m.add(a, a), m.sub(m.num(1), a)));
  return m.copySign(m.mul(y, m.num(0.5)), x);
}
