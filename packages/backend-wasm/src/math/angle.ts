/**
 * Angles to quadrants: x = n·π/2 + (y0 + y1) with |y0| ≤ π/4.
 * The one idea: π/2 in parts of 33 bits, whose products with n are exact, for |x| below 2^20·π/2; above, the integer product
 * of x's significand with the bits of 2/π that matter (M. Payne, R. Hanek, "Radian reduction for trigonometric functions",
 * ACM SIGNUM 18, 1983). Must not import anything but lanes, fixed addresses and the assembler.
 */
import type { Expr } from '../assembler/expr.ts';
import { choose, f64, i32, i64 } from '../assembler/expr.ts';
import type { FunctionBuilder, Signature } from '../assembler/function.ts';
import { ANGLE, TWO_OVER_PI } from '../scratch.ts';
import type { Int, Lanes, Num } from './lanes.ts';

/** π/2: the first 33 bits, the next 33, the rest. */
const PARTS = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const;
const LIMIT = 1647099;

/** An angle's quadrant, as a number and in the low bits of an integer, and what is left of the angle. */
export interface Reduced {
  readonly n: Num;
  readonly quadrant: Int;
  readonly y0: Num;
  /** The part of the rest that y0 lost; absent where only float32 is asked for. */
  readonly y1: Num | undefined;
}

/** float64 lanes only: their precision serves float32 as well. */
export function reduceAngle(m: Lanes, x: Num): Reduced {
  const turn = m.round(m.mul(x, m.num(0.6366197723675814)));
  const [n, quadrant] = [m.variable(turn.num), m.variable(turn.int)];
  const w = m.sub(x, m.mul(turn.num, m.num(PARTS[0])));
  const t = m.mul(turn.num, m.num(PARTS[1]));
  const rest = m.sub(w, t);
  const lost = m.sub(m.sub(m.sub(w, rest), t), m.mul(turn.num, m.num(PARTS[2])));
  const y0 = m.variable(m.add(rest, lost));
  const y1 = m.variable(m.add(m.sub(rest, y0), lost));
  const a = m.abs(x);
  const huge = m.and(m.is('ge', a, m.num(LIMIT)), m.is('lt', a, m.num(Infinity)));
  m.rarely(huge, () => {
    const exact = m.import('angle', ANGLE_SIGNATURE);
    // Lanes that need it not get an angle that cannot hurt.
    const results = m.lanes(m.select(huge, x, m.num(LIMIT))).map((lane) => ({
      n: m.f.let(m.f.callFor('f64', exact, lane)),
      y0: m.f.let(f64.load(m.f.scratch(ANGLE))),
      y1: m.f.let(f64.load(m.f.scratch(ANGLE), 8)),
    }));
    const quarter = m.round(m.ofLanes(results.map((r) => r.n)));
    m.assign(n, m.select(huge, quarter.num, n));
    m.assign(quadrant, m.select(huge, quarter.int, quadrant));
    m.assign(y0, m.select(huge, m.ofLanes(results.map((r) => r.y0)), y0));
    m.assign(y1, m.select(huge, m.ofLanes(results.map((r) => r.y1)), y1));
  });
  return { n, quadrant, y0, y1: m.short ? undefined : y1 };
}

export const ANGLE_SIGNATURE: Signature = { params: ['f64'], results: ['f64'] };

/** 64 bits of 2/π from the bit that `word` and `shift` say. */
function bitsAt(f: FunctionBuilder, address: Expr<'i32'>, shift: Expr<'i64'>, offset: number): Expr<'i64'> {
  const upper = i64.shl(i64.load(address, TWO_OVER_PI + offset), shift);
  // Shifted twice, because a shift by 64 is a shift by 0.
  const lower = i64.shrU(
    i64.shrU(i64.load(address, TWO_OVER_PI + offset + 8), i64.const(1n)),
    i64.sub(i64.const(63n), shift),
  );
  return f.let(i64.or(upper, lower));
}

const LOW = 0xffffffffn;

/** The upper 64 bits of a·b, for a below 2^53. */
function multiplyHigh(f: FunctionBuilder, a: Expr<'i64'>, b: Expr<'i64'>): Expr<'i64'> {
  const upper = (x: Expr<'i64'>): Expr<'i64'> => i64.shrU(x, i64.const(32n));
  const lower = (x: Expr<'i64'>): Expr<'i64'> => i64.and(x, i64.const(LOW));
  const [ah, al, bh, bl] = [f.let(upper(a)), f.let(lower(a)), f.let(upper(b)), f.let(lower(b))];
  const first = f.let(i64.add(i64.mul(ah, bl), upper(i64.mul(al, bl))));
  const second = f.let(i64.add(i64.mul(al, bh), lower(first)));
  return f.let(i64.add(i64.add(i64.mul(ah, bh), upper(first)), upper(second)));
}

/** The reduction of one finite |x| ≥ 2^20: returns n from 0 to 3, leaves y0 and y1 at ANGLE. */
export function writeAngle(f: FunctionBuilder): Expr<'f64'> {
  const bits = f.let(i64.ofF64(f.param(0, 'f64')));
  const exponent = f.let(i64.sub(i64.and(i64.shrU(bits, i64.const(52n)), i64.const(0x7ffn)), i64.const(1075n)));
  const significand = f.let(i64.or(i64.and(bits, i64.const(0xfffffffffffffn)), i64.const(0x10000000000000n)));
  // Bits of 2/π before this one give multiples of 4. The table has a word of zeros in front.
  const start = f.let(i64.add(exponent, i64.const(62n)));
  const shift = f.let(i64.and(start, i64.const(63n)));
  const address = f.let(i32.shl(i32.wrap(i64.shrU(start, i64.const(6n))), i32.const(3)));
  const [a0, a1, a2] = [0, 8, 16].map((offset) => bitsAt(f, address, shift, offset)) as [
    Expr<'i64'>,
    Expr<'i64'>,
    Expr<'i64'>,
  ];
  const low = f.let(i64.mul(significand, a1));
  const r1 = f.let(i64.add(low, multiplyHigh(f, significand, a2)));
  const carry = i64.extendU(i64.ltU(r1, low));
  const r0 = f.let(i64.add(i64.add(i64.mul(significand, a0), multiplyHigh(f, significand, a1)), carry));
  const fraction = f.let(i64.or(i64.shl(r0, i64.const(2n)), i64.shrU(r1, i64.const(62n))));
  leave(f, fraction, f.let(i64.shl(r1, i64.const(2n))), i64.lt(bits, i64.const(0n)));
  const quarter = f.let(i64.add(i64.shrU(r0, i64.const(62n)), i64.shrU(fraction, i64.const(63n))));
  const negative = i64.lt(bits, i64.const(0n));
  return f64.ofI64(i64.and(choose(negative, i64.sub(i64.const(0n), quarter), quarter), i64.const(3n)));
}

/** The signed fraction of 128 bits times π/2, to ANGLE. */
function leave(f: FunctionBuilder, high: Expr<'i64'>, low: Expr<'i64'>, negative: Expr<'i32'>): void {
  const term = (x: Expr<'i64'>, power: number): Expr<'f64'> => f.let(f64.mul(f64.ofI64(x), f64.const(2 ** power)));
  const t0 = term(i64.shr(high, i64.const(32n)), -32);
  const t1 = term(i64.and(high, i64.const(LOW)), -64);
  const t2 = f64.add(term(i64.shrU(low, i64.const(32n)), -96), term(i64.and(low, i64.const(LOW)), -128));
  const sum = f.let(f64.add(t0, t1));
  const rest = f.let(f64.add(f64.sub(t1, f64.sub(sum, t0)), t2));
  const y = f.let(f64.add(sum, rest));
  const lost = f.let(f64.add(f64.sub(sum, y), rest));
  // y·π/2 with its error, by halves of 26 bits.
  const upper = f.let(f64.ofBits(i64.and(i64.ofF64(y), i64.const(-0x8000000n))));
  const lower = f.let(f64.sub(y, upper));
  const [ph, pl, rounding] = [1.5707963109016418, 1.5893254712295857e-8, 6.123233995736766e-17];
  const product = f.let(f64.mul(y, f64.const(Math.PI / 2)));
  const cross = f64.add(f64.mul(upper, f64.const(pl)), f64.mul(lower, f64.const(ph)));
  const error = f64.add(f64.add(f64.sub(f64.mul(upper, f64.const(ph)), product), cross), f64.mul(lower, f64.const(pl)));
  const small = f64.add(f64.mul(y, f64.const(rounding)), f64.mul(lost, f64.const(Math.PI / 2)));
  const y1 = f.let(f64.add(error, small));
  const signed = (x: Expr<'f64'>): Expr<'f64'> => choose(negative, f64.neg(x), x);
  f.do(f64.store(f.scratch(ANGLE), signed(product)));
  f.do(f64.store(f.scratch(ANGLE), signed(y1), 8));
}
