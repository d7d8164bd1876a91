/**
 * How close numbers must be: the one table. A tolerance is never widened to make a test pass; where a value needs a wider
 * one, that is a finding.
 */
import type { DType } from '@jacobi/backend';

/** Two numbers agree where |actual − expected| ≤ absolute · scale + relative · |expected|. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** What is compared with what. */
export type Comparison =
  /** A value with a slow, obvious computation of it. */
  | 'value'
  /** The same derivative computed in two ways (forward and reverse, one by one and mapped). */
  | 'derivative'
  /** A derivative with a difference quotient, which float64 alone supports. */
  | 'difference';

const EXACT: Tolerance = { relative: 0, absolute: 0 };

/** By comparison and dtype. */
export const tolerances: Readonly<
  Record<Exclude<Comparison, 'difference'>, Readonly<Record<DType, Tolerance>>> &
    Record<'difference', Readonly<Record<'float64', Tolerance>>>
> = {
  value: {
    float64: { relative: 1e-14, absolute: 1e-15 },
    float32: { relative: 1e-6, absolute: 2e-7 },
    int32: EXACT,
    bool: EXACT,
  },
  derivative: {
    float64: { relative: 1e-12, absolute: 1e-13 },
    float32: { relative: 2e-5, absolute: 2e-6 },
    int32: EXACT,
    bool: EXACT,
  },
  difference: {
    float64: { relative: 1e-8, absolute: 1e-9 },
  },
};

/** Nothing but the same number will do (0 and −0 are the same; NaN is NaN). */
export const exact: Tolerance = EXACT;
