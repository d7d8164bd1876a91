/**
 * prepareJacobian: a function traced once for given shapes, its Jacobian as one compiled program.
 * The one idea: the Jacobian of a traced function is itself a traced function; what is prepared is that program.
 */
import type { AnyFunction, AnyNest, Argnums } from '@jacobi/autograd';
import { buildArguments, recordCall, traceCall } from '@jacobi/autograd/internal';
import type { DType, TypedArray } from '@jacobi/backend';
import type { Way } from '@jacobi/compiler';
import {
  Composition,
  compileOptimised,
  describePlan,
  evaluateOptimised,
  mergeEqualRows,
  preparedWay,
} from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError, getBackend, Tensor as TensorClass } from '@jacobi/tensor';
import type { Flat, Program, TensorType } from '@jacobi/tensor/internal';
import {
  checkDType,
  checkFlag,
  checkOptions as checkNames,
  checkShape,
  flattenNest,
  tensorType,
  zerosOf,
} from '@jacobi/tensor/internal';
import { argumentTensors } from './arguments.ts';
import { intoWriter } from './into.ts';
import { jacobianOfCall } from './jacobian.ts';
import type { ChosenPlan, JacobianOptions, JacobianPlan } from './plan.ts';
import { checkBatch, checkFunctionOptions, chunkFor, explainPlan } from './plan.ts';
import { jacobianType, planFor, runJacobian } from './run.ts';
import type { Tangents } from './tangents.ts';
import { traceTangents } from './tangents.ts';

/** Shape and dtype of an argument leaf; dtype float32 if absent. */
export interface Spec {
  readonly shape: readonly number[];
  readonly dtype?: DType;
}

/** Options of `prepareJacobian`. */
export interface PrepareOptions extends JacobianOptions {
  /** Which arguments to differentiate. Default 0; an array gives an array of Jacobians, in its order. */
  readonly argnums?: Argnums;
  /** f returns `[value, aux]`; a call gives `[jacobian, aux]`, `valueAndJacobian` `[value, jacobian, aux]`. */
  readonly hasAux?: boolean;
  /** Only `false`, the default, for now: the result is dense. */
  readonly sparse?: false;
  /** Prepare the batch Jacobian of one result and one differentiated argument that share their first axis. */
  readonly batch?: boolean;
}

/** A prepared Jacobian: call it like f; the result has the nests of `jacobian(f)`. */
export interface PreparedJacobian {
  (...args: AnyNest[]): AnyNest;
  /**
   * Writes the Jacobian into `out` (row-major; several entries one after the other), and the value into `options.value`.
   * Arguments may be typed arrays of the prepared dtype and size. Returns `out`.
   */
  into(...args: unknown[]): TypedArray;
  /** `[value, jacobian]` of one run; with hasAux, aux follows. */
  valueAndJacobian(...args: AnyNest[]): AnyNest[];
  /** The plan in words. */
  explain(): string;
  /** The plan as data; of several results, the sums of all counts. */
  readonly plan: JacobianPlan;
}

/** An object whose shape is not a nest of its own. */
const isSpec = (x: unknown): x is Spec => {
  const { shape } = (x ?? {}) as { readonly shape?: unknown };
  return shape !== undefined && [shape].flat().every((d) => typeof d !== 'object');
};
const isLeaf = (x: unknown): x is Spec | Tensor => x instanceof TensorClass || isSpec(x);

/** What was traced. */
interface Prepared {
  readonly arguments: readonly Flat<TensorType>[];
  /** From the arguments to the leaves of the Jacobian. */
  readonly jacobian: Way;
  /** To the leaves of the Jacobian, then of the value. */
  readonly both: Way;
  /** To the leaves of the Jacobian, then the tensors in aux. */
  readonly withAux: Way;
  /** To all of them: Jacobian, value, aux. */
  readonly all: Way;
  readonly jacobianNest: Flat<unknown>;
  readonly valueNest: Flat<unknown>;
  readonly auxNest: Flat<unknown>;
  readonly plans: readonly { readonly plan: ChosenPlan; readonly rows: number }[];
  readonly composition: Composition | undefined;
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
  if (isLeaf(options))
    throw new ArgumentError(
      'prepareJacobian: options is a spec; write the specs of several arguments as one array, [spec, spec]',
    );
  checkFunctionOptions('prepareJacobian', f, options, 'batch');
  if (options.batch !== undefined) checkFlag('prepareJacobian', 'batch', options.batch);
  const specs = Array.isArray(spec) ? spec : [spec];
  if (specs.length === 0) throw new ArgumentError('prepareJacobian: spec must describe at least one argument');
  const flats = Array.from(specs, (s: unknown, i) => specTypes(s, specs.length === 1 ? 'spec' : `spec[${i}]`));
  const prepared = traceJacobian(f, flats, options);
  const { jacobianNest, valueNest, auxNest, plans } = prepared;
  const count = jacobianNest.leaves.length;
  const call = (...args: unknown[]): unknown => {
    const way = options.hasAux ? prepared.withAux : prepared.jacobian;
    const outputs = evaluateOptimised(way, argumentTensors(prepared.arguments, args));
    const jacobian = jacobianNest.rebuild(outputs.slice(0, count));
    return options.hasAux ? [jacobian, rebuildAux(auxNest, outputs.slice(count))] : jacobian;
  };
  return Object.assign(call, {
    into: intoWriter(prepared.arguments, prepared.jacobian, prepared.both, count),
    valueAndJacobian: (...args: unknown[]): unknown[] => {
      const outputs = evaluateOptimised(prepared.all, argumentTensors(prepared.arguments, args));
      const values = count + valueNest.leaves.length;
      const both = [valueNest.rebuild(outputs.slice(count, values)), jacobianNest.rebuild(outputs.slice(0, count))];
      return options.hasAux ? [...both, rebuildAux(auxNest, outputs.slice(values))] : both;
    },
    explain: (): string =>
      plans.length === 0
        ? 'Jacobian: zero everywhere, the result does not depend on the differentiated arguments'
        : [
            ...plans.map(({ plan, rows }) => explainPlan(plan, rows, chunkFor(plan, options))),
            ...runsAs(prepared),
          ].join('\n'),
    plan: publicPlan(plans.map(({ plan }) => plan)),
  });
}

/** What a call runs on the default backend. */
function runsAs({ jacobian, composition }: Prepared): string[] {
  const backend = getBackend();
  const composed = composition?.describe(backend);
  const { plan } = compileOptimised(jacobian, backend).executable;
  return [
    ...(composed === undefined ? [] : [`  composed: ${composed}`]),
    `  runs:  on ${backend.name}, ${describePlan(plan)}`,
  ];
}

/** The plan of all results together. */
function publicPlan(plans: readonly ChosenPlan[]): JacobianPlan {
  const total = (name: Exclude<keyof JacobianPlan, 'mode'>): number => plans.reduce((n, plan) => n + plan[name], 0);
  return {
    mode: plans.some((p) => p.mode !== plans[0]!.mode) ? 'bidirectional' : (plans[0]?.mode ?? 'reverse'),
    forwardSeeds: total('forwardSeeds'),
    reverseSeeds: total('reverseSeeds'),
    lowerBound: total('lowerBound'),
    nnz: total('nnz'),
    flops: total('flops'),
    bytes: total('bytes'),
    multiplications: total('multiplications'),
  };
}

/** Aux with its tensors replaced; what is no tensor stays as it was when f was traced. */
function rebuildAux({ leaves, rebuild }: Flat<unknown>, tensors: readonly Tensor[]): unknown {
  let at = 0;
  return rebuild(leaves.map((leaf) => (isTensor(leaf) ? tensors[at++] : leaf)));
}

function specTypes(spec: unknown, name: string): Flat<TensorType> {
  const flat = flattenNest(`prepareJacobian: ${name}`, spec, isLeaf, '{ shape, dtype? } or example tensors');
  if (flat.leaves.length === 0)
    throw new ArgumentError(`prepareJacobian: ${name} must describe at least one tensor: { shape, dtype? }`);
  const leaves = flat.leaves.map((leaf, i) => {
    if (leaf instanceof TensorClass) return leaf.type;
    const path = `${name}${flat.paths[i]}`;
    checkNames(`prepareJacobian: ${path}`, leaf, ['shape', 'dtype']);
    checkShape('prepareJacobian', `${path}.shape`, leaf.shape);
    if (leaf.dtype !== undefined) checkDType(`prepareJacobian: ${path}`, leaf.dtype);
    return tensorType(leaf.dtype ?? 'float32', leaf.shape);
  });
  return { ...flat, leaves };
}

function traceJacobian(f: AnyFunction, flats: readonly Flat<TensorType>[], options: PrepareOptions): Prepared {
  const types = flats.flatMap((flat) => flat.leaves);
  const plans: { plan: ChosenPlan; rows: number }[] = [];
  let tangents = null as Tangents | null;
  let jacobianNest: Flat<unknown> | undefined;
  let valueNest: Flat<unknown> | undefined;
  let auxNest: Flat<unknown> | undefined;
  const { program } = traceCall(
    'prepareJacobian',
    (...args: unknown[]) => {
      const call = recordCall('prepareJacobian', f, args, options);
      const chosen = call.result.leaves.map((y) => {
        const { slice, connected } = call.connect([y]);
        if (slice.targets.length !== 1 || !connected.includes(true)) return null;
        const plan = planFor('prepareJacobian', slice, options.batch ?? false, options.mode ?? 'auto');
        plans.push({ plan, rows: slice.rows.length });
        return plan;
      });
      const nest = options.batch ? batchOfCall(call, options) : jacobianOfCall('prepareJacobian', call, options);
      jacobianNest = flattenNest('', nest, isTensor);
      valueNest = call.result;
      auxNest = flattenNest('prepareJacobian: aux', call.aux, isAuxLeaf, 'tensors and plain values');
      const leaves = jacobianNest.leaves as readonly Tensor[];
      tangents = traceTangents(call, chosen, types.length, leaves, options);
      return [...leaves, ...call.result.leaves, ...auxNest.leaves.filter(isTensor), ...(tangents?.results ?? [])];
    },
    types,
    (inputs) => buildArguments(flats, inputs),
  );
  const count = jacobianNest!.leaves.length;
  const values = count + valueNest!.leaves.length;
  const { outputs } = program;
  const end = outputs.length - (tangents?.results.length ?? 0);
  const inputs = program.inputs.slice(0, types.length);
  const giving = (places: readonly number[]): Program =>
    mergeEqualRows({ ...program, inputs, outputs: [...outputs.slice(0, count), ...places.map((i) => outputs[i]!)] });
  const seeded = giving([]);
  const composition = tangents === null ? undefined : compositionOf(program, tangents, end, seeded);
  /** The Jacobian, and then the outputs from one place to another. */
  const wayTo = (from: number, to: number, made?: Program): Way => {
    const places = Array.from({ length: to - from }, (_, i) => from + i);
    const others = places.map((i) => i - count);
    return preparedWay(made ?? giving(places), composition && ((on) => composition.lower(on, others)));
  };
  const jacobian = wayTo(count, count, seeded);
  const both = wayTo(count, values);
  return {
    arguments: flats,
    jacobian,
    both,
    withAux: options.hasAux ? wayTo(values, end) : jacobian,
    all: options.hasAux ? wayTo(count, end) : both,
    jacobianNest: jacobianNest!,
    valueNest: valueNest!,
    auxNest: auxNest!,
    plans,
    composition,
  };
}

/** The ways to the Jacobian that a program traces with seeds and by tangents, the last outputs from `end` on. */
function compositionOf(program: Program, tangents: Tangents, end: number, seeded: Program): Composition {
  const { outputs } = program;
  const { leaves, results } = tangents;
  const linear = mergeEqualRows({
    ...program,
    outputs: [...outputs.slice(end), ...outputs.slice(leaves.length, end)],
  });
  return new Composition({ seeded, linear, tangents: results.length, leaves, batch: tangents.batch });
}

const isTensor = (x: unknown): x is Tensor => x instanceof TensorClass;
const isAuxLeaf = (x: unknown): x is unknown => isTensor(x) || typeof x !== 'object' || x === null;

function batchOfCall(call: ReturnType<typeof recordCall>, options: PrepareOptions): unknown {
  const sources = call.arguments.flatMap((flat) => flat.leaves);
  const [y] = call.result.leaves;
  if (call.result.leaves.length !== 1 || sources.length !== 1)
    throw new ArgumentError('prepareJacobian: batch: true needs one result and one differentiated tensor');
  const [x] = sources;
  checkBatch('prepareJacobian: batch: true', y!, x!);
  const { slice, connected } = call.connect([y!]);
  if (connected[0] && slice.targets.length === 1) return runJacobian('prepareJacobian', slice, true, options)[0];
  return zerosOf({ shape: [...y!.shape, ...x!.shape.slice(1)], dtype: jacobianType(y!.dtype, x!.dtype) });
}
