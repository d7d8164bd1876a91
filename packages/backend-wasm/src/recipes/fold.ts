/**
 * Floating reductions, in one order whatever the layout and the lanes.
 * The one idea: element i of a block of 256 goes to accumulator i mod 8, in float64; the eight are added as a tree, and
 * blocks are combined like the digits of a binary counter, so errors grow with the logarithm of the length.
 * Must not import plans. fold.ts of `steps` computes the same in JavaScript.
 */
import type { Expr } from '../assembler/expr.ts';
import { choose, f64, i32 } from '../assembler/expr.ts';
import type { FunctionBuilder, Local } from '../assembler/function.ts';
import { f64x2, v128 } from '../assembler/simd.ts';
import type { Recipe } from '../library.ts';
import type { RowSpec } from '../row.ts';
import { cursorsOf, writeElements } from '../row.ts';
import { LEVELS, SUMS, TILE } from '../scratch.ts';

export type FoldName = 'sum' | 'prod' | 'max' | 'min';
type I32 = Expr<'i32'>;
type V = Expr<'v128'>;

export const BLOCK = 256;
export const LANES = 8;
/** Results that `across` makes side by side. */
export const WIDTH = 64;
const ROW = WIDTH * 8;

export const IDENTITY: Readonly<Record<FoldName, number>> = { sum: 0, prod: 1, max: -Infinity, min: Infinity };
const OPERATION = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const;

const op1 = (name: FoldName, a: Expr<'f64'>, b: Expr<'f64'>): Expr<'f64'> => f64[OPERATION[name]](a, b);
const op2 = (name: FoldName, a: V, b: V): V => f64x2[OPERATION[name]](a, b);

/** The eight accumulators at SUMS as one number. */
function total(f: FunctionBuilder, name: FoldName): Expr<'f64'> {
  const at = (i: number): Expr<'f64'> => f64.load(f.scratch(SUMS + 8 * i));
  const four = (i: number): Expr<'f64'> => op1(name, op1(name, at(i), at(i + 4)), op1(name, at(i + 2), at(i + 6)));
  return op1(name, four(0), four(1));
}

/** Writes what reads the next elements, and moves on: four in two vectors of float64, or one. `left`: how many there are. */
type Take = (left: I32) => readonly Expr[];

const i32s = (count: number): 'i32'[] => Array.from({ length: count }, () => 'i32');
const apart = ({ spacings }: RowSpec): number => spacings.filter((spacing) => spacing === 'any').length;

/** A block of up to 256 terms: (count, sources, strides of those spaced by 'any') → its total. `row`: to float64. */
export function blockRecipe(name: FoldName, row: RowSpec, simd: boolean): Recipe {
  const [, ...spacings] = row.spacings;
  return {
    params: i32s(1 + spacings.length + apart(row)),
    results: ['f64'],
    write(f, importer) {
      const n = f.param(0, 'i32');
      const sources = cursorsOf(f, row.dtypes.slice(1), spacings, 1, 1 + spacings.length);
      const take: Take = (left) => writeElements(f, row, sources, left, simd, importer).parts;
      const plain = simd && row.body.length === 0 && row.dtypes[1] === 'float32' && spacings[0] === 'unit';
      groups(f, name, n, plain ? takePairs(f, sources[0]!.at) : simd ? take : undefined);
      rest(f, name, n, simd ? takeByMemory(f, n, take) : take);
      return total(f, name);
    },
  };
}

/** Four elements of float32 next to each other: two loads take less than a load and a shuffle. */
const takePairs =
  (f: FunctionBuilder, at: Counter): Take =>
  () => {
    const parts = [0, 8].map((offset) => f.let(f64x2.promote(v128.load64(at, offset))));
    f.increment(at, 16);
    return parts;
  };

/** Elements one at a time that are made by fours: what is left over, at most seven, so that empty lanes are not combined. */
function takeByMemory(f: FunctionBuilder, n: Counter, take: Take): Take {
  const [left, to, from] = [f.let(n), f.let(f.scratch(TILE)), f.let(f.scratch(TILE))];
  f.while(i32.gt(left, i32.const(0)), () => {
    take(left).forEach((part, i) => f.do(v128.store(to, part as V, 16 * i)));
    f.increment(to, 32);
    f.increment(left, -4);
  });
  return () => {
    const element = f.let(f64.load(from));
    f.increment(from, 8);
    return [element];
  };
}

/** Eight elements at a time, while there are eight, if they can be read so; leaves the accumulators at SUMS. */
function groups(f: FunctionBuilder, name: FoldName, n: Counter, take: Take | undefined): void {
  if (!take) {
    for (let i = 0; i < LANES; i++) f.do(f64.store(f.scratch(SUMS), f64.const(IDENTITY[name]), 8 * i));
    return;
  }
  const sums = [0, 1, 2, 3].map(() => f.let(f64x2.const(IDENTITY[name])));
  f.while(i32.ge(n, i32.const(LANES)), () => {
    for (const pair of [sums.slice(0, 2), sums.slice(2)]) {
      take(n).forEach((part, i) => f.set(pair[i]!, op2(name, pair[i]!, part as V)));
    }
    f.increment(n, -LANES);
  });
  for (const [i, sum] of sums.entries()) f.do(v128.store(f.scratch(SUMS), sum, 16 * i));
}

/** One element at a time, to the accumulators in memory in turn. */
function rest(f: FunctionBuilder, name: FoldName, n: Counter, take: Take): void {
  const first = f.scratch(SUMS);
  const to = f.let(first);
  f.while(i32.gt(n, i32.const(0)), () => {
    f.do(f64.store(to, op1(name, f64.load(to), take(n)[0] as Expr<'f64'>)));
    f.set(to, i32.add(first, i32.and(i32.add(i32.sub(to, first), i32.const(8)), i32.const(63))));
    f.increment(n, -1);
  });
}

/** The total of all blocks; `next` gives that of the next one, of up to 256 elements. */
export function writeBlocks(
  f: FunctionBuilder,
  name: FoldName,
  left: Counter,
  next: (count: I32, total: Local<'f64'>) => void,
): Expr<'f64'> {
  const [blocks, level, bits] = [f.let(i32.const(0)), f.local('i32'), f.local('i32')];
  const sum = f.local('f64');
  const merge = (): void => f.set(sum, op1(name, f64.load(f.scratch(level), LEVELS), sum));
  f.while(i32.gt(left, i32.const(0)), () => {
    next(f.let(choose(i32.lt(left, i32.const(BLOCK)), left, i32.const(BLOCK))), sum);
    carry(f, blocks, level, bits, merge, 8);
    f.do(f64.store(f.scratch(level), sum, LEVELS));
    f.increment(blocks, 1);
    f.increment(left, -BLOCK);
  });
  f.set(sum, f64.const(IDENTITY[name]));
  finish(f, blocks, level, bits, merge, 8);
  return sum;
}

type Counter = Local<'i32'>;

/** Merges with the totals of as many blocks, then twice as many …; leaves the offset where the sum belongs in `level`. */
function carry(
  f: FunctionBuilder,
  blocks: Counter,
  level: Counter,
  bits: Counter,
  merge: () => void,
  size: number,
): void {
  f.set(level, i32.const(0));
  f.set(bits, blocks);
  f.while(i32.and(bits, i32.const(1)), () => {
    merge();
    f.increment(level, size);
    f.set(bits, i32.shrU(bits, i32.const(1)));
  });
}

/** Merges all totals that are left, the smallest first. */
function finish(
  f: FunctionBuilder,
  blocks: Counter,
  level: Counter,
  bits: Counter,
  merge: () => void,
  size: number,
): void {
  f.set(level, i32.const(0));
  f.set(bits, blocks);
  f.while(bits, () => {
    f.if(i32.and(bits, i32.const(1)), merge);
    f.increment(level, size);
    f.set(bits, i32.shrU(bits, i32.const(1)));
  });
}

/**
 * Up to 64 results side by side, which all take one term at a time: (count, results, sources, bytes to the next term of each,
 * strides of those spaced by 'any'). To SUMS.
 */
export function acrossRecipe(name: FoldName, row: RowSpec, simd: boolean): Recipe {
  const [, ...spacings] = row.spacings;
  const sources = spacings.length;
  return {
    params: i32s(2 + 2 * sources + apart(row)),
    results: [],
    write(f, importer) {
      const cursors = cursorsOf(f, row.dtypes.slice(1), spacings, 2, 2 + 2 * sources);
      writeAcross(f, name, simd, () => {
        const own = cursors.map((each) => ({ ...each, at: f.let(each.at) }));
        cursors.forEach(({ at }, i) => f.increment(at, f.param(2 + sources + i, 'i32')));
        return (left) => writeElements(f, row, own, left, simd, importer).parts;
      });
    },
  };
}

/** The totals of results side by side, to SUMS; `next` moves on to the next term of each, and says how they are made. */
function writeAcross(f: FunctionBuilder, name: FoldName, simd: boolean, next: () => Take): void {
  const [left, width] = [f.param(0, 'i32'), f.param(1, 'i32')];
  const [blocks, lane] = [f.let(i32.const(0)), f.let(i32.const(0))];
  const [level, bits] = [f.local('i32'), f.local('i32')];
  const rows = new Rows(f, name, f.let(i32.mul(width, i32.const(8))), simd);
  const endBlock = (): void => rows.endBlock(blocks, level, bits);
  rows.reset();
  f.while(i32.gt(left, i32.const(0)), () => {
    rows.take(lane, next());
    f.set(lane, i32.and(i32.add(lane, i32.const(1)), i32.const(BLOCK - 1)));
    f.increment(left, -1);
    // After each block, but not after the last row: what is left stays in the accumulators.
    f.if(i32.and(i32.eqz(lane), i32.gt(left, i32.const(0))), () => {
      endBlock();
      rows.reset();
    });
  });
  f.if(
    blocks,
    () => {
      endBlock();
      rows.clear();
      finish(f, blocks, level, bits, () => rows.merge(level), ROW);
    },
    () => rows.total(),
  );
}

/** Rows of float64 in scratch memory: the accumulators of each lane at SUMS, totals of blocks at LEVELS. */
class Rows {
  readonly simd: boolean;
  readonly #f: FunctionBuilder;
  readonly #name: FoldName;
  readonly #bytes: I32;

  constructor(f: FunctionBuilder, name: FoldName, bytes: I32, simd: boolean) {
    this.#f = f;
    this.#name = name;
    this.#bytes = bytes;
    this.simd = simd;
  }
  /** Each place of a row; an odd last one is done along with one that is not used. */
  each(body: (offset: Counter) => void): void {
    this.#f.for(this.#bytes, body, this.simd ? 16 : 8);
  }
  /** One element for each result, to the accumulators of a lane; behind the last one there may be some that nobody reads. */
  take(lane: I32, take: Take): void {
    const f = this.#f;
    const row = f.let(i32.mul(i32.and(lane, i32.const(LANES - 1)), i32.const(ROW)));
    f.for(
      this.#bytes,
      (offset) => {
        const place = f.let(i32.add(row, offset));
        take(i32.shrU(i32.sub(this.#bytes, offset), i32.const(3))).forEach((part, i) => {
          const at = SUMS + 16 * i;
          this.#store(place, this.#op(this.#load(place, at), part), at);
        });
      },
      this.simd ? 32 : 8,
    );
  }
  #load(offset: I32, at: number): Expr {
    const place = this.#f.scratch(offset);
    return this.simd ? v128.load(place, at) : f64.load(place, at);
  }
  #store(offset: I32, value: Expr, at: number): void {
    const place = this.#f.scratch(offset);
    this.#f.do(this.simd ? v128.store(place, value as V, at) : f64.store(place, value as Expr<'f64'>, at));
  }
  #op(a: Expr, b: Expr): Expr {
    return this.simd ? op2(this.#name, a as V, b as V) : op1(this.#name, a as Expr<'f64'>, b as Expr<'f64'>);
  }
  #identity(): Expr {
    const value = IDENTITY[this.#name];
    return this.simd ? f64x2.const(value) : f64.const(value);
  }
  reset(): void {
    this.each((offset) => {
      for (let i = 0; i < LANES; i++) this.#store(offset, this.#identity(), SUMS + i * ROW);
    });
  }
  clear(): void {
    this.each((offset) => this.#store(offset, this.#identity(), SUMS));
  }
  /** The eight accumulators of each place as one, at SUMS. */
  total(): void {
    this.each((offset) => {
      const at = (i: number): Expr => this.#load(offset, SUMS + i * ROW);
      const four = (i: number): Expr => this.#op(this.#op(at(i), at(i + 4)), this.#op(at(i + 2), at(i + 6)));
      this.#store(offset, this.#op(four(0), four(1)), SUMS);
    });
  }
  merge(level: I32): void {
    this.each((offset) => {
      const kept = this.#load(this.#f.let(i32.add(level, offset)), LEVELS);
      this.#store(offset, this.#op(kept, this.#load(offset, SUMS)), SUMS);
    });
  }
  /** The block in the accumulators, merged with those before it and kept. */
  endBlock(blocks: Counter, level: Counter, bits: Counter): void {
    this.total();
    carry(this.#f, blocks, level, bits, () => this.merge(level), ROW);
    this.keep(level);
    this.#f.increment(blocks, 1);
  }
  keep(level: I32): void {
    this.each((offset) => this.#store(this.#f.let(i32.add(level, offset)), this.#load(offset, SUMS), LEVELS));
  }
}
