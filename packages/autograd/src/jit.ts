/** jit and checkpoint: functions traced and run as one row. */
import type { Way } from '@jacobi/compiler';
import { capturedNow, runOptimised, wayOf } from '@jacobi/compiler';
import type { Tensor, Variable } from '@jacobi/tensor';
import { ArgumentError } from '@jacobi/tensor';
import type { Flat, Program } from '@jacobi/tensor/internal';
import { checkOptions, currentTrace, describe, isFollowed, makeProgram, operandsOf } from '@jacobi/tensor/internal';
import type { AnyFunction, AnyNest } from './call.ts';
import { buildArguments, checkFunction, flattenArgument, keyOf, traceCall } from './call.ts';
import { callProgram, checkpointRow } from './calls.ts';
import { Remembered, standsAlone, structureOf } from './remember.ts';
import type { Arguments, LikeNest, Unannotated } from './types.ts';

/** Options of `jit`. */
export interface JitOptions {
  /** Arguments that are plain values and part of the program: another value traces anew. */
  readonly staticArgnums?: number | readonly number[];
}

interface Traced {
  readonly program: Program;
  readonly way: Way;
  readonly rebuild: Flat<Tensor>['rebuild'];
  readonly assigned: readonly Variable[];
}

/**
 * Traces f once for each structure, shapes and dtypes of its arguments, and runs the program from then on.
 *
 * Inside, values have shapes but no numbers: choose with `where`, not `if`. Variables that f reads are inputs of the
 * program, and those it assigns are outputs, so they are never stale. Other tensors, numbers and arrays that f closes over are
 * constants, as they were when it was traced. While a tensor among them is being differentiated, f is traced at each call, unless it
 * was traced before that: what is to be differentiated is better an argument or a variable.
 * Last bits, and zeros that are written in f, may differ from those of f itself (README, "Hot loops").
 * @throws TraceError where f asks a value for its number (`item()`, `dataSync()`); ArgumentError for `staticArgnums` that name no
 * argument, arguments that are no nests of tensors and numbers, and a result that is none.
 * @example
 * const f = jit((x) => add(square(x), 1));
 * f(tensor([1, 2])) // → [2, 5]
 */
export function jit<const R, Args extends readonly AnyNest[] = Unannotated>(
  f: (...args: Args) => R,
  options: JitOptions = {},
): (...args: Arguments<Args>) => NoInfer<LikeNest<R>> {
  checkFunction('jit', f);
  checkOptions('jit', options, ['staticArgnums']);
  const known = new Remembered<Traced>();
  const remember: Remember = (key, trace) => known.get(key, trace, standsAlone);
  const call = closing();
  /** As one row where a tape or a trace looks on, otherwise by the plan that went through all passes. */
  const run: Runner = ({ program, way }, leaves) =>
    currentTrace() !== null || isFollowed([...leaves, ...capturedNow(program)])
      ? call(program, leaves)
      : runOptimised(way, leaves);
  return wrap('jit', f, remember, run, statics(options.staticArgnums));
}

/**
 * The same function, whose intermediate values are not kept for derivatives but computed again when they are needed
 * (Griewank & Walther, Evaluating Derivatives, 2008, chapter 12). Values and derivatives are those of f, which is traced at
 * each call, with shapes only: what it closes over is what it is then. Derivatives are found again by the structure of the trace.
 * @throws TraceError where f asks a value for its number; ArgumentError as `jit`.
 * @example
 * grad((x) => sum(checkpoint(sin)(x)))(tensor([0, 0])) // → [1, 1]
 */
export function checkpoint<const R, Args extends readonly AnyNest[] = Unannotated>(
  f: (...args: Args) => R,
): (...args: Arguments<Args>) => NoInfer<LikeNest<R>> {
  checkFunction('checkpoint', f);
  const call = closing();
  return wrap(
    'checkpoint',
    f,
    (_key, trace) => trace(),
    ({ program }, leaves) => call(program, leaves, checkpointRow),
    [],
  );
}

/** Binds programs of one function as rows, under one program for all that differ in nothing but what they captured. */
function closing(): typeof callProgram {
  const byStructure = new Remembered<Program>();
  const known = new WeakMap<Program, Program>();
  return (program, leaves, row) => {
    let closed = known.get(program);
    if (closed === undefined) {
      closed = byStructure.get(structureOf(program), () =>
        makeProgram({ ...program, inputs: operandsOf(program), captured: [] }),
      );
      known.set(program, closed);
    }
    return callProgram(closed, [...leaves, ...capturedNow(program)], row);
  };
}

/** What is to be run for arguments of a structure: traced, unless it is known. */
type Remember = (key: string, trace: () => Traced) => Traced;
type Runner = (traced: Traced, leaves: readonly Tensor[]) => readonly Tensor[];

function wrap(
  operation: string,
  f: AnyFunction,
  remember: Remember,
  run: Runner,
  fixed: readonly number[],
): AnyFunction {
  const ids = new Identities();
  return (...args: unknown[]) => {
    const beyond = fixed.find((i) => i >= args.length);
    if (beyond !== undefined)
      throw new ArgumentError(
        `${operation}: staticArgnums ${beyond} names no argument: f was called with ${args.length}`,
      );
    const flats = args.map((arg, i) =>
      fixed.includes(i) ? staticArgument(arg, ids) : tracedArgument(operation, i, arg, args),
    );
    const leaves = flats.flatMap((flat) => flat.leaves);
    const traced = remember(flats.map(keyOf).join(';'), () => traceNow(operation, f, flats));
    const outputs = run(traced, leaves);
    const own = outputs.length - traced.assigned.length;
    traced.assigned.forEach((variable, i) => variable.assign(outputs[own + i]!));
    return traced.rebuild(outputs.slice(0, own));
  };
}

function traceNow(operation: string, f: AnyFunction, flats: readonly Flat<Tensor>[]): Traced {
  const types = flats.flatMap((flat) => flat.leaves.map((t) => t.type));
  let assigned: Variable[] = [];
  const { program, result } = traceCall(
    operation,
    f,
    types,
    (inputs) => buildArguments(flats, inputs),
    (trace, leaves) => {
      assigned = [...trace.assigned.keys()] as Variable[];
      return [...leaves, ...assigned.map((v) => trace.assigned.get(v)!)];
    },
  );
  return { program, way: wayOf(program), rebuild: result.rebuild, assigned };
}

/** An argument of tensors; flags and words are for `staticArgnums`. */
function tracedArgument(operation: string, i: number, arg: unknown, args: readonly unknown[]): Flat<Tensor> {
  if (typeof arg === 'boolean' || typeof arg === 'string')
    throw new ArgumentError(
      `${operation}: argument ${i} is ${describe(arg)}, no tensor; f may close over it, or jit takes it with { staticArgnums: ${i} }`,
    );
  return flattenArgument(operation, `argument ${i}`, arg, args);
}

/** A static argument as a nest without tensors, whose structure is its value. */
function staticArgument(arg: unknown, ids: Identities): Flat<Tensor> {
  return { leaves: [], paths: [], structure: staticKey(arg, ids), rebuild: () => arg as never };
}

function staticKey(arg: unknown, ids: Identities): string {
  if ((typeof arg === 'object' && arg !== null) || typeof arg === 'function') return ids.of(arg, ids.objects);
  if (typeof arg === 'symbol') return ids.of(arg, ids.symbols);
  if (typeof arg === 'string') return JSON.stringify(arg);
  return Object.is(arg, -0) ? '-0' : `${typeof arg}:${String(arg)}`;
}

/** Numbers for values that are what they are by identity; objects are not kept alive. */
class Identities {
  readonly objects = new WeakMap<object, number>();
  readonly symbols = new Map<symbol, number>();
  #count = 0;

  of<K>(value: K, known: { get(key: K): number | undefined; set(key: K, id: number): unknown }): string {
    let id = known.get(value);
    if (id === undefined) {
      id = this.#count++;
      known.set(value, id);
    }
    return `#${id}`;
  }
}

function statics(argnums: JitOptions['staticArgnums'] = []): readonly number[] {
  const list: unknown = typeof argnums === 'number' ? [argnums] : argnums;
  if (!Array.isArray(list) || Array.from(list).some((n, i) => !Number.isInteger(n) || n < 0 || list.indexOf(n) < i)) {
    throw new ArgumentError(
      `jit: staticArgnums must be whole numbers ≥ 0, each of them once, not ${describe(argnums)}`,
    );
  }
  return list as number[];
}
