/**
 * What the forms of a contraction share: sums of products of one dtype, and what is made of rows of them.
 * The one idea: left and right may change places, so forms ask for one of them only. Must not import plans.
 */
import type { ContractKernel, ScalarStep } from '@jacobi/backend';
import type { Spacing } from './access.ts';
import type { Expr } from './assembler/expr.ts';
import { positions } from './axes.ts';
import type { Summand } from './recipes/vector.ts';
import type { RowSpec } from './row.ts';

/** Where an operand or the result lies. */
export interface Side {
  readonly start: Expr<'i32'>;
  readonly strides: readonly number[];
}

/** Sums of products of one dtype. */
export interface Sums extends Pick<ContractKernel, 'batch' | 'm' | 'n' | 'k'> {
  readonly dtype: Summand;
  /** Left, right, output, then the operands of the epilogue, over the axes of the output. */
  readonly sides: readonly [Side, Side, Side, ...Side[]];
  /** What is made of each sum. */
  readonly body: readonly ScalarStep[] | undefined;
}

/** The distance of positions that lie evenly. */
export function stepOf(shape: readonly number[], strides: readonly number[]): number | undefined {
  const table = positions(shape, strides);
  return table.every((at, i) => at === i * table[1]!) ? table[1] : undefined;
}

/** The body as one of rows of results, and its operands; undefined: there is none, or columns of operands lie apart. */
export function rowOf({ batch, m, n, dtype, body, sides: [, , , ...made] }: Sums): Row | undefined {
  const steps = made.map(({ strides }) => stepOf(n, strides.slice(batch.length + m.length)));
  if (!body || steps.some((step) => step !== 0 && step !== 1)) return undefined;
  const spacings = [1, ...steps].map((step): Spacing => (step === 1 ? 'unit' : 'zero'));
  return { spec: { dtypes: spacings.map(() => dtype), spacings, body }, made };
}

export interface Row {
  readonly spec: RowSpec;
  readonly made: readonly Side[];
}

/** Left and right exchanged. */
export function turned({ batch, m, n, sides: [left, right, ...results], ...rest }: Sums): Sums {
  const [b, bm] = [batch.length, batch.length + m.length];
  const [output, ...made] = results.map(({ start, strides }): Side => {
    return { start, strides: [...strides.slice(0, b), ...strides.slice(bm), ...strides.slice(b, bm)] };
  });
  return { ...rest, batch, m: n, n: m, sides: [right, left, output!, ...made] };
}
