/**
 * Packing rows or columns into panels, for matrix products.
 * The one idea: a product's loop reads panels in order, however operands lie; what lies together is moved in vectors, and the
 * rest through tables of positions. Must not import plans.
 */
import type { Expr } from '../assembler/expr.ts';
import { i32 } from '../assembler/expr.ts';
import type { Callee, Local, Signature } from '../assembler/function.ts';
import type { ModuleBuilder } from '../assembler/module.ts';
import { v128 } from '../assembler/simd.ts';
import { transpose } from './transpose.ts';
import type { Vector } from './vector.ts';
import { aloneOf } from './vector.ts';

type I32 = Expr<'i32'>;
const c = i32.const;

/** Ways of packing: by tables; k next to each other; rows (or columns) next to each other. */
export const WAY = { tables: 0, alongK: 1, acrossK: 2 } as const;

/** Packs rows into panels of `height`: (to, from, table of rows, table of k, rows, depth, way). Missing rows are anything. */
export function packFunction(module: ModuleBuilder, vector: Vector, height: number): Callee {
  const signature: Signature = { params: Array.from({ length: 7 }, () => 'i32' as const), results: [] };
  const panel = panelFunction(module, vector, height);
  const across = vector.width > 1 ? acrossPanel(module, vector, height) : undefined;
  const along = vector.width > 1 ? alongPanel(module, vector, height) : undefined;
  return module.function(signature, (f) => {
    const [to, source, rows, ks, count, depth, way] = [0, 1, 2, 3, 4, 5, 6].map<Local<'i32'>>((i) => f.param(i, 'i32'));
    f.while(i32.gt(count!, c(0)), () => {
      const slow = (): void => f.call(panel, to!, source!, rows!, ks!, count!, depth!);
      if (across && along) {
        const whole = i32.ge(count!, c(height));
        const first = i32.add(source!, i32.load(rows!));
        const start = i32.add(source!, i32.load(ks!));
        f.if(
          i32.eq(way!, c(WAY.acrossK)),
          () => f.call(across, to!, first, ks!, depth!),
          () => f.if(i32.and(whole, i32.eq(way!, c(WAY.alongK))), () => f.call(along, to!, start, rows!, depth!), slow),
        );
      } else slow();
      f.increment(to!, i32.mul(depth!, c(height * vector.bytes)));
      f.increment(rows!, 4 * height);
      f.increment(count!, -height);
    });
  });
}

/** Element by element, row by row, through the tables. */
function panelFunction(module: ModuleBuilder, vector: Vector, height: number): Callee {
  const signature: Signature = { params: Array.from({ length: 6 }, () => 'i32' as const), results: [] };
  const one = aloneOf(vector.dtype);
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
            f.do(one.store(at, one.load(i32.add(row, i32.load(table)))));
            f.increment(table, 4);
            f.increment(at, height * vector.bytes);
          });
        },
        () =>
          f.for(depth!, () => {
            f.do(one.store(at, one.zero));
            f.increment(at, height * vector.bytes);
          }),
      );
    }
  });
}

/** A panel whose rows lie next to each other: (to, first row, table of k, depth). Reads on behind the last row. */
function acrossPanel(module: ModuleBuilder, vector: Vector, height: number): Callee {
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

/** A whole panel each of whose rows lies together: (to, from, table of rows, depth), turned over square by square. */
function alongPanel(module: ModuleBuilder, vector: Vector, height: number): Callee {
  const signature: Signature = { params: ['i32', 'i32', 'i32', 'i32'], results: [] };
  const { width, bytes } = vector;
  const one = aloneOf(vector.dtype);
  return module.function(signature, (f) => {
    const [to, base, rows, depth] = [f.param(0, 'i32'), f.param(1, 'i32'), f.param(2, 'i32'), f.param(3, 'i32')];
    const at = Array.from({ length: height }, (_, r) => f.let(i32.add(base, i32.load(rows, 4 * r))));
    const left = f.let(depth);
    const advance = (by: number): void => {
      for (const row of at) f.increment(row, by * bytes);
      f.increment(to, by * height * bytes);
      f.increment(left, -by);
    };
    f.while(i32.ge(left, c(width)), () => {
      for (let first = 0; first < height; first += width) {
        const square = at.slice(first, first + width).map((row) => f.let(v128.load(row)));
        transpose(f, square).forEach((column, k) => f.do(v128.store(to, column, (k * height + first) * bytes)));
      }
      advance(width);
    });
    f.while(i32.gt(left, c(0)), () => {
      at.forEach((row, r) => f.do(one.store(to, one.load(row), r * bytes)));
      advance(1);
    });
  });
}
