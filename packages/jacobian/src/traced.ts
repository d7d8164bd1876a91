/**
 * A function traced for prepareJacobian, with its Jacobian: the programs from arguments to results.
 * The one idea: the Jacobian of a traced function is itself a traced function. One trace gives the Jacobian, by seeds and, where
 * it may be composed, by tangents, with the value and aux. Must not run anything.
 */
import type { AnyFunction, Argnums } from '@jacobi/autograd';
import type { RecordedCall } from '@jacobi/autograd/internal';
import { buildArguments, pullback, pushforwardOf, recordCall, traceCall } from '@jacobi/autograd/internal';
import type { Way } from '@jacobi/compiler';
import { Composition, mergeEqualRows, wayOf } from '@jacobi/compiler';
import { ArgumentError, Tensor } from '@jacobi/tensor';
import type { Flat, Program, TensorType } from '@jacobi/tensor/internal';
import { flattenNest, zerosOf } from '@jacobi/tensor/internal';
import { multiplicationsOf } from './cost.ts';
import type { FunctionJacobianOptions } from './jacobian.ts';
import { jacobianOfCall } from './jacobian.ts';
import { checkBatch } from './options.ts';
import type { ChosenPlan } from './plan.ts';
import { planFor } from './plan.ts';
import { jacobianLike, runJacobian } from './run.ts';
import type { Tangents } from './tangents.ts';
import { traceTangents } from './tangents.ts';

/** Options of `prepareJacobian`. */
export interface PrepareOptions<
  N extends Argnums = Argnums,
  Aux extends boolean = boolean,
  Batch extends boolean = boolean,
> extends FunctionJacobianOptions<N, Aux> {
  /** f returns `[value, aux]`; a call gives `[jacobian, aux]`, `valueAndJacobian` `[value, jacobian, aux]`. */
  readonly hasAux?: Aux;
  /** Prepare the batch Jacobian of one result and one differentiated argument that share their first axis. */
  readonly batch?: Batch;
}

/** The plan for one result, through so many rows, and the multiplications of all its seeds. */
export interface TracedPlan {
  readonly plan: ChosenPlan;
  readonly rows: number;
  readonly multiplications: number;
}

/** What was traced. */
export interface Prepared {
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
  readonly plans: readonly TracedPlan[];
  readonly composition: Composition | undefined;
}

export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
const isAuxLeaf = (x: unknown): x is unknown => isTensor(x) || typeof x !== 'object' || x === null;

/** Traces f for arguments of these types. */
export function traceJacobian(f: AnyFunction, flats: readonly Flat<TensorType>[], options: PrepareOptions): Prepared {
  const types = flats.flatMap((flat) => flat.leaves);
  let parts: Parts | undefined;
  const { program: traced } = traceCall(
    'prepareJacobian',
    (...args: unknown[]) => {
      parts = partsOf(recordCall('prepareJacobian', f, args, options), types.length, options);
      const { jacobianNest, valueNest, auxNest, tangents } = parts;
      const aux = auxNest.leaves.filter(isTensor);
      return [...jacobianNest.leaves, ...valueNest.leaves, ...aux, ...(tangents?.results ?? [])];
    },
    types,
    (inputs) => buildArguments(flats, inputs),
  );
  // What the parts hold of the trace is not kept, but their nests.
  const { jacobianNest, valueNest, auxNest, plans } = parts!;
  // Whatever was captured is a constant, but for variables.
  const program = { ...traced, captured: traced.captured.map((c) => ({ ...c, inside: true })) };
  const ways = waysOf(program, parts!, types.length, options);
  return { arguments: flats, jacobianNest, valueNest, auxNest, plans, ...ways };
}

/** What a traced call gives, by name. */
interface Parts extends Pick<Prepared, 'auxNest' | 'plans'> {
  readonly jacobianNest: Flat<Tensor>;
  readonly valueNest: Flat<Tensor>;
  readonly tangents: Tangents | null;
}

/** `from`: how many inputs the trace has. */
function partsOf(call: RecordedCall, from: number, options: PrepareOptions): Parts {
  const chosen = call.result.leaves.map((y) => {
    const { slice, connected } = call.connect([y]);
    if (slice.targets.length !== 1 || !connected.includes(true)) return null;
    const plan = planFor(slice, options.batch ?? false, options.mode ?? 'auto');
    const linear = plan.mode === 'forward' ? pushforwardOf(slice) : pullback(slice, [true]);
    return { plan, rows: slice.rows.length, multiplications: plan.seeds * multiplicationsOf(linear) };
  });
  const nest = options.batch ? batchOfCall(call, options) : jacobianOfCall('prepareJacobian', call, options);
  const jacobianNest = flattenNest('', nest, isTensor);
  const plans = chosen.map((c) => c?.plan ?? null);
  return {
    jacobianNest,
    valueNest: call.result,
    auxNest: flattenNest('prepareJacobian: aux', call.aux, isAuxLeaf, 'tensors and plain values'),
    plans: chosen.filter((c) => c !== null),
    tangents: traceTangents(call, plans, from, jacobianNest.leaves, options),
  };
}

/** The programs from the first `from` inputs of what was traced to the Jacobian and what else a call may ask for. */
function waysOf(
  program: Program,
  { jacobianNest, valueNest, tangents }: Parts,
  from: number,
  options: PrepareOptions,
): Pick<Prepared, 'jacobian' | 'both' | 'withAux' | 'all' | 'composition'> {
  const count = jacobianNest.leaves.length;
  const values = count + valueNest.leaves.length;
  const { outputs } = program;
  const end = outputs.length - (tangents?.results.length ?? 0);
  const inputs = program.inputs.slice(0, from);
  const giving = (places: readonly number[]): Program =>
    mergeEqualRows({ ...program, inputs, outputs: [...outputs.slice(0, count), ...places.map((i) => outputs[i]!)] });
  const seeded = giving([]);
  const composition = tangents === null ? undefined : compositionOf(program, tangents, end, seeded);
  /** The Jacobian, and then the outputs from one place to another. */
  const wayTo = (from: number, to: number, made?: Program): Way => {
    const places = Array.from({ length: to - from }, (_, i) => from + i);
    const others = places.map((i) => i - count);
    return wayOf(made ?? giving(places), composition && ((on) => composition.lower(on, others)));
  };
  const jacobian = wayTo(count, count, seeded);
  const both = wayTo(count, values);
  return {
    jacobian,
    both,
    withAux: options.hasAux ? wayTo(values, end) : jacobian,
    all: options.hasAux ? wayTo(count, end) : both,
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

function batchOfCall(call: RecordedCall, options: PrepareOptions): unknown {
  const sources = call.arguments.flatMap((flat) => flat.leaves);
  const [y] = call.result.leaves;
  if (call.result.leaves.length !== 1 || sources.length !== 1)
    throw new ArgumentError(
      'prepareJacobian: batch: true needs one result and one differentiated tensor; ' +
        'for several there is jit(vmap(jacobian(f, { argnums }), { inAxes }))',
    );
  const [x] = sources;
  checkBatch('prepareJacobian: batch: true', y!, x!);
  const { slice, connected } = call.connect([y!]);
  if (connected[0] && slice.targets.length === 1) return runJacobian(slice, true, options)[0];
  return zerosOf(jacobianLike(y!, x!, true));
}
