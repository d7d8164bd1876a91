/**
 * pow, powInt, hypot, erf and erfc, in float64 lanes.
 * The one idea of pow: log x as a sum of two numbers, by exact products (T. J. Dekker, "A floating-point technique for
 * extending the available precision", Numer. Math. 18, 1971), since its error is multiplied by up to 2^10 in the exponent.
 * Must not import anything but lanes, other functions and coefficients.
 */
import { ERF, ERFC, LOG_REST } from './coefficients.ts';
import { exp, partsOfSum } from './exponential.ts';
import type { Lanes, Mask, Num } from './lanes.ts';
import { log } from './logarithm.ts';

/** A number in two parts, the second at most half a unit of the first. */
interface Pair {
  readonly h: Num;
  readonly l: Num;
}

/** a + b and what it rounds away. */
function twoSum(m: Lanes, a: Num, b: Num): Pair {
  const h = m.add(a, b);
  const t = m.sub(h, a);
  return { h, l: m.add(m.sub(a, m.sub(h, t)), m.sub(b, t)) };
}

/** a·b and what it rounds away. */
function twoProduct(m: Lanes, a: Num, b: Num): Pair {
  const h = m.mul(a, b);
  const [ah, bh] = [m.upper(a), m.upper(b)];
  const [al, bl] = [m.sub(a, ah), m.sub(b, bh)];
  const cross = m.add(m.sub(m.mul(ah, bh), h), m.add(m.mul(ah, bl), m.mul(al, bh)));
  return { h, l: m.add(cross, m.mul(al, bl)) };
}

function times(m: Lanes, a: Pair, b: Pair): Pair {
  const { h, l } = twoProduct(m, a.h, b.h);
  return { h, l: m.add(l, m.add(m.mul(a.h, b.l), m.mul(a.l, b.h))) };
}

/** log a for 0 < a < ∞, to about 2^-66: k·ln 2 + 2s + s³·(2/3 + …) with s = (m − 1)/(m + 1). */
function logPair(m: Lanes, a: Num): Pair {
  const tiny = m.is('lt', a, m.num(2.2250738585072014e-308));
  const split = m.split(m.select(tiny, m.mul(a, m.num(2 ** 54)), a));
  const k = m.sub(m.ofInt(split.k), m.select(tiny, m.num(54), m.num(0)));
  const f = m.sub(split.m, m.num(1));
  const g = twoSum(m, split.m, m.num(1));
  const h = m.div(f, g.h);
  const back = twoProduct(m, h, g.h);
  const left = m.sub(m.sub(m.sub(f, back.h), back.l), m.mul(h, g.l));
  const s = { h, l: m.div(left, g.h) };
  const z = times(m, s, s);
  const cube = times(m, times(m, z, s), { h: m.num(0.6666666666666666), l: m.num(3.700743415417188e-17) });
  const rest = m.mul(m.mul(m.mul(z.h, z.h), s.h), m.poly(z.h, LOG_REST.f64));
  const first = twoSum(m, m.mul(k, m.num(0.6931471805598903)), m.add(s.h, s.h));
  const second = twoSum(m, first.h, cube.h);
  const small = m.add(m.add(m.add(s.l, s.l), m.mul(k, m.num(5.497923018708371e-14))), m.add(cube.l, rest));
  const low = m.add(m.add(first.l, second.l), small);
  const sum = m.add(second.h, low);
  return { h: sum, l: m.add(m.sub(second.h, sum), low) };
}

/** |x|^y for the ordinary cases; infinities and zeros come out of log and exp. */
function magnitude(m: Lanes, a: Num, y: Num): Num {
  const full = m.full();
  if (m.short) return exp(full, m.mul(y, log(full, a)));
  const l = logPair(full, a);
  const product = twoProduct(full, y, l.h);
  const tail = m.add(product.l, m.mul(y, l.l));
  const plain = m.mul(y, log(full, a));
  const ordinary = m.and(m.is('lt', m.abs(plain), m.num(1000)), m.is('lt', m.abs(y), m.num(1e150)));
  const finite = m.and(ordinary, m.is('gt', m.abs(plain), m.num(1e-290)));
  const { n, p } = partsOfSum(full, m.select(finite, product.h, plain), m.select(finite, tail, m.num(0)));
  return m.scale(m.add(p, m.num(1)), n);
}

export function pow(m: Lanes, x: Num, y: Num): Num {
  const a = m.abs(x);
  const half = m.mul(y, m.num(0.5));
  const whole = m.is('eq', m.apply('floor', y), y);
  const odd = m.and(whole, m.is('ne', m.apply('floor', half), half));
  const size = magnitude(m, a, y);
  const signed = m.select(m.and(odd, m.isNegative(x)), m.neg(size), size);
  const noRoot = m.and(m.and(m.is('lt', x, m.num(0)), m.not(whole)), m.is('gt', x, m.num(-Infinity)));
  const real = m.select(noRoot, m.num(NaN), signed);
  // 1 to whatever power, and whatever to the power 0; −1 to an infinite power.
  const unit = m.or(m.is('eq', x, m.num(1)), m.is('eq', y, m.num(0)));
  const flat = m.and(m.is('eq', a, m.num(1)), m.is('eq', m.abs(y), m.num(Infinity)));
  return m.select(m.or(unit, flat), m.num(1), real);
}

/** By repeated squaring, each lane with an exponent of its own. */
export function powInt(m: Lanes, x: Num, n: Num): Num {
  const [result, base] = [m.variable(m.num(1)), m.variable(x)];
  // A lane past the end may hold anything, even infinity.
  const k = m.variable(m.min(m.abs(n), m.num(2 ** 53)));
  m.f.while(m.form.any(m.form.compare.gt(k, m.num(0))), () => {
    const half = m.mul(k, m.num(0.5));
    const below = m.apply('floor', half);
    m.assign(result, m.select(m.is('ne', half, below), m.mul(result, base), result));
    m.assign(base, m.mul(base, base));
    m.assign(k, below);
  });
  return m.select(m.is('lt', n, m.num(0)), m.div(m.num(1), result), result);
}

/** Scaled by a power of two, so that squares neither overflow nor vanish. */
export function hypot(m: Lanes, x: Num, y: Num): Num {
  const [a, b] = [m.abs(x), m.abs(y)];
  const large = m.max(a, b);
  const up = m.is('lt', large, m.num(1e-140));
  const down = m.is('gt', large, m.num(1e140));
  const scale = m.select(down, m.num(2 ** -600), m.select(up, m.num(2 ** 600), m.num(1)));
  const back = m.select(down, m.num(2 ** 600), m.select(up, m.num(2 ** -600), m.num(1)));
  const [p, q] = [m.mul(a, scale), m.mul(b, scale)];
  const size = m.mul(m.sqrt(m.add(m.mul(p, p), m.mul(q, q))), back);
  const infinite = m.or(m.is('eq', a, m.num(Infinity)), m.is('eq', b, m.num(Infinity)));
  return m.select(infinite, m.num(Infinity), size);
}

/** Where erf is taken as x + x·P(x²), and beyond which as 1 − erfc(x) = 1 − e^(−x² + L(u)) / x with u = (x − 9/8)/(x + 9/8). */
const NEAR = 0.75;
/** erfc has vanished here. */
const FAR = 28;

interface ErfParts {
  readonly near: Mask;
  /** erf(x) − x, where x is near. */
  readonly rest: Num;
  /** |x|, and u, where x is not. */
  readonly t: Num;
  readonly u: Num;
  readonly fit: readonly number[];
}

function erfParts(m: Lanes, x: Num): ErfParts {
  const a = m.abs(x);
  const t = m.select(m.is('gt', a, m.num(FAR)), m.num(FAR), a);
  const rest = m.mul(x, m.poly(m.mul(a, a), m.short ? ERF.f32 : ERF.f64));
  const u = m.div(m.sub(t, m.num(1.125)), m.add(t, m.num(1.125)));
  return { near: m.is('lt', a, m.num(NEAR)), rest, t, u, fit: m.short ? ERFC.f32 : ERFC.f64 };
}

/** erfc(t), as right as 1 − erfc(t) needs it, or float32. */
function roughTail(m: Lanes, { t, u, fit }: ErfParts): Num {
  return m.div(exp(m, m.sub(m.poly(u, fit), m.mul(t, t))), t);
}

/** erfc(t) with all its digits: the power and the quotient with what they round away. */
function fullTail(m: Lanes, { t, u, fit }: ErfParts): Num {
  const z = twoProduct(m, t, t);
  const [first, ...others] = fit;
  const power = twoSum(m, m.num(first!), m.neg(z.h));
  const sum = twoSum(m, power.h, m.mul(u, m.horner(u, others)));
  const { n, p } = partsOfSum(m, sum.h, m.add(sum.l, m.sub(power.l, z.l)));
  const one = m.add(p, m.num(1));
  const q = m.div(one, t);
  const back = twoProduct(m, q, t);
  const lost = m.sub(p, m.sub(one, m.num(1)));
  const left = m.add(m.sub(m.sub(one, back.h), back.l), lost);
  return m.scale(m.add(q, m.div(left, t)), n);
}

export function erf(m: Lanes, x: Num): Num {
  const parts = erfParts(m, x);
  const far = m.copySign(m.sub(m.num(1), roughTail(m, parts)), x);
  return m.select(parts.near, m.add(x, parts.rest), far);
}

/** Near 0 it is (1 − x) − x·P(x²): the first difference is exact where the second cancels. */
export function erfc(m: Lanes, x: Num): Num {
  const parts = erfParts(m, x);
  const tail = m.short ? roughTail(m, parts) : fullTail(m, parts);
  const far = m.select(m.isNegative(x), m.sub(m.num(2), tail), tail);
  return m.select(parts.near, m.sub(m.sub(m.num(1), x), parts.rest), far);
}
