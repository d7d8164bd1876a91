/**
 * What functions of numbers are written in: arithmetic, comparisons, choices and bits, on as many numbers as go together.
 * The one idea: each operation puts its result into a local of its own, so a value may be used any number of times, and
 * every lane is rounded at each operation exactly as a number alone would be.
 * Must not import anything but the assembler, forms and fixed addresses.
 */
import type { Expr } from '../assembler/expr.ts';
import { f64, i32 } from '../assembler/expr.ts';
import type { Callee, FunctionBuilder, Local, Signature } from '../assembler/function.ts';
import { f64x2, v128 } from '../assembler/simd.ts';
import { OPAQUE } from '../scratch.ts';
import type { Form } from './form.ts';
import { F64X2 } from './form.ts';

/** A number in each lane. */
export type Num = Expr;
/** The bits of a number in each lane, as an integer. */
export type Int = Expr;
/** Yes or no in each lane. */
export type Mask = Expr;

/** Where functions of a module come from that are too rare or too long to stand in every loop. */
export type Importer = (name: string, signature: Signature) => Callee;

/** 1.5·2^52 and 1.5·2^23: adding one rounds to an integer, which then stands in the low bits. */
const MAGIC = { 64: 6755399441055744, 32: 12582912 } as const;
const MAGIC_BITS = { 64: 0x4338000000000000n, 32: 0x4b400000n } as const;
const ONE_BITS = { 64: 0x3ff0000000000000n, 32: 0x3f800000n } as const;
const HALF_ROOT_BITS = { 64: 0x3fe6a09e667f3bcdn, 32: 0x3f3504f3n } as const;
const SIGN_BITS = { 64: 0x8000000000000000n, 32: 0x80000000n } as const;
const MANTISSA = { 64: 52, 32: 23 } as const;
const BIAS = { 64: 1023n, 32: 127n } as const;

export class Lanes {
  readonly f: FunctionBuilder;
  readonly form: Form;
  /** True where the result will be rounded to float32, so that a shorter polynomial is enough. */
  readonly short: boolean;
  readonly #import: Importer;
  readonly #loop: boolean;

  /** `loop`: what is written runs many times, so constants are loaded before it. */
  constructor(f: FunctionBuilder, form: Form, short: boolean, importer: Importer, loop: boolean) {
    this.f = f;
    this.form = form;
    this.short = short;
    this.#import = importer;
    this.#loop = loop;
  }

  /** The same lanes, with the longer polynomials. */
  full(): Lanes {
    return new Lanes(this.f, this.form, false, this.#import, this.#loop);
  }

  num(value: number): Num {
    if (!this.#loop || this.form.number !== 'v128') return this.form.constant(value);
    // By way of memory, where the engine cannot see through: else it makes the constant anew in every iteration.
    return this.f.hoist(`${this.form.bits}:${Object.is(value, -0) ? '-0' : value}`, () => {
      const at = this.f.scratch(OPAQUE);
      return { value: v128.load(at), before: v128.store(at, this.form.constant(value) as Expr<'v128'>) };
    });
  }
  add(a: Num, b: Num): Num {
    return this.f.let(this.form.binary.add(a, b));
  }
  sub(a: Num, b: Num): Num {
    return this.f.let(this.form.binary.sub(a, b));
  }
  mul(a: Num, b: Num): Num {
    return this.f.let(this.form.binary.mul(a, b));
  }
  div(a: Num, b: Num): Num {
    return this.f.let(this.form.binary.div(a, b));
  }
  min(a: Num, b: Num): Num {
    return this.f.let(this.form.binary.min(a, b));
  }
  max(a: Num, b: Num): Num {
    return this.f.let(this.form.binary.max(a, b));
  }
  apply(name: keyof Form['unary'], a: Num): Num {
    return this.f.let(this.form.unary[name](a));
  }
  sqrt(a: Num): Num {
    return this.apply('sqrt', a);
  }
  abs(a: Num): Num {
    return this.apply('abs', a);
  }
  neg(a: Num): Num {
    return this.apply('neg', a);
  }
  is(comparison: keyof Form['compare'], a: Num, b: Num): Mask {
    return this.f.let(this.form.compare[comparison](a, b));
  }
  select(mask: Mask, a: Num, b: Num): Num {
    return this.f.let(this.form.select(mask, a, b));
  }
  and(a: Mask, b: Mask): Mask {
    return this.#masks('and', a, b);
  }
  or(a: Mask, b: Mask): Mask {
    return this.#masks('or', a, b);
  }
  xor(a: Mask, b: Mask): Mask {
    return this.#masks('xor', a, b);
  }
  not(a: Mask): Mask {
    return this.f.let(this.form.not(a));
  }
  #masks(name: 'and' | 'or' | 'xor', a: Mask, b: Mask): Mask {
    const table: Record<'and' | 'or' | 'xor', unknown> = this.form.mask === 'i32' ? i32 : this.form.integerOp;
    return this.f.let((table[name] as (a: Expr, b: Expr) => Expr)(a, b));
  }

  bits(a: Num): Int {
    return this.f.let(this.form.toBits(a));
  }
  ofBits(a: Int): Num {
    return this.f.let(this.form.ofBits(a));
  }
  int(value: bigint): Int {
    return this.form.bitsConstant(value);
  }
  iop(name: keyof Form['integerOp'], a: Int, b: Int): Int {
    return this.f.let(this.form.integerOp[name](a, b));
  }
  shl(a: Int, by: number): Int {
    return this.f.let(this.form.shift.shl(a, by));
  }
  shrU(a: Int, by: number): Int {
    return this.f.let(this.form.shift.shrU(a, by));
  }

  /** Σ c[i]·xⁱ: even and odd powers apart where there are many, so that half of the work can go on beside the other. */
  poly(x: Num, c: readonly number[]): Num {
    if (c.length <= 6) return this.horner(x, c);
    const square = this.mul(x, x);
    const even = this.horner(
      square,
      c.filter((_, i) => i % 2 === 0),
    );
    const odd = this.horner(
      square,
      c.filter((_, i) => i % 2 === 1),
    );
    return this.add(even, this.mul(x, odd));
  }
  /** The same by itself: where coefficients take turns in sign, even and odd powers would cancel. */
  horner(x: Num, c: readonly number[]): Num {
    return c.slice(0, -1).reduceRight<Num>((p, each) => this.add(this.mul(p, x), this.num(each)), this.num(c.at(-1)!));
  }

  /** The magnitude of `a` with the sign of `b`. */
  copySign(a: Num, b: Num): Num {
    const sign = this.int(SIGN_BITS[this.form.bits]);
    const other = this.iop('and', this.bits(b), sign);
    const own = this.iop('and', this.bits(a), this.int(SIGN_BITS[this.form.bits] - 1n));
    return this.ofBits(this.iop('or', own, other));
  }
  /** `a` with its sign turned where `b` is negative or −0. */
  turnSign(a: Num, b: Num): Num {
    const other = this.iop('and', this.bits(b), this.int(SIGN_BITS[this.form.bits]));
    return this.ofBits(this.iop('xor', this.bits(a), other));
  }
  isNegative(a: Num): Mask {
    const one = this.copySign(this.num(1), a);
    return this.is('lt', one, this.num(0));
  }
  /** `a` without the lower half of its significand (float64) . */
  upper(a: Num): Num {
    return this.ofBits(this.iop('and', this.bits(a), this.int(0xfffffffff8000000n)));
  }

  /** The nearest integer, |a| < 2^50 (2^21), as a number and in the low bits. */
  round(a: Num): { num: Num; int: Int } {
    const magic = this.num(MAGIC[this.form.bits]);
    const shifted = this.add(a, magic);
    const int = this.iop('sub', this.bits(shifted), this.int(MAGIC_BITS[this.form.bits]));
    return { num: this.sub(shifted, magic), int };
  }
  /** A small integer as a number. */
  ofInt(n: Int): Num {
    const { bits } = this.form;
    return this.sub(this.ofBits(this.iop('add', n, this.int(MAGIC_BITS[bits]))), this.num(MAGIC[bits]));
  }
  /** 2ⁿ for a normal exponent. */
  powerOfTwo(n: Int): Num {
    const { bits } = this.form;
    return this.ofBits(this.shl(this.iop('add', n, this.int(BIAS[bits])), MANTISSA[bits]));
  }
  /** a·2ⁿ, rounded once, for n of twice the range of exponents: the power is split in two. */
  scale(a: Num, n: Int): Num {
    // Half of n, rounded down: shifted as an unsigned number, since lanes of 64 bits shift signed ones slowly.
    const offset = 4096n;
    const half = this.iop('sub', this.shrU(this.iop('add', n, this.int(offset)), 1), this.int(offset / 2n));
    const rest = this.iop('sub', n, half);
    return this.mul(this.mul(a, this.powerOfTwo(half)), this.powerOfTwo(rest));
  }
  /** a = 2ᵏ·m with m from √½ to √2, for normal a > 0. */
  split(a: Num): { k: Int; m: Num } {
    const { bits } = this.form;
    const shifted = this.iop('add', this.bits(a), this.int(ONE_BITS[bits] - HALF_ROOT_BITS[bits]));
    const k = this.iop('sub', this.shrU(shifted, MANTISSA[bits]), this.int(BIAS[bits]));
    return { k, m: this.ofBits(this.iop('sub', this.bits(a), this.shl(k, MANTISSA[bits]))) };
  }

  /** Code for the few cases where `mask` holds in some lane; it sets locals made by `variable`. */
  rarely(mask: Mask, body: () => void): void {
    this.f.if(this.form.any(mask), body);
  }
  variable(value: Num): Local {
    return this.f.let(this.f.let(value));
  }
  assign(variable: Local, value: Num): void {
    this.f.set(variable, value);
  }
  import(name: string, signature: Signature): Callee {
    return this.#import(name, signature);
  }
  /** Each lane of a float64 value, and a value from such lanes. */
  lanes(a: Num): Expr<'f64'>[] {
    if (this.form.number === 'f64') return [a as Expr<'f64'>];
    if (this.form !== F64X2) throw new Error('lanes are taken apart in float64 only');
    return [0, 1].map((i) => this.f.let(f64.lane(a as Expr<'v128'>, i)));
  }
  ofLanes(lanes: readonly Expr<'f64'>[]): Num {
    if (this.form.number === 'f64') return lanes[0]!;
    return this.f.let(f64x2.replace(f64x2.splat(lanes[0]!), 1, lanes[1]!));
  }
}
