/**
 * Reductions whose order does not matter: of whole numbers, and positions of extremes.
 * The one idea: one plain loop over strided elements. Must not import plans.
 */
import type { DType } from '@jacobi/backend';
import type { Expr } from '../assembler/expr.ts';
import { choose, f32, f64, i32 } from '../assembler/expr.ts';
import type { Recipe } from '../library.ts';

type I32 = Expr<'i32'>;

/** The reducers of whole numbers, and their identities. */
const COMBINE: Readonly<Record<string, { of: 'int32' | 'bool'; identity: number; by: (a: I32, b: I32) => I32 }>> = {
  sum: { of: 'int32', identity: 0, by: i32.add },
  prod: { of: 'int32', identity: 1, by: i32.mul },
  max: { of: 'int32', identity: -2147483648, by: (a, b) => choose(i32.gt(a, b), a, b) },
  min: { of: 'int32', identity: 2147483647, by: (a, b) => choose(i32.lt(a, b), a, b) },
  any: { of: 'bool', identity: 0, by: (a, b) => i32.ne(i32.or(a, b), i32.const(0)) },
  all: { of: 'bool', identity: 1, by: (a, b) => i32.and(i32.ne(a, i32.const(0)), i32.ne(b, i32.const(0))) },
};

/** True if there is a recipe. */
export const isWhole = (name: string, dtype: DType): boolean =>
  Object.hasOwn(COMBINE, name) && COMBINE[name]!.of === dtype;

/** Of int32, or of bool where the result is one: (count, address, stride) → the result. */
export function wholeRecipe(name: string, dtype: 'int32' | 'bool'): Recipe {
  const { identity, by } = COMBINE[name]!;
  return {
    params: ['i32', 'i32', 'i32'],
    results: ['i32'],
    write(f) {
      const [n, at, stride] = [f.param(0, 'i32'), f.param(1, 'i32'), f.param(2, 'i32')];
      const total = f.let(i32.const(identity));
      f.while(i32.gt(n, i32.const(0)), () => {
        const value = f.let(dtype === 'int32' ? i32.load(at) : i32.load8(at));
        f.set(total, by(total, value));
        f.increment(at, stride);
        f.increment(n, -1);
      });
      return total;
    },
  };
}

/** The first position of the largest or smallest; a NaN is both: (count, address, stride) → the position. */
export function positionRecipe(largest: boolean, dtype: DType): Recipe {
  const type = dtype === 'float64' ? 'f64' : dtype === 'float32' ? 'f32' : 'i32';
  const table = { f32, f64, i32 }[type] as unknown as Record<'lt' | 'gt' | 'ne', (a: Expr, b: Expr) => I32>;
  const load = (at: I32): Expr => (dtype === 'bool' ? i32.load8(at) : { f32, f64, i32 }[type].load(at));
  return {
    params: ['i32', 'i32', 'i32'],
    results: ['i32'],
    write(f) {
      const [n, at, stride] = [f.param(0, 'i32'), f.param(1, 'i32'), f.param(2, 'i32')];
      const best = f.let(load(at));
      const first = f.local('i32');
      f.for(n, (i) => {
        const value = f.let(load(at));
        const wins = table[largest ? 'gt' : 'lt'](value, best);
        const found =
          type === 'i32' ? wins : i32.or(wins, i32.and(table.ne(value, value), i32.eqz(table.ne(best, best))));
        f.if(found, () => {
          f.set(best, value);
          f.set(first, i);
        });
        f.increment(at, stride);
      });
      return first;
    },
  };
}
