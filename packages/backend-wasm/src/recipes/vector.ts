/**
 * What a matrix product needs of the lanes of its dtype. The one idea: with SIMD or without, and for every dtype, the same
 * loops with other instructions. Must not import plans.
 */
import { bytesPerElement } from '@jacobi/backend';
import type { Code } from '../assembler/bytes.ts';
import type { Expr, ValueType } from '../assembler/expr.ts';
import { f32, f64, i32 } from '../assembler/expr.ts';
import { f32x4, f64x2, i32x4, v128 } from '../assembler/simd.ts';

export type Summand = 'float32' | 'float64' | 'int32';
type I32 = Expr<'i32'>;

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
    const table = (dtype === 'float32' ? f32 : dtype === 'float64' ? f64 : i32) as unknown as Record<
      'mul',
      Vector['add']
    >;
    return { ...one, dtype, bytes, width: 1, spread: one.load, madd: (a, b, c) => one.add(c, table.mul(a, b)) };
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
  };
}
