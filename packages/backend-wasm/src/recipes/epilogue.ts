/**
 * The body of an epilogue on a tile of results.
 * The one idea: a body is written for as many elements as those of a map's row, so a row of a tile is made of as many vectors
 * at a time, in the registers where its sums are. Must not import plans.
 */
import type { Expr } from '../assembler/expr.ts';
import type { FunctionBuilder, Local } from '../assembler/function.ts';
import { writeBody } from '../body.ts';
import type { Importer } from '../math/lanes.ts';
import type { RowSpec } from '../row.ts';
import type { Vector } from './vector.ts';

/** What is made of rows of sums, and of operands of their dtype: elements next to each other, or one for a row. */
export interface Made {
  readonly row: RowSpec;
  readonly importer: Importer;
}

/** Bytes from column to column, by operand. */
export const stepsOf = (row: RowSpec | undefined, bytes: number): number[] =>
  (row?.spacings ?? []).slice(1).map((spacing) => (spacing === 'unit' ? bytes : 0));

/** Puts what is made of a row's sums in their place. `at`: where operands have the row's first element; some past the last are read. */
export function writeEpilogue(
  f: FunctionBuilder,
  { width, type, dtype, bytes, load, spread }: Vector,
  { row, importer }: Made,
  sums: readonly Local[],
  at: readonly Expr<'i32'>[],
): void {
  const lanes = type === 'v128' ? 4 : 1;
  const steps = stepsOf(row, bytes);
  const starts = at.map((each) => f.let(each));
  for (let i = 0; i < sums.length; i += lanes / width) {
    const own = sums.slice(i, i + lanes / width);
    f.scope(() => {
      const operand = (part: (p: number) => Expr): Expr[] => own.map((_, p) => part((i + p) * width));
      const all = [
        own,
        ...starts.map((start, q) => operand((e) => f.let(steps[q] === 0 ? spread(start) : load(start, e * bytes)))),
      ];
      // A single vector of two stands for both of its kind.
      const inputs = all.map((parts) => ({
        dtype,
        parts: own.length * width < lanes ? [parts[0]!, parts[0]!] : parts,
      }));
      const { parts } = writeBody({ f, width: lanes, import: importer, loop: false }, inputs, row.body, dtype);
      own.forEach((each, p) => f.set(each, parts[p]!));
      return [];
    });
  }
  f.release(...starts);
}
