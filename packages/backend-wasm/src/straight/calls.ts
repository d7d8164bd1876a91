/**
 * Functions that straight lines call: the same code as in loops, once for all plans.
 * The one idea: as many numbers as a vector holds, handed over in registers. Must not import plans.
 */
import type { Callee } from '../assembler/function.ts';
import { type Row, rowOf } from '../functions.ts';
import type { Recipe } from '../library.ts';
import type { Lowering } from '../lowering.ts';
import { F32, F32X4, F64, F64X2 } from '../math/form.ts';
import { Lanes } from '../math/lanes.ts';
import { sinAndCos } from '../math/trigonometry.ts';
import type { Pack } from './order.ts';

/** `wanted`: of sin and cos. */
export function callee(l: Lowering, pack: Pack, wanted: readonly number[]): Callee {
  const { fn, domain, dtype } = pack;
  return l.shared(`lanes:${fn?.name}:${domain}:${dtype}:${wanted.join()}`, () => recipe(pack, wanted, l.mode.simd));
}

function recipe({ fn, domain, dtype }: Pack, wanted: readonly number[], simd: boolean): Recipe {
  const form = domain === 'float32' ? (simd ? F32X4 : F32) : simd ? F64X2 : F64;
  return {
    params: Array.from({ length: fn?.arity ?? 1 }, () => form.number),
    results: wanted.map(() => form.number),
    write(f, importer) {
      const m = new Lanes(f, form, dtype === 'float32', importer, false);
      const [a, b] = f.params.map((type, i) => f.param(i, type));
      if (!fn) {
        const results = sinAndCos(m, a!, wanted.includes(0), wanted.includes(1));
        return f.do(results.map(({ code }) => code));
      }
      const row = rowOf(fn) as Extract<Row, { kind: 'numeric' }>;
      return (domain === 'float32' ? row.f32! : row.f64)(m, a!, b ?? a!);
    },
  };
}
