/**
 * Functions with one right result, which every target computes, and numbers as arrays hold them: what may be computed ahead.
 * Must not import passes.
 */
import type { DType, ScalarFunction, ScalarStep } from '@jacobi/backend';

/** What a step costs, in additions. */
export function weightOf(step: ScalarStep): number {
  return 'constant' in step ? 0 : (step.fn.exact ?? 25);
}

/** A number as an array of the dtype holds it. */
export function held(value: number, dtype: DType): number {
  switch (dtype) {
    case 'float64':
      return value;
    case 'float32':
      return Math.fround(value);
    case 'int32':
      return value | 0;
    case 'bool':
      return value & 255;
  }
}

/** True if every target computes the same number, so that it may be computed ahead. */
export const isExact = (fn: ScalarFunction): boolean => fn.exact !== undefined;
