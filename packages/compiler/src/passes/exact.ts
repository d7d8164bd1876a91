/**
 * Functions with one right result, which every target computes, and numbers as arrays hold them: what may be computed ahead.
 * Must not import passes.
 */
import type { DType, ScalarFunction, ScalarStep } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';

/** Functions with one right result, which every target computes: about as cheap as an addition. */
const CHEAP: ReadonlySet<ScalarFunction> = /* @__PURE__ */ new Set([
  scalar.add,
  scalar.sub,
  scalar.mul,
  scalar.neg,
  scalar.abs,
  scalar.square,
  scalar.sign,
  scalar.maximum,
  scalar.minimum,
  scalar.relu,
  scalar.floor,
  scalar.ceil,
  scalar.equal,
  scalar.notEqual,
  scalar.less,
  scalar.lessEqual,
  scalar.greater,
  scalar.greaterEqual,
  scalar.logicalAnd,
  scalar.logicalOr,
  scalar.logicalXor,
  scalar.logicalNot,
  scalar.isNaN,
  scalar.isFinite,
  scalar.select,
  scalar.identity,
  scalar.toBool,
]);
/** The same, at some times the price. */
const DEARER: ReadonlySet<ScalarFunction> = /* @__PURE__ */ new Set([
  scalar.div,
  scalar.reciprocal,
  scalar.sqrt,
  scalar.round,
  scalar.toInt,
]);

/** What a step costs, in additions. */
export function weightOf(step: ScalarStep): number {
  if ('constant' in step) return 0;
  if (CHEAP.has(step.fn)) return 1;
  return DEARER.has(step.fn) ? 3 : 25;
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
export const isExact = (fn: ScalarFunction): boolean => CHEAP.has(fn) || DEARER.has(fn);
