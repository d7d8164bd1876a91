/**
 * How a loop reads and writes elements in memory: one after the other, one for all, or some distance apart.
 * The one idea: loads may read past the end (memory has room there, and what they read is not used), stores may not.
 * Must not import scalar functions.
 */
import type { DType } from '@jacobi/backend';
import { bytesPerElement } from '@jacobi/backend';
import type { Expr } from './assembler/expr.ts';
import { f32, f64, i32 } from './assembler/expr.ts';
import type { FunctionBuilder } from './assembler/function.ts';
import { i8x16, i16x8, i32x4, v128 } from './assembler/simd.ts';
import type { Value } from './value.ts';
import { elementOf } from './value.ts';

/** Distance of an operand's elements along a row: an element, none, or another number of bytes, told when it runs. */
export type Spacing = 'unit' | 'zero' | 'any';

type I32 = Expr<'i32'>;
type V = Expr<'v128'>;

function loadOne(dtype: DType, address: I32): Expr {
  switch (dtype) {
    case 'float32':
      return f32.load(address);
    case 'float64':
      return f64.load(address);
    case 'int32':
      return i32.load(address);
    case 'bool':
      return i32.load8(address);
  }
}

export function storeOne(f: FunctionBuilder, dtype: DType, address: I32, value: Expr, offset = 0): void {
  switch (dtype) {
    case 'float32':
      return f.do(f32.store(address, value as Expr<'f32'>, offset));
    case 'float64':
      return f.do(f64.store(address, value as Expr<'f64'>, offset));
    case 'int32':
      return f.do(i32.store(address, value as I32, offset));
    case 'bool':
      return f.do(i32.store8(address, value as I32, offset));
  }
}

/** Bytes widened to masks. */
export const masks = (bytes: V): V => i32x4.ne(i16x8.extend32(i8x16.extend16(bytes)), i32x4.const(0));

/** Up to four elements; `left` says how many there are. */
export function loadValue(
  f: FunctionBuilder,
  dtype: DType,
  address: I32,
  spacing: Spacing,
  stride: I32 | undefined,
  left: I32,
  simd: boolean,
): Value {
  if (!simd) return { dtype, parts: [f.let(loadOne(dtype, address))] };
  const parts = spacing === 'any' ? loadApart(f, dtype, address, stride!, left) : loadTogether(dtype, address, spacing);
  return { dtype, parts: parts.map((part) => f.let(dtype === 'bool' ? masks(part) : part)) };
}

function loadTogether(dtype: DType, address: I32, spacing: 'unit' | 'zero'): V[] {
  const unit = spacing === 'unit';
  switch (dtype) {
    case 'float32':
    case 'int32':
      return [unit ? v128.load(address) : v128.splat32(address)];
    case 'float64':
      return unit ? [v128.load(address), v128.load(address, 16)] : [v128.splat64(address), v128.splat64(address)];
    case 'bool':
      return [unit ? v128.load32(address) : v128.splat8(address)];
  }
}

/** Lane by lane, and only those that there are: others could lie outside of memory. */
function loadApart(f: FunctionBuilder, dtype: DType, address: I32, stride: I32, left: I32): V[] {
  const at = f.let(address);
  const parts = dtype === 'float64' ? [f.let(v128.splat64(at)), f.local('v128')] : [f.let(first(dtype, at))];
  for (let i = 1; i < 4; i++) {
    f.if(i32.gt(left, i32.const(i)), () => {
      f.set(at, i32.add(at, stride));
      const part = parts[dtype === 'float64' ? i >> 1 : 0]!;
      if (dtype === 'float64') f.set(part, v128.loadLane64(at, part, i & 1));
      else f.set(part, dtype === 'bool' ? v128.loadLane8(at, part, i) : v128.loadLane32(at, part, i));
    });
  }
  return parts;
}

const first = (dtype: DType, at: I32): V => (dtype === 'bool' ? v128.splat8(at) : v128.splat32(at));

/** Writes as many of the four elements as are left. */
export function storeValue(
  f: FunctionBuilder,
  value: Value,
  address: I32,
  spacing: Spacing,
  stride: I32 | undefined,
  left: I32,
  simd: boolean,
): void {
  const { dtype } = value;
  if (!simd) return storeOne(f, dtype, address, value.parts[0]!);
  if (spacing !== 'unit') return storeApart(f, value, address, stride!, left);
  f.if(
    i32.ge(left, i32.const(4)),
    () => storeTogether(f, value, address),
    () => storeApart(f, value, address, i32.const(bytesPerElement(dtype)), left),
  );
}

function storeTogether(f: FunctionBuilder, { dtype, parts }: Value, address: I32): void {
  const [a, b] = parts as [V, V];
  if (dtype === 'bool') {
    const words = i16x8.narrow(v128.and(a, i32x4.const(1)), i32x4.const(0));
    f.do(v128.storeLane32(address, i8x16.narrow(words, i32x4.const(0)), 0));
    return;
  }
  f.do(v128.store(address, a));
  if (dtype === 'float64') f.do(v128.store(address, b, 16));
}

function storeApart(f: FunctionBuilder, value: Value, address: I32, stride: I32, left: I32): void {
  const at = f.let(address);
  storeOne(f, value.dtype, at, elementOf(value, 0, 4));
  for (let i = 1; i < 4; i++) {
    f.if(i32.gt(left, i32.const(i)), () => {
      f.set(at, i32.add(at, stride));
      storeOne(f, value.dtype, at, elementOf(value, i, 4));
    });
  }
}
