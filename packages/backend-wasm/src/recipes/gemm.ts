/**
 * Matrix products of any strides: out[i, j] = Σ left[i, k]·right[j, k], rows, columns and k each through a table of
 * positions.
 * The one idea: blocks of both operands are packed into panels, and a small kernel keeps a tile of results in registers
 * (K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008). Each result is a sum
 * of blocks of 256 products, each in the order of k, so it depends on no tile size. Must not import plans.
 */
import type { Expr } from '../assembler/expr.ts';
import { choose, f64, i32 } from '../assembler/expr.ts';
import type { Callee, FunctionBuilder, Local, Signature } from '../assembler/function.ts';
import type { ModuleBuilder } from '../assembler/module.ts';
import { v128 } from '../assembler/simd.ts';
import type { Recipe } from '../library.ts';
import { TILE } from '../scratch.ts';
import type { Summand, Vector } from './vector.ts';
import { aloneOf, vectorOf } from './vector.ts';

type I32 = Expr<'i32'>;
const c = i32.const;

/** Products that are summed before they join the sum of others. */
export const DEPTH = 256;
/** Rows of left that are packed at a time, and columns of right. */
const ROWS = 64;
const COLUMNS = 512;
/** Rows of a tile. */
const MR = 4;

/** How the numbers of a description lie in memory, as int32: sizes, ways of packing, then the tables, in bytes. */
const INFO = { m: 0, n: 4, k: 8, leftWay: 12, rightWay: 16, unit: 20, tables: 24 } as const;
/** Ways of packing: by tables; k next to each other; rows (or columns) next to each other. */
export const WAY = { tables: 0, alongK: 1, acrossK: 2 } as const;

/** Bytes that a product needs to pack into. */
export function workBytes(dtype: Summand, n: number, k: number): number {
  const depth = Math.min(k, DEPTH);
  const size = dtype === 'float64' ? 8 : 4;
  return (ROWS + Math.min(n, COLUMNS) + 16) * depth * size + 256;
}

/** Sums in `dtype` of elements of `from`: (description, left, right, output, work). */
export function gemmRecipe(from: 'float32' | Summand, dtype: Summand, simd: boolean, fused: boolean): Recipe {
  return {
    params: ['i32', 'i32', 'i32', 'i32', 'i32'],
    results: [],
    write(f, _, module) {
      const vector = vectorOf(dtype, simd, fused);
      const columns = 2 * vector.width;
      const parts: Parts = {
        vector,
        columns,
        packRows: packFunction(module, from, vector, MR),
        packColumns: packFunction(module, from, vector, columns),
        tile: tileFunction(module, vector),
        spill: spillFunction(module, vector),
      };
      writeBlocks(f, parts);
    },
  };
}

interface Parts {
  readonly vector: Vector;
  readonly columns: number;
  readonly packRows: Callee;
  readonly packColumns: Callee;
  readonly tile: Callee;
  readonly spill: Callee;
}

const least = (f: FunctionBuilder, a: I32, b: I32): Local<'i32'> => f.let(choose(i32.lt(a, b), a, b));

/** The tables of a description: of left's rows and k, right's columns and k, the output's rows and columns. */
function tables(f: FunctionBuilder, info: I32, m: I32, n: I32, k: I32): I32[] {
  const lengths = [m, k, n, k, m];
  const first = f.let(i32.add(info, c(INFO.tables)));
  return lengths.reduce<I32[]>(
    (list, length) => [...list, f.let(i32.add(list.at(-1)!, i32.shl(length, c(2))))],
    [first],
  );
}

/** The sizes and tables of a product while it runs. */
interface Sizes {
  readonly m: I32;
  readonly n: I32;
  readonly k: I32;
  readonly tables: readonly I32[];
}

const entry = (table: I32, i: I32): I32 => i32.add(table, i32.shl(i, c(2)));

function writeBlocks(f: FunctionBuilder, parts: Parts): void {
  const info = f.param(0, 'i32');
  const [m, n, k] = [f.let(i32.load(info, INFO.m)), f.let(i32.load(info, INFO.n)), f.let(i32.load(info, INFO.k))];
  const sizes: Sizes = { m, n, k, tables: tables(f, info, m, n, k) };
  f.for(
    n,
    (j0) => {
      const width = least(f, i32.sub(n, j0), c(COLUMNS));
      f.for(
        k,
        (k0) => writeSlice(f, parts, sizes, { j0, width, k0, depth: least(f, i32.sub(k, k0), c(DEPTH)) }),
        DEPTH,
      );
    },
    COLUMNS,
  );
}

/** Some columns of right, and as deep a part of left: packed, and multiplied by ROWS rows at a time. */
function writeSlice(
  f: FunctionBuilder,
  parts: Parts,
  { m, tables: [leftRows, leftK, rightColumns, rightK, outRows, outColumns] }: Sizes,
  { j0, width, k0, depth }: Record<'j0' | 'width' | 'k0' | 'depth', I32>,
): void {
  const { vector, columns, packColumns, packRows } = parts;
  const [info, left, right, output, work] = [0, 1, 2, 3, 4].map<I32>((i) => f.param(i, 'i32'));
  // The panels of left lie behind those of right.
  const padded = i32.and(i32.add(width, c(columns - 1)), c(-columns));
  const panels = f.let(i32.add(work!, i32.mul(i32.mul(padded, c(vector.bytes)), depth)));
  const [rightWay, leftWay] = [i32.load(info!, INFO.rightWay), i32.load(info!, INFO.leftWay)];
  f.call(packColumns, work!, right!, entry(rightColumns!, j0), entry(rightK!, k0), width, depth, rightWay);
  f.for(
    m,
    (i0) => {
      const height = least(f, i32.sub(m, i0), c(ROWS));
      f.call(packRows, panels, left!, entry(leftRows!, i0), entry(leftK!, k0), height, depth, leftWay);
      const block = { info: info!, output: output!, panels, work: work!, depth, first: i32.eqz(k0) };
      const rows = { at: entry(outRows!, i0), count: height };
      writeTiles(f, parts, block, rows, { at: entry(outColumns!, j0), count: width });
    },
    ROWS,
  );
}

interface Block {
  readonly info: I32;
  readonly output: I32;
  readonly panels: I32;
  readonly work: I32;
  readonly depth: I32;
  readonly first: I32;
}
interface Span {
  readonly at: I32;
  readonly count: I32;
}

/** All tiles of a block: whole ones straight to the output, where its columns lie together; others by way of TILE. */
function writeTiles(
  f: FunctionBuilder,
  { vector, columns, tile, spill }: Parts,
  block: Block,
  rows: Span,
  cols: Span,
): void {
  const right = f.let(block.work);
  const unit = f.let(i32.load(block.info, INFO.unit));
  f.for(
    cols.count,
    (j) => {
      const left = f.let(block.panels);
      const wide = i32.and(unit, i32.ge(i32.sub(cols.count, j), c(columns)));
      const column = f.let(i32.add(block.output, i32.load(i32.add(cols.at, i32.shl(j, c(2))))));
      f.for(
        rows.count,
        (i) => {
          const row = f.let(i32.add(rows.at, i32.shl(i, c(2))));
          const whole = i32.and(wide, i32.ge(i32.sub(rows.count, i), c(MR)));
          const places = Array.from({ length: MR }, (_, r) => i32.add(column, i32.load(row, 4 * r)));
          const scratch = Array.from({ length: MR }, (_, r) => c(TILE + r * columns * vector.bytes));
          f.if(
            whole,
            () => f.call(tile, block.depth, left, right, block.first, ...places),
            () => {
              f.call(tile, block.depth, left, right, c(1), ...scratch);
              const to = i32.add(cols.at, i32.shl(j, c(2)));
              f.call(spill, block.output, row, to, i32.sub(rows.count, i), i32.sub(cols.count, j), block.first);
            },
          );
          f.increment(left, i32.mul(block.depth, c(MR * vector.bytes)));
        },
        MR,
      );
      f.increment(right, i32.mul(block.depth, c(columns * vector.bytes)));
    },
    columns,
  );
}

/** A tile: (depth, panel of left, panel of right, first, addresses of its rows). Not first: it is added to what is there. */
function tileFunction(module: ModuleBuilder, vector: Vector): Callee {
  const signature: Signature = { params: Array.from({ length: 4 + MR }, () => 'i32' as const), results: [] };
  const { bytes, width } = vector;
  return module.function(signature, (f) => {
    const [depth, left, right, first] = [f.param(0, 'i32'), f.param(1, 'i32'), f.param(2, 'i32'), f.param(3, 'i32')];
    const sums = Array.from({ length: MR }, () => [f.let(vector.zero), f.let(vector.zero)] as const);
    const step = (u: number): void => {
      const b = [0, 1].map((i) => f.let(vector.load(right, bytes * width * (2 * u + i))));
      sums.forEach((row, r) => {
        const a = f.let(vector.spread(left, bytes * (MR * u + r)));
        row.forEach((sum, i) => f.set(sum, vector.madd(a, b[i]!, sum)));
      });
    };
    const advance = (by: number): void => {
      f.increment(left, by * MR * bytes);
      f.increment(right, by * 2 * width * bytes);
      f.increment(depth, -by);
    };
    f.while(i32.ge(depth, c(2)), () => {
      step(0);
      step(1);
      advance(2);
    });
    f.if(depth, () => step(0));
    f.if(i32.eqz(first), () =>
      sums.forEach((row, r) =>
        row.forEach((sum, i) => f.set(sum, vector.add(vector.load(f.param(4 + r, 'i32'), bytes * width * i), sum))),
      ),
    );
    sums.forEach((row, r) =>
      row.forEach((sum, i) => f.do(vector.store(f.param(4 + r, 'i32'), sum, bytes * width * i))),
    );
  });
}

/** The part of TILE that belongs to the output: (output, table of rows, table of columns, rows, columns, first). */
function spillFunction(module: ModuleBuilder, vector: Vector): Callee {
  const signature: Signature = { params: Array.from({ length: 6 }, () => 'i32' as const), results: [] };
  const one = aloneOf(vector.dtype);
  const columns = 2 * vector.width;
  return module.function(signature, (f) => {
    const [output, rows, cols, height, width, first] = [0, 1, 2, 3, 4, 5].map((i) => f.param(i, 'i32')) as I32[];
    const [m, n] = [least(f, height!, c(MR)), least(f, width!, c(columns))];
    f.for(m, (i) => {
      const from = f.let(i32.add(c(TILE), i32.mul(i, c(columns * vector.bytes))));
      const row = f.let(i32.add(output!, i32.load(i32.add(rows!, i32.shl(i, c(2))))));
      f.for(n, (j) => {
        const to = f.let(i32.add(row, i32.load(i32.add(cols!, i32.shl(j, c(2))))));
        const sum = f.let(one.load(from));
        f.if(i32.eqz(first!), () => f.set(sum, one.add(one.load(to), sum)));
        f.do(one.store(to, sum));
        f.increment(from, vector.bytes);
      });
    });
  });
}

/** Packs rows into panels of `height`: (to, from, table of rows, table of k, rows, depth, way). Missing rows are zeros. */
function packFunction(module: ModuleBuilder, from: Summand, vector: Vector, height: number): Callee {
  const signature: Signature = { params: Array.from({ length: 7 }, () => 'i32' as const), results: [] };
  const panel = panelFunction(module, from, vector, height);
  const fast = from === vector.dtype && vector.width > 1 ? fastPanel(module, vector, height) : undefined;
  return module.function(signature, (f) => {
    const [to, source, rows, ks, count, depth, way] = [0, 1, 2, 3, 4, 5, 6].map<Local<'i32'>>((i) => f.param(i, 'i32'));
    f.while(i32.gt(count!, c(0)), () => {
      const slow = (): void => f.call(panel, to!, source!, rows!, ks!, count!, depth!);
      const regular = i32.and(i32.ge(count!, c(height)), i32.eq(way!, c(WAY.acrossK)));
      if (fast) {
        const first = i32.add(source!, i32.load(rows!));
        f.if(regular, () => f.call(fast, to!, first, ks!, depth!), slow);
      } else slow();
      f.increment(to!, i32.mul(depth!, c(height * vector.bytes)));
      f.increment(rows!, 4 * height);
      f.increment(count!, -height);
    });
  });
}

/** Element by element, row by row, through the tables. */
function panelFunction(module: ModuleBuilder, from: Summand, vector: Vector, height: number): Callee {
  const signature: Signature = { params: Array.from({ length: 6 }, () => 'i32' as const), results: [] };
  const [source, result] = [aloneOf(from), aloneOf(vector.dtype)];
  const element = (at: I32): Expr => {
    const value = source.load(at);
    return from === 'float32' && vector.dtype === 'float64' ? f64.promote(value as Expr<'f32'>) : value;
  };
  return module.function(signature, (f) => {
    const [to, base, rows, ks, count, depth] = [0, 1, 2, 3, 4, 5].map((i) => f.param(i, 'i32')) as I32[];
    for (let r = 0; r < height; r++) {
      const at = f.let(i32.add(to!, c(r * vector.bytes)));
      const table = f.let(ks!);
      f.if(
        i32.gt(count!, c(r)),
        () => {
          const row = f.let(i32.add(base!, i32.load(rows!, 4 * r)));
          f.for(depth!, () => {
            f.do(result.store(at, element(i32.add(row, i32.load(table)))));
            f.increment(table, 4);
            f.increment(at, height * vector.bytes);
          });
        },
        () =>
          f.for(depth!, () => {
            f.do(result.store(at, result.zero));
            f.increment(at, height * vector.bytes);
          }),
      );
    }
  });
}

/** A whole panel whose rows lie next to each other: (to, first row, table of k, depth). */
function fastPanel(module: ModuleBuilder, vector: Vector, height: number): Callee {
  const signature: Signature = { params: ['i32', 'i32', 'i32', 'i32'], results: [] };
  return module.function(signature, (f) => {
    const [to, base, ks, depth] = [f.param(0, 'i32'), f.param(1, 'i32'), f.param(2, 'i32'), f.param(3, 'i32')];
    f.for(depth, () => {
      const at = f.let(i32.add(base, i32.load(ks)));
      for (let i = 0; i < height; i += vector.width) {
        f.do(v128.store(to, v128.load(at, i * vector.bytes), i * vector.bytes));
      }
      f.increment(ks, 4);
      f.increment(to, height * vector.bytes);
    });
  });
}
