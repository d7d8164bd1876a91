/**
 * Many small matrix products, straight from where the operands lie.
 * The one idea: the tile of gemm.ts without its panels, which cost more than they save while an operand fits the nearest
 * cache. No more terms than a block has, so each result is one sum in their order. Must not import plans.
 */
import type { Expr } from '../assembler/expr.ts';
import { choose, i32 } from '../assembler/expr.ts';
import type { FunctionBuilder, Local } from '../assembler/function.ts';
import { v128 } from '../assembler/simd.ts';
import type { Recipe } from '../library.ts';
import type { RowSpec } from '../row.ts';
import type { Made } from './epilogue.ts';
import { stepsOf, writeEpilogue } from './epilogue.ts';
import { transpose } from './transpose.ts';
import type { Summand, Vector } from './vector.ts';
import { aloneOf, vectorOf } from './vector.ts';

type I32 = Expr<'i32'>;
type V = Expr<'v128'>;
const c = i32.const;

/** Rows of a tile. */
const ROWS = 4;

/** The parameters, in order; distances in bytes. */
const NAMES = [
  'batch',
  'left',
  'right',
  'out',
  'work',
  'm',
  'n',
  'k',
  'leftBatch',
  'leftM',
  'leftK',
  'rightBatch',
  'rightN',
  'rightK',
  'outBatch',
  'outM',
  'outN',
] as const;
export type SmallArguments = Readonly<Record<(typeof NAMES)[number], I32>>;
type Params = Readonly<Record<(typeof NAMES)[number], Local<'i32'>>>;

export const argumentsOf = (args: SmallArguments): I32[] => NAMES.map((name) => args[name]);

/** Bytes to pack one right operand into. */
export const smallWork = (dtype: Summand, n: number, k: number): number => (n + 8) * k * (dtype === 'float64' ? 8 : 4);

/** Whether rows of left lie next to each other. */
export type LeftWay = 'rows' | 'any';
/** How right's columns lie: next to each other, each together, or anywhere. */
export type RightWay = 'unit' | 'along' | 'any';

export interface SmallSpec {
  readonly dtype: Summand;
  readonly left: LeftWay;
  readonly right: RightWay;
}

/** An operand of an epilogue: where the row and column at hand lie, and bytes from product, row and column to the next. */
interface Operand {
  readonly at: Local<'i32'>;
  readonly batch: I32;
  readonly m: I32;
  readonly n: number;
}

/** The operands of an epilogue come last, each by its address and how far its products and rows lie apart. */
export function smallRecipe(
  { dtype, left: leftWay, right: way }: SmallSpec,
  simd: boolean,
  epilogue?: RowSpec,
): Recipe {
  const steps = stepsOf(epilogue, dtype === 'float64' ? 8 : 4);
  return {
    params: Array.from({ length: NAMES.length + 3 * steps.length }, () => 'i32' as const),
    results: [],
    write(f, importer) {
      const p = Object.fromEntries(NAMES.map((name, i) => [name, f.param(i, 'i32')])) as unknown as Params;
      const operands = steps.map((n, q): Operand => {
        const [at, batch, m] = [0, 1, 2].map((i) => f.param(NAMES.length + 3 * q + i, 'i32'));
        return { at: at!, batch: batch!, m: m!, n };
      });
      const made = epilogue && { row: epilogue, importer };
      const vector = vectorOf(dtype, simd, false);
      const { width, bytes } = vector;
      const row = way === 'unit' ? p.rightK : f.let(i32.mul(i32.and(i32.add(p.n, c(width - 1)), c(-width)), c(bytes)));
      f.while(i32.gt(p.batch, c(0)), () => {
        if (way === 'along') packAlong(f, vector, p, row);
        if (way === 'any') packAny(f, vector, p, row);
        const right = f.let(way === 'unit' ? p.right : p.work);
        const out = f.let(p.out);
        const left = f.let(p.n);
        const starts = operands.map(({ at }) => f.let(at));
        f.while(i32.gt(left, c(0)), () => {
          f.if(
            i32.gt(left, c(width)),
            () => columns(f, vector, p, { leftWay, right, row, out, left, vectors: 2, made, operands }),
            () => columns(f, vector, p, { leftWay, right, row, out, left, vectors: 1, made, operands }),
          );
          f.increment(right, 2 * width * bytes);
          f.set(out, i32.add(out, i32.mul(p.outN, c(2 * width))));
          f.increment(left, -2 * width);
          for (const { at, n } of operands) f.increment(at, 2 * width * n);
        });
        operands.forEach(({ at, batch }, q) => f.set(at, i32.add(starts[q]!, batch)));
        f.set(p.left, i32.add(p.left, p.leftBatch));
        f.set(p.right, i32.add(p.right, p.rightBatch));
        f.set(p.out, i32.add(p.out, p.outBatch));
        f.increment(p.batch, -1);
      });
    },
  };
}

/** Some columns of a product. */
interface Columns {
  readonly leftWay: LeftWay;
  readonly right: I32;
  /** Bytes from term to term. */
  readonly row: I32;
  readonly out: I32;
  readonly left: I32;
  readonly vectors: 1 | 2;
  readonly made: Made | undefined;
  readonly operands: readonly Operand[];
}

/** All rows of one or two vectors of columns. */
function columns(f: FunctionBuilder, vector: Vector, p: Params, spec: Columns): void {
  const { vectors, left, out, leftWay, made, operands } = spec;
  const { width, bytes } = vector;
  const [from, to, rows] = [f.let(p.left), f.let(out), f.let(p.m)];
  const own = operands.map(({ at }) => f.let(at));
  const finish = (sums: readonly Local[]): void => {
    if (made) writeEpilogue(f, vector, made, sums, own);
  };
  const down = (): void => {
    f.set(to, i32.add(to, p.outM));
    own.forEach((at, q) => f.set(at, i32.add(at, operands[q]!.m)));
  };
  const whole = f.let(i32.and(i32.eq(p.outN, c(bytes)), i32.ge(left, c(vectors * width))));
  f.while(i32.gt(rows, c(0)), () => {
    f.if(
      i32.and(whole, i32.ge(rows, c(ROWS))),
      () => {
        const at = f.let(from);
        const starts = [at];
        if (leftWay !== 'rows') for (let r = 1; r < ROWS; r++) starts.push(f.let(i32.add(starts[r - 1]!, p.leftM)));
        const sums = products(f, vector, p, spec, leftWay, starts);
        sums.forEach((each, r) => {
          finish(each);
          each.forEach((sum, i) => f.do(vector.store(to, sum, i * width * bytes)));
          if (r < ROWS - 1) down();
        });
      },
      () => {
        // Rows that are left over repeat the last.
        const starts = Array.from({ length: ROWS }, (_, r) => {
          const lane = r === 0 ? c(0) : choose(i32.gt(rows, c(r)), c(r), i32.sub(rows, c(1)));
          return f.let(i32.add(from, i32.mul(lane, p.leftM)));
        });
        const sums = products(f, vector, p, spec, 'any', starts);
        sums.forEach((each, r) => {
          const store = (): void => {
            finish(each);
            storeRow(f, vector, each, to, p.outN, left, whole);
          };
          if (r === 0) return store();
          f.if(i32.gt(rows, c(r)), () => {
            down();
            store();
          });
        });
      },
    );
    down();
    f.set(from, i32.add(from, i32.mul(p.leftM, c(ROWS))));
    f.increment(rows, -ROWS);
  });
}

/** A tile's sums. `starts`: where each row of left begins, or the first, where they lie next to each other. */
function products(
  f: FunctionBuilder,
  vector: Vector,
  p: Params,
  { vectors, right, row }: Columns,
  way: LeftWay,
  starts: readonly Local<'i32'>[],
): Local[][] {
  const { width, bytes } = vector;
  const sums = Array.from({ length: ROWS }, () => Array.from({ length: vectors }, () => f.let(vector.zero)));
  const term = f.let(right);
  // One term at a time, all of left first, as in gemm.ts.
  f.for(p.k, () => {
    const a = sums.map((_, r) => f.let(vector.spread(starts[way === 'rows' ? 0 : r]!, way === 'rows' ? r * bytes : 0)));
    const b = sums[0]!.map((_, i) => f.let(vector.load(term, i * width * bytes)));
    b.forEach((each, i) => {
      sums.forEach((own, r) => f.set(own[i]!, vector.madd(a[r]!, each, own[i]!)));
    });
    f.set(term, i32.add(term, row));
    for (const each of starts) f.set(each, i32.add(each, p.leftK));
  });
  return sums;
}

function storeRow(
  f: FunctionBuilder,
  { dtype, bytes, width, type, store }: Vector,
  sums: readonly Local[],
  to: I32,
  step: I32,
  left: I32,
  whole: I32,
): void {
  const one = (i: number, at: I32): void => {
    const sum = sums[Math.floor(i / width)]! as Expr<'v128'>;
    if (type !== 'v128') f.do(aloneOf(dtype).store(at, sum));
    else if (bytes === 8) f.do(v128.storeLane64(at, sum, i % width));
    else f.do(v128.storeLane32(at, sum, i % width));
  };
  const each = (): void => {
    const at = f.let(to);
    one(0, at);
    for (let i = 1; i < sums.length * width; i++) {
      f.if(i32.gt(left, c(i)), () => {
        f.set(at, i32.add(at, step));
        one(i, at);
      });
    }
  };
  f.if(whole, () => sums.forEach((sum, i) => f.do(store(to, sum, i * width * bytes))), each);
}

/** Distances of a tiny product in bytes, and its sizes. */
export interface Tiny extends Readonly<Record<'m' | 'n' | 'k', number>> {
  readonly left: { readonly m: number; readonly k: number };
  readonly right: { readonly n: number; readonly k: number };
  readonly out: { readonly m: number; readonly n: number };
}

/** A product so small that it is written out: no loops, distances in the code. All are at least 0. */
export function writeTiny(f: FunctionBuilder, vector: Vector, tiny: Tiny, left: I32, right: I32, out: I32): void {
  const { m, n, k } = tiny;
  const { width, bytes, dtype, type } = vector;
  for (let j = 0; j < n; j += width) {
    const count = Math.min(width, n - j);
    const sums = Array.from({ length: m }, () => f.let(vector.zero));
    for (let t = 0; t < k; t++) {
      const at = j * tiny.right.n + t * tiny.right.k;
      let b = tiny.right.n === bytes ? f.let(vector.load(right, at)) : f.let(vector.spread(right, at));
      if (tiny.right.n !== bytes) {
        const next = bytes === 8 ? v128.loadLane64 : v128.loadLane32;
        for (let i = 1; i < count; i++) b = f.let(next(right, b as V, i, at + i * tiny.right.n));
      }
      sums.forEach((sum, i) => {
        const a = vector.spread(left, i * tiny.left.m + t * tiny.left.k);
        f.set(sum, vector.madd(a, b, sum));
      });
      f.release(b);
    }
    sums.forEach((sum, i) => {
      const at = i * tiny.out.m + j * tiny.out.n;
      if (count === width && tiny.out.n === bytes) return f.do(vector.store(out, sum, at));
      for (let lane = 0; lane < count; lane++) {
        const to = at + lane * tiny.out.n;
        if (type !== 'v128') f.do(aloneOf(dtype).store(out, sum, to));
        else if (bytes === 8) f.do(v128.storeLane64(out, sum as V, lane, to));
        else f.do(v128.storeLane32(out, sum as V, lane, to));
      }
    });
    f.release(...sums);
  }
}

/** Columns that lie together each, turned over square by square; lanes that are left over repeat the last column. */
function packAlong(f: FunctionBuilder, vector: Vector, p: Params, row: I32): void {
  const { width, bytes } = vector;
  const one = aloneOf(vector.dtype);
  const [left, from, to] = [f.let(p.n), f.let(p.right), f.let(p.work)];
  f.while(i32.gt(left, c(0)), () => {
    const at = Array.from({ length: width }, (_, r) => {
      const lane = r === 0 ? c(0) : choose(i32.gt(left, c(r)), c(r), i32.sub(left, c(1)));
      return f.let(i32.add(from, i32.mul(lane, p.rightN)));
    });
    const [terms, put] = [f.let(p.k), f.let(to)];
    const advance = (by: number): void => {
      for (const each of at) f.increment(each, by * bytes);
      f.increment(terms, -by);
    };
    if (width > 1) {
      f.while(i32.ge(terms, c(width)), () => {
        const square = transpose(
          f,
          at.map((each) => f.let(v128.load(each))),
        );
        for (const column of square) {
          f.do(v128.store(put, column));
          f.set(put, i32.add(put, row));
        }
        advance(width);
      });
    }
    f.while(i32.gt(terms, c(0)), () => {
      at.forEach((each, r) => f.do(one.store(put, one.load(each), r * bytes)));
      f.set(put, i32.add(put, row));
      advance(1);
    });
    f.set(from, i32.add(from, i32.mul(p.rightN, c(width))));
    f.increment(to, width * bytes);
    f.increment(left, -width);
  });
}

/** Element by element. */
function packAny(f: FunctionBuilder, { dtype, bytes }: Vector, p: Params, row: I32): void {
  const one = aloneOf(dtype);
  const [from, to] = [f.let(p.right), f.let(p.work)];
  f.for(p.k, () => {
    const [at, put] = [f.let(from), f.let(to)];
    f.for(p.n, () => {
      f.do(one.store(put, one.load(at)));
      f.set(at, i32.add(at, p.rightN));
      f.increment(put, bytes);
    });
    f.set(from, i32.add(from, p.rightK));
    f.set(to, i32.add(to, row));
  });
}
