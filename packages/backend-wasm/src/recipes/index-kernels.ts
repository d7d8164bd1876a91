/**
 * Gather, scatter, scan and random words.
 * The one idea: plain loops in the order that the kernels state; rows of `inner` elements are moved whole.
 * Must not import plans.
 */
import type { DType } from '@jacobi/backend';
import { bytesPerElement } from '@jacobi/backend';
import type { Expr, ValueType } from '../assembler/expr.ts';
import { f32, f64, i32 } from '../assembler/expr.ts';
import type { FunctionBuilder, Local } from '../assembler/function.ts';
import { f32x4, f64x2, i32x4, v128 } from '../assembler/simd.ts';
import type { Recipe } from '../library.ts';

type I32 = Expr<'i32'>;
const params = (count: number): ValueType[] => Array.from({ length: count }, () => 'i32');

const load = (dtype: DType, at: I32): Expr =>
  dtype === 'float64'
    ? f64.load(at)
    : dtype === 'float32'
      ? f32.load(at)
      : dtype === 'int32'
        ? i32.load(at)
        : i32.load8(at);

function store(f: FunctionBuilder, dtype: DType, at: I32, value: Expr): void {
  if (dtype === 'float64') f.do(f64.store(at, value as Expr<'f64'>));
  else if (dtype === 'float32') f.do(f32.store(at, value as Expr<'f32'>));
  else f.do((dtype === 'int32' ? i32.store : i32.store8)(at, value as I32));
}

const missing = (dtype: DType): Expr =>
  dtype === 'float64' ? f64.const(NaN) : dtype === 'float32' ? f32.const(NaN) : i32.const(0);

/**
 * Calls `visit` for each index with the addresses of its row in order and of its row along the axis:
 * (batch, outer, size, count, inner, in order, indices, along the axis).
 */
function eachIndex(
  f: FunctionBuilder,
  dtype: DType,
  visit: (inOrder: Local<'i32'>, along: Local<'i32'>, inner: I32, inside: I32) => void,
): void {
  const [batch, outer, size, count, inner] = [0, 1, 2, 3, 4].map<Local<'i32'>>((i) => f.param(i, 'i32'));
  const [ordered, indices, axis] = [f.param(5, 'i32'), f.param(6, 'i32'), f.param(7, 'i32')];
  const bytes = f.let(i32.mul(inner!, i32.const(bytesPerElement(dtype))));
  f.for(batch!, () => {
    f.for(outer!, () => {
      f.for(count!, (i) => {
        const index = f.let(i32.load(i32.add(indices, i32.shl(i, i32.const(2)))));
        const row = f.let(i32.add(axis, i32.mul(index, bytes)));
        const from = f.let(ordered);
        visit(from, row, inner!, i32.ltU(index, size!));
        f.increment(ordered, bytes);
      });
      f.increment(axis, i32.mul(size!, bytes));
    });
    f.increment(indices, i32.shl(count!, i32.const(2)));
  });
}

/** A row of `inner` elements from one place to another: vectors as long as there are whole ones, then single elements. */
function eachElement(
  f: FunctionBuilder,
  dtype: DType,
  inner: I32,
  moving: readonly Local<'i32'>[],
  vector: (() => void) | undefined,
  single: () => void,
): void {
  const step = bytesPerElement(dtype);
  const left = f.let(inner);
  const advance = (elements: number): void => {
    for (const each of moving) f.increment(each, elements * step);
    f.increment(left, -elements);
  };
  if (vector) {
    f.while(i32.ge(left, i32.const(16 / step)), () => {
      vector();
      advance(16 / step);
    });
  }
  f.while(i32.gt(left, i32.const(0)), () => {
    single();
    advance(1);
  });
}

/** (batch, outer, size, count, inner, output, indices, source) */
export function gatherRecipe(dtype: DType, simd: boolean): Recipe {
  const step = bytesPerElement(dtype);
  return {
    params: params(8),
    results: [],
    write(f) {
      eachIndex(f, dtype, (to, from, inner, inside) => {
        const vector = simd ? (): void => f.do(v128.store(to, v128.load(from))) : undefined;
        f.if(
          inside,
          () => eachElement(f, dtype, inner, [to, from], vector, () => store(f, dtype, to, load(dtype, from))),
          () =>
            f.for(inner, () => {
              store(f, dtype, to, missing(dtype));
              f.increment(to, step);
            }),
        );
      });
    },
  };
}

/** (batch, outer, size, count, inner, updates, indices, output) */
export function scatterRecipe(dtype: 'float32' | 'float64' | 'int32', simd: boolean): Recipe {
  const add = { float32: f32, float64: f64, int32: i32 }[dtype].add as (a: Expr, b: Expr) => Expr;
  const lanes = { float32: f32x4, float64: f64x2, int32: i32x4 }[dtype];
  return {
    params: params(8),
    results: [],
    write(f) {
      eachIndex(f, dtype, (from, to, inner, inside) => {
        const sum = (): Expr<'v128'> => lanes.add(v128.load(to), v128.load(from));
        const vector = simd ? (): void => f.do(v128.store(to, sum())) : undefined;
        f.if(inside, () =>
          eachElement(f, dtype, inner, [to, from], vector, () =>
            store(f, dtype, to, add(load(dtype, to), load(dtype, from))),
          ),
        );
      });
    },
  };
}

/** Floating recurrences run in float64: (outer, length, inner, bytes from element to element, values, factors, output). */
export function scanRecipe(form: 'sum' | 'product' | 'linear', dtype: 'float32' | 'float64' | 'int32'): Recipe {
  const whole = dtype === 'int32';
  const [add, mul] = (whole ? [i32.add, i32.mul] : [f64.add, f64.mul]) as [Binary, Binary];
  const read = (at: I32): Expr => (dtype === 'float32' ? f64.promote(f32.load(at)) : load(dtype, at));
  const first = form === 'product' ? 1 : 0;
  return {
    params: params(7),
    results: [],
    write(f) {
      const [outer, length, inner, step] = [0, 1, 2, 3].map<Local<'i32'>>((i) => f.param(i, 'i32'));
      const rows = [4, 5, 6].map((i) => f.param(i, 'i32'));
      const start = whole ? i32.const(first) : f64.const(first);
      f.for(i32.mul(outer!, inner!), (o) => {
        const t = f.let(start);
        const [values, factors, output] = rows.map((row) => f.let(row)) as [Local<'i32'>, Local<'i32'>, Local<'i32'>];
        f.for(length!, () => {
          const v = read(values);
          f.set(t, form === 'sum' ? add(t, v) : form === 'product' ? mul(t, v) : add(v, mul(read(factors), t)));
          store(f, dtype, output, dtype === 'float32' ? f32.demote(t as Expr<'f64'>) : t);
          for (const at of [values, factors, output]) f.increment(at, step!);
        });
        nextRow(f, rows, o, inner!, length!, bytesPerElement(dtype));
      });
    },
  };
}
type Binary = (a: Expr, b: Expr) => Expr;

/** From one place of the inner axis to the next; after the last, over all rows to the next outer one. */
function nextRow(
  f: FunctionBuilder,
  rows: readonly Local<'i32'>[],
  o: I32,
  inner: I32,
  length: I32,
  size: number,
): void {
  const last = i32.eqz(i32.rem(i32.add(o, i32.const(1)), inner));
  for (const row of rows) f.increment(row, size);
  f.if(last, () => {
    const over = f.let(i32.mul(i32.mul(i32.sub(length, i32.const(1)), inner), i32.const(size)));
    for (const row of rows) f.increment(row, over);
  });
}

const PARITY = 0x1bd11bda;
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** Threefry-2x32 with 20 rounds (Salmon et al., SC 2011, section 3.3): (batch, count, keys, output). */
export function randomRecipe(): Recipe {
  return {
    params: params(4),
    results: [],
    write(f) {
      const [batch, count, keys, output] = [0, 1, 2, 3].map<Local<'i32'>>((i) => f.param(i, 'i32'));
      f.for(batch!, () => {
        f.for(
          count!,
          (i) => {
            const [x, y] = threefry(f, f.let(i32.load(keys!)), f.let(i32.load(keys!, 4)), i32.shrU(i, i32.const(1)));
            f.do(i32.store(output!, x));
            f.increment(output!, 4);
            f.if(i32.lt(i32.add(i, i32.const(1)), count!), () => {
              f.do(i32.store(output!, y));
              f.increment(output!, 4);
            });
          },
          2,
        );
        f.increment(keys!, 8);
      });
    },
  };
}

/** The block of the counter (0, c). */
function threefry(f: FunctionBuilder, k0: I32, k1: I32, c: I32): [I32, I32] {
  const schedule = [k0, k1, f.let(i32.xor(i32.xor(k0, k1), i32.const(PARITY)))];
  const x = f.let(k0);
  const y = f.let(i32.add(c, k1));
  for (let injection = 1; injection <= 5; injection++) {
    for (const by of ROTATIONS[(injection + 1) % 2]!) {
      f.set(x, i32.add(x, y));
      f.set(y, i32.xor(i32.rotl(y, i32.const(by)), x));
    }
    f.set(x, i32.add(x, schedule[injection % 3]!));
    f.set(y, i32.add(i32.add(y, schedule[(injection + 1) % 3]!), i32.const(injection)));
  }
  return [x, y];
}
