/**
 * Programs: lists of typed rows in SSA form, with their printer and their checker.
 * The one idea: a tape, a trace and a plan's source are all this one thing. Must not import interpreters.
 */
import type { DType } from '@jacobi/backend';
import { checkFlag } from './checks.ts';
import { JacobiError } from './errors.ts';
import type { Application } from './primitive.ts';
import { formatParam } from './primitive.ts';
import type { Tensor } from './tensor.ts';
import type { TensorType } from './type.ts';

/** A value of a program: an index into `types`. */
export type Var = number;

/** One row: an application, the values it takes, the values it makes. */
export interface Row {
  readonly application: Application;
  readonly inputs: readonly Var[];
  readonly outputs: readonly Var[];
  /** Name of the primal row that a derivative row came from. */
  readonly from?: string | null;
}

/** A value from outside that a program reads: a tensor, or something that gives one at each run (a variable). */
export interface Captured {
  readonly variable: Var;
  readonly tensor: Tensor;
  /** Where present, read anew at each run. */
  readonly read?: () => Tensor;
  /** True if the tensor is a constant of the program: because it was made while that was traced, or because that was prepared. */
  readonly inside?: boolean;
}

/** A straight-line program. Plain data but for its captured tensors. */
export interface Program {
  readonly format: 1;
  /** Unique; applications that hold programs are keyed by it. */
  readonly id: number;
  readonly types: readonly TensorType[];
  readonly inputs: readonly Var[];
  readonly captured: readonly Captured[];
  readonly rows: readonly Row[];
  readonly outputs: readonly Var[];
}

let programs = 0;
let check: ((program: Program) => void) | null = null;

/** True in debug mode. */
export const debugging = (): boolean => check !== null;

/**
 * Debug mode: reads hand out copies, so that writing to one does nothing; and every program is checked as it is made, after each
 * pass. Off by default; a few microseconds a row.
 * @example
 * setDebug(true);
 * const x = tensor([1, 2]);
 * x.dataSync()[0] = 9;
 * x // → [1, 2]
 * setDebug(false);
 */
export function setDebug(on: boolean): void {
  checkFlag('setDebug', 'on', on);
  check = on ? checkProgram : null;
}

/** Makes a program, without the rows that no output needs. */
export function makeProgram(parts: Omit<Program, 'format' | 'id'>): Program {
  const { rows, values } = leadingTo(parts.outputs, parts.rows);
  const captured = parts.captured.filter((c) => values.has(c.variable));
  const program: Program = { ...parts, format: 1, id: ++programs, captured, rows: rows.reverse() };
  check?.(program);
  return program;
}

/** The inputs of a program, then what it captured: what it is run on. */
export function operandsOf({ inputs, captured }: Pick<Program, 'inputs' | 'captured'>): Var[] {
  return [...inputs, ...captured.map((c) => c.variable)];
}

/** Rows, with the values that they were found by. */
interface Found {
  readonly rows: Row[];
  readonly values: Set<Var>;
}

/** The rows that depend on some values, and all values that do. */
export function dependentOn(values: readonly Var[], rows: readonly Row[]): Found {
  return found(values, rows, 'inputs', 'outputs');
}

/** The rows, last first, that some values depend on, and all values that they do, themselves among them. */
export function leadingTo(values: readonly Var[], rows: readonly Row[]): Found {
  return found(values, rows.toReversed(), 'outputs', 'inputs');
}

function found(
  values: readonly Var[],
  rows: readonly Row[],
  by: 'inputs' | 'outputs',
  to: 'inputs' | 'outputs',
): Found {
  const all = new Set(values);
  const reached = rows.filter((row) => {
    if (!row[by].some((v) => all.has(v))) return false;
    for (const v of row[to]) all.add(v);
    return true;
  });
  return { rows: reached, values: all };
}

/** Goes through the rows of a program on values of any kind; `step` makes a row's outputs of its operands. */
export function interpret<Value>(
  program: Omit<Program, 'format' | 'id'>,
  values: readonly Value[],
  step: (row: Row, args: readonly Value[]) => readonly Value[],
): Value[] {
  const env: Value[] = new Array(program.types.length);
  const put = (names: readonly Var[], made: readonly Value[]): void => {
    names.forEach((v, i) => {
      env[v] = made[i]!;
    });
  };
  const take = (names: readonly Var[]): Value[] => names.map((v) => env[v]!);
  put(operandsOf(program), values);
  for (const row of program.rows) put(row.outputs, step(row, take(row.inputs)));
  return take(program.outputs);
}

/** What programs print for a dtype: they are read in columns. Messages say its whole name. */
const SHORT: Record<DType, string> = { float32: 'f32', float64: 'f64', int32: 'i32', bool: 'bool' };

/** A program as text, one line a row: `%4:f32[2,2] = mul %2 %3`. Programs that a row holds follow it, further in. */
export function printProgram(program: Program): string {
  const typed = (v: Var): string => {
    const { dtype, shape } = program.types[v]!;
    return `%${v}:${SHORT[dtype]}[${shape.join()}]`;
  };
  const lines = [`program(${program.inputs.map(typed).join(', ')})`];
  for (const c of program.captured) lines.push(`  ${typed(c.variable)} = captured`);
  for (const row of program.rows) {
    lines.push(`  ${printRow(row, typed)}`);
    for (const held of row.application.programs) lines.push(printProgram(held).replace(/^/gm, '    '));
  }
  lines.push(`  return ${program.outputs.map((v) => `%${v}`).join(', ')}`);
  return lines.join('\n');
}

function printRow(row: Row, typed: (v: Var) => string): string {
  const { primitive, params } = row.application;
  const args = row.inputs.map((v) => `%${v}`);
  const entries = Object.entries(params).map(([k, v]) => `${k}: ${formatParam(v)}`);
  if (entries.length > 0) args.push(`{ ${entries.join(', ')} }`);
  return `${row.outputs.map(typed).join(', ')} = ${[primitive.name, ...args].join(' ')}`;
}

/** Throws if a value is used before it is made, made twice, or of another type than its row says. */
export function checkProgram(program: Program): void {
  const made = new Uint8Array(program.types.length);
  const make = (v: Var, where: string): void => {
    if (v < 0 || v >= made.length || made[v] === 1) fail(program, `%${v} is made twice or out of range, in ${where}`);
    made[v] = 1;
  };
  const use = (v: Var, where: string): void => {
    if (made[v] !== 1) fail(program, `%${v} is used before it is made, in ${where}`);
  };
  for (const v of program.inputs) make(v, 'the inputs');
  for (const c of program.captured) {
    make(c.variable, 'the captured values');
    if (c.tensor.type !== program.types[c.variable]) fail(program, `captured %${c.variable} has another type`);
  }
  for (const row of program.rows) {
    const { application } = row;
    row.inputs.forEach((v, i) => {
      use(v, application.primitive.name);
      if (program.types[v] !== application.inputs[i])
        fail(program, `input ${i} of ${application.primitive.name} has another type`);
    });
    row.outputs.forEach((v, i) => {
      make(v, application.primitive.name);
      if (program.types[v] !== application.outputs[i])
        fail(program, `output ${i} of ${application.primitive.name} has another type`);
    });
  }
  for (const v of program.outputs) use(v, 'the outputs');
}

function fail(program: Program, message: string): never {
  throw new JacobiError(`checkProgram: ${message}\n${printProgram(program)}`);
}
