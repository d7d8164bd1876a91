/**
 * Instructions as typed expressions.
 * The one idea: an expression knows the type of the value it leaves, and an instruction is a function from expressions to
 * an expression; so whatever TypeScript accepts leaves the operand stack in order. Opcodes: WebAssembly 2.0, chapter 5.4.
 * Must not import anything but the encoding.
 */
import type { Code } from './bytes.ts';
import { float32, float64, signed, signed64, unsigned } from './bytes.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** Code that leaves one value. */
export interface Expr<T extends ValueType = ValueType> {
  readonly type: T;
  readonly code: Code;
}

type I32 = Expr<'i32'>;
type I64 = Expr<'i64'>;
type F32 = Expr<'f32'>;
type F64 = Expr<'f64'>;
type V128 = Expr<'v128'>;

/** A function from one or two expressions to one. */
export type Unary<A extends ValueType, R extends ValueType = A> = (a: Expr<A>) => Expr<R>;
export type Binary<A extends ValueType, R extends ValueType = A> = (a: Expr<A>, b: Expr<A>) => Expr<R>;

export function expr<T extends ValueType>(type: T, code: Code): Expr<T> {
  return { type, code };
}

export const un =
  <A extends ValueType, R extends ValueType>(type: R, ...opcode: number[]): Unary<A, R> =>
  (a) =>
    expr(type, [a.code, opcode]);
export const bin =
  <A extends ValueType, R extends ValueType>(type: R, ...opcode: number[]): Binary<A, R> =>
  (a, b) =>
    expr(type, [a.code, b.code, opcode]);

/** An opcode behind the prefix of vector instructions. */
export const wide = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

/** Where in linear memory: an address and a constant added to it. `align` is the power of two that is promised. */
export const memarg = (offset: number, align: number): Code => [align, unsigned(offset)];
export type Load<T extends ValueType> = (address: I32, offset?: number) => Expr<T>;
export const load =
  <T extends ValueType>(type: T, ...opcode: number[]): Load<T> =>
  (address, offset = 0) =>
    expr(type, [address.code, opcode, memarg(offset, 0)]);

/** A store: a statement, so it has no type. */
export type Store<T extends ValueType> = (address: I32, value: Expr<T>, offset?: number) => Code;
export const store =
  <T extends ValueType>(...opcode: number[]): Store<T> =>
  (address, value, offset = 0) => [address.code, value.code, opcode, memarg(offset, 0)];

export const i32: Readonly<
  Record<'const', (value: number) => I32> &
    Record<'load' | 'load8', Load<'i32'>> &
    Record<'store' | 'store8', Store<'i32'>> &
    Record<'eqz', Unary<'i32', 'i32'>> &
    Record<
      | 'eq'
      | 'ne'
      | 'lt'
      | 'ltU'
      | 'gt'
      | 'le'
      | 'ge'
      | 'add'
      | 'sub'
      | 'mul'
      | 'div'
      | 'rem'
      | 'and'
      | 'or'
      | 'xor'
      | 'shl'
      | 'shr'
      | 'shrU'
      | 'rotl',
      Binary<'i32', 'i32'>
    > &
    Record<'wrap', Unary<'i64', 'i32'>> &
    Record<'ofF32' | 'truncF32', Unary<'f32', 'i32'>> &
    Record<'truncF64', Unary<'f64', 'i32'>> &
    Record<'anyTrue', Unary<'v128', 'i32'>> &
    Record<'lane', (v: V128, i: number) => I32>
> = {
  const: (value: number): I32 => expr('i32', [0x41, ...signed(value)]),
  load: load('i32', 0x28),
  load8: load('i32', 0x2d),
  store: store<'i32'>(0x36),
  store8: store<'i32'>(0x3a),
  eqz: un<'i32', 'i32'>('i32', 0x45),
  eq: bin<'i32', 'i32'>('i32', 0x46),
  ne: bin<'i32', 'i32'>('i32', 0x47),
  lt: bin<'i32', 'i32'>('i32', 0x48),
  ltU: bin<'i32', 'i32'>('i32', 0x49),
  gt: bin<'i32', 'i32'>('i32', 0x4a),
  le: bin<'i32', 'i32'>('i32', 0x4c),
  ge: bin<'i32', 'i32'>('i32', 0x4e),
  add: bin<'i32', 'i32'>('i32', 0x6a),
  sub: bin<'i32', 'i32'>('i32', 0x6b),
  mul: bin<'i32', 'i32'>('i32', 0x6c),
  div: bin<'i32', 'i32'>('i32', 0x6d),
  rem: bin<'i32', 'i32'>('i32', 0x6f),
  and: bin<'i32', 'i32'>('i32', 0x71),
  or: bin<'i32', 'i32'>('i32', 0x72),
  xor: bin<'i32', 'i32'>('i32', 0x73),
  shl: bin<'i32', 'i32'>('i32', 0x74),
  shr: bin<'i32', 'i32'>('i32', 0x75),
  shrU: bin<'i32', 'i32'>('i32', 0x76),
  rotl: bin<'i32', 'i32'>('i32', 0x77),
  wrap: un<'i64', 'i32'>('i32', 0xa7),
  ofF32: un<'f32', 'i32'>('i32', 0xbc),
  /** To the nearest integer that int32 holds, NaN to 0. */
  truncF64: un<'f64', 'i32'>('i32', 0xfc, 2),
  truncF32: un<'f32', 'i32'>('i32', 0xfc, 0),
  anyTrue: un<'v128', 'i32'>('i32', ...wide(83)),
  lane: (v: V128, i: number): I32 => expr('i32', [v.code, ...wide(27), i]),
};

export const i64: Readonly<
  Record<'const', (value: bigint) => I64> &
    Record<'load', Load<'i64'>> &
    Record<'store', Store<'i64'>> &
    Record<'eqz', Unary<'i64', 'i32'>> &
    Record<'eq' | 'ne' | 'lt' | 'ltU' | 'gt' | 'ge', Binary<'i64', 'i32'>> &
    Record<'clz', Unary<'i64', 'i64'>> &
    Record<'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor' | 'shl' | 'shr' | 'shrU', Binary<'i64', 'i64'>> &
    Record<'extend' | 'extendU', Unary<'i32', 'i64'>> &
    Record<'ofF64', Unary<'f64', 'i64'>>
> = {
  const: (value: bigint): I64 => expr('i64', [0x42, ...signed64(value)]),
  load: load('i64', 0x29),
  store: store<'i64'>(0x37),
  eqz: un<'i64', 'i32'>('i32', 0x50),
  eq: bin<'i64', 'i32'>('i32', 0x51),
  ne: bin<'i64', 'i32'>('i32', 0x52),
  lt: bin<'i64', 'i32'>('i32', 0x53),
  ltU: bin<'i64', 'i32'>('i32', 0x54),
  gt: bin<'i64', 'i32'>('i32', 0x55),
  ge: bin<'i64', 'i32'>('i32', 0x59),
  clz: un<'i64', 'i64'>('i64', 0x79),
  add: bin<'i64', 'i64'>('i64', 0x7c),
  sub: bin<'i64', 'i64'>('i64', 0x7d),
  mul: bin<'i64', 'i64'>('i64', 0x7e),
  and: bin<'i64', 'i64'>('i64', 0x83),
  or: bin<'i64', 'i64'>('i64', 0x84),
  xor: bin<'i64', 'i64'>('i64', 0x85),
  shl: bin<'i64', 'i64'>('i64', 0x86),
  shr: bin<'i64', 'i64'>('i64', 0x87),
  shrU: bin<'i64', 'i64'>('i64', 0x88),
  extend: un<'i32', 'i64'>('i64', 0xac),
  extendU: un<'i32', 'i64'>('i64', 0xad),
  ofF64: un<'f64', 'i64'>('i64', 0xbd),
};

export const f32: Readonly<
  Record<'const', (value: number) => F32> &
    Record<'load', Load<'f32'>> &
    Record<'store', Store<'f32'>> &
    Record<'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge', Binary<'f32', 'i32'>> &
    Record<'abs' | 'neg' | 'ceil' | 'floor' | 'trunc' | 'nearest' | 'sqrt', Unary<'f32', 'f32'>> &
    Record<'add' | 'sub' | 'mul' | 'div' | 'min' | 'max', Binary<'f32', 'f32'>> &
    Record<'demote', Unary<'f64', 'f32'>> &
    Record<'ofI32' | 'ofBits', Unary<'i32', 'f32'>> &
    Record<'lane', (v: V128, i: number) => F32>
> = {
  const: (value: number): F32 => expr('f32', [0x43, ...float32(value)]),
  load: load('f32', 0x2a),
  store: store<'f32'>(0x38),
  eq: bin<'f32', 'i32'>('i32', 0x5b),
  ne: bin<'f32', 'i32'>('i32', 0x5c),
  lt: bin<'f32', 'i32'>('i32', 0x5d),
  gt: bin<'f32', 'i32'>('i32', 0x5e),
  le: bin<'f32', 'i32'>('i32', 0x5f),
  ge: bin<'f32', 'i32'>('i32', 0x60),
  abs: un<'f32', 'f32'>('f32', 0x8b),
  neg: un<'f32', 'f32'>('f32', 0x8c),
  ceil: un<'f32', 'f32'>('f32', 0x8d),
  floor: un<'f32', 'f32'>('f32', 0x8e),
  trunc: un<'f32', 'f32'>('f32', 0x8f),
  nearest: un<'f32', 'f32'>('f32', 0x90),
  sqrt: un<'f32', 'f32'>('f32', 0x91),
  add: bin<'f32', 'f32'>('f32', 0x92),
  sub: bin<'f32', 'f32'>('f32', 0x93),
  mul: bin<'f32', 'f32'>('f32', 0x94),
  div: bin<'f32', 'f32'>('f32', 0x95),
  min: bin<'f32', 'f32'>('f32', 0x96),
  max: bin<'f32', 'f32'>('f32', 0x97),
  demote: un<'f64', 'f32'>('f32', 0xb6),
  ofI32: un<'i32', 'f32'>('f32', 0xb2),
  ofBits: un<'i32', 'f32'>('f32', 0xbe),
  lane: (v: V128, i: number): F32 => expr('f32', [v.code, ...wide(31), i]),
};

export const f64: Readonly<
  Record<'const', (value: number) => F64> &
    Record<'load', Load<'f64'>> &
    Record<'store', Store<'f64'>> &
    Record<'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge', Binary<'f64', 'i32'>> &
    Record<'abs' | 'neg' | 'ceil' | 'floor' | 'trunc' | 'nearest' | 'sqrt', Unary<'f64', 'f64'>> &
    Record<'add' | 'sub' | 'mul' | 'div' | 'min' | 'max', Binary<'f64', 'f64'>> &
    Record<'ofI32', Unary<'i32', 'f64'>> &
    Record<'ofI64' | 'ofBits', Unary<'i64', 'f64'>> &
    Record<'promote', Unary<'f32', 'f64'>> &
    Record<'lane', (v: V128, i: number) => F64>
> = {
  const: (value: number): F64 => expr('f64', [0x44, ...float64(value)]),
  load: load('f64', 0x2b),
  store: store<'f64'>(0x39),
  eq: bin<'f64', 'i32'>('i32', 0x61),
  ne: bin<'f64', 'i32'>('i32', 0x62),
  lt: bin<'f64', 'i32'>('i32', 0x63),
  gt: bin<'f64', 'i32'>('i32', 0x64),
  le: bin<'f64', 'i32'>('i32', 0x65),
  ge: bin<'f64', 'i32'>('i32', 0x66),
  abs: un<'f64', 'f64'>('f64', 0x99),
  neg: un<'f64', 'f64'>('f64', 0x9a),
  ceil: un<'f64', 'f64'>('f64', 0x9b),
  floor: un<'f64', 'f64'>('f64', 0x9c),
  trunc: un<'f64', 'f64'>('f64', 0x9d),
  nearest: un<'f64', 'f64'>('f64', 0x9e),
  sqrt: un<'f64', 'f64'>('f64', 0x9f),
  add: bin<'f64', 'f64'>('f64', 0xa0),
  sub: bin<'f64', 'f64'>('f64', 0xa1),
  mul: bin<'f64', 'f64'>('f64', 0xa2),
  div: bin<'f64', 'f64'>('f64', 0xa3),
  min: bin<'f64', 'f64'>('f64', 0xa4),
  max: bin<'f64', 'f64'>('f64', 0xa5),
  ofI32: un<'i32', 'f64'>('f64', 0xb7),
  ofI64: un<'i64', 'f64'>('f64', 0xb9),
  promote: un<'f32', 'f64'>('f64', 0xbb),
  ofBits: un<'i64', 'f64'>('f64', 0xbf),
  lane: (v: V128, i: number): F64 => expr('f64', [v.code, ...wide(33), i]),
};

/** `a` if `condition` is not 0, else `b`; both are evaluated. */
export function choose<T extends Exclude<ValueType, 'v128'>>(condition: I32, a: Expr<T>, b: Expr<T>): Expr<T> {
  return expr(a.type, [a.code, b.code, condition.code, 0x1b]);
}
