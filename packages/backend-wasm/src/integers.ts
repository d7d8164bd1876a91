/**
 * Scalar functions of whole numbers of 32 bits, which wrap.
 * The one idea: what has an instruction for four lanes has both forms, the rest is computed lane by lane.
 * Must not import anything but the assembler.
 */
import type { Expr } from './assembler/expr.ts';
import { choose, f64, i32, i64 } from './assembler/expr.ts';
import type { FunctionBuilder } from './assembler/function.ts';
import { i32x4 } from './assembler/simd.ts';

type I32 = Expr<'i32'>;
type IntProgram = (f: FunctionBuilder, a: Expr, b: Expr) => Expr;
interface Int {
  readonly vector?: IntProgram;
  readonly alone: IntProgram;
}

const both = (vector: unknown, alone: unknown): Int => ({
  vector: (_, a, b) => (vector as (a: Expr, b: Expr) => Expr)(a, b),
  alone: (_, a, b) => (alone as (a: Expr, b: Expr) => Expr)(a, b),
});
const alone = (program: (f: FunctionBuilder, a: I32, b: I32) => I32): Int => ({ alone: program as IntProgram });

const zero = i32.const(0);
const minus = (a: I32): I32 => i32.sub(zero, a);

export const add: Int = both(i32x4.add, i32.add);
export const sub: Int = both(i32x4.sub, i32.sub);
export const mul: Int = both(i32x4.mul, i32.mul);
export const neg: Int = both(i32x4.neg, minus);
export const abs: Int = both(i32x4.abs, (a: I32) => choose(i32.lt(a, zero), minus(a), a));
export const square: Int = both(
  (a: Expr<'v128'>) => i32x4.mul(a, a),
  (a: I32) => i32.mul(a, a),
);
export const sign: Int = both(
  (a: Expr<'v128'>) => i32x4.max(i32x4.min(a, i32x4.const(1)), i32x4.const(-1)),
  (a: I32) => i32.sub(i32.gt(a, zero), i32.lt(a, zero)),
);
export const maximum: Int = both(i32x4.max, (a: I32, b: I32) => choose(i32.gt(a, b), a, b));
export const minimum: Int = both(i32x4.min, (a: I32, b: I32) => choose(i32.lt(a, b), a, b));

/** Rounded towards −∞; 0 where the divisor is 0. Dividing the least number by −1 would trap. */
export const floorDiv: Int = alone((f, a, b) => {
  const q = f.let(zero);
  f.if(i32.eq(b, i32.const(-1)), () => f.set(q, minus(a)));
  f.if(i32.gt(i32.add(b, i32.const(1)), i32.const(1)), () => f.set(q, quotient(f, a, b)));
  f.if(i32.lt(b, i32.const(-1)), () => f.set(q, quotient(f, a, b)));
  // b = 2³¹ − 1 wraps in the first comparison.
  f.if(i32.eq(b, i32.const(2147483647)), () => f.set(q, quotient(f, a, b)));
  return q;
});

function quotient(f: FunctionBuilder, a: I32, b: I32): I32 {
  const q = f.let(i32.div(a, b));
  const r = f.let(i32.sub(a, i32.mul(q, b)));
  return i32.sub(q, i32.and(i32.ne(r, zero), i32.lt(i32.xor(r, b), zero)));
}

/** With the sign of the divisor; 0 where that is 0. */
export const floorMod: Int = alone((f, a, b) => {
  const r = f.let(zero);
  f.if(b, () => {
    f.set(r, i32.rem(a, b));
    f.if(i32.and(i32.ne(r, zero), i32.lt(i32.xor(r, b), zero)), () => f.set(r, i32.add(r, b)));
  });
  return r;
});

/** a to the power n by repeated squaring; for n < 0 what is left of 1/aⁿ when it is cut to an integer. */
export const power: Int = alone((f, a, n) => {
  const result = f.let(i32.const(1));
  const base = f.let(a);
  const k = f.let(n);
  f.while(i32.gt(k, zero), () => {
    f.if(i32.and(k, i32.const(1)), () => f.set(result, i32.mul(result, base)));
    f.set(base, i32.mul(base, base));
    f.set(k, i32.shr(k, i32.const(1)));
  });
  f.if(i32.lt(n, zero), () => {
    const odd = i32.and(n, i32.const(1));
    const one = choose(odd, i32.const(-1), i32.const(1));
    const other = choose(i32.eq(a, i32.const(-1)), one, zero);
    f.set(result, choose(i32.eq(a, i32.const(1)), i32.const(1), other));
  });
  return result;
});

const unsigned = (a: I32, shift: number): Expr<'f64'> => f64.ofI64(i64.extendU(i32.shrU(a, i32.const(shift))));

/** 24 random bits: [0, 1). */
export const bitsToUnit = (_: FunctionBuilder, a: I32): Expr<'f64'> => f64.mul(unsigned(a, 8), f64.const(2 ** -24));
/** 53 random bits: [0, 1). */
export const bitsToUnit64 = (_: FunctionBuilder, a: I32, b: I32): Expr<'f64'> =>
  f64.mul(f64.add(f64.mul(unsigned(a, 5), f64.const(67108864)), unsigned(b, 6)), f64.const(2 ** -53));
/** The upper word of a·b. */
export const bitsToRange = (_: FunctionBuilder, a: I32, b: I32): Expr<'f64'> =>
  f64.ofI64(i64.shr(i64.mul(i64.extendU(a), i64.extend(b)), i64.const(32n)));
