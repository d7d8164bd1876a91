/**
 * Instructions on vectors of 128 bits as typed expressions.
 * The one idea: as in expr.ts; one table for each shape of lanes. Must not import anything but the encoding and expr.ts.
 */
import type { Code } from './bytes.ts';
import { float32, float64, word64 } from './bytes.ts';
import type { Binary, Expr, Load, Store, Unary } from './expr.ts';
import { bin, expr, load, memarg, store, un, wide } from './expr.ts';

type I32 = Expr<'i32'>;
type I64 = Expr<'i64'>;
type F32 = Expr<'f32'>;
type F64 = Expr<'f64'>;
type V128 = Expr<'v128'>;

const un128 = (opcode: number): Unary<'v128'> => un('v128', ...wide(opcode));
const bin128 = (opcode: number): Binary<'v128'> => bin('v128', ...wide(opcode));

export const v128: Readonly<
  Record<'load' | 'splat8' | 'splat32' | 'splat64' | 'load32' | 'load64', Load<'v128'>> &
    Record<'store', Store<'v128'>> &
    Record<'not', Unary<'v128'>> &
    Record<'and' | 'andNot' | 'or' | 'xor', Binary<'v128'>> &
    Record<'select', (mask: V128, a: V128, b: V128) => V128> &
    Record<'shuffle', (a: V128, b: V128, bytes: readonly number[]) => V128> &
    Record<'loadLane32' | 'loadLane64' | 'loadLane8', (address: I32, v: V128, i: number, offset?: number) => V128> &
    Record<'storeLane8' | 'storeLane32' | 'storeLane64', (address: I32, v: V128, i: number, offset?: number) => Code>
> = {
  load: load('v128', ...wide(0)),
  store: store<'v128'>(...wide(11)),
  splat8: load('v128', ...wide(7)),
  splat32: load('v128', ...wide(9)),
  splat64: load('v128', ...wide(10)),
  load32: load('v128', ...wide(92)),
  load64: load('v128', ...wide(93)),
  not: un128(77),
  and: bin128(78),
  andNot: bin128(79),
  or: bin128(80),
  xor: bin128(81),
  /** Bits of `a` where `mask` has ones, else of `b`. */
  select: (mask: V128, a: V128, b: V128): V128 => expr('v128', [a.code, b.code, mask.code, ...wide(82)]),
  shuffle: (a: V128, b: V128, bytes: readonly number[]): V128 => expr('v128', [a.code, b.code, ...wide(13), ...bytes]),
  loadLane32: (address: I32, v: V128, i: number, offset = 0): V128 =>
    expr('v128', [address.code, v.code, ...wide(86), memarg(offset, 0), i]),
  loadLane64: (address: I32, v: V128, i: number, offset = 0): V128 =>
    expr('v128', [address.code, v.code, ...wide(87), memarg(offset, 0), i]),
  loadLane8: (address: I32, v: V128, i: number, offset = 0): V128 =>
    expr('v128', [address.code, v.code, ...wide(84), memarg(offset, 0), i]),
  storeLane8: (address: I32, v: V128, i: number, offset = 0): Code => [
    address.code,
    v.code,
    ...wide(88),
    memarg(offset, 0),
    i,
  ],
  storeLane32: (address: I32, v: V128, i: number, offset = 0): Code => [
    address.code,
    v.code,
    ...wide(90),
    memarg(offset, 0),
    i,
  ],
  storeLane64: (address: I32, v: V128, i: number, offset = 0): Code => [
    address.code,
    v.code,
    ...wide(91),
    memarg(offset, 0),
    i,
  ],
};

const CONSTANT = /* @__PURE__ */ wide(12);
/** The same bytes twice, or four times. */
const twice = (bytes: Code): V128 => expr('v128', [CONSTANT, bytes, bytes]);
const often = (bytes: Code): V128 => twice([bytes, bytes]);
const word32 = (value: number): number[] => [value, value >> 8, value >> 16, value >> 24].map((b) => b & 255);

/** Lanes of bytes, for bool. */
export const i8x16: Readonly<Record<'extend16', Unary<'v128'>> & Record<'narrow', Binary<'v128'>>> = {
  extend16: un128(137),
  narrow: bin128(102),
};

export const i16x8: Readonly<Record<'extend32', Unary<'v128'>> & Record<'narrow', Binary<'v128'>>> = {
  extend32: un128(169),
  narrow: bin128(134),
};

export const i32x4: Readonly<
  Record<'const', (value: number) => V128> &
    Record<'splat', Unary<'i32', 'v128'>> &
    Record<'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge' | 'add' | 'sub' | 'mul' | 'min' | 'max', Binary<'v128'>> &
    Record<'abs' | 'neg' | 'truncF32' | 'truncF64', Unary<'v128'>> &
    Record<'shl' | 'shr' | 'shrU', (a: V128, by: I32) => V128>
> = {
  const: (value: number): V128 => often(word32(value)),
  splat: un<'i32', 'v128'>('v128', ...wide(17)),
  eq: bin128(55),
  ne: bin128(56),
  lt: bin128(57),
  gt: bin128(59),
  le: bin128(61),
  ge: bin128(63),
  abs: un128(160),
  neg: un128(161),
  shl: (a: V128, by: I32): V128 => expr('v128', [a.code, by.code, ...wide(171)]),
  shr: (a: V128, by: I32): V128 => expr('v128', [a.code, by.code, ...wide(172)]),
  shrU: (a: V128, by: I32): V128 => expr('v128', [a.code, by.code, ...wide(173)]),
  add: bin128(174),
  sub: bin128(177),
  mul: bin128(181),
  min: bin128(182),
  max: bin128(184),
  truncF32: un128(248),
  /** The two float64 lanes to the low lanes, saturated; zeros above. */
  truncF64: un128(252),
};

export const i64x2: Readonly<
  Record<'const', (value: bigint) => V128> &
    Record<'splat', Unary<'i64', 'v128'>> &
    Record<'lane', (v: V128, i: number) => I64> &
    Record<'extend', Unary<'v128'>> &
    Record<'shl' | 'shr' | 'shrU', (a: V128, by: I32) => V128> &
    Record<'add' | 'sub' | 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge', Binary<'v128'>>
> = {
  const: (value: bigint): V128 => twice(word64(value)),
  splat: un<'i64', 'v128'>('v128', ...wide(18)),
  lane: (v: V128, i: number): I64 => expr('i64', [v.code, ...wide(29), i]),
  extend: un128(199),
  shl: (a: V128, by: I32): V128 => expr('v128', [a.code, by.code, ...wide(203)]),
  shr: (a: V128, by: I32): V128 => expr('v128', [a.code, by.code, ...wide(204)]),
  shrU: (a: V128, by: I32): V128 => expr('v128', [a.code, by.code, ...wide(205)]),
  add: bin128(206),
  sub: bin128(209),
  eq: bin128(214),
  ne: bin128(215),
  lt: bin128(216),
  gt: bin128(217),
  le: bin128(218),
  ge: bin128(219),
};

export const f32x4: Readonly<
  Record<'const', (value: number) => V128> &
    Record<'splat', Unary<'f32', 'v128'>> &
    Record<'replace', (v: V128, i: number, value: F32) => V128> &
    Record<
      'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge' | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'pmin' | 'pmax',
      Binary<'v128'>
    > &
    Record<'demote' | 'ceil' | 'floor' | 'trunc' | 'nearest' | 'abs' | 'neg' | 'sqrt' | 'ofI32', Unary<'v128'>> &
    Record<'madd', (a: V128, b: V128, c: V128) => V128>
> = {
  const: (value: number): V128 => often(float32(value)),
  splat: un<'f32', 'v128'>('v128', ...wide(19)),
  replace: (v: V128, i: number, value: F32): V128 => expr('v128', [v.code, value.code, ...wide(32), i]),
  eq: bin128(65),
  ne: bin128(66),
  lt: bin128(67),
  gt: bin128(68),
  le: bin128(69),
  ge: bin128(70),
  /** The two float64 lanes to the low lanes; zeros above. */
  demote: un128(94),
  ceil: un128(103),
  floor: un128(104),
  trunc: un128(105),
  nearest: un128(106),
  abs: un128(224),
  neg: un128(225),
  sqrt: un128(227),
  add: bin128(228),
  sub: bin128(229),
  mul: bin128(230),
  div: bin128(231),
  min: bin128(232),
  max: bin128(233),
  pmin: bin128(234),
  pmax: bin128(235),
  ofI32: un128(250),
  /** a·b + c in one rounding or two: relaxed SIMD leaves it to the machine. */
  madd: (a: V128, b: V128, c: V128): V128 => expr('v128', [a.code, b.code, c.code, ...wide(0x105)]),
};

export const f64x2: Readonly<
  Record<'const', (value: number) => V128> &
    Record<'splat', Unary<'f64', 'v128'>> &
    Record<'replace', (v: V128, i: number, value: F64) => V128> &
    Record<
      'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge' | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'pmin' | 'pmax',
      Binary<'v128'>
    > &
    Record<'promote' | 'ceil' | 'floor' | 'trunc' | 'nearest' | 'abs' | 'neg' | 'sqrt' | 'ofI32', Unary<'v128'>> &
    Record<'madd', (a: V128, b: V128, c: V128) => V128>
> = {
  const: (value: number): V128 => twice(float64(value)),
  splat: un<'f64', 'v128'>('v128', ...wide(20)),
  replace: (v: V128, i: number, value: F64): V128 => expr('v128', [v.code, value.code, ...wide(34), i]),
  eq: bin128(71),
  ne: bin128(72),
  lt: bin128(73),
  gt: bin128(74),
  le: bin128(75),
  ge: bin128(76),
  /** The low two float32 lanes. */
  promote: un128(95),
  ceil: un128(116),
  floor: un128(117),
  trunc: un128(122),
  nearest: un128(148),
  abs: un128(236),
  neg: un128(237),
  sqrt: un128(239),
  add: bin128(240),
  sub: bin128(241),
  mul: bin128(242),
  div: bin128(243),
  min: bin128(244),
  max: bin128(245),
  pmin: bin128(246),
  pmax: bin128(247),
  /** The low two int32 lanes. */
  ofI32: un128(254),
  madd: (a: V128, b: V128, c: V128): V128 => expr('v128', [a.code, b.code, c.code, ...wide(0x107)]),
};
