/**
 * Sums of products side by side: as many results as there are lanes, each in the order of its terms.
 * The one idea: a result is the same sum as in a matrix product (gemm.ts): blocks of 128 products, added in float64. So
 * lanes go across results; where the terms of one lie together, squares of them are turned over. Must not import plans.
 */
import type { Expr } from '../assembler/expr.ts';
import { choose, f32, f64, i32 } from '../assembler/expr.ts';
import type { FunctionBuilder, Local } from '../assembler/function.ts';
import { f32x4, f64x2, v128 } from '../assembler/simd.ts';
import type { Recipe } from '../library.ts';
import { join, upperHalf } from '../value.ts';
import { DEPTH } from './gemm.ts';
import { transpose } from './transpose.ts';
import type { Summand, Vector } from './vector.ts';
import { aloneOf, vectorOf } from './vector.ts';

type I32 = Expr<'i32'>;
type V = Expr<'v128'>;
const c = i32.const;

/** How an operand's terms lie: one for all results, next to each other, next to those of other results, anywhere. */
export type Way = 'shared' | 'along' | 'across' | 'any';

/**
 * Vectors of results that are summed at a time: as many as fill a line of the cache or two, where they lie together; fewer
 * where each has terms of its own, which must not all fall into one set of the cache.
 */
export const FEW = 2;
export const SEVERAL = 4;
export const MANY = 8;

/** An operand while it is read. */
interface Cursor {
  readonly way: Way;
  readonly vectors: number;
  /** Where the first result's terms begin. */
  readonly start: Local<'i32'>;
  /** Where the next term of the first result is, and bytes to the next result and term. */
  readonly at: Local<'i32'>;
  readonly row: I32;
  readonly step: I32;
  /** What each lane's result is away from the first. */
  readonly rows: readonly Local<'i32'>[];
}

/** (results, terms, left, bytes to the next result, to the next term, the same of right, output, bytes to the next). */
export function dotsRecipe(
  dtype: Summand,
  ways: readonly [Way, Way],
  most: number,
  simd: boolean,
  fused: boolean,
): Recipe {
  return {
    params: Array.from({ length: 10 }, () => 'i32' as const),
    results: [],
    write(f) {
      const vector = vectorOf(dtype, simd, fused);
      const params = Array.from({ length: 10 }, (_, i) => f.param(i, 'i32'));
      const [results, terms, x, xRow, xStep, y, yRow, yStep, out, outRow] = params;
      for (const vectors of most === FEW ? [FEW] : [most, FEW]) {
        const lanes = vectors * vector.width;
        const cursor = (way: Way, start: Local<'i32'>, row: I32, step: I32): Cursor => {
          const count = way === 'along' || way === 'any' ? lanes : 0;
          const rows = Array.from({ length: count }, () => f.local('i32'));
          return { way, vectors, start, at: f.local('i32'), row, step, rows };
        };
        const operands = [cursor(ways[0], x!, xRow!, xStep!), cursor(ways[1], y!, yRow!, yStep!)] as const;
        f.while(i32.gt(results!, c(vectors === FEW ? 0 : lanes - 1)), () => {
          for (const each of operands) {
            f.set(each.at, each.start);
            // Lanes that are left over repeat the last result.
            each.rows.forEach((row, i) => {
              const lane = i === 0 ? c(0) : choose(i32.gt(results!, c(i)), c(i), i32.sub(results!, c(1)));
              f.set(row, i32.mul(lane, each.row));
            });
          }
          const totals = writeSums(f, vector, vectors, terms!, ...operands);
          storeLanes(f, vector, totals, results!, out!, outRow!);
          for (const { start, row } of operands) f.set(start, i32.add(start, i32.mul(row, c(lanes))));
          f.set(out!, i32.add(out!, i32.mul(outRow!, c(lanes))));
          f.increment(results!, -lanes);
        });
      }
    },
  };
}

/** The sums of some vectors of results, rounded. */
function writeSums(f: FunctionBuilder, vector: Vector, vectors: number, terms: I32, x: Cursor, y: Cursor): Local[] {
  const { width, zero } = vector;
  const sums = Array.from({ length: vectors }, () => f.local(vector.type));
  const totals = sums.map(() => totalOf(f, vector));
  const [left, count] = [f.let(terms), f.local('i32')];
  const take = (terms_: number): void => {
    const [a, b] = [load(f, vector, x, terms_), load(f, vector, y, terms_)];
    for (let t = 0; t < terms_; t++) {
      sums.forEach((sum, u) => f.set(sum, vector.madd(a[u]![t]!, b[u]![t]!, sum)));
    }
    f.increment(count, -terms_);
  };
  f.while(i32.gt(left, c(0)), () => {
    f.set(count, choose(i32.lt(left, c(DEPTH)), left, c(DEPTH)));
    f.set(left, i32.sub(left, count));
    for (const sum of sums) f.set(sum, zero);
    if (width > 1) f.while(i32.ge(count, c(width)), () => take(width));
    f.while(i32.gt(count, c(0)), () => take(1));
    totals.forEach((total, u) => total.add(sums[u]!));
  });
  totals.forEach((total, u) => f.set(sums[u]!, total.rounded()));
  return sums;
}

/** A vector of sums of blocks: of float64 for float32. −0 at first, which changes nothing. */
function totalOf(f: FunctionBuilder, { dtype, type, add, zero }: Vector): { add(sum: Expr): void; rounded(): Expr } {
  if (dtype !== 'float32') {
    const total = f.let(dtype === 'int32' ? zero : type === 'v128' ? f64x2.const(-0) : f64.const(-0));
    return { add: (sum) => f.set(total, add(total, sum)), rounded: () => total };
  }
  if (type !== 'v128') {
    const total = f.let(f64.const(-0));
    return {
      add: (sum) => f.set(total, f64.add(total, f64.promote(sum as Expr<'f32'>))),
      rounded: () => f32.demote(total),
    };
  }
  const [low, high] = [f.let(f64x2.const(-0)), f.let(f64x2.const(-0))];
  return {
    add(sum) {
      f.set(low, f64x2.add(low, f64x2.promote(sum as V)));
      f.set(high, f64x2.add(high, f64x2.promote(upperHalf(sum as V))));
    },
    rounded: () => join(f32x4.demote(low), f32x4.demote(high)),
  };
}

/** The next terms of all results: for each vector of results, a vector for each term. */
function load(f: FunctionBuilder, vector: Vector, cursor: Cursor, terms: number): Expr[][] {
  const { width, bytes } = vector;
  const { way, at, step, rows } = cursor;
  const vectors = Array.from({ length: cursor.vectors }, (_, u) => u);
  if (way === 'along' && terms > 1) {
    const squares = vectors.map((u) => {
      const square = rows.slice(u * width, (u + 1) * width).map((row) => f.let(v128.load(i32.add(at, row))));
      const turned = transpose(f, square);
      f.release(...square);
      return turned;
    });
    f.increment(at, terms * bytes);
    return squares;
  }
  const out: Expr[][] = vectors.map(() => []);
  for (let t = 0; t < terms; t++) {
    if (way === 'shared') {
      const all = f.let(vector.spread(at));
      for (const u of vectors) out[u]!.push(all);
    } else if (way === 'across') for (const u of vectors) out[u]!.push(f.let(vector.load(at, u * width * bytes)));
    else for (const u of vectors) out[u]!.push(gathered(f, vector, at, rows.slice(u * width, (u + 1) * width)));
    f.set(at, i32.add(at, step));
  }
  return out;
}

/** One term of each of the results of a vector. */
function gathered(f: FunctionBuilder, { spread, bytes }: Vector, at: I32, rows: readonly I32[]): Expr {
  const [first, ...others] = rows;
  const all = f.let(spread(i32.add(at, first!)));
  others.forEach((row, i) => {
    const next = bytes === 8 ? v128.loadLane64 : v128.loadLane32;
    f.set(all, next(i32.add(at, row), all as V, i + 1));
  });
  return all;
}

/** The results that there are. */
function storeLanes(
  f: FunctionBuilder,
  { dtype, width, bytes, type, store }: Vector,
  totals: readonly Local[],
  results: I32,
  out: I32,
  outRow: I32,
): void {
  const lanes = totals.length * width;
  if (width > 1) {
    f.if(
      i32.and(i32.ge(results, c(lanes)), i32.eq(outRow, c(bytes))),
      () => {
        totals.forEach((total, u) => f.do(store(out, total, u * width * bytes)));
      },
      () => each(),
    );
  } else each();

  function each(): void {
    const to = f.let(out);
    for (let i = 0; i < lanes; i++) {
      const total = totals[Math.floor(i / width)]!;
      const put = (): void => {
        if (type !== 'v128') f.do(aloneOf(dtype).store(to, total));
        else if (bytes === 8) f.do(v128.storeLane64(to, total as V, i % width));
        else f.do(v128.storeLane32(to, total as V, i % width));
      };
      if (i === 0) put();
      else
        f.if(i32.gt(results, c(i)), () => {
          f.set(to, i32.add(to, outRow));
          put();
        });
    }
  }
}

/** Sums of blocks, of the dtype, to one result: (count, address, output). */
export function totalRecipe(dtype: Summand): Recipe {
  return {
    params: ['i32', 'i32', 'i32'],
    results: [],
    write(f) {
      const [count, at, out] = [f.param(0, 'i32'), f.param(1, 'i32'), f.param(2, 'i32')];
      const vector = vectorOf(dtype, false, false);
      const total = totalOf(f, vector);
      f.for(count, () => {
        total.add(f.let(vector.load(at)));
        f.increment(at, vector.bytes);
      });
      f.do(vector.store(out, total.rounded()));
    },
  };
}
