/**
 * Functions as transforms see them: nests of tensors in, nests of tensors out; recorded on values or traced on types.
 * The one idea: taking arguments apart, giving each leaf an identity of its own, and running the function is done here once.
 */
import type { DType } from '@jacobi/backend';
import { isFloating } from '@jacobi/backend';
import { counters } from '@jacobi/compiler';
import type { Variable } from '@jacobi/tensor';
import { ArgumentError, DTypeError, Tensor, TraceError } from '@jacobi/tensor';
import type { Flat, Nest, Program, TensorType, Var } from '@jacobi/tensor/internal';
import {
  asBeside,
  asTensor,
  bindOne,
  checkAxis,
  checkFlag,
  checkOptions,
  describe,
  flattenNest,
  isPlainObject,
  isVariable,
  OPERATORS,
  refusePromise,
  reshapeRow,
  Trace,
  watch,
  widestType,
  withFrame,
} from '@jacobi/tensor/internal';
import { Recording } from './recording.ts';
import type { Connection } from './slice.ts';
import { sliceRecording } from './slice.ts';

/** A nest of the user's own shape, as it goes into and comes out of the user's functions. */
// oxlint-disable-next-line typescript/no-explicit-any -- the one place: such a nest has whatever type its user gives it.
export type AnyNest = any;

/** Any function of nests of tensors. What transforms make of it takes and gives anything. */
export type AnyFunction = (...args: AnyNest[]) => AnyNest;

type ArgumentLeaf = Tensor | Variable | number;
const isArgument = (x: unknown): x is ArgumentLeaf => x instanceof Tensor || isVariable(x) || typeof x === 'number';
const isResult = (x: unknown): x is ArgumentLeaf => isArgument(x);

/** Throws unless `f` is a function. */
export function checkFunction(operation: string, f: unknown, argument = 'f'): void {
  if (typeof f !== 'function')
    throw new ArgumentError(`${operation}: ${argument} must be a function, not ${describe(f)}`);
}

/** Checks a function to be transformed, and options: `names` and `hasAux`. */
export function checkTransform(
  operation: string,
  f: unknown,
  options: { readonly hasAux?: unknown },
  ...names: readonly string[]
): void {
  checkFunction(operation, f);
  checkOptions(operation, options, [...names, 'hasAux']);
  if (options.hasAux !== undefined) checkFlag(operation, 'hasAux', options.hasAux);
}

/**
 * An argument taken apart into tensors. A bare number takes the dtype that it takes beside the tensors among `beside` (all
 * arguments of the call), as it does in an operation.
 */
export function flattenArgument(
  operation: string,
  name: string,
  argument: unknown,
  beside: readonly unknown[] = [argument],
): Flat<Tensor> {
  const flat = flattenLeaves(operation, name, argument);
  const dtype = flat.leaves.some((leaf) => typeof leaf === 'number') ? widestType(tensorsIn(beside)) : undefined;
  return { ...flat, leaves: flat.leaves.map((leaf, i) => asBeside(operation, `${name}${flat.paths[i]}`, leaf, dtype)) };
}

/** All arguments of a call, taken apart. */
export function flattenArguments(operation: string, args: readonly unknown[]): Flat<Tensor>[] {
  return args.map((arg, i) => flattenArgument(operation, `argument ${i}`, arg, args));
}

/** An argument taken apart, with its numbers and variables as they are; in the order of `like`, if it should be like that. */
export function flattenLeaves(
  operation: string,
  name: string,
  argument: unknown,
  like?: Flat<unknown>,
): Flat<ArgumentLeaf> {
  return flattenNest(`${operation}: ${name}`, argument, isArgument, 'tensors or numbers', like);
}

/** Arguments with these leaves. */
export function buildArguments<T>(flats: readonly Flat<unknown>[], leaves: readonly T[]): Nest<T>[] {
  let at = 0;
  return flats.map(({ leaves: { length }, rebuild }) => rebuild(leaves.slice(at, (at += length))));
}

/** What may be kept of tensors that were taken apart: their types, and not the tensors. */
export function typesOf(flat: Flat<Tensor>): Flat<TensorType> {
  return { ...flat, leaves: flat.leaves.map((t) => t.type) };
}

/** Equal for nests of the same structure and types. */
export function keyOf({ structure, leaves }: Flat<Tensor>): string {
  return structure + leaves.map((t) => t.type.id).join();
}

/** Tensors and variables of nests, each once, whatever else is in them and however deep; nests in themselves are no harm. */
function tensorsIn(nests: readonly unknown[]): (Tensor | Variable)[] {
  const found: (Tensor | Variable)[] = [];
  const seen = new Set(nests);
  // What is added on the way is visited too.
  for (const node of seen) {
    if (node instanceof Tensor || isVariable(node)) found.push(node);
    else if (Array.isArray(node) || isPlainObject(node))
      for (const child of Object.values(node)) if (typeof child === 'object') seen.add(child);
  }
  return found;
}

/**
 * What a function returned, taken apart into tensors; in the order of `like`, if it should be like that. Numbers are
 * constants, but not where the recording of the function has seen an operator turn what it follows into a number.
 */
export function flattenResult(
  operation: string,
  result: unknown,
  like?: Flat<unknown>,
  recording?: Recording,
): Flat<Tensor> {
  if (result === undefined || result === null) {
    throw new ArgumentError(
      `${operation}: Cannot differentiate a function that returns ${String(result)}; did you forget to return a value from f?`,
    );
  }
  const flat = flattenNest(`${operation}: the result of f`, result, isResult, 'tensors', like);
  const lost = flat.leaves.find((leaf) => typeof leaf === 'number');
  if (lost !== undefined && recording !== undefined && [...recording.readOut.values()].includes(OPERATORS)) {
    throw new ArgumentError(
      `${operation}: f used an argument, or what depends on one, with ${OPERATORS} and returned the number ${lost}, which carries no derivative; ` +
        `compute with functions (add, mul, square), or return tensor(${lost}) where a constant is meant`,
    );
  }
  return { ...flat, leaves: flat.leaves.map((leaf) => asTensor(operation, 'the result of f', leaf)) };
}

/** Which arguments to differentiate. */
export type Argnums = number | readonly number[];

/** The places of differentiated arguments, counted from 0. */
export function checkArgnums(operation: string, argnums: Argnums | undefined, count: number): number[] {
  const list: unknown = argnums === undefined ? [0] : typeof argnums === 'number' ? [argnums] : argnums;
  if (!Array.isArray(list) || list.length === 0) {
    throw new ArgumentError(
      `${operation}: argnums must be a whole number or a non-empty array of them, not ${describe(argnums)}`,
    );
  }
  const places = Array.from(list, (n: unknown) => {
    if (Number.isInteger(n) && (n as number) < count && (n as number) >= -count)
      return checkAxis(operation, n, count, 'argnums');
    throw new ArgumentError(
      `${operation}: argnums ${describe(n)} names no argument: f was called with ${count} argument${count === 1 ? '' : 's'}`,
    );
  });
  if (new Set(places).size !== places.length)
    throw new ArgumentError(`${operation}: argnums must be unique, not [${list.join()}]`);
  return places;
}

/** A tensor with the same value and an identity of its own, so that f(x, x) has two arguments. */
export function fresh(t: Tensor): Tensor {
  if (watch === null) return new Tensor(t.type, t.buffer, t.backend, t.trace);
  return bindOne(reshapeRow, [t], { shape: t.shape });
}

/** A function that has been run under a recording. */
export interface RecordedCall {
  readonly places: readonly number[];
  /** The differentiated arguments, taken apart. */
  readonly arguments: readonly Flat<Tensor>[];
  readonly result: Flat<Tensor>;
  readonly aux: unknown;
  readonly recording: Recording;
  /** The part between all leaves of the arguments and the given leaves of the result. */
  connect(results: readonly Tensor[]): Connection;
}

/** Runs `f` on concrete (or traced) values while recording what depends on the arguments named by `argnums`. */
export function recordCall(
  operation: string,
  f: AnyFunction,
  args: readonly unknown[],
  options: { readonly argnums?: Argnums | undefined; readonly hasAux?: boolean | undefined } = {},
): RecordedCall {
  const places = checkArgnums(operation, options.argnums, args.length);
  const recording = new Recording();
  const floating = tensorsIn(args).filter((t) => isFloating(t.dtype));
  const flats = places.map((p) => {
    const flat = flattenArgument(operation, `argument ${p}`, args[p], floating);
    flat.leaves.forEach((t, i) => checkDifferentiable(operation, `argument ${p}${flat.paths[i]}`, t.dtype));
    return { ...flat, leaves: flat.leaves.map(fresh) };
  });
  const sources = flats.flatMap((flat) => flat.leaves);
  for (const t of sources) recording.watch(t);
  const called = args.slice();
  places.forEach((p, i) => {
    called[p] = flats[i]!.rebuild(flats[i]!.leaves);
  });
  const returned: unknown = withFrame(recording, () => refusePromise(operation, f(...called)));
  const [value, aux] = splitAux(operation, returned, options.hasAux);
  return {
    places,
    arguments: flats,
    result: flattenResult(operation, value, undefined, recording),
    aux,
    recording,
    connect: (results) => {
      const vars = sources.map((t) => recording.find(t) as Var);
      const known = results.map((t) => recording.find(t)).filter((v) => v !== undefined);
      return sliceRecording(recording, vars, known);
    },
  };
}

/** Splits `[value, aux]` where there is an aux. */
export function splitAux(operation: string, returned: unknown, hasAux: boolean | undefined): [unknown, unknown] {
  if (!hasAux) return [returned, undefined];
  if (!Array.isArray(returned) || returned.length !== 2) {
    throw new ArgumentError(
      `${operation}: with hasAux, f must return a two-element tuple [value, aux], not ${describe(returned)}`,
    );
  }
  return [returned[0], returned[1]];
}

function checkDifferentiable(operation: string, path: string, dtype: DType): void {
  if (isFloating(dtype)) return;
  throw new DTypeError(
    `${operation}: ${path} has dtype ${dtype}, and integers carry no derivative; cast it first: cast(x, 'float32')`,
  );
}

/** Throws for assignments, where they do not become outputs. */
function refuseAssignments({ assigned, label }: Trace): void {
  const [first] = assigned.keys() as Iterable<Variable>;
  if (first === undefined) return;
  throw new TraceError(
    `${label}: the function assigns the variable ${first.name}, but ${label} has no place for it: return the new value and assign it outside, or use jit alone`,
  );
}

const NOTHING: Flat<Tensor> = { leaves: [], paths: [], structure: '', rebuild: () => undefined as never };

/** A function traced on types. */
export interface TracedCall {
  readonly program: Program;
  readonly result: Flat<Tensor>;
}

/**
 * Traces `f` on arguments of these types; `build` puts abstract leaves into arguments. `finish`: the outputs, of a trace whose
 * assignments are among them.
 */
export function traceCall(
  operation: string,
  f: AnyFunction,
  types: readonly TensorType[],
  build: (leaves: readonly Tensor[]) => readonly unknown[],
  finish?: (trace: Trace, leaves: readonly Tensor[]) => readonly Tensor[],
): TracedCall {
  counters.traces++;
  const trace = new Trace(operation, finish !== undefined);
  try {
    const inputs = types.map((type) => trace.input(type));
    const { flat, outputs } = withFrame(trace, () => {
      const returned: unknown = refusePromise(operation, f(...build(inputs)));
      // A function that only assigns variables returns nothing.
      const flat = returned === undefined && trace.assigned.size > 0 ? NOTHING : flattenResult(operation, returned);
      if (!finish) refuseAssignments(trace);
      return { flat, outputs: finish?.(trace, flat.leaves) ?? flat.leaves };
    });
    return { program: trace.finish(outputs), result: flat };
  } finally {
    trace.closed = true;
  }
}
