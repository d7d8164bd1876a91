/**
 * What is known of scalar functions beyond their value: neutral elements, signs, numbers computed ahead.
 * The one idea: a law is local, from a function and its arguments to a term that is there already or is simpler.
 * Must not import programs or plans.
 */
import type { DType, ScalarFunction } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import type { Term, Terms } from './terms.ts';
import { rounded } from './terms.ts';

type Law = (terms: Terms, args: readonly Term[], dtype: DType) => Term | undefined;

/** `term` in the dtype of the result. */
const as = (terms: Terms, term: Term, dtype: DType): Term => terms.cast(term, dtype, scalar.identity);

/** The term x, if a term is −x in the same dtype. */
function negated(terms: Terms, term: Term, dtype: DType): Term | undefined {
  const node = terms.node(term);
  if (!('fn' in node) || node.fn !== scalar.neg || node.dtype !== dtype) return undefined;
  const [operand] = node.args;
  return terms.dtype(operand!) === dtype ? operand : undefined;
}

const ordered = (terms: Terms, fn: ScalarFunction, a: Term, b: Term, dtype: DType): Term =>
  a <= b ? terms.make(fn, [a, b], dtype) : terms.make(fn, [b, a], dtype);

const add: Law = (terms, [a, b], dtype) => {
  if (terms.value(a!) === 0) return as(terms, b!, dtype);
  if (terms.value(b!) === 0) return as(terms, a!, dtype);
  const [minusA, minusB] = [negated(terms, a!, dtype), negated(terms, b!, dtype)];
  if (minusB !== undefined) return terms.call(scalar.sub, [a!, minusB], dtype);
  if (minusA !== undefined) return terms.call(scalar.sub, [b!, minusA], dtype);
  return ordered(terms, scalar.add, a!, b!, dtype);
};

const sub: Law = (terms, [a, b], dtype) => {
  if (terms.value(b!) === 0) return as(terms, a!, dtype);
  if (terms.value(a!) === 0) return terms.call(scalar.neg, [as(terms, b!, dtype)], dtype);
  const [minusA, minusB] = [negated(terms, a!, dtype), negated(terms, b!, dtype)];
  if (minusB !== undefined) return terms.call(scalar.add, [a!, minusB], dtype);
  if (minusA !== undefined) return terms.call(scalar.neg, [terms.call(scalar.add, [minusA, b!], dtype)], dtype);
  // The other way round it may be there already.
  const turned = terms.find(scalar.sub, [b!, a!], dtype);
  return turned === undefined ? undefined : terms.call(scalar.neg, [turned], dtype);
};

const mul: Law = (terms, [a, b], dtype) => {
  const [p, q] = [terms.value(a!), terms.value(b!)];
  if (p === 0 || q === 0) return terms.constant(0, dtype);
  if (p === 1) return as(terms, b!, dtype);
  if (q === 1) return as(terms, a!, dtype);
  if (p === -1) return terms.call(scalar.neg, [as(terms, b!, dtype)], dtype);
  if (q === -1) return terms.call(scalar.neg, [as(terms, a!, dtype)], dtype);
  const [minusA, minusB] = [negated(terms, a!, dtype), negated(terms, b!, dtype)];
  if (minusA !== undefined && minusB !== undefined) return terms.call(scalar.mul, [minusA, minusB], dtype);
  // A sign outside may meet another one.
  if (minusA !== undefined) return terms.call(scalar.neg, [terms.call(scalar.mul, [minusA, b!], dtype)], dtype);
  if (minusB !== undefined) return terms.call(scalar.neg, [terms.call(scalar.mul, [a!, minusB], dtype)], dtype);
  return ordered(terms, scalar.mul, a!, b!, dtype);
};

const div: Law = (terms, [a, b], dtype) => {
  if (terms.value(a!) === 0) return terms.constant(0, dtype);
  if (terms.value(b!) === 1) return as(terms, a!, dtype);
  return undefined;
};

const neg: Law = (terms, [a], dtype) => negated(terms, a!, dtype);

const select: Law = (terms, [condition, a, b], dtype) => {
  const known = terms.value(condition!);
  if (known !== undefined) return as(terms, known === 0 ? b! : a!, dtype);
  return a === b ? as(terms, a!, dtype) : undefined;
};

const square: Law = (terms, [a], dtype) => terms.call(scalar.mul, [a!, a!], dtype);

const powInt: Law = (terms, [a, n], dtype) => {
  if (terms.value(n!) === 1) return as(terms, a!, dtype);
  return terms.value(n!) === 2 ? terms.call(scalar.mul, [a!, a!], dtype) : undefined;
};

const identity: Law = (terms, [a], dtype) => (terms.dtype(a!) === dtype ? a : undefined);

/** By function; whole numbers take the same laws, which hold modulo 2³² as well, but for division. */
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

/** Functions with one right result, which every target computes: these are computed ahead. */
const EXACT: ReadonlySet<ScalarFunction> = /* @__PURE__ */ new Set([
  scalar.add,
  scalar.sub,
  scalar.mul,
  scalar.div,
  scalar.neg,
  scalar.abs,
  scalar.square,
  scalar.reciprocal,
  scalar.sign,
  scalar.maximum,
  scalar.minimum,
  scalar.sqrt,
  scalar.relu,
  scalar.floor,
  scalar.ceil,
  scalar.round,
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
  scalar.toInt,
]);

/** A term that `fn` of `args` is equal to, if a law or a computation gives one. */
export function simplify(terms: Terms, fn: ScalarFunction, args: readonly Term[], dtype: DType): Term | undefined {
  const numbers: number[] = [];
  for (const arg of args) {
    const value = terms.value(arg);
    if (value === undefined) break;
    numbers.push(value);
  }
  if (numbers.length === args.length && EXACT.has(fn)) {
    const call: (...operands: number[]) => number = (dtype === 'int32' ? fn.int : undefined) ?? fn.js;
    return terms.constant(rounded(call(...numbers), dtype), dtype);
  }
  if (dtype === 'int32' && fn === scalar.div) return undefined;
  return LAWS.get(fn)?.(terms, args, dtype);
}
