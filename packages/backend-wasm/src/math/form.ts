/**
 * The four ways in which a number can travel: float32 or float64, in the lanes of a vector or alone.
 * The one idea: each way is one table of the same instructions, so a function is written once for all of them. A mask is
 * a vector of ones and zeros, or an i32 of 0 and 1. Must not import anything but the assembler.
 */
import type { Expr, ValueType } from '../assembler/expr.ts';
import { choose, f32, f64, i32, i64 } from '../assembler/expr.ts';
import { f32x4, f64x2, i32x4, i64x2, v128 } from '../assembler/simd.ts';

type One = (a: Expr) => Expr;
type Two = (a: Expr, b: Expr) => Expr;

/** The instructions of one way. */
export interface Form {
  readonly bits: 32 | 64;
  /** Numbers that go together. */
  readonly width: 1 | 2 | 4;
  readonly number: ValueType;
  /** The type that holds a number's bits. */
  readonly integer: ValueType;
  readonly mask: ValueType;
  readonly unary: Record<'sqrt' | 'abs' | 'neg' | 'floor' | 'ceil' | 'nearest' | 'trunc', One>;
  readonly binary: Record<'add' | 'sub' | 'mul' | 'div' | 'min' | 'max', Two>;
  readonly compare: Record<'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge', Two>;
  readonly constant: (value: number) => Expr;
  readonly bitsConstant: (value: bigint) => Expr;
  readonly toBits: One;
  readonly ofBits: One;
  readonly integerOp: Record<'add' | 'sub' | 'and' | 'or' | 'xor', Two>;
  readonly shift: Record<'shl' | 'shrU', (a: Expr, by: number) => Expr>;
  readonly select: (mask: Expr, a: Expr, b: Expr) => Expr;
  readonly not: One;
  readonly any: (mask: Expr) => Expr<'i32'>;
}

// The tables below hold instructions of one type each; inside a form all expressions have that type.
const one = (fn: unknown): One => fn as One;
const same: One = (a) => a;
const pick = <K extends string>(table: Record<K, unknown>, names: readonly K[]): Record<K, never> =>
  Object.fromEntries(names.map((name) => [name, table[name]])) as Record<K, never>;

const UNARY = ['sqrt', 'abs', 'neg', 'floor', 'ceil', 'nearest', 'trunc'] as const;
const BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max'] as const;
const COMPARE = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;
const INTEGER = ['add', 'sub', 'and', 'or', 'xor'] as const;

type Table = Record<(typeof UNARY)[number] | (typeof BINARY)[number] | (typeof COMPARE)[number], unknown>;
const numeric = (table: Table): Pick<Form, 'unary' | 'binary' | 'compare'> => ({
  unary: pick(table, UNARY),
  binary: pick(table, BINARY),
  compare: pick(table, COMPARE),
});

type Shift = (a: Expr, by: Expr) => Expr;
const shifts = (table: { shl: unknown; shrU: unknown }, by: (n: number) => Expr): Form['shift'] => ({
  shl: (a, n) => (table.shl as Shift)(a, by(n)),
  shrU: (a, n) => (table.shrU as Shift)(a, by(n)),
});

const VECTOR = {
  number: 'v128',
  integer: 'v128',
  mask: 'v128',
  toBits: same,
  ofBits: same,
  select: v128.select as Form['select'],
  not: one(v128.not),
  any: i32.anyTrue as Form['any'],
} as const;

const VECTOR_BITS = { and: v128.and, or: v128.or, xor: v128.xor };

export const F32X4: Form = {
  ...VECTOR,
  ...numeric(f32x4),
  bits: 32,
  width: 4,
  constant: f32x4.const,
  bitsConstant: (value) => i32x4.const(Number(BigInt.asIntN(32, value))),
  integerOp: { add: i32x4.add, sub: i32x4.sub, ...VECTOR_BITS } as unknown as Form['integerOp'],
  shift: shifts(i32x4, i32.const),
};

export const F64X2: Form = {
  ...VECTOR,
  ...numeric(f64x2),
  bits: 64,
  width: 2,
  constant: f64x2.const,
  bitsConstant: i64x2.const,
  integerOp: { add: i64x2.add, sub: i64x2.sub, ...VECTOR_BITS } as unknown as Form['integerOp'],
  shift: shifts(i64x2, i32.const),
};

const ALONE = {
  width: 1,
  mask: 'i32',
  select: ((mask, a, b) => choose(mask as Expr<'i32'>, a as Expr<'f64'>, b as Expr<'f64'>)) as Form['select'],
  not: one(i32.eqz),
  any: (mask) => mask as Expr<'i32'>,
} as const satisfies Partial<Form>;

export const F32: Form = {
  ...ALONE,
  ...numeric(f32),
  bits: 32,
  number: 'f32',
  integer: 'i32',
  constant: f32.const,
  bitsConstant: (value) => i32.const(Number(BigInt.asIntN(32, value))),
  toBits: one(i32.ofF32),
  ofBits: one(f32.ofBits),
  integerOp: pick(i32, INTEGER),
  shift: shifts(i32, i32.const),
};

export const F64: Form = {
  ...ALONE,
  ...numeric(f64),
  bits: 64,
  number: 'f64',
  integer: 'i64',
  constant: f64.const,
  bitsConstant: i64.const,
  toBits: one(i64.ofF64),
  ofBits: one(f64.ofBits),
  integerOp: pick(i64, INTEGER),
  shift: shifts(i64, (n) => i64.const(BigInt(n))),
};
