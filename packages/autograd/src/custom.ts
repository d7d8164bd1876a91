/**
 * customJvp: tangents given by the user.
 * The one idea: the function runs unseen by tapes, and one row with the user's rule stands for it.
 */
import type { Tensor } from '@jacobi/tensor';
import type { Flat, Primitive, Program, RowValues, Tangent, TensorType } from '@jacobi/tensor/internal';
import {
  apply,
  bind,
  currentTrace,
  describe,
  formatType,
  holding,
  isFollowed,
  lowerInline,
  muted,
  NONE,
  Trace,
  visibleRecorders,
  withFrame,
  zerosOf,
} from '@jacobi/tensor/internal';
import { batchProgram, withBatchAxis } from './batch.ts';
import type { AnyFunction, AnyNest } from './call.ts';
import { checkFunction, flattenArgument, flattenResult, fresh } from './call.ts';
import { programTypes } from './calls.ts';
import type { TypeList } from './custom-linear.ts';
import { typeList, typesFrom } from './custom-linear.ts';
import { RuleError } from './errors.ts';
import { pushProgram } from './pushforward.ts';

/** From values and tangents of the inputs to tangents of the outputs, all flat. */
type TangentRule = (values: readonly Tensor[], tangents: readonly Tensor[]) => readonly Tensor[];

/** Params: types of the outputs. */
type CustomParams = { readonly types: TypeList };

const customTypes: Primitive<CustomParams>['type'] = (inputs, { types }, programs) =>
  programs.length > 0 ? programTypes(inputs, NONE, programs) : typesFrom(types);

/** A function with a tangent rule (the closure). Reads its inputs again. */
const jvpRow: Primitive<CustomParams> = {
  name: 'customJvp',
  type: customTypes,
  inline: lowerInline,
  derivative: {
    kind: 'rule',
    keeps: (active) => ({ inputs: active.map((_, i) => i), outputs: [] }),
    tangent: (row, tangents) => {
      const rule = row.closures[0] as TangentRule;
      const values = row.inputs.map((_, i) => row.x(i));
      const incoming = row.inputs.map((type, i) => tangents[i] ?? zerosOf(type));
      return row.abstract ? linearPart(rule, values, tangents, row) : rule(values, incoming);
    },
  },
  batching: { rule: (inputs, mapped, _params, size, row) => batchedJvp(inputs, mapped, size, row) },
};

/** The rows of a tangent rule, brought to the closed set of linear maps by differentiating it in the tangents. */
function linearPart(
  rule: TangentRule,
  values: readonly Tensor[],
  tangents: readonly Tangent[],
  row: RowValues,
): readonly Tangent[] {
  const trace = new Trace('custom rule');
  const program = withFrame(trace, () => {
    const known = values.map((t) => trace.input(t.type));
    const moving = row.inputs.map((type) => trace.input(type));
    return trace.finish(rule(known, moving));
  });
  const zeros = row.inputs.map((type) => zerosOf(type));
  const captured = program.captured.map((c) => (c.read === undefined ? c.tensor : c.read()));
  const none = values.map(() => null);
  return pushProgram(program, [...values, ...zeros, ...captured], [...none, ...tangents], true).tangents;
}

/** A custom row over a batch: its program batched, its rule mapped over whatever it is given. */
function batchedJvp(
  inputs: readonly Tensor[],
  mapped: readonly boolean[],
  size: number,
  { programs, closures }: { readonly programs: readonly Program[]; readonly closures: readonly unknown[] },
): readonly Tensor[] {
  const all = inputs.map((t, i) => withBatchAxis({ tensor: t, mapped: mapped[i]! }, size));
  const trace = new Trace('vmap');
  const program = withFrame(trace, () => {
    const args = all.map((t) => ({ tensor: trace.input(t.type), mapped: true }));
    return trace.finish(batchProgram(programs[0]!, args, size).map((b) => withBatchAxis(b, size)));
  });
  const types = program.outputs.map((v) => program.types[v]!);
  const rule = batchedRule(closures[0] as (a: readonly Tensor[], b: readonly Tensor[]) => readonly Tangent[], size);
  return bind(
    jvpRow,
    [...all, ...program.captured.map((c) => c.tensor)],
    { types: typeList(types) },
    holding([program], [rule]),
  );
}

/** A rule on batches: traced on one example, its program batched. */
export function batchedRule(
  rule: (a: readonly Tensor[], b: readonly Tensor[]) => readonly Tangent[],
  size: number,
): (a: readonly Tensor[], b: readonly Tensor[]) => readonly Tangent[] {
  return (a: readonly Tensor[], b: readonly Tensor[]): readonly Tangent[] => {
    const core = (t: Tensor): Tensor => trace.input(coreType(t));
    const trace = new Trace('vmap');
    let empty: readonly boolean[] = [];
    const program = withFrame(trace, () => {
      const given = rule(a.map(core), b.map(core));
      empty = given.map((g) => g === null);
      return trace.finish(given.filter((g) => g !== null));
    });
    const captured = program.captured.map((c) => ({ tensor: c.tensor, mapped: false }));
    const args = [...a, ...b].map((tensor) => ({ tensor, mapped: true }));
    const outputs = batchProgram(program, [...args, ...captured], size).map((o) => withBatchAxis(o, size));
    let at = 0;
    return empty.map((e) => (e ? null : outputs[at++]!));
  };
}

function coreType(t: Tensor): TensorType {
  return typesFrom([[t.dtype, ...t.shape.slice(1)]])[0]!;
}

/** Runs `run` unseen by tapes and puts one row with its rule in place of its rows. */
function callJvp(
  args: readonly unknown[],
  run: (
    args: readonly unknown[],
    flats: readonly Flat<Tensor>[],
  ) => { readonly result: Flat<Tensor>; readonly rule: TangentRule },
): unknown {
  const flats = args.map((arg, i) => flattenArgument('customJvp', `argument ${i}`, arg, args));
  const leaves = flats.flatMap((flat) => flat.leaves);
  if (currentTrace() !== null) {
    // The row holds the traced program, so that the trace's program can be differentiated later.
    let called: ReturnType<typeof run> | undefined;
    const trace = new Trace('customJvp');
    const program = withFrame(trace, () => {
      called = run(
        buildArguments(
          flats,
          leaves.map((t) => trace.input(t.type)),
        ),
        flats,
      );
      return trace.finish(called.result.leaves);
    });
    const types = program.outputs.map((v) => program.types[v]!);
    const inputs = [...leaves, ...program.captured.map((c) => (c.read === undefined ? c.tensor : c.read()))];
    return called!.result.rebuild(bind(jvpRow, inputs, { types: typeList(types) }, holding([program], [called!.rule])));
  }
  const { result, rule } = muted(() => run(buildArguments(flats, leaves), flats));
  if (!isFollowed(leaves)) return result.rebuild(result.leaves);
  // Results that are arguments, or known to a tape already, need an identity of their own.
  const outputs = muted(() => result.leaves.map(fresh));
  const params = { types: typeList(outputs.map((t) => t.type)) };
  // The rule sees the primals themselves, so that it may look at their numbers.
  const here: TangentRule = (_values, tangents) => rule(leaves, tangents);
  const application = apply(
    jvpRow,
    leaves.map((t) => t.type),
    params,
    holding([], [here]),
  );
  for (const recorder of visibleRecorders()) {
    if (recorder.active(leaves) !== null) recorder.record(application as never, leaves, outputs);
  }
  return result.rebuild(outputs);
}

/**
 * f with a derivative rule: `rule(primals, tangents)` returns `[y, dy]`, with dy linear in the tangents.
 *
 * primals and tangents are arrays with one entry an argument. Serves forward mode, reverse mode (by transposition), vmap and
 * jit.
 * @example
 * const f = customJvp(sin, ([x], [t]) => [sin(x), mul(mul(2, cos(x)), t)]);
 * grad(f)(tensor(0)) // → 2
 */
export function customJvp<F extends AnyFunction>(
  f: F,
  rule: (primals: AnyNest[], tangents: AnyNest[]) => [AnyNest, AnyNest],
): F {
  checkFunction('customJvp', f);
  checkFunction('customJvp', rule, 'rule');
  const rules = new Map<string, TangentRule>();
  return ((...args: unknown[]) =>
    callJvp(args, (own, flats) => {
      const result = flattenResult('customJvp', f(...own));
      const key = `${flats.map(keyOf).join()}>${keyOf(result)}`;
      let flatRule = rules.get(key);
      if (flatRule === undefined) {
        flatRule = flattenRule(rule, flats, result);
        rules.set(key, flatRule);
      }
      return { result, rule: flatRule };
    })) as F;
}

function flattenRule(
  rule: (primals: AnyNest[], tangents: AnyNest[]) => [AnyNest, AnyNest],
  flats: readonly Flat<Tensor>[],
  result: Flat<Tensor>,
): TangentRule {
  const types = result.leaves.map((t) => t.type);
  const { structure, paths } = result;
  return (values, tangents) => {
    const given: unknown = rule(buildArguments(flats, values), buildArguments(flats, tangents));
    if (!Array.isArray(given) || given.length !== 2) {
      throw new RuleError(`customJvp: the rule must return a pair [y, dy], not ${describe(given)}`);
    }
    const flat = flattenResult('customJvp', given[1]);
    if (flat.structure !== structure) {
      throw new RuleError(`customJvp: dy must have the tree structure of y, ${structure}, not ${flat.structure}`);
    }
    flat.leaves.forEach((t, i) => {
      if (t.type !== types[i])
        throw new RuleError(
          `customJvp: dy${paths[i]} is ${formatType(t.type)}, but y${paths[i]} is ${formatType(types[i]!)}`,
        );
    });
    return flat.leaves;
  };
}

/** Equal for nests of the same structure and types. */
export function keyOf({ structure, leaves }: Flat<Tensor>): string {
  return structure + leaves.map((t) => t.type.id).join();
}

/** Arguments with these leaves. */
export function buildArguments(flats: readonly Flat<Tensor>[], leaves: readonly Tensor[]): unknown[] {
  let at = 0;
  return flats.map((flat) => flat.rebuild(flat.leaves.map(() => leaves[at++]!)));
}
