/**
 * sin, cos, tan and their inverses, in float64 lanes.
 * The one idea: reduce to a small interval, where one odd or even polynomial serves (Cody and Waite, "Software Manual for
 * the Elementary Functions", 1980, chapters 8 to 11), and carry what the reduction rounds away as a second number.
 * Must not import anything but lanes, angles and coefficients.
 */
import { type Reduced, reduceAngle } from './angle.ts';
import { ASIN, ATAN, COS, SIN } from './coefficients.ts';
import type { Int, Lanes, Num } from './lanes.ts';

const SIGN = 0x8000000000000000n;

/** sin and cos of y0 + y1, and what they lost in their last additions. */
function sinCos(m: Lanes, { y0, y1 }: Reduced): Record<'s' | 'c', Num> & { lost: () => readonly [Num, Num] } {
  const z = m.mul(y0, y0);
  const half = m.mul(z, m.num(0.5));
  const near = m.sub(m.num(1), half);
  const s3 = m.mul(m.mul(y0, z), m.poly(z, m.short ? SIN.f32 : SIN.f64));
  const c4 = m.mul(m.mul(z, z), m.poly(z, m.short ? COS.f32 : COS.f64));
  const left = y1 && m.sub(m.sub(m.num(1), near), half);
  const sTail = y1 ? m.add(s3, m.mul(y1, near)) : s3;
  const cTail = y1 ? m.add(left!, m.sub(c4, m.mul(y0, y1))) : c4;
  const [s, c] = [m.add(y0, sTail), m.add(near, cTail)];
  return { s, c, lost: () => [m.add(m.sub(y0, s), sTail), m.add(m.sub(near, c), cTail)] };
}

/** `a` with its sign turned where bit 1 of `quadrant` is set. */
function turn(m: Lanes, a: Num, quadrant: Int): Num {
  const sign = m.iop('and', m.shl(quadrant, 62), m.int(SIGN));
  return m.ofBits(m.iop('xor', m.bits(a), sign));
}

function isOdd(m: Lanes, n: Num): Num {
  const half = m.mul(n, m.num(0.5));
  return m.is('ne', half, m.apply('nearest', half));
}

export function sin(m: Lanes, x: Num): Num {
  return sinAndCos(m, x, true, false)[0]!;
}

export function cos(m: Lanes, x: Num): Num {
  return sinAndCos(m, x, false, true)[0]!;
}

/** Those of sin and cos that are asked for, from one reduction of the angle. */
export function sinAndCos(m: Lanes, x: Num, wantsSin = true, wantsCos = true): Num[] {
  const angle = reduceAngle(m, x);
  const { s, c } = sinCos(m, angle);
  const odd = isOdd(m, angle.n);
  const results: Num[] = [];
  if (wantsSin) {
    const y = turn(m, m.select(odd, c, s), angle.quadrant);
    results.push(m.select(m.is('eq', x, m.num(0)), x, y));
  }
  if (wantsCos) results.push(turn(m, m.select(odd, s, c), m.iop('add', angle.quadrant, m.int(1n))));
  return results;
}

export function tan(m: Lanes, x: Num): Num {
  const angle = reduceAngle(m, x);
  const { s, c, lost } = sinCos(m, angle);
  const odd = isOdd(m, angle.n);
  const [top, bottom] = [m.select(odd, m.neg(c), s), m.select(odd, s, c)];
  const quotient = m.div(top, bottom);
  if (m.short) return m.select(m.is('eq', x, m.num(0)), x, quotient);
  const [sLost, cLost] = lost();
  const missed = m.sub(m.select(odd, m.neg(cLost), sLost), m.mul(quotient, m.select(odd, sLost, cLost)));
  const y = m.add(quotient, m.div(missed, bottom));
  return m.select(m.is('eq', x, m.num(0)), x, y);
}

const PI = [3.141592653589793, 1.2246467991473532e-16] as const;
const HALF_PI = [1.5707963267948966, 6.123233995736766e-17] as const;
const QUARTER_PI = [0.7853981633974483, 3.061616997868383e-17] as const;
const THREE_QUARTERS_PI = [2.356194490192345, 9.184850993605148e-17] as const;

/** asin(s) = s·(1 + r) for s ≤ ½; above, s = √((1 − a)/2) = upper + rest, and asin(a) = π/2 − 2 asin(s). */
function arcParts(m: Lanes, x: Num): { a: Num; big: Num; s: Num; r: Num; upper: Num; rest: Num } {
  const a = m.abs(x);
  const big = m.is('gt', a, m.num(0.5));
  const z = m.select(big, m.mul(m.sub(m.num(1), a), m.num(0.5)), m.mul(a, a));
  const s = m.select(big, m.sqrt(z), a);
  const r = m.mul(z, m.poly(z, m.short ? ASIN.f32 : ASIN.f64));
  const upper = m.upper(s);
  const known = m.is('eq', s, m.num(0));
  const c = m.div(m.sub(z, m.mul(upper, upper)), m.add(s, upper));
  return { a, big, s, r, upper, rest: m.add(m.mul(s, r), m.select(known, m.num(0), c)) };
}

export function asin(m: Lanes, x: Num): Num {
  const { a, big, r, upper, rest } = arcParts(m, x);
  const [high, low] = HALF_PI;
  const large = m.add(m.sub(m.num(high), m.add(upper, upper)), m.sub(m.num(low), m.add(rest, rest)));
  return m.copySign(m.select(big, large, m.add(a, m.mul(a, r))), x);
}

export function acos(m: Lanes, x: Num): Num {
  const { big, r, upper, rest } = arcParts(m, x);
  const near = m.sub(m.num(HALF_PI[0]), m.sub(x, m.sub(m.num(HALF_PI[1]), m.mul(x, r))));
  const [twice, tail] = [m.add(upper, upper), m.add(rest, rest)];
  const right = m.add(twice, tail);
  const left = m.add(m.sub(m.num(PI[0]), twice), m.sub(m.num(PI[1]), tail));
  return m.select(big, m.select(m.is('gt', x, m.num(0)), right, left), near);
}

/** y·z·P(z) for the polynomial of atan. */
function atanTail(m: Lanes, y: Num): Num {
  const z = m.mul(y, y);
  return m.mul(m.mul(y, z), m.poly(z, m.short ? ATAN.f32 : ATAN.f64));
}

/** π/2 − atan(1/a) above tan(3π/8), π/4 + atan((a − 1)/(a + 1)) above tan(π/8). */
export function atan(m: Lanes, x: Num): Num {
  const a = m.abs(x);
  const far = m.is('gt', a, m.num(2.414213562373095));
  const middle = m.is('gt', a, m.num(0.41421356237309503));
  const top = m.select(far, m.num(-1), m.select(middle, m.sub(a, m.num(1)), a));
  const bottom = m.select(far, a, m.select(middle, m.add(a, m.num(1)), m.num(1)));
  const y = m.div(top, bottom);
  const base = ([0, 1] as const).map((i) =>
    m.select(far, m.num(HALF_PI[i]), m.select(middle, m.num(QUARTER_PI[i]), m.num(0))),
  ) as [Num, Num];
  const sum = m.add(base[0], m.add(y, m.add(atanTail(m, y), base[1])));
  return m.copySign(sum, x);
}

/** atan of the smaller over the larger magnitude, then the octant put right: k·π/4 ± that. */
export function atan2(m: Lanes, y: Num, x: Num): Num {
  const [a, b] = [m.abs(y), m.abs(x)];
  const steep = m.is('gt', a, b);
  const both = m.and(m.is('eq', a, m.num(Infinity)), m.is('eq', b, m.num(Infinity)));
  const large = m.select(both, m.num(1), m.select(steep, a, b));
  const small = m.select(both, m.num(1), m.select(steep, b, a));
  // Halving keeps their sum finite.
  const scale = m.select(m.is('gt', large, m.num(1e300)), m.num(2 ** -10), m.num(1));
  const [p, q] = [m.mul(small, scale), m.mul(large, scale)];
  const middle = m.is('gt', p, m.mul(q, m.num(0.41421356237309503)));
  const bottom = m.select(middle, m.add(p, q), q);
  const t = m.div(m.select(middle, m.sub(p, q), p), m.select(m.is('eq', bottom, m.num(0)), m.num(1), bottom));
  const backwards = m.isNegative(x);
  const tail = atanTail(m, t);
  const minus = m.xor(steep, backwards);
  const [head, rest] = [m.select(minus, m.neg(t), t), m.select(minus, m.neg(tail), tail)];
  const base = ([0, 1] as const).map((i) => octant(m, i, middle, steep, backwards)) as [Num, Num];
  const angle = m.copySign(m.add(base[0], m.add(head, m.add(rest, base[1]))), y);
  const sum = m.add(x, y);
  const unordered = m.or(m.is('ne', x, x), m.is('ne', y, y));
  return m.select(unordered, sum, angle);
}

function octant(m: Lanes, i: 0 | 1, middle: Num, steep: Num, backwards: Num): Num {
  const forward = m.select(
    steep,
    m.select(middle, m.num(QUARTER_PI[i]), m.num(HALF_PI[i])),
    m.select(middle, m.num(QUARTER_PI[i]), m.num(0)),
  );
  const back = m.select(
    steep,
    m.select(middle, m.num(THREE_QUARTERS_PI[i]), m.num(HALF_PI[i])),
    m.select(middle, m.num(THREE_QUARTERS_PI[i]), m.num(PI[i])),
  );
  return m.select(backwards, back, forward);
}
