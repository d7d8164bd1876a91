/**
 * prepareJacobian: a function traced once for given shapes, its Jacobian as one compiled program.
 * The one idea: the Jacobian of a traced function is itself a traced function; what is prepared is that program.
 */
import type { AnyFunction, Argnums } from '@jacobi/autograd';
import { checkFunction, recordCall, traceCall } from '@jacobi/autograd/internal';
import type { BufferRef, DType, TypedArray } from '@jacobi/backend';
import { dtypeOf } from '@jacobi/backend';
import { capturedNow, compileProgram, evaluate, mergeEqualRows } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError, getBackend, ShapeError, tensor, Tensor as TensorClass } from '@jacobi/tensor';
import type { Flat, Program, TensorType } from '@jacobi/tensor/internal';
import { asTensor, checkShape, describe, flattenNest, formatType, moveTo, tensorType } from '@jacobi/tensor/internal';
import { jacobianOfCall } from './jacobian.ts';
import type { ChosenPlan, JacobianOptions, JacobianPlan } from './plan.ts';
import { checkOptions, chunkFor, explainPlan } from './plan.ts';
import { planFor, runJacobian } from './run.ts';

/** Shape and dtype of an argument leaf; dtype float32 if absent. */
export interface Spec {
  readonly shape: readonly number[];
  readonly dtype?: DType;
}

/** Options of `prepareJacobian`. */
export interface PrepareOptions extends JacobianOptions {
  readonly argnums?: Argnums;
  readonly hasAux?: boolean;
  /** Prepare the batch Jacobian of one result and one differentiated argument that share their first axis. */
  readonly batch?: boolean;
}

/** A prepared Jacobian: call it like f; the result has the nests of `jacobian(f)`. */
export interface PreparedJacobian {
  // biome-ignore lint/suspicious/noExplicitAny: nests of the user's shape go in and out.
  (...args: any[]): any;
  /**
   * Writes the Jacobian into `out` (row-major; several entries one after the other), and the value into `options.value`.
   * Arguments may be typed arrays of the prepared dtype and size. Returns `out`.
   */
  into(...args: unknown[]): TypedArray;
  /** `[value, jacobian]` of one run. */
  // biome-ignore lint/suspicious/noExplicitAny: nests of the user's shape go in and out.
  valueAndJacobian(...args: any[]): [any, any];
  /** The plan in words. */
  explain(): string;
  /** The plan as data. */
  readonly plan: JacobianPlan;
}

const isSpec = (x: unknown): x is Spec =>
  typeof x === 'object' && x !== null && Array.isArray((x as Spec).shape) && Object.keys(x).every((k) => k === 'shape' || k === 'dtype');
const isLeaf = (x: unknown): x is Spec | Tensor => x instanceof TensorClass || isSpec(x);

/** What was traced. */
interface Prepared {
  readonly types: readonly TensorType[];
  readonly arguments: readonly Flat<TensorType>[];
  /** From the arguments to the leaves of the Jacobian, then of the value. */
  readonly both: Program;
  readonly jacobian: Program;
  readonly jacobianNest: Flat<unknown>;
  readonly valueNest: Flat<unknown>;
  readonly plans: readonly { readonly plan: ChosenPlan; readonly rows: number }[];
}

/**
 * Traces f for arguments like `spec` (shape and dtype, or an example tensor, or a nest of them; an array of these for several
 * arguments) and prepares its Jacobian. The result is called like f and runs without tracing.
 *
 * f sees shapes and no numbers, as under `jit`. Arguments that are not differentiated may vary from call to call. Variables
 * are read at each call.
 * @throws TraceError where f looks at numbers; ShapeError, at a call, where an argument differs from its spec.
 * @example
 * const J = prepareJacobian((x) => mul(x, x), { shape: [2] });
 * J(tensor([1, 3])) // → [[2, 0], [0, 6]]
 */
export function prepareJacobian(f: AnyFunction, spec: unknown, options: PrepareOptions = {}): PreparedJacobian {
  checkFunction('prepareJacobian', f);
  checkOptions('prepareJacobian', options);
  const specs = Array.isArray(spec) ? spec : [spec];
  if (specs.length === 0) throw new ArgumentError('prepareJacobian: spec must describe at least one argument');
  const flats = specs.map((s, i) => specTypes(s, specs.length === 1 ? 'spec' : `spec[${i}]`));
  const prepared = traceJacobian(f, flats, options);
  const call = (...args: unknown[]): unknown => {
    const outputs = evaluate(prepared.jacobian, argumentTensors(prepared, args));
    return prepared.jacobianNest.rebuild(outputs);
  };
  const first = prepared.plans[0]!;
  return Object.assign(call, {
    into: intoWriter(prepared),
    valueAndJacobian: (...args: unknown[]): [unknown, unknown] => {
      const outputs = evaluate(prepared.both, argumentTensors(prepared, args));
      const count = prepared.jacobianNest.leaves.length;
      return [prepared.valueNest.rebuild(outputs.slice(count)), prepared.jacobianNest.rebuild(outputs.slice(0, count))];
    },
    explain: (): string => prepared.plans.map(({ plan, rows }) => explainPlan(plan, rows, chunkFor(plan, options))).join('\n'),
    plan: publicPlan(first.plan),
  });
}

function publicPlan({ mode, forwardSeeds, reverseSeeds, lowerBound, nnz, flops, bytes, multiplications }: ChosenPlan): JacobianPlan {
  return { mode, forwardSeeds, reverseSeeds, lowerBound, nnz, flops, bytes, multiplications };
}

function specTypes(spec: unknown, name: string): Flat<TensorType> {
  const flat = flattenNest(`prepareJacobian: ${name}`, spec, isLeaf, '{ shape, dtype? } or example tensors');
  const leaves = flat.leaves.map((leaf, i) => {
    if (leaf instanceof TensorClass) return leaf.type;
    checkShape('prepareJacobian', `${name}${flat.paths[i]}.shape`, leaf.shape);
    return tensorType(leaf.dtype ?? 'float32', leaf.shape);
  });
  return { ...flat, leaves };
}

function traceJacobian(f: AnyFunction, flats: readonly Flat<TensorType>[], options: PrepareOptions): Prepared {
  const types = flats.flatMap((flat) => flat.leaves);
  const plans: { plan: ChosenPlan; rows: number }[] = [];
  let jacobianNest: Flat<unknown> | undefined;
  let valueNest: Flat<unknown> | undefined;
  const { program } = traceCall(
    'prepareJacobian',
    (...args: unknown[]) => {
      const call = recordCall('prepareJacobian', f, args, options);
      for (const y of call.result.leaves) {
        const { slice, connected } = call.connect([y]);
        if (slice.targets.length === 1 && connected.includes(true)) {
          plans.push({ plan: planFor('prepareJacobian', slice, options.batch ?? false, options.mode ?? 'auto'), rows: slice.rows.length });
        }
      }
      const nest = options.batch ? batchOfCall(call, options) : jacobianOfCall('prepareJacobian', call, options);
      jacobianNest = flattenNest('', nest, isTensor);
      valueNest = call.result;
      return [...jacobianNest.leaves, ...call.result.leaves];
    },
    types,
    (inputs) => {
      let at = 0;
      return flats.map((flat) => flat.rebuild(flat.leaves.map(() => inputs[at++]!)));
    },
  );
  const count = jacobianNest!.leaves.length;
  const both = mergeEqualRows(program);
  const jacobian = mergeEqualRows({ ...program, outputs: program.outputs.slice(0, count) });
  if (plans.length === 0) throw new ArgumentError('prepareJacobian: the result of f does not depend on the differentiated arguments: its Jacobian is zero');
  return { types, arguments: flats, both, jacobian, jacobianNest: jacobianNest!, valueNest: valueNest!, plans };
}

const isTensor = (x: unknown): x is Tensor => x instanceof TensorClass;

function batchOfCall(call: ReturnType<typeof recordCall>, options: PrepareOptions): unknown {
  const sources = call.arguments.flatMap((flat) => flat.leaves);
  const [y] = call.result.leaves;
  if (call.result.leaves.length !== 1 || sources.length !== 1) throw new ArgumentError('prepareJacobian: batch: true needs one result and one differentiated tensor');
  const [x] = sources;
  if (y!.rank < 2 || x!.rank < 2 || y!.shape[0] !== x!.shape[0]) {
    throw new ShapeError(`prepareJacobian: batch: true needs a result and an argument of rank at least 2 with the same first size, not ${formatType(y!.type)} and ${formatType(x!.type)}`);
  }
  return runJacobian('prepareJacobian', call.connect([y!]).slice, true, options)[0];
}

/** The leaves of a call's arguments, checked against what was prepared. */
function argumentTensors(prepared: Prepared, args: readonly unknown[]): Tensor[] {
  const { arguments: flats } = prepared;
  if (args.length !== flats.length) throw new ArgumentError(`prepared Jacobian: called with ${args.length} arguments, but prepared for ${flats.length}`);
  const out: Tensor[] = [];
  for (let i = 0; i < flats.length; i++) {
    const flat = flats[i]!;
    const arg = args[i];
    if (flat.structure === '*') {
      out.push(argumentTensor(arg, flat.leaves[0]!, `argument ${i}`));
      continue;
    }
    const given = flattenNest(`prepared Jacobian: argument ${i}`, arg, isValue, 'tensors or typed arrays');
    if (given.structure !== flat.structure) throw new ArgumentError(`prepared Jacobian: argument ${i} must have the structure ${flat.structure}, not ${given.structure}`);
    given.leaves.forEach((leaf, k) => out.push(argumentTensor(leaf, flat.leaves[k]!, `argument ${i}${given.paths[k]}`)));
  }
  return out;
}

const isValue = (x: unknown): x is Tensor | number | TypedArray => x instanceof TensorClass || typeof x === 'number' || dtypeOf(x) !== undefined;

function argumentTensor(value: unknown, type: TensorType, path: string): Tensor {
  if (value instanceof TensorClass && value.type === type) return value;
  const typed = dtypeOf(value) !== undefined ? (value as TypedArray) : null;
  const t = typed !== null && typed.length === type.size && dtypeOf(typed) === type.dtype
    ? tensor(typed, { shape: type.shape, dtype: type.dtype })
    : asTensor('prepared Jacobian', path, value as Tensor, typeof value === 'number' ? type.dtype : undefined);
  if (t.type !== type) {
    const mark = (ok: boolean): string => (ok ? '✓' : '✗');
    const sameShape = t.shape.join() === type.shape.join();
    throw new ShapeError(
      `prepared Jacobian: ${path} differs from what was prepared: shape [${t.shape.join()}] for [${type.shape.join()}] ${mark(sameShape)}, ` +
        `dtype ${t.dtype} for ${type.dtype} ${mark(t.dtype === type.dtype)}; prepare again for other shapes and dtypes`,
    );
  }
  return t;
}

/** Writes results into arrays of the caller's, through buffers that are made once. */
function intoWriter(prepared: Prepared): PreparedJacobian['into'] {
  let buffers: { readonly jacobian: BufferRef[]; readonly both: BufferRef[] } | undefined;
  return (...all) => {
    const { args, out, value } = splitInto(all, prepared.arguments.length);
    const program = value === undefined ? prepared.jacobian : prepared.both;
    const backend = getBackend();
    if (backend.readSync === undefined) throw new ArgumentError(`into: the ${backend.name} backend cannot read at once; call the prepared Jacobian and await data()`);
    const make = (p: Program): BufferRef[] => p.outputs.map((v) => backend.alloc(p.types[v]!.dtype, p.types[v]!.size));
    buffers ??= { jacobian: make(prepared.jacobian), both: make(prepared.both) };
    const outputs = value === undefined ? buffers.jacobian : buffers.both;
    const inputs = [...argumentTensors(prepared, args), ...capturedNow(program)].map((t) => moveTo(t, backend).buffer!);
    backend.run(compileProgram(program, backend), inputs, outputs);
    const count = prepared.jacobianNest.leaves.length;
    copyOut('out', outputs.slice(0, count).map((b) => backend.readSync!(b)), out);
    if (value !== undefined) copyOut('value', outputs.slice(count).map((b) => backend.readSync!(b)), value);
    return out;
  };
}

function splitInto(all: readonly unknown[], count: number): { args: readonly unknown[]; out: TypedArray; value: TypedArray | undefined } {
  const args = all.slice(0, count);
  const out = all[count];
  const options = all[count + 1] as { value?: TypedArray } | undefined;
  if (dtypeOf(out) === undefined) throw new ArgumentError(`into: after the ${count} argument${count === 1 ? '' : 's'} must come the typed array to write to, not ${describe(out)}`);
  if (options?.value !== undefined && dtypeOf(options.value) === undefined) throw new ArgumentError(`into: value must be a typed array, not ${describe(options.value)}`);
  return { args, out: out as TypedArray, value: options?.value };
}

function copyOut(name: string, parts: readonly TypedArray[], out: TypedArray): void {
  const size = parts.reduce((n, p) => n + p.length, 0);
  if (out.length !== size) throw new ShapeError(`into: ${name} has ${out.length} elements, but the result has ${size}`);
  const own = dtypeOf(parts[0]);
  if (own !== dtypeOf(out)) throw new ArgumentError(`into: ${name} must hold ${own}, not ${dtypeOf(out)}`);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
}
