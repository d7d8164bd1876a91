/**
 * Each scalar function for WebAssembly: how it is computed in float32, float64 and int32 lanes.
 * The one idea: a form is how to be fast, not what a function is. A function without one, such as one that was just added
 * to @jacobi/backend, runs in JavaScript, and a plan that holds it in steps. The forms stand here and not in the rows of
 * @jacobi/backend, because a program that uses the CPU backend only would carry them in its bundle. Must not import plans.
 */

import type { ScalarFunction } from '@jacobi/backend';
import type * as rows from '@jacobi/backend/scalar';
import type { Expr } from './assembler/expr.ts';
import type { FunctionBuilder } from './assembler/function.ts';
import * as integers from './integers.ts';
import * as e from './math/exponential.ts';
import type { Form } from './math/form.ts';
import type { Lanes, Mask, Num } from './math/lanes.ts';
import * as l from './math/logarithm.ts';
import * as p from './math/power.ts';
import { floorMod } from './math/remainder.ts';
import * as t from './math/trigonometry.ts';

type Rows = typeof rows;
/** The names of all scalar functions. */
export type ScalarName = { [K in keyof Rows]: Rows[K] extends ScalarFunction ? K : never }[keyof Rows];

/** A function of numbers, one in each lane. */
export type Program = (m: Lanes, a: Num, b: Num) => Num;
/** The same of whole numbers, four in a vector or one alone. */
export type IntProgram = (f: FunctionBuilder, a: Expr, b: Expr) => Expr;

/** A function with numbers for result. */
export interface Numeric {
  readonly kind: 'numeric';
  readonly f64: Program;
  /** In float32 lanes; without it float32 is computed in float64 lanes and rounded. */
  readonly f32?: Program;
  /** `vector` is absent where the function is computed lane by lane. */
  readonly int?: { readonly vector?: IntProgram; readonly alone: IntProgram };
  /** The instruction that it is, reading each operand once; absent where it is several. */
  readonly single?: (form: Form, a: Expr, b: Expr) => Expr;
  /** Where it is not exact: short enough to stand in a straight line. */
  readonly short?: true;
  /** 0 for the sine, 1 for the cosine: those of one angle are one call. */
  readonly turn?: 0 | 1;
}

/** How a function is computed. */
export type Row =
  | Numeric
  | {
      readonly kind: 'compare';
      readonly by: (m: Lanes, a: Num, b: Num) => Mask;
      readonly int: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | null;
    }
  | { readonly kind: 'logic'; readonly by: 'and' | 'or' | 'xor' | 'not' }
  | { readonly kind: 'select' }
  | { readonly kind: 'cast'; readonly to: 'own' | 'bool' | 'int32' }
  /** Words of random bits to numbers: takes int32, computes lane by lane. */
  | { readonly kind: 'words'; readonly by: (f: FunctionBuilder, a: Expr<'i32'>, b: Expr<'i32'>) => Expr<'f64'> };

type Extras = Pick<Numeric, 'int' | 'single' | 'short' | 'turn'>;
/** Computed in lanes of its own type. */
const own = (program: Program, extras?: Extras): Row => ({ kind: 'numeric', f64: program, f32: program, ...extras });
/** float32 computed in float64 lanes: their range and precision make it simpler, or right at all. */
const wide = (program: Program, extras?: Extras): Row => ({ kind: 'numeric', f64: program, ...extras });
const unary = (name: keyof Form['unary'], int?: Numeric['int']): Row =>
  own((m, a) => m.apply(name, a), { single: (form, a) => form.unary[name](a), ...(int && { int }) });
const binary = (name: keyof Form['binary'], int?: Numeric['int']): Row =>
  own((m, a, b) => m[name](a, b), { single: (form, a, b) => form.binary[name](a, b), ...(int && { int }) });
const compare = (name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'): Row => ({
  kind: 'compare',
  by: (m, a, b) => m.is(name, a, b),
  int: name,
});
const sign: Program = (m, a) => {
  const below = m.select(m.is('lt', a, m.num(0)), m.num(-1), a);
  return m.select(m.is('gt', a, m.num(0)), m.num(1), below);
};

const FUNCTIONS: Readonly<Partial<Record<ScalarName, Row>>> = {
  add: binary('add', integers.add),
  sub: binary('sub', integers.sub),
  mul: binary('mul', integers.mul),
  div: binary('div'),
  neg: unary('neg', integers.neg),
  abs: unary('abs', integers.abs),
  square: own((m, a) => m.mul(a, a), { int: integers.square }),
  reciprocal: own((m, a) => m.div(m.num(1), a)),
  sign: own(sign, { int: integers.sign }),
  maximum: binary('max', integers.maximum),
  minimum: binary('min', integers.minimum),
  floorDiv: wide((m, a, b) => m.apply('floor', m.div(a, b)), { int: integers.floorDiv, short: true }),
  floorMod: wide(floorMod, { int: integers.floorMod }),
  pow: wide(p.pow, { int: integers.power }),
  powInt: wide(p.powInt, { int: integers.power }),
  sqrt: unary('sqrt'),
  rsqrt: wide((m, a) => m.div(m.num(1), m.sqrt(a)), { short: true }),
  exp: own(e.exp),
  expm1: wide(e.expm1),
  log: own(l.log),
  log1p: own(l.log1p),
  sin: wide(t.sin, { turn: 0 }),
  cos: wide(t.cos, { turn: 1 }),
  tan: wide(t.tan),
  asin: wide(t.asin),
  acos: wide(t.acos),
  atan: wide(t.atan),
  atan2: wide(t.atan2),
  sinh: wide(e.sinh),
  cosh: wide(e.cosh),
  asinh: wide(l.asinh),
  acosh: wide(l.acosh),
  atanh: wide(l.atanh),
  hypot: wide(p.hypot),
  tanh: own(e.tanh),
  sigmoid: own(e.sigmoid),
  softplus: own(e.softplus),
  softsign: wide((m, a) => m.div(a, m.add(m.num(1), m.abs(a))), { short: true }),
  relu: own((m, a) => m.select(m.is('lt', a, m.num(0)), m.num(0), a)),
  elu: wide(e.elu),
  erf: wide(p.erf),
  erfc: wide(p.erfc),
  floor: unary('floor'),
  ceil: unary('ceil'),
  round: own((m, a) => m.apply('nearest', a)),
  equal: compare('eq'),
  notEqual: compare('ne'),
  less: compare('lt'),
  lessEqual: compare('le'),
  greater: compare('gt'),
  greaterEqual: compare('ge'),
  logicalAnd: { kind: 'logic', by: 'and' },
  logicalOr: { kind: 'logic', by: 'or' },
  logicalXor: { kind: 'logic', by: 'xor' },
  logicalNot: { kind: 'logic', by: 'not' },
  isNaN: { kind: 'compare', by: (m, a) => m.is('ne', a, a), int: null },
  isFinite: { kind: 'compare', by: (m, a) => m.is('lt', m.abs(a), m.num(Infinity)), int: null },
  select: { kind: 'select' },
  identity: { kind: 'cast', to: 'own' },
  toBool: { kind: 'cast', to: 'bool' },
  toInt: { kind: 'cast', to: 'int32' },
  bitsToUnit: { kind: 'words', by: integers.bitsToUnit },
  bitsToUnit64: { kind: 'words', by: integers.bitsToUnit64 },
  bitsToRange: { kind: 'words', by: integers.bitsToRange },
};

/** How a function is computed; undefined for one that has no form. */
export function rowOf(fn: ScalarFunction): Row | undefined {
  return Object.hasOwn(FUNCTIONS, fn.name) ? FUNCTIONS[fn.name as ScalarName] : undefined;
}

/** True for what is computed in many steps: numbers that no IEEE operation gives. */
export function isLong(fn: ScalarFunction): boolean {
  return fn.exact === undefined && rowOf(fn)?.kind === 'numeric';
}
