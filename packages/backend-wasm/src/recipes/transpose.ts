/**
 * Squares of numbers turned over: 4 × 4 of 4 bytes, or 2 × 2 of 8. The one idea: two rounds of shuffles.
 * Must not import anything but the assembler.
 */
import type { Expr } from '../assembler/expr.ts';
import type { FunctionBuilder, Local } from '../assembler/function.ts';
import { v128 } from '../assembler/simd.ts';

type V = Expr<'v128'>;

/** The lanes of two vectors that go into one: numbers of 4 bytes. */
const lanes = (...each: readonly number[]): number[] => each.flatMap((lane) => [0, 1, 2, 3].map((b) => 4 * lane + b));
const LOW = /* @__PURE__ */ lanes(0, 4, 1, 5);
const HIGH = /* @__PURE__ */ lanes(2, 6, 3, 7);
const LOW_HALVES = /* @__PURE__ */ lanes(0, 1, 4, 5);
const HIGH_HALVES = /* @__PURE__ */ lanes(2, 3, 6, 7);

/** Rows to columns and back, in locals. */
export function transpose(f: FunctionBuilder, rows: readonly Expr[]): Local<'v128'>[] {
  const mix = (a: Expr, b: Expr, bytes: readonly number[]): Local<'v128'> => f.let(v128.shuffle(a as V, b as V, bytes));
  const halves = (a: Expr, b: Expr): Local<'v128'>[] => [mix(a, b, LOW_HALVES), mix(a, b, HIGH_HALVES)];
  const [a, b, c, d] = rows as readonly [Expr, Expr, Expr, Expr];
  if (rows.length === 2) return halves(a, b);
  const [t0, t1] = [mix(a, b, LOW), mix(c, d, LOW)];
  const [t2, t3] = [mix(a, b, HIGH), mix(c, d, HIGH)];
  const columns = [...halves(t0, t1), ...halves(t2, t3)];
  f.release(t0, t1, t2, t3);
  return columns;
}
