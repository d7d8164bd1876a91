/**
 * Gather, scatter, scan and random words as code: calls of shared functions with constant sizes. Must not import plans.
 */
import type { GatherKernel, RandomKernel, ScanKernel, ScatterKernel } from '@jacobi/backend';
import { bytesPerElement } from '@jacobi/backend';
import type { Expr } from './assembler/expr.ts';
import { i32 } from './assembler/expr.ts';
import type { Lowering } from './lowering.ts';
import { gatherRecipe, randomRecipe, scanRecipe, scatterRecipe } from './recipes/index-kernels.ts';
import type { Summand } from './recipes/vector.ts';

const constants = (...values: number[]): Expr<'i32'>[] => values.map(i32.const);

export function lowerGather(
  l: Lowering,
  { batch, outer, size, count, inner, source, indices, output }: GatherKernel,
): void {
  const dtype = l.dtype(output);
  const callee = l.shared(`gather:${dtype}`, () => gatherRecipe(dtype, l.mode.simd));
  l.f.call(callee, ...constants(batch, outer, size, count, inner), l.slot(output), l.slot(indices), l.slot(source));
}

export function lowerScatter(
  l: Lowering,
  { batch, outer, size, count, inner, updates, indices, output }: ScatterKernel,
): void {
  const dtype = l.dtype(output) as Summand;
  const callee = l.shared(`scatter:${dtype}`, () => scatterRecipe(dtype, l.mode.simd));
  l.f.call(callee, ...constants(batch, outer, size, count, inner), l.slot(updates), l.slot(indices), l.slot(output));
}

export function lowerScan(
  l: Lowering,
  { form, outer, length, inner, reverse, values, factors, output }: ScanKernel,
): void {
  const dtype = l.dtype(output) as Summand;
  const callee = l.shared(`scan:${form}:${dtype}`, () => scanRecipe(form, dtype));
  const bytes = bytesPerElement(dtype) * inner;
  const first = reverse ? (length - 1) * bytes : 0;
  const rows = [values, factors ?? values, output].map((slot) => i32.add(l.slot(slot), i32.const(first)));
  l.f.call(callee, ...constants(outer, length, inner, reverse ? -bytes : bytes), ...rows);
}

export function lowerRandom(l: Lowering, { batch, count, keys, output }: RandomKernel): void {
  l.f.call(l.shared('random', randomRecipe), ...constants(batch, count), l.slot(keys), l.slot(output));
}
