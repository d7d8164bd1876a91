/**
 * customJvp: tangents given by the user.
 * The one idea: the function runs unseen by tapes, and one row with the user's rule stands for it.
 */
import { capturedNow, inline, writeOut } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import type {
  Application,
  Flat,
  Primitive,
  Program,
  RowValues,
  Tangent,
  TensorType,
  Var,
} from '@jacobi/tensor/internal';
import {
  apply,
  bind,
  currentTrace,
  describe,
  formatType,
  holding,
  isFollowed,
  lowerInline,
  NONE,
  zerosOf,
} from '@jacobi/tensor/internal';
import { batchTraced, withBatchAxis } from './batch.ts';
import type { AnyFunction, AnyNest } from './call.ts';
import { buildArguments, checkFunction, flattenArguments, flattenResult, keyOf, traceCall, typesOf } from './call.ts';
import { programTypes } from './calls.ts';
import type { TypeList } from './custom-linear.ts';
import { refuseConstants, typeList, typesFrom } from './custom-linear.ts';
import type { CustomRule } from './custom-rule.ts';
import { batchedRule, closed, connectedByArguments, recordResults, refuseCaptured, writeRule } from './custom-rule.ts';
import { RuleError } from './errors.ts';
import { pushProgram } from './pushforward.ts';
import { Remembered } from './remember.ts';
import { linearOf } from './transpose.ts';

/** Params: how many of the operands are arguments (what is left its program captured), and the types of the outputs. */
type CustomParams = { readonly args: number; readonly types: TypeList };

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
    connects,
    tangent: tangentsBy,
  },
  batching: { rule: (inputs, mapped, { args }, size, row) => batchedJvp(inputs, mapped, args, size, row) },
};

function connects(
  row: Pick<Application<CustomParams>, 'inputs' | 'outputs' | 'params'>,
  active: readonly boolean[],
): boolean[] {
  return connectedByArguments('customJvp', row, active, row.params.args);
}

/**
 * Tangents by the row's rule. Abstract ones: the rule's rows brought to the closed set of linear maps, by differentiating them in
 * the tangents, since some may have rules of their own.
 */
function tangentsBy(row: RowValues<CustomParams>, tangents: readonly Tangent[]): readonly Tangent[] {
  const moving = tangents.map((t) => t !== null);
  if (!connects(row, moving).includes(true)) return [];
  const written = writeRule('customJvp', row.inputs, row.inputs, row.closures[0] as CustomRule).program;
  const open = written.inputs.slice(row.inputs.length);
  const program = writeOut(written, open);
  checkLinear(program, open);
  const values = row.inputs.map((_, i) => row.x(i));
  const zeros = row.inputs.map((type) => zerosOf(type));
  const captured = capturedNow(program);
  if (!row.abstract) return inline(program, [...values, ...tangents.map((t, i) => t ?? zeros[i]!), ...captured]);
  const none = values.map(() => null);
  return pushProgram(program, [...values, ...zeros, ...captured], [...none, ...tangents], true).tangents;
}

/** Throws if a rule does something with tangents that is not linear; rows with rules of their own are asked when they run. */
function checkLinear({ rows, outputs }: Program, tangents: readonly Var[]): void {
  const moving = new Set(tangents);
  try {
    for (const { application, inputs, outputs: results } of rows) {
      const open = inputs.map((v) => moving.has(v));
      if (!open.includes(true)) continue;
      if (application.closures.length === 0) linearOf(application, open);
      for (const v of results) moving.add(v);
    }
    refuseConstants(rows, tangents, outputs);
  } catch (error) {
    throw new RuleError(`customJvp: dy must be linear in the tangents: ${(error as Error).message}`, { cause: error });
  }
}

/** A custom row over a batch: its program batched, its rule mapped over whatever it is given. */
function batchedJvp(
  inputs: readonly Tensor[],
  mapped: readonly boolean[],
  args: number,
  size: number,
  { programs, closures }: { readonly programs: readonly Program[]; readonly closures: readonly unknown[] },
): readonly Tensor[] {
  const all = inputs.map((t, i) => withBatchAxis({ tensor: t, mapped: mapped[i]! }, size));
  const types = all.map((t) => t.type);
  const every = all.map(() => true);
  const rule = batchedRule(closures[0] as CustomRule, size);
  return bindJvp(batchTraced(programs[0]!, types, every, size), args, all, rule);
}

/** The row with the program that it stands for, so that it can be differentiated later. */
function bindJvp(program: Program, args: number, inputs: readonly Tensor[], rule: CustomRule): readonly Tensor[] {
  const params = { args, types: typeList(program.outputs.map((v) => program.types[v]!)) };
  return bind(jvpRow, [...inputs, ...capturedNow(program)], params, holding([program], [rule]));
}

/** The rule for arguments and a result like these. */
type RuleOf = (flats: readonly Flat<Tensor>[], result: Flat<Tensor>) => CustomRule;

/** Runs f unseen by tapes and puts one row with its rule in place of its rows. */
function callJvp(f: AnyFunction, ruleOf: RuleOf, args: readonly unknown[]): unknown {
  const flats = flattenArguments('customJvp', args);
  const leaves = flats.flatMap((flat) => flat.leaves);
  const types = leaves.map((t) => t.type);
  if (currentTrace() !== null) {
    const { program, result } = traceCall('customJvp', f, types, (inputs) => buildArguments(flats, inputs));
    refuseCaptured('customJvp', capturedNow(program));
    return result.rebuild(bindJvp(program, leaves.length, leaves, ruleOf(flats, result)));
  }
  const run = (): unknown => f(...buildArguments(flats, leaves));
  const result = flattenResult('customJvp', closed('customJvp', leaves, true, run));
  if (!isFollowed(leaves)) return result.rebuild(result.leaves);
  const rule = ruleOf(flats, result);
  // The rule sees the primals themselves, so that it may look at their numbers.
  const here: CustomRule = (_values, tangents) => rule(leaves, tangents);
  const params = { args: leaves.length, types: typeList(result.leaves.map((t) => t.type)) };
  const row = apply(jvpRow, types, params, holding([], [here]));
  return result.rebuild(recordResults(row as never, leaves, leaves, result.leaves));
}

/**
 * f with a derivative rule: `rule(primals, tangents)` returns `[y, dy]`, with dy linear in the tangents.
 *
 * primals and tangents are arrays with one entry an argument. Serves forward mode, reverse mode (by transposition), vmap and
 * jit.
 * @throws RuleError where f reads, besides its arguments, what is being differentiated, a trainable variable under a tape for one.
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
  const rules = new Remembered<CustomRule>();
  const ruleOf: RuleOf = (flats, result) =>
    rules.get(`${flats.map(keyOf).join()}>${keyOf(result)}`, () =>
      flattenRule(rule, flats.map(typesOf), typesOf(result)),
    );
  return ((...args: unknown[]) => callJvp(f, ruleOf, args)) as F;
}

/** The rule on flat lists, with its result checked. */
function flattenRule(
  rule: (primals: AnyNest[], tangents: AnyNest[]) => [AnyNest, AnyNest],
  flats: readonly Flat<TensorType>[],
  like: Flat<TensorType>,
): CustomRule {
  return (values, tangents) => {
    const given: unknown = rule(buildArguments(flats, values), buildArguments(flats, tangents));
    if (!Array.isArray(given) || given.length !== 2) {
      throw new RuleError(`customJvp: the rule must return a pair [y, dy], not ${describe(given)}`);
    }
    checkPart("the rule's y", given[0], like);
    return checkPart('dy', given[1], like);
  };
}

/** The tensors of one part of what a rule gives, which must be like the result of f. */
function checkPart(name: string, part: unknown, like: Flat<TensorType>): readonly Tensor[] {
  const { structure, leaves } = flattenResult('customJvp', part, like);
  if (structure !== like.structure)
    throw new RuleError(`customJvp: ${name} must have the tree structure of y, ${like.structure}, not ${structure}`);
  leaves.forEach(({ type }, i) => {
    const path = like.paths[i]!;
    const expected = like.leaves[i]!;
    if (type !== expected)
      throw new RuleError(`customJvp: ${name}${path} is ${formatType(type)}, but y${path} is ${formatType(expected)}`);
  });
  return leaves;
}
