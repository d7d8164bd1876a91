/** vmap: a function of one example becomes a function of a batch. */
import { evaluate } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError, concat, ShapeError, transpose } from '@jacobi/tensor';
import type { Flat, Nest, Program, TensorType } from '@jacobi/tensor/internal';
import {
  checkAxis,
  checkOptions,
  describe,
  flattenNest,
  formatType,
  Trace,
  takeSlice,
  tensorType,
  withFrame,
} from '@jacobi/tensor/internal';
import { batchProgram, withBatchAxis } from './batch.ts';
import type { AnyFunction, AnyNest } from './call.ts';
import { checkFunction, flattenArgument, traceCall } from './call.ts';

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

interface Leaf {
  readonly tensor: Tensor;
  readonly axis: number | null;
  readonly path: string;
}

/**
 * Maps f over an axis of its arguments, as one program over the batch and not as a loop.
 *
 * f is traced once with shapes only: it may not look at numbers (`item`), and may not be random without a key.
 * Results get the batch axis at `outAxes`.
 * @throws ShapeError where sizes of the mapped axes differ; ArgumentError where nothing is mapped.
 * @example
 * vmap((x) => sum(square(x)))(tensor([[1, 2], [3, 4]])) // → [5, 25]
 */
export function vmap(f: AnyFunction, options: VmapOptions = {}): (...args: AnyNest[]) => AnyNest {
  checkFunction('vmap', f);
  checkOptions('vmap', options, ['inAxes', 'outAxes', 'chunkSize']);
  const { inAxes = 0, outAxes = 0, chunkSize } = options;
  flattenNest('vmap: inAxes', inAxes, isAxis, 'whole numbers or null');
  flattenNest('vmap: outAxes', outAxes, Number.isInteger as typeof isAxis, 'whole numbers');
  if (chunkSize !== undefined && !(Number.isInteger(chunkSize) && chunkSize > 0)) {
    throw new ArgumentError(`vmap: chunkSize should be greater than 0, a whole number, not ${describe(chunkSize)}`);
  }
  return (...args) => {
    if (args.length === 0)
      throw new ArgumentError('vmap: got no inputs: call the mapped function with at least one argument');
    const flats = args.map((arg, i) => flattenArgument('vmap', `argument ${i}`, arg, args));
    const given = flats.flatMap((flat, i) => flat.leaves.map((t, k) => [t, `argument ${i}${flat.paths[k]}`] as const));
    let count = 0;
    const places = flats.map((flat) => numbered(flat, (count += flat.leaves.length) - flat.leaves.length));
    const axes = spread(
      'inAxes',
      inAxes,
      places,
      `the array of ${args.length} argument${args.length === 1 ? '' : 's'}`,
    );
    const leaves = given.map(([t, path], i) => lead(t, axes[i]!, path));
    const size = batchSize(leaves);
    const types = leaves.map((l) => (l.axis === null ? l.tensor.type : coreType(l.tensor)));
    const traced = traceCall('vmap', f, types, (inputs) => {
      let at = 0;
      return flats.map((flat) => flat.rebuild(flat.leaves.map(() => inputs[at++]!)));
    });
    const outputs = runChunks(traced.program, leaves, size, chunkSize ?? size);
    const to = spread('outAxes', outAxes, numbered(traced.result, 0), 'the result');
    return traced.result.rebuild(outputs.map((t, i) => moveFirst(t, to[i]!)));
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

/** Numbers from `from` on in the place of leaves. */
const numbered = ({ leaves, rebuild }: Flat<unknown>, from: number): Nest<number> =>
  rebuild(leaves.map((_, i) => from + i));

/** Equal for arrays of the same length, and for objects with the same names. */
const keysOf = (nest: object): string => `${Array.isArray(nest)}${Object.keys(nest).sort().join()}`;

/** The tensor with its batch axis first. */
function lead(t: Tensor, axis: number | null, path: string): Leaf {
  if (axis === null) return { tensor: t, axis, path };
  if (t.rank === 0)
    throw new ShapeError(
      `vmap: ${path} is ${formatType(t.type)}: a scalar has no axis to map over; use inAxes null for it`,
    );
  const a = checkAxis('vmap', axis, t.rank, `inAxes of ${path}`);
  const order = [a, ...t.shape.keys()].filter((v, i) => i === 0 || v !== a);
  return { tensor: transpose(t, order), axis: 0, path };
}

function batchSize(leaves: readonly Leaf[]): number {
  const mapped = leaves.filter((l) => l.axis !== null);
  if (mapped.length === 0) throw new ArgumentError('vmap: no argument is mapped: at least one inAxes must not be null');
  const size = mapped[0]!.tensor.shape[0]!;
  if (mapped.some((l) => l.tensor.shape[0] !== size)) {
    const list = mapped.map((l) => `${l.path} has ${l.tensor.shape[0]} (${formatType(l.tensor.type)})`).join(', ');
    throw new ShapeError(`vmap: Expected all tensors to have the same size in the mapped dimension: ${list}`);
  }
  return size;
}

const coreType = (t: Tensor): TensorType => tensorType(t.dtype, t.shape.slice(1));

function runChunks(program: Program, leaves: readonly Leaf[], size: number, chunk: number): Tensor[] {
  if (chunk >= size) return runBatch(program, leaves, size);
  const parts: Tensor[][] = [];
  for (let at = 0; at < size; at += chunk) {
    const rows = Math.min(chunk, size - at);
    const some = leaves.map((l) => (l.axis === null ? l : { ...l, tensor: rowsOf(l.tensor, at, rows) }));
    parts.push(runBatch(program, some, rows));
  }
  return parts[0]!.map((_, i) =>
    concat(
      parts.map((p) => p[i]!),
      0,
    ),
  );
}

function rowsOf(t: Tensor, begin: number, count: number): Tensor {
  return takeSlice(
    t,
    t.shape.map((_, i) => (i === 0 ? begin : 0)),
    [count, ...t.shape.slice(1)],
    t.shape.map(() => 1),
  );
}

/** The batched program, as one program, on the leaves. */
function runBatch(program: Program, leaves: readonly Leaf[], size: number): Tensor[] {
  const trace = new Trace('vmap');
  const batched = withFrame(trace, () => {
    const inputs = leaves.map((l) => ({ tensor: trace.input(l.tensor.type), mapped: l.axis !== null }));
    const captured = program.captured.map((c) => ({
      tensor: c.read === undefined ? c.tensor : c.read(),
      mapped: false,
    }));
    return trace.finish(batchProgram(program, [...inputs, ...captured], size).map((b) => withBatchAxis(b, size)));
  });
  return evaluate(
    batched,
    leaves.map((l) => l.tensor),
  );
}

function moveFirst(t: Tensor, axis: number): Tensor {
  if (axis === 0) return t;
  const a = checkAxis('vmap', axis, t.rank, 'outAxes');
  const order = [...t.shape.keys()].slice(1);
  order.splice(a, 0, 0);
  return transpose(t, order);
}
