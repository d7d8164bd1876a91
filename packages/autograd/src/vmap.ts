/**
 * vmap: a function of one example becomes a function of a batch.
 * The one idea: f is traced for one example, its program becomes one over the batch, and both are remembered by the structure of
 * the arguments. Must not import rows.
 */
import { capturedNow, evaluate } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError, concat, ShapeError, transpose } from '@jacobi/tensor';
import type { Flat, Nest, Program, TensorType } from '@jacobi/tensor/internal';
import { checkAxis, checkOptions, describe, flattenNest, formatType, takeSlice } from '@jacobi/tensor/internal';
import { batchTraced, exampleType } from './batch.ts';
import type { AnyFunction, AnyNest } from './call.ts';
import { buildArguments, checkFunction, flattenArguments, keyOf, traceCall } from './call.ts';
import { Remembered, standsAlone } from './remember.ts';
import type { LikeNest, Transformed, Unannotated } from './types.ts';

/** Options of `vmap`. */
export interface VmapOptions {
  /**
   * The batch axis of each argument (null: the same for the whole batch): an array with one entry an argument. An entry is an
   * axis for all tensors in it, or a nest of axes like the argument. A number stands for all. Default 0.
   */
  readonly inAxes?: Nest<number | null>;
  /** Where the batch axis stands in the results: a number for all, or a nest like the result. Default 0. */
  readonly outAxes?: Nest<number>;
  /** Rows of the batch at a time. Default: all at once. */
  readonly chunkSize?: number;
}

/** A tensor of the arguments; its axis is counted from 0. */
interface Leaf {
  readonly type: TensorType;
  readonly axis: number | null;
  readonly path: string;
}

/** A function traced for one example of arguments like those of a call. */
interface Mapped {
  readonly program: Program;
  /** By tensor of the arguments, the axis that is mapped. */
  readonly inAxes: readonly (number | null)[];
  readonly outAxes: readonly number[];
  readonly rebuild: Flat<Tensor>['rebuild'];
  readonly size: number;
  /** By how many rows of the batch it runs over. */
  readonly batched: Map<number, Program>;
}

/**
 * Maps f over an axis of its arguments, as one program over the batch and not as a loop.
 *
 * f is traced with shapes only, once for each structure, shapes and dtypes of its arguments, as by `jit`: it may not look at
 * numbers (`item`), and may not be random without a key. Variables that it reads are read at each call; what else it closes over
 * is what it was at the first call, as by `jit`.
 * Results get the batch axis at `outAxes`.
 * @throws ShapeError where sizes of the mapped axes differ; ArgumentError where nothing is mapped.
 * @example
 * vmap((x) => sum(square(x)))(tensor([[1, 2], [3, 4]])) // → [5, 25]
 */
export function vmap<const R, Args extends readonly AnyNest[] = Unannotated>(
  f: (...args: Args) => R,
  options: VmapOptions = {},
): Transformed<Args, LikeNest<R>> {
  checkFunction('vmap', f);
  checkOptions('vmap', options, ['inAxes', 'outAxes', 'chunkSize']);
  const { inAxes = 0, outAxes = 0, chunkSize } = options;
  flattenNest('vmap: inAxes', inAxes, isAxis, 'whole numbers or null');
  flattenNest('vmap: outAxes', outAxes, Number.isInteger as typeof isAxis, 'whole numbers');
  if (chunkSize !== undefined && !(Number.isInteger(chunkSize) && chunkSize > 0)) {
    throw new ArgumentError(`vmap: chunkSize should be greater than 0, a whole number, not ${describe(chunkSize)}`);
  }
  const known = new Remembered<Mapped>();
  return (...args) => {
    if (args.length === 0)
      throw new ArgumentError('vmap: got no inputs: call the mapped function with at least one argument');
    const flats = flattenArguments('vmap', args);
    const make = (): Mapped => traceMapped(f, flats, inAxes, outAxes);
    const mapped = known.get(flats.map(keyOf).join(';'), make, standsAlone);
    const leaves = flats.flatMap((flat) => flat.leaves).map((t, i) => moveAxis(t, mapped.inAxes[i]!, 0));
    const outputs = runChunks(mapped, leaves, chunkSize ?? mapped.size);
    return mapped.rebuild(outputs.map((t, i) => moveAxis(t, 0, mapped.outAxes[i]!))) as AnyNest;
  };
}

/** Traces f for one example of arguments like these. */
function traceMapped(
  f: AnyFunction,
  flats: readonly Flat<Tensor>[],
  inAxes: Nest<number | null>,
  outAxes: Nest<number>,
): Mapped {
  const given = flats.flatMap((flat, i) =>
    flat.leaves.map(({ type }, k) => [type, `argument ${i}${flat.paths[k]}`] as const),
  );
  const like = `the array of ${flats.length} argument${flats.length === 1 ? '' : 's'}`;
  const axes = spread('inAxes', inAxes, buildArguments(flats, [...given.keys()]), like);
  const leaves = given.map(([type, path], i): Leaf => ({ type, path, axis: mappedAxis(type, axes[i]!, path) }));
  const size = batchSize(leaves);
  const types = leaves.map(({ type, axis }) => (axis === null ? type : exampleType(type, axis)));
  const { program, result } = traceCall('vmap', f, types, (inputs) => buildArguments(flats, inputs));
  const to = spread('outAxes', outAxes, result.rebuild([...result.leaves.keys()]), 'the result');
  return {
    program,
    inAxes: leaves.map((l) => l.axis),
    outAxes: result.leaves.map((t, i) => checkAxis('vmap', to[i]!, t.rank + 1, 'outAxes')),
    rebuild: result.rebuild,
    size,
    batched: new Map(),
  };
}

const isAxis = (x: unknown): x is number | null => x === null || Number.isInteger(x);

/** By number in `nest`, the axis that a nest of axes, which may end above the numbers, has for it. */
function spread<Axis>(option: string, axes: Nest<Axis>, nest: Nest<number>, like: string): Axis[] {
  const found: Axis[] = [];
  const visit = (axis: unknown, part: Nest<number>, path: string): void => {
    if (typeof part === 'number' && isAxis(axis)) found[part] = axis as Axis;
    else if (typeof part !== 'number' && (isAxis(axis) || keysOf(axis as object) === keysOf(part)))
      for (const [key, child] of Object.entries(part as Record<string, Nest<number>>)) {
        const own = isAxis(axis) ? axis : (axis as Record<string, unknown>)[key];
        visit(own, child, path + (Array.isArray(part) ? `[${key}]` : `.${key}`));
      }
    else
      throw new ArgumentError(`vmap: ${path} must be an axis, or a nest of axes like ${like}, not ${describe(axis)}`);
  };
  visit(axes, nest, option);
  return found;
}

/** Equal for arrays of the same length, and for objects with the same names. */
const keysOf = (nest: object): string => `${Array.isArray(nest)}${Object.keys(nest).sort().join()}`;

function mappedAxis(type: TensorType, axis: number | null, path: string): number | null {
  if (axis === null) return null;
  if (type.shape.length > 0) return checkAxis('vmap', axis, type.shape.length, `inAxes of ${path}`);
  throw new ShapeError(
    `vmap: ${path} is ${formatType(type)}: a scalar has no axis to map over; use inAxes null for it`,
  );
}

function batchSize(leaves: readonly Leaf[]): number {
  const mapped = leaves.filter((l) => l.axis !== null);
  if (mapped.length === 0) throw new ArgumentError('vmap: no argument is mapped: at least one inAxes must not be null');
  const sizeOf = ({ type, axis }: Leaf): number => type.shape[axis!]!;
  const size = sizeOf(mapped[0]!);
  if (mapped.some((l) => sizeOf(l) !== size)) {
    const list = mapped.map((l) => `${l.path} has ${sizeOf(l)} (${formatType(l.type)})`).join(', ');
    throw new ShapeError(`vmap: Expected all tensors to have the same size in the mapped dimension: ${list}`);
  }
  return size;
}

/** The outputs over the whole batch, `chunk` rows at a time. Batch axes stand first, in and out. */
function runChunks(mapped: Mapped, leaves: readonly Tensor[], chunk: number): Tensor[] {
  const { program, inAxes, size } = mapped;
  const captured = capturedNow(program);
  if (chunk >= size) return runBatch(mapped, [...leaves, ...captured], size);
  const parts: Tensor[][] = [];
  for (let at = 0; at < size; at += chunk) {
    const rows = Math.min(chunk, size - at);
    const some = leaves.map((t, i) => (inAxes[i] === null ? t : rowsOf(t, at, rows)));
    parts.push(runBatch(mapped, [...some, ...captured], rows));
  }
  return parts[0]!.map((_, i) =>
    concat(
      parts.map((p) => p[i]!),
      0,
    ),
  );
}

/** The outputs over `size` rows, from inputs and captured values. */
function runBatch({ program, inAxes, batched }: Mapped, values: readonly Tensor[], size: number): Tensor[] {
  let made = batched.get(size);
  if (made === undefined) {
    const types = values.map((t) => t.type);
    const mapped = values.map((_, i) => (inAxes[i] ?? null) !== null);
    made = batchTraced(program, types, mapped, size);
    batched.set(size, made);
  }
  return evaluate(made, values);
}

function rowsOf(t: Tensor, begin: number, count: number): Tensor {
  return takeSlice(
    t,
    t.shape.map((_, i) => (i === 0 ? begin : 0)),
    [count, ...t.shape.slice(1)],
    t.shape.map(() => 1),
  );
}

function moveAxis(t: Tensor, from: number | null, to: number): Tensor {
  if (from === null || from === to) return t;
  const order = [...t.shape.keys()].filter((a) => a !== from);
  order.splice(to, 0, from);
  return transpose(t, order);
}
