/*
 * Whether a result is right. The one idea: an error counts relative to its element, and to the size of the whole result
 * where elements are small; NaN and ∞ where the reference has numbers are never right.
 */
import type { DType } from '../inputs/workloads.ts';

/** What rounding may leave, after sums over a few hundred terms. */
export const TOLERANCE: Readonly<Record<DType, number>> = { float32: 1e-4, float64: 1e-9 };

/** The worst of |a − b| / (|b| + rms(b)); ∞ where lengths differ or `actual` holds what is no number. */
export function worstError(actual: ArrayLike<number>, expected: Float64Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const rms = Math.sqrt(expected.reduce((s, v) => s + v * v, 0) / expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / (Math.abs(expected[i]!) + rms);
    if (!(error <= worst)) worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return worst;
}
