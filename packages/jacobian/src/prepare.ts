/**
 * prepareJacobian: a function traced once for given shapes, its Jacobian as one compiled program.
 * The one idea: a call runs the program that was traced, and nothing else.
 */
import type { AnyNest, Argnums, Argument, LikeNest, Source } from '@jacobi/autograd';
import type { AloneOrWithAux, Chosen, ValueOf, WithAux } from '@jacobi/autograd/internal';
import type { DType, TypedArray } from '@jacobi/backend';
import { compileOptimised, describeWay, evaluateOptimised } from '@jacobi/compiler';
import type { Tensor, TensorLike } from '@jacobi/tensor';
import { ArgumentError, getBackend } from '@jacobi/tensor';
import type { Flat, TensorType } from '@jacobi/tensor/internal';
import {
  checkDType,
  checkFlag,
  checkOptions as checkNames,
  checkShape,
  flattenNest,
  tensorType,
} from '@jacobi/tensor/internal';
import { argumentTensors } from './arguments.ts';
import { explainPlan } from './explain.ts';
import { intoWriter } from './into.ts';
import type { Mode } from './options.ts';
import { checkFunctionOptions } from './options.ts';
import { entries } from './pairs.ts';
import type { JacobianPlan } from './plan.ts';
import { chunkFor } from './plan.ts';
import type { Prepared, PrepareOptions, TracedPlan } from './traced.ts';
import { isTensor, traceJacobian } from './traced.ts';

/** Shape and dtype of an argument leaf; dtype float32 if absent. */
export interface Spec {
  /** Sizes by axis; [] for a number. */
  readonly shape: readonly number[];
  /** Element type. Default float32. */
  readonly dtype?: DType;
}

/** Arguments as a spec describes them: an array describes several, all else one. */
type SpecArguments<S> = unknown extends S ? AnyNest[] : S extends readonly unknown[] ? LikeSpecs<S> : [LikeSpec<S>];

type LikeSpecs<S extends readonly unknown[]> = { -readonly [K in keyof S]: LikeSpec<S[K]> };
type LikeSpec<S> = unknown extends S
  ? AnyNest
  : S extends Source | { readonly shape: readonly number[] }
    ? Tensor
    : { -readonly [K in keyof S]: LikeSpec<S[K]> };

/** What a prepared Jacobian takes: as many arguments as the spec describes, like those of f, of all that makes a tensor. */
type PreparedArguments<Args extends readonly AnyNest[], S> =
  SpecArguments<S> extends infer Specified extends readonly AnyNest[]
    ? { [K in keyof Specified]: Argument<K extends keyof Args ? Args[K] : Specified[K], TensorLike> }
    : never;

/** Options of `into`. */
export interface IntoOptions {
  /** The array to write the value to. */
  readonly value?: TypedArray;
}

/** A prepared Jacobian: call it like f; the result has the nests of `jacobian(f)`. */
export interface PreparedJacobian<
  Args extends readonly AnyNest[] = AnyNest[],
  Jacobian = AnyNest,
  Both extends AnyNest[] = AnyNest[],
> {
  (...args: Args): Jacobian;
  /**
   * Writes the Jacobian into `out` (row-major; several entries one after the other), and the value into `options.value`.
   * Arguments may be typed arrays of the prepared dtype and size. Returns `out`.
   */
  into<Out extends TypedArray>(...args: [...Args, out: Out, options?: IntoOptions]): Out;
  /** `[value, jacobian]` of one run; with hasAux, aux follows. */
  valueAndJacobian(...args: Args): Both;
  /** The plan in words. */
  explain(): string;
  /** The plan as data; of several results, the sums of all counts. */
  readonly plan: JacobianPlan;
}

/** The nest of a prepared Jacobian. */
type PreparedNest<S, R, N extends Argnums, Aux extends boolean, Batch extends boolean> = Batch extends true
  ? Tensor
  : LikeNest<ValueOf<R, Aux>, LikeNest<Chosen<SpecArguments<S>, N>>>;

/** An object whose shape is not a nest of its own. */
const isSpec = (x: unknown): x is Spec => {
  const { shape } = (x ?? {}) as { readonly shape?: unknown };
  return shape !== undefined && [shape].flat().every((d) => typeof d !== 'object');
};
const isLeaf = (x: unknown): x is Spec | Tensor => isTensor(x) || isSpec(x);

/**
 * Traces f for arguments like `spec` (shape and dtype, or an example tensor, or a nest of them; an array of these for several
 * arguments) and prepares its Jacobian. The result is called like f and runs without tracing.
 *
 * f sees shapes and no numbers, as under `jit`. Arguments that are not differentiated may vary from call to call. Variables
 * are read at each call; what else f closes over is a constant, as it is now. Compiled at once for the default backend; the first
 * call that asks for values, too, compiles these.
 * @throws TraceError where f looks at numbers; ShapeError, at a call, where an argument differs from its spec.
 * @example
 * const J = prepareJacobian((x) => mul(x, x), { shape: [2] });
 * J(tensor([1, 3])) // → [[2, 0], [0, 6]]
 */
export function prepareJacobian<
  const R,
  const S,
  Args extends readonly AnyNest[] = SpecArguments<S>,
  const N extends Argnums = 0,
  Aux extends boolean = false,
  Batch extends boolean = false,
>(
  f: (...args: Args) => R,
  spec: S,
  options: PrepareOptions<N, Aux, Batch> = {},
): PreparedJacobian<
  PreparedArguments<Args, S>,
  AloneOrWithAux<PreparedNest<S, R, N, Aux, Batch>, R, Aux>,
  WithAux<[value: LikeNest<ValueOf<R, Aux>>, jacobian: PreparedNest<S, R, N, Aux, Batch>], R, Aux>
> {
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
  compileOptimised(prepared.withAux, getBackend());
  const call = (...args: AnyNest[]): AnyNest => {
    const outputs = evaluateOptimised(prepared.withAux, argumentTensors(prepared.arguments, args));
    const jacobian = jacobianNest.rebuild(outputs.slice(0, count));
    return options.hasAux ? [jacobian, rebuildAux(auxNest, outputs.slice(count))] : jacobian;
  };
  return Object.assign(call, {
    into: intoWriter(prepared.arguments, prepared.jacobian, prepared.both, count) as AnyNest,
    valueAndJacobian: (...args: AnyNest[]): AnyNest => {
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
            ...(plans.length > 1 ? ['All of them together'] : []),
            ...runsAs(prepared),
          ].join('\n'),
    plan: publicPlan(plans),
  });
}

/** What a call runs on the default backend. */
function runsAs({ jacobian, composition }: Prepared): string[] {
  const backend = getBackend();
  const composed = composition?.describe(backend);
  return [
    ...(composed === undefined ? [] : [`  composed: ${composed}`]),
    `  runs:  on ${backend.name}, ${describeWay(jacobian, backend)}`,
  ];
}

/** The plan of all results together. */
function publicPlan(plans: readonly TracedPlan[]): JacobianPlan {
  const total = (of: (traced: TracedPlan) => number): number => plans.reduce((n, traced) => n + of(traced), 0);
  const seeds = (mode: Mode): number => total(({ plan }) => (plan.mode === mode ? plan.seeds : 0));
  const mode = plans[0]?.plan.mode ?? 'reverse';
  return {
    mode: plans.some(({ plan }) => plan.mode !== mode) ? 'bidirectional' : mode,
    forwardSeeds: seeds('forward'),
    reverseSeeds: seeds('reverse'),
    lowerBound: total(({ plan }) => plan.seeds),
    nnz: total(({ plan }) => plan.sources.reduce((n, source) => n + entries(plan.target, source), 0)),
    flops: total(({ plan }) => plan.cost.flops * plan.seeds),
    bytes: total(({ plan }) => plan.cost.bytes * plan.seeds),
    multiplications: total(({ multiplications }) => multiplications),
  };
}

/** Aux with its tensors replaced; what is no tensor stays as it was when f was traced. */
function rebuildAux({ leaves, rebuild }: Flat<unknown>, tensors: readonly Tensor[]): unknown {
  let at = 0;
  return rebuild(leaves.map((leaf) => (isTensor(leaf) ? tensors[at++] : leaf)));
}

function specTypes(spec: unknown, name: string): Flat<TensorType> {
  if (typeof spec === 'number')
    throw new ArgumentError(`prepareJacobian: ${name} is ${spec}, no spec; a shape is written { shape: [${spec}] }`);
  const flat = flattenNest(`prepareJacobian: ${name}`, spec, isLeaf, '{ shape, dtype? } or example tensors');
  if (flat.leaves.length === 0)
    throw new ArgumentError(`prepareJacobian: ${name} must describe at least one tensor: { shape, dtype? }`);
  const leaves = flat.leaves.map((leaf, i) => {
    if (isTensor(leaf)) return leaf.type;
    const path = `${name}${flat.paths[i]}`;
    checkNames(`prepareJacobian: ${path}`, leaf, ['shape', 'dtype']);
    checkShape('prepareJacobian', `${path}.shape`, leaf.shape);
    if (leaf.dtype !== undefined) checkDType(`prepareJacobian: ${path}`, leaf.dtype);
    return tensorType(leaf.dtype ?? 'float32', leaf.shape);
  });
  return { ...flat, leaves };
}
