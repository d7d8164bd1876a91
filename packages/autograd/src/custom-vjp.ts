/**
 * customVjp and customGradient: cotangents given by the user.
 * The one idea: the function's results go through a row that changes nothing but carries the rule. Results and residuals are
 * ordinary values with rows of their own, so that derivatives of the rule, which reads them, are right at every order.
 */
import { inline } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { Tensor as TensorClass } from '@jacobi/tensor';
import type { Flat, Primitive, Program, TensorType } from '@jacobi/tensor/internal';
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
  visibleRecorders,
  zerosOf,
} from '@jacobi/tensor/internal';
import { withBatchAxis } from './batch.ts';
import type { AnyFunction, AnyNest } from './call.ts';
import { checkFunction, flattenArgument, flattenResult, fresh, traceCall } from './call.ts';
import { batchedRule, buildArguments, keyOf } from './custom.ts';
import type { CustomTranspose } from './custom-linear.ts';
import { customTangents } from './custom-linear.ts';
import { RuleError } from './errors.ts';
import { carriesTangent } from './pushforward.ts';

/** Params: how many of the operands are arguments, and how many results; what is left are residuals. */
type Parts = { readonly args: number; readonly results: number };

/** The results again. Their tangents are those of the arguments through the rule (the closure), which reads the residuals. */
const vjpRow: Primitive<Parts> = {
  name: 'customVjp',
  type: (inputs, { args, results }) => inputs.slice(args, args + results),
  inline: lowerInline,
  derivative: {
    kind: 'rule',
    keeps: (active, { args, results }) => ({ inputs: active.map((_, i) => i).slice(args + results), outputs: [] }),
    tangent: (row, tangents) => {
      const { args, results } = row.params;
      const own = tangents.slice(0, args);
      if (own.every((t) => t === null)) return [];
      const residuals = row.inputs.slice(args + results).map((_, i) => row.x(args + results + i));
      const incoming = own.map((t, i) => t ?? zerosOf(row.inputs[i]!));
      return customTangents(residuals, incoming, row.outputs, row.closures[0] as CustomTranspose, row.abstract);
    },
  },
  batching: {
    rule: (inputs, mapped, params, size, { closures }) => {
      const all = inputs.map((tensor, i) => withBatchAxis({ tensor, mapped: mapped[i]! }, size));
      return bindVjp(all, params, batchedRule(closures[0] as CustomTranspose, size));
    },
  },
};

/** The row with the program that it stands for: its results, as they are. */
function bindVjp(inputs: readonly Tensor[], params: Parts, rule: CustomTranspose): readonly Tensor[] {
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
  readonly rule: CustomTranspose;
}

/** Runs `run` and puts its results through a row with its rule. */
function callVjp(
  operation: string,
  args: readonly unknown[],
  run: (args: readonly unknown[], flats: readonly Flat<Tensor>[]) => Called,
): unknown {
  const flats = args.map((arg, i) => flattenArgument(operation, `argument ${i}`, arg, args));
  const leaves = flats.flatMap((flat) => flat.leaves);
  const call = (): Called => run(buildArguments(flats, leaves), flats);
  const traced = currentTrace() !== null;
  const called = traced || differentiatedAgain(leaves) ? call() : muted(call);
  const { result, residuals, rule } = called;
  if (!traced && !isFollowed(leaves)) return result.rebuild(result.leaves);
  const inputs = [...leaves, ...result.leaves, ...residuals];
  const params = { args: leaves.length, results: result.leaves.length };
  if (traced) return result.rebuild(bindVjp(inputs, params, rule));
  // Nothing is to be run: the results get an identity of their own, which the tapes know by the rule.
  const outputs = muted(() => result.leaves.map(fresh));
  const application = apply(
    vjpRow,
    inputs.map((t) => t.type),
    params,
    holding([], [rule]),
  );
  for (const recorder of visibleRecorders()) {
    if (recorder.active(leaves) !== null) recorder.record(application as never, inputs, outputs);
  }
  return result.rebuild(outputs);
}

const isTensor = (x: unknown): x is Tensor => x instanceof TensorClass;

/**
 * f with a backward rule: `forward(...args)` returns `[y, residuals]`, `backward(residuals, dy)` an array with one cotangent
 * (or null, for zero) an argument; for one argument the cotangent alone will do.
 *
 * Serves reverse mode, vmap and jit; forward mode too, where backward is linear in dy.
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
  const rules = new Map<string, CustomTranspose>();
  return ((...args: unknown[]) => {
    const leaves = args.flatMap((arg, i) => flattenArgument('customVjp', `argument ${i}`, arg, args).leaves);
    if (currentTrace() === null && !isFollowed(leaves)) return f(...args) as unknown;
    return callVjp('customVjp', args, (own, flats) => {
      const pair: unknown = forward(...own);
      if (!Array.isArray(pair) || pair.length !== 2)
        throw new RuleError(`customVjp: forward must return a pair [y, residuals], not ${describe(pair)}`);
      const result = flattenResult('customVjp', pair[0]);
      const residuals = flattenNest('customVjp: residuals', pair[1], isTensor, 'tensors');
      const key = `${flats.map(keyOf).join()}>${keyOf(result)}>${residuals.structure}`;
      let rule = rules.get(key);
      if (rule === undefined) {
        rule = backwardRule('customVjp', flats, result, (res, dy) => backward(residuals.rebuild(res), dy));
        rules.set(key, rule);
      }
      return { result, residuals: residuals.leaves, rule };
    });
  }) as F;
}

/**
 * f with a gradient of its own, as TensorFlow's: f returns `[y, backward]`, and `backward(dy)` the gradient of its argument
 * (an array of them for several arguments; with several results it is called with one dy for each). null counts as zero.
 * @throws RuleError where the rule gives too few gradients or gradients of another shape.
 * @example
 * const f = customGradient((x) => [square(x), (dy) => mul(dy, 100)]);
 * grad(f)(tensor(3)) // → 100
 */
export function customGradient(f: (...args: AnyNest[]) => [AnyNest, (...dys: AnyNest[]) => AnyNest]): AnyFunction {
  checkFunction('customGradient', f);
  return (...args: unknown[]) =>
    callVjp('customGradient', args, (own, flats) => {
      const [y, backward] = callPair(f, own);
      const result = flattenResult('customGradient', y);
      const many = Array.isArray(y);
      const spread = (dy: AnyNest): unknown => (many ? backward(...(dy as unknown[])) : backward(dy));
      if (currentTrace() === null)
        return { result, residuals: [], rule: backwardRule('customGradient', flats, result, (_, dy) => spread(dy)) };
      // The closure holds values of this trace: write down now, as a program, what it does; f's values are computed again.
      const types = [...flats.flatMap((flat) => flat.leaves.map((t) => t.type)), ...result.leaves.map((t) => t.type)];
      const count = types.length - result.leaves.length;
      let empty: readonly boolean[] = [];
      const traced = traceCall(
        'customGradient',
        (...inputs: Tensor[]) => {
          const again = callPair(f, buildArguments(flats, inputs.slice(0, count)));
          const dy = result.rebuild(inputs.slice(count));
          const rule = backwardRule('customGradient', flats, result, (_, d) =>
            many ? again[1](...(d as unknown[])) : again[1](d),
          );
          const given = rule([], flattenResult('customGradient', dy).leaves);
          empty = given.map((g) => g === null);
          return given.filter((g) => g !== null);
        },
        types,
        (inputs) => inputs,
      );
      const rule: CustomTranspose = (residuals, dys) => {
        const outputs = inline(traced.program, [...residuals.slice(0, count), ...dys, ...residuals.slice(count)]);
        let at = 0;
        return empty.map((e) => (e ? null : outputs[at++]!));
      };
      const captured = traced.program.captured.map((c) => (c.read === undefined ? c.tensor : c.read()));
      return {
        result,
        residuals: [
          ...own.flatMap((arg, i) => flattenArgument('customGradient', `argument ${i}`, arg, own).leaves),
          ...captured,
        ],
        rule,
      };
    });
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

/** A user's backward function on flat cotangents, with its result checked. */
function backwardRule(
  operation: string,
  flats: readonly Flat<Tensor>[],
  result: Flat<Tensor>,
  backward: (residuals: readonly Tensor[], dy: AnyNest) => unknown,
): CustomTranspose {
  const names = flats.flatMap((flat, i) => flat.paths.map((path) => `${i}${path}`));
  const types = flats.flatMap((flat) => flat.leaves.map((t) => t.type));
  const structures = flats.map((flat) => flat.structure);
  return (residuals, cotangents) => {
    const given = backward(residuals, result.rebuild(cotangents));
    const list: unknown[] =
      flats.length === 1 &&
      !(Array.isArray(given) && !structures[0]!.startsWith('[')) &&
      !isOneList(given, structures[0]!)
        ? [given]
        : (given as unknown[]);
    if (!Array.isArray(list) || list.length !== flats.length) {
      const count = Array.isArray(list) ? list.length : 1;
      throw new RuleError(
        `${operation}: the rule was expected to return ${flats.length} gradients (one an argument), but returned ${count}: too few gradients, or too many`,
      );
    }
    const leaves = Array.from(list, (g, i): readonly (Tensor | null)[] => {
      if (g === null) return flats[i]!.leaves.map(() => null);
      const flat = flattenNest(
        `${operation}: gradient ${i}`,
        g,
        (x): x is Tensor | null => x === null || isTensor(x),
        'tensors',
      );
      if (flat.leaves.length !== flats[i]!.leaves.length)
        throw new RuleError(
          `${operation}: gradient ${i} must have the tree structure of argument ${i}, ${structures[i]}, not ${flat.structure}`,
        );
      return flat.leaves;
    }).flat();
    leaves.forEach((g, i) => {
      if (g !== null && g.type !== types[i]) {
        throw new RuleError(
          `${operation}: output[${i}] of the rule, the gradient of argument ${names[i]}, is ${formatType(g.type)}, but the argument is ${formatType(types[i]!)}`,
        );
      }
      if (g !== null && !carriesTangent(g.type))
        throw new RuleError(`${operation}: the gradient of argument ${names[i]} must be floating`);
    });
    return leaves;
  };
}

/** True for `[nest]` around the gradient of a single argument that itself is an array. */
function isOneList(given: unknown, structure: string): boolean {
  return Array.isArray(given) && given.length === 1 && structure.startsWith('[') && Array.isArray(given[0]);
}
