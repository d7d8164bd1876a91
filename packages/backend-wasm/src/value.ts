/**
 * Values inside a fused loop: four elements of one dtype in vectors, or one alone, and their conversions.
 * The one idea: four elements whatever their size, so that dtypes mix freely: float64 takes two vectors, the others one. A
 * bool is a mask while it is computed with, a byte in memory. Must not import scalar functions.
 */
import type { DType } from '@jacobi/backend';
import type { Expr } from './assembler/expr.ts';
import { choose, f32, f64, i32 } from './assembler/expr.ts';
import type { FunctionBuilder } from './assembler/function.ts';
import { f32x4, f64x2, i32x4, v128 } from './assembler/simd.ts';

/** Elements that go together: four in vectors, two in vectors where all are float64 (a bool is as wide then), or one alone. */
export type Width = 1 | 2 | 4;

/** Elements of one dtype: one part, or two vectors for four of float64. */
export interface Value {
  readonly dtype: DType;
  readonly parts: readonly Expr[];
}

type V = Expr<'v128'>;
const UPPER_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
/** The low halves of the lanes of 64 bits of two vectors. */
const LOW_WORDS = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
const JOIN_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const TWICE_LOW = [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7];
const TWICE_HIGH = TWICE_LOW.map((b) => b + 8);

export const upperHalf = (v: V): V => v128.shuffle(v, v, UPPER_HALF);
export const join = (a: V, b: V): V => v128.shuffle(a, b, JOIN_HALVES);

/** Converts as JavaScript's arrays do, but float to int32 saturates and NaN gives 0. */
export function convert(f: FunctionBuilder, value: Value, to: DType, width: Width): Value {
  if (value.dtype === to) return value;
  const [first] = value.parts;
  let parts: Expr[];
  if (width === 1) parts = [convertAlone(value.dtype, first!, to)];
  else if (width === 2) parts = [convertPair(first as V, to)];
  else parts = convertVectors(value.dtype, value.parts as readonly V[], to);
  return { dtype: to, parts: parts.map((part) => f.let(part)) };
}

function convertVectors(from: DType, [a, b]: readonly V[], to: DType): V[] {
  const v = a!;
  switch (to) {
    case 'float64': {
      const halves = from === 'bool' ? v128.and(v, i32x4.const(1)) : v;
      const widen = from === 'float32' ? f64x2.promote : f64x2.ofI32;
      return [widen(halves), widen(upperHalf(halves))];
    }
    case 'float32':
      if (from === 'float64') return [join(f32x4.demote(v), f32x4.demote(b!))];
      return [from === 'bool' ? v128.and(v, f32x4.const(1)) : f32x4.ofI32(v)];
    case 'int32':
      if (from === 'float64') return [join(i32x4.truncF64(v), i32x4.truncF64(b!))];
      return [from === 'bool' ? v128.and(v, i32x4.const(1)) : i32x4.truncF32(v)];
    case 'bool': {
      if (from === 'float32') return [f32x4.ne(v, f32x4.const(0))];
      if (from === 'int32') return [i32x4.ne(v, i32x4.const(0))];
      const zero = f64x2.const(0);
      return [v128.shuffle(f64x2.ne(v, zero), f64x2.ne(b!, zero), LOW_WORDS)];
    }
  }
}

/** Between float64 and masks of its width. */
function convertPair(v: V, to: DType): V {
  return to === 'bool' ? f64x2.ne(v, f64x2.const(0)) : v128.and(v, f64x2.const(1));
}

function convertAlone(from: DType, part: Expr, to: DType): Expr {
  const [single, double, int] = [part as Expr<'f32'>, part as Expr<'f64'>, part as Expr<'i32'>];
  switch (to) {
    case 'float64':
      return from === 'float32' ? f64.promote(single) : f64.ofI32(int);
    case 'float32':
      return from === 'float64' ? f32.demote(double) : f32.ofI32(int);
    case 'int32':
      return from === 'bool' ? int : from === 'float64' ? i32.truncF64(double) : i32.truncF32(single);
    case 'bool':
      if (from === 'float64') return f64.ne(double, f64.const(0));
      return from === 'float32' ? f32.ne(single, f32.const(0)) : i32.ne(int, i32.const(0));
  }
}

/** Masks as wide as a dtype's lanes, for choices between its parts; and back. */
function widenMask(f: FunctionBuilder, mask: Expr, dtype: DType, width: Width): Expr[] {
  if (width < 4 || dtype !== 'float64') return [mask];
  return [TWICE_LOW, TWICE_HIGH].map((bytes) => f.let(v128.shuffle(mask as V, mask as V, bytes)));
}

export function narrowMasks(f: FunctionBuilder, masks: readonly Expr[]): Expr {
  return masks.length === 1 ? masks[0]! : f.let(v128.shuffle(masks[0] as V, masks[1] as V, LOW_WORDS));
}

/** The elements of `a` where the mask holds, else of `b`. */
export function pick(f: FunctionBuilder, mask: Expr, a: Value, b: Value, width: Width): Value {
  const masks = widenMask(f, mask, a.dtype, width);
  const parts = a.parts.map((part, i) => {
    if (width > 1) return f.let(v128.select(masks[i] as V, part as V, b.parts[i] as V));
    return f.let(choose(masks[0] as Expr<'i32'>, part as Expr<'f64'>, b.parts[0] as Expr<'f64'>));
  });
  return { dtype: a.dtype, parts };
}

/** A number in every lane, rounded to the dtype. */
export function constantValue(value: number, dtype: DType, width: Width): Value {
  const simd = width > 1;
  switch (dtype) {
    case 'float32':
      return { dtype, parts: [simd ? f32x4.const(value) : f32.const(value)] };
    case 'float64':
      if (width === 4) return { dtype, parts: [f64x2.const(value), f64x2.const(value)] };
      return { dtype, parts: [simd ? f64x2.const(value) : f64.const(value)] };
    case 'int32':
      return { dtype, parts: [simd ? i32x4.const(value) : i32.const(value)] };
    case 'bool':
      return { dtype, parts: [simd ? i32x4.const(value === 0 ? 0 : -1) : i32.const(value === 0 ? 0 : 1)] };
  }
}

/** The i-th of the four elements by itself: an i32 for int32 and bool. */
export function elementOf({ dtype, parts }: Value, i: number, width: Width): Expr {
  if (width === 1) return parts[0]!;
  const v = parts[0] as V;
  switch (dtype) {
    case 'float32':
      return f32.lane(v, i);
    case 'float64':
      return f64.lane(parts[i >> 1] as V, i & 1);
    case 'int32':
      return i32.lane(v, i);
    case 'bool':
      return i32.and(i32.lane(v, i), i32.const(1));
  }
}

/** Four elements put together; int32, float32 and float64. */
export function gatherElements(f: FunctionBuilder, dtype: DType, elements: readonly Expr[], width: Width): Value {
  if (width === 1) return { dtype, parts: [f.let(elements[0]!)] };
  const four = elements as readonly Expr<'f32'>[];
  if (dtype === 'float64') {
    const doubles = elements as readonly Expr<'f64'>[];
    const pair = (i: number): V => f.let(f64x2.replace(f64x2.splat(doubles[i]!), 1, doubles[i + 1]!));
    return { dtype, parts: [pair(0), pair(2)] };
  }
  const bits = dtype === 'int32' ? elements.map((x) => f32.ofBits(x as Expr<'i32'>)) : four;
  return { dtype, parts: [f.let([1, 2, 3].reduce((v, i) => f32x4.replace(v, i, bits[i]!), f32x4.splat(bits[0]!)))] };
}
