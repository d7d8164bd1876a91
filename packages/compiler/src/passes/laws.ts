/**
 * What is known of scalar functions beyond their value: neutral elements, signs, numbers computed ahead.
 * The one idea: a law is local, from a function and its arguments to a term that is there already or is simpler.
 * Must not import programs or plans.
 */
import type { DType, ScalarFunction } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { held, isExact } from './exact.ts';
import type { Term, Terms } from './terms.ts';

/** Operands that a function does not take are −1. */
type Law = (terms: Terms, dtype: DType, a: Term, b: Term, c: Term) => Term | undefined;

/** The term x, if a term is −x in the same dtype. */
function negated(terms: Terms, term: Term, dtype: DType): Term | undefined {
  const node = terms.node(term);
  if (!('fn' in node) || node.fn !== scalar.neg || node.dtype !== dtype) return undefined;
  const [operand] = node.args;
  return terms.dtype(operand!) === dtype ? operand : undefined;
}

const ordered = (terms: Terms, fn: ScalarFunction, dtype: DType, a: Term, b: Term): Term =>
  a <= b ? terms.make(fn, dtype, a, b) : terms.make(fn, dtype, b, a);

const minus = (terms: Terms, dtype: DType, a: Term): Term => terms.call(scalar.neg, dtype, terms.cast(a, dtype));

const add: Law = (terms, dtype, a, b) => {
  if (terms.value(a) === 0) return terms.cast(b, dtype);
  if (terms.value(b) === 0) return terms.cast(a, dtype);
  const minusB = negated(terms, b, dtype);
  if (minusB !== undefined) return terms.call(scalar.sub, dtype, a, minusB);
  const minusA = negated(terms, a, dtype);
  if (minusA !== undefined) return terms.call(scalar.sub, dtype, b, minusA);
  return ordered(terms, scalar.add, dtype, a, b);
};

const sub: Law = (terms, dtype, a, b) => {
  if (terms.value(b) === 0) return terms.cast(a, dtype);
  // At b = 0 the difference is 0, and −b is −0.
  if (terms.value(a) === 0 && terms.mayTurn(dtype)) return minus(terms, dtype, b);
  const minusB = negated(terms, b, dtype);
  if (minusB !== undefined) return terms.call(scalar.add, dtype, a, minusB);
  const minusA = negated(terms, a, dtype);
  if (minusA !== undefined && terms.mayTurn(dtype))
    return minus(terms, dtype, terms.call(scalar.add, dtype, minusA, b));
  // The other way round it may be there already; x − x turned round would be itself.
  const turned = a === b ? undefined : terms.find(scalar.sub, dtype, b, a);
  return turned !== undefined && terms.mayTurn(dtype) ? minus(terms, dtype, turned) : undefined;
};

const mul: Law = (terms, dtype, a, b) => {
  const p = terms.value(a);
  const q = terms.value(b);
  if (p === 0 || q === 0) return terms.constant(0, dtype);
  if (p === 1) return terms.cast(b, dtype);
  if (q === 1) return terms.cast(a, dtype);
  if (p === -1) return minus(terms, dtype, b);
  if (q === -1) return minus(terms, dtype, a);
  // A sign outside may meet another one.
  const minusA = negated(terms, a, dtype);
  if (minusA !== undefined) return minus(terms, dtype, terms.call(scalar.mul, dtype, minusA, b));
  const minusB = negated(terms, b, dtype);
  if (minusB !== undefined) return minus(terms, dtype, terms.call(scalar.mul, dtype, a, minusB));
  return ordered(terms, scalar.mul, dtype, a, b);
};

const div: Law = (terms, dtype, a, b) => {
  if (dtype === 'int32') return undefined;
  if (terms.value(a) === 0) return terms.constant(0, dtype);
  return terms.value(b) === 1 ? terms.cast(a, dtype) : undefined;
};

const neg: Law = (terms, dtype, a) => negated(terms, a, dtype);

const select: Law = (terms, dtype, condition, a, b) => {
  const known = terms.value(condition);
  if (known !== undefined) return terms.cast(known === 0 ? b : a, dtype);
  return a === b ? terms.cast(a, dtype) : undefined;
};

const square: Law = (terms, dtype, a) => terms.call(scalar.mul, dtype, a, a);

const powInt: Law = (terms, dtype, a, n) => {
  if (terms.value(n) === 1) return terms.cast(a, dtype);
  return terms.value(n) === 2 ? terms.call(scalar.mul, dtype, a, a) : undefined;
};

const identity: Law = (terms, dtype, a) => (terms.dtype(a) === dtype ? a : undefined);

/** By function. But for division they hold modulo 2³² as well. */
const LAWS: ReadonlyMap<ScalarFunction, Law> = /* @__PURE__ */ new Map<ScalarFunction, Law>([
  [scalar.add, add],
  [scalar.sub, sub],
  [scalar.mul, mul],
  [scalar.div, div],
  [scalar.neg, neg],
  [scalar.square, square],
  [scalar.powInt, powInt],
  [scalar.select, select],
  [scalar.identity, identity],
]);

/** True if a function of these operands is another number at −0 than at 0. */
export function tellsSigns(terms: Terms, fn: ScalarFunction, [a, b]: readonly Term[]): boolean {
  switch (fn) {
    case scalar.reciprocal:
    case scalar.rsqrt:
      return true;
    case scalar.div:
    case scalar.floorDiv:
      return terms.value(b!) === undefined;
    case scalar.atan2:
      return terms.value(a!) === undefined || terms.value(b!) === undefined;
    case scalar.pow:
    case scalar.powInt:
      return !(terms.value(b!)! > 0);
    default:
      return false;
  }
}

/** A term that a function of terms is equal to, if a law or a computation gives one. */
export function simplify(terms: Terms, fn: ScalarFunction, dtype: DType, a: Term, b: Term, c: Term): Term | undefined {
  const p = terms.value(a);
  if (p !== undefined && isExact(fn)) {
    const q = fn.arity > 1 ? terms.value(b) : 0;
    const r = fn.arity > 2 ? terms.value(c) : 0;
    if (q !== undefined && r !== undefined) {
      // Some take any number of operands, and must not see one that is not theirs.
      const call: (...operands: number[]) => number = (dtype === 'int32' ? fn.int : undefined) ?? fn.js;
      return terms.constant(held(call(...[p, q, r].slice(0, fn.arity)), dtype), dtype);
    }
  }
  return LAWS.get(fn)?.(terms, dtype, a, b, c);
}
