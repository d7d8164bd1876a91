/**
 * What a matrix product needs of the lanes of its dtype. The one idea: with SIMD or without, and for every dtype, the same
 * loops with other instructions. Must not import plans.
 */
import { bytesPerElement } from '@jacobi/backend';
import type { Code } from '../assembler/bytes.ts';
import type { Expr, ValueType } from '../assembler/expr.ts';
import { f32, f64, i32 } from '../assembler/expr.ts';
import { f32x4, f64x2, i32x4, v128 } from '../assembler/simd.ts';
import { join, upperHalf } from '../value.ts';

export type Summand = 'float32' | 'float64' | 'int32';
type I32 = Expr<'i32'>;
type V = Expr<'v128'>;

export interface Vector {
  readonly type: ValueType;
  readonly dtype: Summand;
  /** Elements of one. */
  readonly width: number;
  readonly bytes: number;
  readonly zero: Expr;
  readonly load: (at: I32, offset?: number) => Expr;
  /** One element for all lanes. */
  readonly spread: (at: I32, offset?: number) => Expr;
  readonly store: (at: I32, value: Expr, offset?: number) => Code;
  readonly add: (a: Expr, b: Expr) => Expr;
  /** Bytes of a vector's sums of blocks: in float64 for float32. */
  readonly sumBytes: number;
  /** Writes nothing, as a sum of blocks: −0, which added to anything changes nothing. A vector of it at a time. */
  readonly clear: (at: I32, offset: number) => Code;
  /** Adds a block's sum, which can be read many times, to the sum of blocks at an address. */
  readonly join: (at: I32, block: Expr, offset: number) => Code[];
  /** The sum of blocks at an address, rounded. */
  readonly rounded: (at: I32, offset: number) => Expr;
  /** a·b + c, rounded twice, or once where the machine can and it was asked for. */
  readonly madd: (a: Expr, b: Expr, c: Expr) => Expr;
}

/** One element by itself. */
export function aloneOf(
  dtype: Summand,
): Pick<Vector, 'load' | 'store' | 'add'> & { readonly type: ValueType; readonly zero: Expr } {
  const table = dtype === 'float32' ? f32 : dtype === 'float64' ? f64 : i32;
  const type = dtype === 'float32' ? 'f32' : dtype === 'float64' ? 'f64' : 'i32';
  return {
    type,
    zero: table.const(0),
    load: table.load,
    store: table.store as Vector['store'],
    add: table.add as Vector['add'],
  };
}

/** `fused`: with relaxed SIMD's multiply-add, for floats. */
export function vectorOf(dtype: Summand, simd: boolean, fused: boolean): Vector {
  const bytes = bytesPerElement(dtype);
  if (!simd) {
    const one = aloneOf(dtype);
    const { mul } = (dtype === 'float32' ? f32 : dtype === 'float64' ? f64 : i32) as unknown as Record<
      'mul',
      Vector['add']
    >;
    const madd: Vector['madd'] = (a, b, c) => one.add(c, mul(a, b));
    return { ...one, dtype, bytes, width: 1, spread: one.load, madd, ...sumsAlone(dtype, one) };
  }
  const table = dtype === 'float32' ? f32x4 : dtype === 'float64' ? f64x2 : i32x4;
  const { add, mul } = table as unknown as Record<'add' | 'mul', Vector['add']>;
  const relaxed = dtype === 'float32' ? f32x4.madd : f64x2.madd;
  return {
    type: 'v128',
    dtype,
    bytes,
    width: 16 / bytes,
    zero: i32x4.const(0),
    load: v128.load,
    spread: bytes === 8 ? v128.splat64 : v128.splat32,
    store: v128.store as Vector['store'],
    add,
    madd: fused && dtype !== 'int32' ? (relaxed as Vector['madd']) : (a, b, c) => add(c, mul(a, b)),
    ...(dtype === 'float32' ? SINGLES : sumsOf(dtype, add)),
  };
}

type Sums = Pick<Vector, 'sumBytes' | 'clear' | 'join' | 'rounded'>;

/** Sums of blocks of float64 or int32 are of the same dtype. */
function sumsOf(dtype: Summand, add: Vector['add']): Sums {
  return {
    sumBytes: 16,
    clear: (at, offset) => v128.store(at, dtype === 'int32' ? i32x4.const(0) : f64x2.const(-0), offset),
    join: (at, block, offset) => [v128.store(at, add(v128.load(at, offset), block) as V, offset)],
    rounded: (at, offset) => v128.load(at, offset),
  };
}

/** Sums of blocks of float32: two vectors of float64. */
const SINGLES: Sums = {
  sumBytes: 32,
  clear: (at, offset) => v128.store(at, f64x2.const(-0), offset),
  join: (at, block, offset) =>
    [block as V, upperHalf(block as V)].map((half, i) => {
      const to = offset + 16 * i;
      return v128.store(at, f64x2.add(v128.load(at, to), f64x2.promote(half)), to);
    }),
  rounded: (at, offset) => join(f32x4.demote(v128.load(at, offset)), f32x4.demote(v128.load(at, offset + 16))),
};

function sumsAlone(dtype: Summand, one: Pick<Vector, 'add' | 'load' | 'store'>): Sums {
  if (dtype !== 'float32') {
    return {
      sumBytes: bytesPerElement(dtype),
      clear: (at, offset) =>
        dtype === 'int32' ? i32.store(at, i32.const(0), offset) : f64.store(at, f64.const(-0), offset),
      join: (at, block, offset) => [one.store(at, one.add(one.load(at, offset), block), offset)],
      rounded: one.load,
    };
  }
  return {
    sumBytes: 8,
    clear: (at, offset) => f64.store(at, f64.const(-0), offset),
    join: (at, block, offset) => [
      f64.store(at, f64.add(f64.load(at, offset), f64.promote(block as Expr<'f32'>)), offset),
    ],
    rounded: (at, offset) => f32.demote(f64.load(at, offset)),
  };
}
