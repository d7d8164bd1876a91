/**
 * Matrix products of any strides: out[i, j] = Σ left[i, k]·right[j, k], rows, columns and k each through a table of
 * positions.
 * The one idea: blocks of both operands are packed into panels, and a small kernel keeps a tile of results in registers
 * (K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008). Each result is a sum
 * of blocks of 128 products, each in the order of k; blocks are added in float64. So it depends on no tile size. Must not
 * import plans.
 */
import type { Expr } from '../assembler/expr.ts';
import { choose, i32 } from '../assembler/expr.ts';
import type { Callee, FunctionBuilder, Local, Signature } from '../assembler/function.ts';
import type { ModuleBuilder } from '../assembler/module.ts';
import type { Recipe } from '../library.ts';
import type { RowSpec } from '../row.ts';
import { TILE, TILE_SUMS } from '../scratch.ts';
import type { Made } from './epilogue.ts';
import { stepsOf, writeEpilogue } from './epilogue.ts';
import { packFunction } from './pack.ts';
import type { Summand, Vector } from './vector.ts';
import { aloneOf, vectorOf } from './vector.ts';

type I32 = Expr<'i32'>;
const c = i32.const;

/** Products that are summed in their own dtype before they join the sum of others. */
export const DEPTH = 128;
/** Products that are packed at a time, rows of left, and columns of right. */
const DEEP = 512;
const ROWS = 64;
const COLUMNS = 512;
/** Rows of a tile. */
const MR = 4;

/**
 * How the numbers of a description lie in memory, as int32: sizes, ways of packing, then the tables, in bytes. That of the
 * output's rows comes last, and holds beside each row where it lies in the operands of the epilogue; behind the last there
 * are as many entries as may be read with it.
 */
const INFO = { m: 0, n: 4, k: 8, leftWay: 12, rightWay: 16, unit: 20, tables: 24 } as const;
/** What a call of a tile is: the first of its sums, the last, or both. */
const FIRST = 1;
const LAST = 2;

/** Bytes that a product needs to pack into, and to keep sums in where they are made in several goes. */
export function workBytes(dtype: Summand, m: number, n: number, k: number): number {
  const depth = Math.min(k, DEEP);
  const size = dtype === 'float64' ? 8 : 4;
  const kept = k > DEEP ? (m + MR) * (Math.min(n, COLUMNS) + 16) * 8 : 0;
  return (ROWS + Math.min(n, COLUMNS) + 16) * depth * size + 256 + kept;
}

/** A product of one dtype: (description, left, right, output, work), then the operands of the epilogue. */
export function gemmRecipe(dtype: Summand, simd: boolean, fused: boolean, epilogue?: RowSpec): Recipe {
  const operands = stepsOf(epilogue, dtype === 'float64' ? 8 : 4);
  return {
    params: Array.from({ length: 5 + operands.length }, () => 'i32' as const),
    results: [],
    write(f, importer, module) {
      const vector = vectorOf(dtype, simd, fused);
      const columns = 2 * vector.width;
      const parts: Parts = {
        vector,
        columns,
        operands,
        entry: 4 + 4 * operands.length,
        packRows: packFunction(module, vector, MR),
        packColumns: packFunction(module, vector, columns),
        tile: tileFunction(module, vector, epilogue && { row: epilogue, importer }),
        spill: spillFunction(module, vector, 4 + 4 * operands.length),
      };
      writeBlocks(f, parts);
    },
  };
}

interface Parts {
  readonly vector: Vector;
  readonly columns: number;
  /** Bytes from column to column, by operand of the epilogue. */
  readonly operands: readonly number[];
  /** Bytes of an entry of the table of the output's rows. */
  readonly entry: number;
  readonly packRows: Callee;
  readonly packColumns: Callee;
  readonly tile: Callee;
  readonly spill: Callee;
}

const least = (f: FunctionBuilder, a: I32, b: I32): Local<'i32'> => f.let(choose(i32.lt(a, b), a, b));

/** The tables of a description: of left's rows and k, right's columns and k, the output's columns and rows. */
function tables(f: FunctionBuilder, info: I32, m: I32, n: I32, k: I32): I32[] {
  const lengths = [m, k, n, k, n];
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
      f.for(k, (k0) => writeSlice(f, parts, sizes, { j0, width, k0, depth: least(f, i32.sub(k, k0), c(DEEP)) }), DEEP);
    },
    COLUMNS,
  );
}

/** Some columns of right, and as deep a part of left: packed, and multiplied by ROWS rows at a time. */
function writeSlice(
  f: FunctionBuilder,
  parts: Parts,
  { m, k, tables: [leftRows, leftK, rightColumns, rightK, outColumns, outRows] }: Sizes,
  { j0, width, k0, depth }: Record<'j0' | 'width' | 'k0' | 'depth', I32>,
): void {
  const { vector, columns, packColumns, packRows, operands } = parts;
  const [info, left, right, output, work] = [0, 1, 2, 3, 4].map<I32>((i) => f.param(i, 'i32'));
  // The panels of left lie behind those of right, the sums behind both.
  const padded = f.let(i32.and(i32.add(width, c(columns - 1)), c(-columns)));
  const panels = f.let(i32.add(work!, i32.mul(i32.mul(padded, c(vector.bytes)), depth)));
  const kept = f.let(i32.add(work!, i32.mul(i32.add(padded, c(ROWS)), c(DEEP * vector.bytes))));
  const last = i32.shl(i32.eq(i32.add(k0, depth), k), c(1));
  const turn = f.let(i32.or(i32.eqz(k0), last));
  const [rightWay, leftWay] = [i32.load(info!, INFO.rightWay), i32.load(info!, INFO.leftWay)];
  const made = operands.map((step, q) => f.let(i32.add(f.param(5 + q, 'i32'), i32.mul(j0, c(step)))));
  f.call(packColumns, work!, right!, entry(rightColumns!, j0), entry(rightK!, k0), width, depth, rightWay);
  f.for(
    m,
    (i0) => {
      const height = least(f, i32.sub(m, i0), c(ROWS));
      f.call(packRows, panels, left!, entry(leftRows!, i0), entry(leftK!, k0), height, depth, leftWay);
      const sums = f.let(i32.add(kept, i32.mul(i32.mul(i0, padded), c(vector.sumBytes / vector.width))));
      const block = { info: info!, output: output!, panels, work: work!, depth, turn, sums, made };
      const rows = { at: i32.add(outRows!, i32.mul(i0, c(parts.entry))), count: height };
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
  readonly turn: I32;
  /** Where sums are kept from turn to turn. */
  readonly sums: I32;
  /** Where the block's columns begin in the operands of the epilogue. */
  readonly made: readonly I32[];
}
interface Span {
  readonly at: I32;
  readonly count: I32;
}

/** All tiles of a block: whole ones straight to the output, where its columns lie together; others by way of TILE. */
function writeTiles(
  f: FunctionBuilder,
  { vector, columns, tile, spill, operands, entry: size }: Parts,
  { info, output, panels, work, depth, turn, sums, made }: Block,
  rows: Span,
  cols: Span,
): void {
  const right = f.let(work);
  const unit = f.let(i32.load(info, INFO.unit));
  const kept = f.let(sums);
  const once = i32.eq(turn, c(FIRST + LAST));
  f.for(
    cols.count,
    (j) => {
      const left = f.let(panels);
      const wide = f.let(i32.and(unit, i32.ge(i32.sub(cols.count, j), c(columns))));
      const column = f.let(i32.add(output, i32.load(i32.add(cols.at, i32.shl(j, c(2))))));
      const own = made.map((at, q) => f.let(i32.add(at, i32.mul(j, c(operands[q]!)))));
      f.for(
        rows.count,
        (i) => {
          const row = f.let(i32.add(rows.at, i32.mul(i, c(size))));
          const whole = i32.and(wide, i32.ge(i32.sub(rows.count, i), c(MR)));
          const places = Array.from({ length: MR }, (_, r) => i32.add(column, i32.load(row, size * r)));
          const scratch = Array.from({ length: MR }, (_, r) => f.scratch(TILE + r * columns * vector.bytes));
          const to = f.let(choose(once, f.scratch(TILE_SUMS), kept));
          f.if(
            whole,
            () => f.call(tile, depth, left, right, turn, to, row, ...places, ...own),
            () => {
              f.call(tile, depth, left, right, turn, to, row, ...scratch, ...own);
              f.if(i32.and(turn, c(LAST)), () => {
                const table = i32.add(cols.at, i32.shl(j, c(2)));
                f.call(spill, output, row, table, i32.sub(rows.count, i), i32.sub(cols.count, j));
              });
            },
          );
          f.increment(left, i32.mul(depth, c(MR * vector.bytes)));
          f.increment(kept, MR * 2 * vector.sumBytes);
        },
        MR,
      );
      f.increment(right, i32.mul(depth, c(columns * vector.bytes)));
    },
    columns,
  );
}

/**
 * A tile: (depth, panel of left, panel of right, turn, where sums are made, entry of its first row, addresses of its rows,
 * those of its first column in the operands of the epilogue).
 */
function tileFunction(module: ModuleBuilder, vector: Vector, made: Made | undefined): Callee {
  const operands = stepsOf(made?.row, vector.bytes);
  const signature: Signature = {
    params: Array.from({ length: 6 + MR + operands.length }, () => 'i32' as const),
    results: [],
  };
  const { bytes, width } = vector;
  return module.function(signature, (f) => {
    const row = f.param(5, 'i32');
    const sums = Array.from({ length: MR }, () => [f.let(vector.zero), f.let(vector.zero)] as const);
    writeTileSums(f, vector, sums);
    sums.forEach((own, r) => {
      if (made) {
        const at = operands.map((_, q) =>
          i32.add(f.param(6 + MR + q, 'i32'), i32.load(row, 4 * (r * (1 + operands.length) + 1 + q))),
        );
        writeEpilogue(f, vector, made, own, at);
      }
      own.forEach((sum, i) => f.do(vector.store(f.param(6 + r, 'i32'), sum, bytes * width * i)));
    });
  });
}

/** The sums of a tile; returns from its function where they are not the last. */
function writeTileSums(f: FunctionBuilder, vector: Vector, sums: readonly (readonly [Local, Local])[]): void {
  const { bytes, width, sumBytes } = vector;
  const [depth, left, right, turn, kept] = [0, 1, 2, 3, 4].map((i) => f.param(i, 'i32')) as [
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
  ];
  const all = (body: (sum: Local, at: number) => void): void =>
    sums.forEach((row, r) => row.forEach((sum, i) => body(sum, (2 * r + i) * sumBytes)));
  const count = f.let(depth);
  // One product at a time, all of left first: engines keep every sum in a register then, which they do not for two.
  const products = (): void =>
    f.while(count, () => {
      const a = sums.map((_, r) => f.let(vector.spread(left, bytes * r)));
      const b = [0, 1].map((i) => f.let(vector.load(right, bytes * width * i)));
      for (const i of [0, 1]) sums.forEach((row, r) => f.set(row[i]!, vector.madd(a[r]!, b[i]!, row[i]!)));
      f.increment(left, MR * bytes);
      f.increment(right, 2 * width * bytes);
      f.increment(count, -1);
    });
  f.if(i32.and(i32.eq(turn, c(FIRST + LAST)), i32.le(depth, c(DEPTH))), products, () => {
    f.if(i32.and(turn, c(FIRST)), () => {
      const pieces = sumBytes / (vector.type === 'v128' ? 16 : sumBytes);
      all((_, at) => {
        for (let p = 0; p < pieces; p++) f.do(vector.clear(kept, at + 16 * p));
      });
    });
    f.repeat(() => {
      f.set(count, choose(i32.lt(depth, c(DEPTH)), depth, c(DEPTH)));
      f.increment(depth, i32.sub(c(0), count));
      products();
      all((sum, at) => {
        for (const code of vector.join(kept, sum, at)) f.do(code);
        f.set(sum, vector.zero);
      });
      return depth;
    });
    f.if(i32.eqz(i32.and(turn, c(LAST))), () => f.return());
    all((sum, at) => f.set(sum, vector.rounded(kept, at)));
  });
}

/** The part of TILE that belongs to the output: (output, table of rows, table of columns, rows, columns). */
function spillFunction(module: ModuleBuilder, vector: Vector, entry: number): Callee {
  const signature: Signature = { params: Array.from({ length: 5 }, () => 'i32' as const), results: [] };
  const one = aloneOf(vector.dtype);
  const columns = 2 * vector.width;
  return module.function(signature, (f) => {
    const [output, rows, cols, height, width] = [0, 1, 2, 3, 4].map((i) => f.param(i, 'i32')) as I32[];
    const [m, n] = [least(f, height!, c(MR)), least(f, width!, c(columns))];
    f.for(m, (i) => {
      const from = f.let(i32.add(f.scratch(TILE), i32.mul(i, c(columns * vector.bytes))));
      const row = f.let(i32.add(output!, i32.load(i32.add(rows!, i32.mul(i, c(entry))))));
      f.for(n, (j) => {
        const to = i32.add(row, i32.load(i32.add(cols!, i32.shl(j, c(2)))));
        f.do(one.store(to, one.load(from)));
        f.increment(from, vector.bytes);
      });
    });
  });
}
