/**
 * The body of an elementwise kernel as code.
 * The one idea: each step is computed in the narrowest lanes that give what float64 rounded to the step's dtype would give,
 * which is what JavaScript computes: float32 lanes where all operands are float32, float64 lanes where they mix.
 * Must not import plans.
 */
import type { DType, ScalarStep } from '@jacobi/backend';
import type { Expr } from './assembler/expr.ts';
import { f32, f64, i32 } from './assembler/expr.ts';
import type { FunctionBuilder } from './assembler/function.ts';
import { f32x4, f64x2, i32x4 } from './assembler/simd.ts';
import type { Row } from './functions.ts';
import { rowOf } from './functions.ts';
import { F32, F32X4, F64, F64X2 } from './math/form.ts';
import type { Importer } from './math/lanes.ts';
import { Lanes } from './math/lanes.ts';
import type { Value, Width } from './value.ts';
import { constantValue, convert, elementOf, gatherElements, narrowMasks, pick } from './value.ts';

/** A function of a body. */
export type Call = Extract<ScalarStep, { fn: unknown }>;
/** What an operand is: a dtype, or a constant. */
export type Operand = DType | { readonly constant: number };

/** What the steps of a body are written with. */
export interface Target {
  readonly f: FunctionBuilder;
  readonly width: Width;
  readonly import: Importer;
  /** A constant; without it constants stand in the code. */
  readonly constant?: (value: number, dtype: DType) => Value;
  /** False where what is written runs once: constants are not loaded ahead then. */
  readonly loop?: boolean;
}

/** The lanes that a step is computed in; undefined where it is not computed here. */
export type Domain = 'float32' | 'float64' | 'int32' | 'mask';

/** True if an operand is the same number in float32, or whole and within int32. */
function fits(operand: Operand, domain: 'float32' | 'int32'): boolean {
  if (typeof operand === 'object') {
    const { constant } = operand;
    return domain === 'int32' ? Object.is(constant | 0, constant) : Object.is(Math.fround(constant), constant);
  }
  return operand === 'bool' || operand === domain;
}

export function domainOf({ fn, dtype }: Call, operands: readonly Operand[]): Domain | undefined {
  const row = rowOf(fn);
  const all = (domain: 'float32' | 'int32'): boolean => operands.every((operand) => fits(operand, domain));
  switch (row?.kind) {
    case undefined:
      return undefined;
    case 'numeric':
      if (dtype === 'bool') return undefined;
      if (dtype === 'int32') return row.int && all('int32') ? 'int32' : undefined;
      return dtype === 'float32' && row.f32 && all('float32') ? 'float32' : 'float64';
    case 'compare':
      if (row.int && all('int32')) return 'int32';
      return all('float32') ? 'float32' : 'float64';
    case 'words':
      return all('int32') ? 'int32' : undefined;
    case 'cast':
      // Without saturation only what fits may become an int32, as in a store to an array of them.
      if (dtype !== 'int32' || row.to !== 'own' || all('int32')) return 'mask';
      return undefined;
    case 'logic':
    case 'select':
      return 'mask';
    default:
      return row satisfies never;
  }
}

/** The values of all steps, after those of the inputs; the last is the result, a constant in the dtype `to`. */
export function writeBody(target: Target, inputs: readonly Value[], body: readonly ScalarStep[], to: DType): Value {
  const values: Known[] = [...inputs];
  for (const step of body) {
    values.push(
      'constant' in step
        ? step
        : writeStep(
            target,
            step,
            step.args.map((arg) => values[arg]!),
          ),
    );
  }
  const last = body.length === 0 ? inputs[0]! : values.at(-1)!;
  return 'constant' in last ? constantValue(last.constant, to, target.width) : last;
}

export type Known = Value | { readonly constant: number };
const operandOf = (value: Known): Operand => ('constant' in value ? value : value.dtype);

/** An operand in the lanes of a dtype. */
export function as(target: Target, value: Known, dtype: DType): Value {
  if ('constant' in value) {
    return target.constant?.(value.constant, dtype) ?? constantValue(value.constant, dtype, target.width);
  }
  return convert(target.f, value, dtype, target.width);
}

export function writeStep(target: Target, step: Call, args: readonly Known[]): Value {
  const row = rowOf(step.fn)!;
  const domain = domainOf(step, args.map(operandOf))!;
  const result = writeRow(target, row, step.dtype, domain, args);
  return convert(target.f, result, step.dtype, target.width);
}

function writeRow(target: Target, row: Row, dtype: DType, domain: Domain, args: readonly Known[]): Value {
  const lanes = domain === 'mask' ? 'bool' : domain;
  const operands = (): Value[] => args.map((arg) => as(target, arg, lanes));
  switch (row.kind) {
    case 'numeric':
      return domain === 'int32'
        ? writeInt(target, row.int!, operands())
        : writeFloat(target, row[domain === 'float32' ? 'f32' : 'f64']!, dtype, operands());
    case 'compare':
      return domain === 'int32' ? compareInt(target, row.int!, operands()) : compareFloat(target, row.by, operands());
    case 'logic':
      return writeLogic(target, row.by, operands());
    case 'select': {
      const [a, b] = [as(target, args[1]!, dtype), as(target, args[2]!, dtype)];
      return pick(target.f, as(target, args[0]!, 'bool').parts[0]!, a, b, target.width);
    }
    case 'cast':
      return as(target, args[0]!, row.to === 'own' ? dtype : row.to);
    case 'words': {
      const results = elements(target, operands(), (a, b) => row.by(target.f, a, b ?? a));
      return gatherElements(target.f, 'float64', results, target.width);
    }
    default:
      return row satisfies never;
  }
}

/** Lanes for the float parts of a value. */
function lanesFor(target: Target, dtype: DType, short: boolean): Lanes {
  const form = dtype === 'float32' ? (target.width > 1 ? F32X4 : F32) : target.width > 1 ? F64X2 : F64;
  return new Lanes(target.f, form, short, target.import, target.loop ?? true);
}

function writeFloat(
  target: Target,
  program: (m: Lanes, a: Expr, b: Expr) => Expr,
  dtype: DType,
  operands: readonly Value[],
): Value {
  const [a, b] = operands;
  const m = lanesFor(target, a!.dtype, dtype === 'float32');
  return { dtype: a!.dtype, parts: a!.parts.map((part, i) => program(m, part, b ? b.parts[i]! : part)) };
}

function compareFloat(target: Target, by: (m: Lanes, a: Expr, b: Expr) => Expr, operands: readonly Value[]): Value {
  const [a, b] = operands;
  const m = lanesFor(target, a!.dtype, false);
  const masks = a!.parts.map((part, i) => by(m, part, b ? b.parts[i]! : part));
  return { dtype: 'bool', parts: [narrowMasks(target.f, masks)] };
}

function compareInt(
  { f, width }: Target,
  name: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge',
  [a, b]: readonly Value[],
): Value {
  const table = (width > 1 ? i32x4 : i32)[name] as (a: Expr, b: Expr) => Expr;
  return { dtype: 'bool', parts: [f.let(table(a!.parts[0]!, b!.parts[0]!))] };
}

function writeLogic(target: Target, name: 'and' | 'or' | 'xor' | 'not', [a, b]: readonly Value[]): Value {
  const m = lanesFor(target, 'float32', false);
  const [p, q] = [a!.parts[0]!, b?.parts[0]];
  return { dtype: 'bool', parts: [name === 'not' ? m.not(p) : m[name](p, q!)] };
}

type IntRow = NonNullable<Extract<Row, { kind: 'numeric' }>['int']>;

function writeInt(target: Target, { vector, alone }: IntRow, operands: readonly Value[]): Value {
  const { f, width } = target;
  const [a, b] = operands.map((value) => value.parts[0]!);
  if (width > 1 && vector) return { dtype: 'int32', parts: [f.let(vector(f, a!, b ?? a!))] };
  const results = elements(target, operands, (x, y) => alone(f, x, y ?? x) as Expr<'i32'>);
  return gatherElements(f, 'int32', results, width);
}

/** A function of single whole numbers, for each of the elements. */
function elements<T extends Expr>(
  { f, width }: Target,
  operands: readonly Value[],
  call: (a: Expr<'i32'>, b: Expr<'i32'> | undefined) => T,
): Expr[] {
  return Array.from({ length: width }, (_, i) => {
    const [a, b] = operands.map((value) => f.let(elementOf(value, i, width) as Expr<'i32'>));
    return f.let(call(a!, b));
  });
}

/** One function for JavaScript to call, of one number at a time, with the bits that the lanes give. */
export function writeCall(target: Target, step: Call, domain: 'float32' | 'float64'): Expr {
  const { f } = target;
  const simd = target.width > 1;
  const row = rowOf(step.fn) as Extract<Row, { kind: 'numeric' }>;
  const type = domain === 'float32' ? 'f32' : 'f64';
  const form = domain === 'float32' ? (simd ? F32X4 : F32) : simd ? F64X2 : F64;
  const m = new Lanes(f, form, step.dtype === 'float32', target.import, false);
  const operands = f.params.map((_, i) => {
    const param = f.param(i, type);
    if (!simd) return param;
    return f.let(form === F32X4 ? f32x4.splat(param as Expr<'f32'>) : f64x2.splat(param as Expr<'f64'>));
  });
  const [a, b] = operands;
  const result = (domain === 'float32' ? row.f32! : row.f64)(m, a!, b ?? a!);
  if (!simd) return result;
  return domain === 'float32' ? f32.lane(result as Expr<'v128'>, 0) : f64.lane(result as Expr<'v128'>, 0);
}
