/**
 * customVjp and customGradient: cotangents given by the user.
 * The one idea: the function's results go through a row that changes nothing but carries the rule. Results and residuals are
 * ordinary values with rows of their own, so that derivatives of the rule, which reads them, are right at every order.
 */
import { capturedNow, inline } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { Tensor as TensorClass } from '@jacobi/tensor';
import type { Application, Flat, Primitive, Program, Tangent, TensorType } from '@jacobi/tensor/internal';
import {
  apply,
  bind,
  currentTrace,
  describe,
  differentiatedAgain,
  flattenNest,
  formatType,
  holding,
  isFollowed,
  lowerInline,
  makeProgram,
  muted,
  refusePromise,
  zerosOf,
} from '@jacobi/tensor/internal';
import { withBatchAxis } from './batch.ts';
import type { AnyFunction, AnyNest } from './call.ts';
import { buildArguments, checkFunction, flattenArguments, flattenResult, keyOf, typesOf } from './call.ts';
import { customTangents } from './custom-linear.ts';
import type { CustomRule, WrittenRule } from './custom-rule.ts';
import { batchedRule, closed, connectedByArguments, recordResults, writeRule } from './custom-rule.ts';
import { RuleError } from './errors.ts';
import { carriesTangent } from './pushforward.ts';
import { Remembered } from './remember.ts';

/** Params: how many of the operands are arguments, results and residuals; what is left was read besides. */
type Parts = {
  readonly operation: string;
  readonly args: number;
  readonly results: number;
  readonly residuals: number;
};

/** The results again. Their tangents are those of the arguments through the rule (the closure), which reads the residuals. */
const vjpRow: Primitive<Parts> = {
  name: 'customVjp',
  type: (inputs, { args, results }) => inputs.slice(args, args + results),
  inline: lowerInline,
  derivative: {
    kind: 'rule',
    connects,
    keeps: (active, params) => ({ inputs: residualsOf(active, params), outputs: [] }),
    tangent: (row, tangents) => {
      const moving = tangents.map((t) => t !== null);
      if (!connects(row, moving).includes(true)) return [];
      const own = tangents.slice(0, row.params.args);
      const residuals = residualsOf(tangents, row.params).map((i) => row.x(i));
      const incoming = own.map((t, i) => t ?? zerosOf(row.inputs[i]!));
      return customTangents(residuals, incoming, row.outputs, row.closures[0] as CustomRule, row.abstract);
    },
  },
  batching: {
    rule: (inputs, mapped, params, size, { closures }) => {
      const read = params.args + params.results + params.residuals;
      const all = inputs.map((tensor, i) => (i < read ? withBatchAxis({ tensor, mapped: mapped[i]! }, size) : tensor));
      return bindVjp(all, params, batchedRule(closures[0] as CustomRule, size));
    },
  },
};

function connects(
  row: Pick<Application<Parts>, 'inputs' | 'outputs' | 'params'>,
  active: readonly boolean[],
): boolean[] {
  const { operation, args, results, residuals } = row.params;
  return connectedByArguments(operation, row, active, args, args + results + residuals);
}

function residualsOf(operands: readonly unknown[], { args, results, residuals }: Parts): number[] {
  return [...operands.keys()].slice(args + results, args + results + residuals);
}

/** The row with the program that it stands for: its results, as they are. */
function bindVjp(inputs: readonly Tensor[], params: Parts, rule: CustomRule): readonly Tensor[] {
  const types = inputs.map((t) => t.type);
  return bind(vjpRow, inputs, params, holding([passing(types, params)], [rule]));
}

function passing(types: readonly TensorType[], { args, results }: Parts): Program {
  const inputs = types.map((_, i) => i);
  return makeProgram({ types, inputs, captured: [], rows: [], outputs: inputs.slice(args, args + results) });
}

/** What a custom function gives when it is called. */
interface Called {
  readonly result: Flat<Tensor>;
  readonly residuals: readonly Tensor[];
  readonly rule: CustomRule;
}

/** Runs `run` and puts its results through a row with its rule. */
function callVjp(
  operation: string,
  flats: readonly Flat<Tensor>[],
  run: (...args: readonly unknown[]) => Called,
): unknown {
  const leaves = flats.flatMap((flat) => flat.leaves);
  const traced = currentTrace() !== null;
  const hidden = !traced && !differentiatedAgain(leaves);
  const call = (): Called => run(...buildArguments(flats, leaves));
  const reads = new Set<Tensor>();
  const { result, residuals, rule } = closed(operation, leaves, hidden, call, reads);
  if (!traced && !isFollowed(leaves)) return result.rebuild(result.leaves);
  const inputs = [...leaves, ...result.leaves, ...residuals, ...reads];
  const params = { operation, args: leaves.length, results: result.leaves.length, residuals: residuals.length };
  if (traced) return result.rebuild(bindVjp(inputs, params, rule));
  const types = inputs.map((t) => t.type);
  const row = apply(vjpRow, types, params, holding([], [rule]));
  return result.rebuild(recordResults(row as never, leaves, inputs, result.leaves));
}

const isTensor = (x: unknown): x is Tensor => x instanceof TensorClass;

/**
 * f with a backward rule: `forward(...args)` returns `[y, residuals]`, `backward(residuals, dy)` an array with one cotangent
 * (or null, for zero) an argument; for one argument the cotangent alone will do.
 *
 * Serves reverse mode, vmap and jit; forward mode too, where backward is linear in dy.
 * @throws RuleError where f or forward reads, besides its arguments, what is being differentiated, a trainable variable under
 * a tape for one: the rule would lose that derivative.
 * @example
 * const f = customVjp(sin, (x) => [sin(x), x], (x, dy) => [mul(mul(2, cos(x)), dy)]);
 * grad(f)(tensor(0)) // → 2
 */
export function customVjp<F extends AnyFunction>(
  f: F,
  forward: (...args: AnyNest[]) => [AnyNest, AnyNest],
  backward: (residuals: AnyNest, dy: AnyNest) => AnyNest,
): F {
  checkFunction('customVjp', f);
  checkFunction('customVjp', forward, 'forward');
  checkFunction('customVjp', backward, 'backward');
  const rules = new Remembered<CustomRule>();
  return ((...args: unknown[]) => {
    const flats = flattenArguments('customVjp', args);
    if (currentTrace() === null && !isFollowed(flats.flatMap((flat) => flat.leaves)))
      return refusePromise(
        'customVjp',
        closed('customVjp', [], true, () => f(...args) as unknown),
      );
    return callVjp('customVjp', flats, (...own) => {
      const pair: unknown = forward(...own);
      if (!Array.isArray(pair) || pair.length !== 2)
        throw new RuleError(`customVjp: forward must return a pair [y, residuals], not ${describe(pair)}`);
      const result = flattenResult('customVjp', pair[0]);
      const residuals = flattenNest('customVjp: residuals', pair[1], isTensor, 'tensors');
      const key = `${flats.map(keyOf).join()}>${keyOf(result)}>${residuals.structure}`;
      const rule = rules.get(key, () => {
        checkForward(
          muted(() => flattenResult('customVjp', f(...own))),
          result,
        );
        return backwardRule('customVjp', flats.map(typesOf), typesOf(result), onNest(backward, residuals.rebuild));
      });
      return { result, residuals: residuals.leaves, rule };
    });
  }) as F;
}

/** Throws unless `forward` gives results like those of the function that it stands for. */
function checkForward(own: Flat<Tensor>, given: Flat<Tensor>): void {
  if (keyOf(own) === keyOf(given)) return;
  const text = ({ structure, leaves }: Flat<Tensor>): string =>
    `${structure} of ${leaves.map((t) => formatType(t.type)).join(', ')}`;
  throw new RuleError(`customVjp: forward gives ${text(given)} for a value, but f gives ${text(own)}`);
}

/** A backward function on flat residuals. On its own, so that it holds nothing of the call it was made in. */
function onNest(backward: Backward, rebuild: Flat<Tensor>['rebuild']): Backward {
  return (residuals: readonly Tensor[], dy) => backward(rebuild(residuals), dy);
}

/**
 * f with a gradient of its own, as TensorFlow's: f returns `[y, backward]`, and `backward(dy)` the gradient of its argument
 * (an array of them for several arguments; with several results it is called with one dy for each). null counts as zero.
 * @throws RuleError where the rule gives too few gradients or gradients of another shape, or f reads, besides its arguments, what
 * is being differentiated (a trainable variable under a tape, which TensorFlow refuses as well).
 * @example
 * const f = customGradient((x) => [square(x), (dy) => mul(dy, 100)]);
 * grad(f)(tensor(3)) // → 100
 */
export function customGradient(f: (...args: AnyNest[]) => [AnyNest, (...dys: AnyNest[]) => AnyNest]): AnyFunction {
  checkFunction('customGradient', f);
  return (...args: unknown[]) => {
    const flats = flattenArguments('customGradient', args);
    return callVjp('customGradient', flats, (...own) => {
      const [y, backward] = callPair(f, own);
      const result = flattenResult('customGradient', y);
      if (currentTrace() !== null) return writeGradient(f, flats, result);
      return { result, residuals: [], rule: gradientRule(flats, result, backward) };
    });
  };
}

/**
 * What the closure that f returns in a trace does, as a program, for it holds values of that trace. f's values are computed
 * again; the residuals are its arguments and what it captured.
 */
function writeGradient(f: AnyFunction, flats: readonly Flat<Tensor>[], result: Flat<Tensor>): Called {
  const leaves = flats.flatMap((flat) => flat.leaves);
  const types = leaves.map((t) => t.type);
  const written = writeRule('customGradient', types, typesOf(result).leaves, (inputs, dys) =>
    gradientRule(flats, result, callPair(f, buildArguments(flats, inputs))[1])([], dys),
  );
  const residuals = [...leaves, ...capturedNow(written.program)];
  return { result, residuals, rule: ruleOf(written, leaves.length) };
}

/** A rule that has been written down; `count` of its residuals are inputs, the others were captured. */
function ruleOf({ program, spread }: WrittenRule, count: number): CustomRule {
  return (residuals, dys) => spread(inline(program, [...residuals.slice(0, count), ...dys, ...residuals.slice(count)]));
}

/** TensorFlow's backward function, called with one dy for each of several results, as a rule. */
function gradientRule(
  flats: readonly Flat<Tensor>[],
  result: Flat<Tensor>,
  backward: (...dys: AnyNest[]) => unknown,
): CustomRule {
  const many = result.structure.startsWith('[');
  return backwardRule('customGradient', flats.map(typesOf), typesOf(result), (_, dy) =>
    many ? backward(...(dy as unknown[])) : backward(dy),
  );
}

function callPair(
  f: (...args: AnyNest[]) => unknown,
  args: readonly unknown[],
): [unknown, (...dys: AnyNest[]) => unknown] {
  const pair = f(...args);
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[1] !== 'function') {
    throw new RuleError(`customGradient: f must return a pair [y, backward], not ${describe(pair)}`);
  }
  return pair as [unknown, (...dys: AnyNest[]) => unknown];
}

/** A backward function of the user's. */
type Backward = (residuals: AnyNest, dy: AnyNest) => unknown;

/** A user's backward function on flat cotangents, with its result checked. */
function backwardRule(
  operation: string,
  flats: readonly Flat<TensorType>[],
  result: Flat<TensorType>,
  backward: Backward,
): CustomRule {
  const names = flats.flatMap((flat, i) => flat.paths.map((path) => `${i}${path}`));
  const types = flats.flatMap((flat) => flat.leaves);
  return (residuals, cotangents) => {
    const given = backward(residuals, result.rebuild(cotangents));
    const leaves = gradientList(operation, flats, given).flatMap((g, i) => gradientLeaves(operation, i, flats[i]!, g));
    leaves.forEach((g, i) => {
      if (g === null) return;
      if (g.type !== types[i]) {
        throw new RuleError(
          `${operation}: output[${i}] of the rule, the gradient of argument ${names[i]}, is ${formatType(g.type)}, but the argument is ${formatType(types[i]!)}`,
        );
      }
      if (!carriesTangent(g.type))
        throw new RuleError(`${operation}: the gradient of argument ${names[i]} must be floating`);
    });
    return leaves;
  };
}

/** What a backward function gave, as a list with one entry an argument. */
function gradientList(operation: string, flats: readonly Flat<TensorType>[], given: unknown): readonly unknown[] {
  const only = flats.length === 1 ? flats[0]!.structure : undefined;
  const alone = only !== undefined && !(Array.isArray(given) && !only.startsWith('[')) && !isOneList(given, only);
  const list = alone ? [given] : given;
  if (Array.isArray(list) && list.length === flats.length) return Array.from(list);
  const count = Array.isArray(list) ? list.length : 1;
  throw new RuleError(
    `${operation}: the rule was expected to return ${flats.length} gradients (one an argument), but returned ${count}: too few gradients, or too many`,
  );
}

/** The gradient of argument `i`, taken apart; null stands for zero. */
function gradientLeaves(operation: string, i: number, like: Flat<TensorType>, gradient: unknown): readonly Tangent[] {
  if (gradient === null) return like.leaves.map(() => null);
  const flat = flattenNest(
    `${operation}: gradient ${i}`,
    gradient,
    (x): x is Tangent => x === null || isTensor(x),
    'tensors',
    like,
  );
  if (flat.structure === like.structure) return flat.leaves;
  throw new RuleError(
    `${operation}: gradient ${i} must have the tree structure of argument ${i}, ${like.structure}, not ${flat.structure}`,
  );
}

/** True for `[nest]` around the gradient of a single argument that itself is an array. */
function isOneList(given: unknown, structure: string): boolean {
  return Array.isArray(given) && given.length === 1 && structure.startsWith('[') && Array.isArray(given[0]);
}
