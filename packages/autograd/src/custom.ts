/**
 * Derivatives given by the user: customJvp, customVjp, customGradient.
 * The one idea: the function runs unseen by tapes, and one row with the user's rule stands for it.
 */
import { inline } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import { Tensor as TensorClass } from '@jacobi/tensor';
import type { Flat, Primitive, Program, RowValues, Tangent, TensorType } from '@jacobi/tensor/internal';
import {
  apply,
  bind,
  currentTrace,
  describe,
  flattenNest,
  formatType,
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
import { checkFunction, flattenArgument, flattenResult, fresh, traceCall } from './call.ts';
import { programTypes } from './calls.ts';
import type { TypeList } from './custom-linear.ts';
import { customTangents, typeList, typesFrom } from './custom-linear.ts';
import { RuleError } from './errors.ts';
import { carriesTangent, pushProgram } from './pushforward.ts';
import type { CustomTranspose } from './transpose.ts';

/** From values and tangents of the inputs to tangents of the outputs, all flat. */
type TangentRule = (values: readonly Tensor[], tangents: readonly Tensor[]) => readonly Tensor[];

/** Params: types of the outputs, the user's first (`own` of them), then residuals. */
type CustomParams = { readonly own: number; readonly types: TypeList };

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
  batching: { rule: (inputs, mapped, params, size, row) => batchedCustom(jvpRow, inputs, mapped, params, size, row) },
};

/** A function with a cotangent rule (the closure). Reads its residuals, which are its last outputs. */
const vjpRow: Primitive<CustomParams> = {
  name: 'customVjp',
  type: customTypes,
  inline: lowerInline,
  derivative: {
    kind: 'rule',
    keeps: (_active, { own, types }) => ({ inputs: [], outputs: Array.from({ length: types.length - own }, (_, i) => own + i) }),
    tangent: (row, tangents) => {
      const { own } = row.params;
      const residuals = row.outputs.slice(own).map((_, i) => row.y(own + i));
      const incoming = row.inputs.map((type, i) => tangents[i] ?? zerosOf(type));
      return customTangents(residuals, incoming, row.outputs.slice(0, own), row.closures[0] as CustomTranspose, row.abstract);
    },
  },
  batching: { rule: (inputs, mapped, params, size, row) => batchedCustom(vjpRow, inputs, mapped, params, size, row) },
};

/** The rows of a tangent rule, brought to the closed set of linear maps by differentiating it in the tangents. */
function linearPart(rule: TangentRule, values: readonly Tensor[], tangents: readonly Tangent[], row: RowValues): readonly Tangent[] {
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
function batchedCustom(
  primitive: Primitive<CustomParams>,
  inputs: readonly Tensor[],
  mapped: readonly boolean[],
  params: CustomParams,
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
  return bind(primitive, [...all, ...program.captured.map((c) => c.tensor)], { own: params.own, types: typeList(types) }, [program], [rule]);
}

/** A rule on batches: traced on one example, its program batched. */
function batchedRule(rule: (a: readonly Tensor[], b: readonly Tensor[]) => readonly Tangent[], size: number) {
  return (a: readonly Tensor[], b: readonly Tensor[]): readonly Tangent[] => {
    const core = (t: Tensor): Tensor => trace.input({ ...t.type, ...coreType(t) });
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

/** What runs when a custom function is called: values, flat, with the residuals behind the user's results. */
interface Called {
  readonly result: Flat<Tensor>;
  readonly residuals: readonly Tensor[];
  readonly rule: unknown;
}

/** Runs `run` unseen by tapes and puts one row with its rule in place of its rows. */
function callCustom(
  operation: string,
  row: Primitive<CustomParams>,
  args: readonly unknown[],
  run: (args: readonly unknown[], flats: readonly Flat<Tensor>[]) => Called,
): unknown {
  const flats = args.map((arg, i) => flattenArgument(operation, `argument ${i}`, arg));
  const leaves = flats.flatMap((flat) => flat.leaves);
  const rebuilt = (own: readonly Tensor[]): unknown[] => {
    let at = 0;
    return flats.map((flat) => flat.rebuild(flat.leaves.map(() => own[at++]!)));
  };
  if (currentTrace() !== null) {
    // The row holds the traced program, so that the trace's program can be differentiated later.
    let called: Called | undefined;
    const trace = new Trace(operation);
    const program = withFrame(trace, () => {
      called = run(rebuilt(leaves.map((t) => trace.input(t.type))), flats);
      return trace.finish([...called.result.leaves, ...called.residuals]);
    });
    const own = called!.result.leaves.length;
    const types = program.outputs.map((v) => program.types[v]!);
    const inputs = [...leaves, ...program.captured.map((c) => (c.read === undefined ? c.tensor : c.read()))];
    const outputs = bind(row, inputs, { own, types: typeList(types) }, [program], [called!.rule]);
    return called!.result.rebuild(outputs.slice(0, own));
  }
  const called = muted(() => run(rebuilt(leaves), flats));
  const own = called.result.leaves.length;
  if (!isFollowed(leaves)) return called.result.rebuild(called.result.leaves);
  // Results that are arguments, or known to a tape already, need an identity of their own.
  const outputs = muted(() => [...called.result.leaves, ...called.residuals].map(fresh));
  const types = outputs.map((t) => t.type);
  const application = apply(row, leaves.map((t) => t.type), { own, types: typeList(types) }, [], [called.rule]);
  for (const recorder of visibleRecorders()) {
    if (recorder.active(leaves) !== null) recorder.record(application as never, leaves, outputs);
  }
  return called.result.rebuild(outputs.slice(0, own));
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
export function customJvp<F extends AnyFunction>(f: F, rule: (primals: AnyNest[], tangents: AnyNest[]) => [AnyNest, AnyNest]): F {
  checkFunction('customJvp', f);
  checkFunction('customJvp', rule, 'rule');
  const rules = new Map<string, TangentRule>();
  return ((...args: unknown[]) =>
    callCustom('customJvp', jvpRow, args, (own, flats) => {
      const result = flattenResult('customJvp', f(...own));
      const key = `${flats.map((flat) => flat.structure).join()}>${result.structure}`;
      let flatRule = rules.get(key);
      if (flatRule === undefined) {
        flatRule = flattenRule(rule, flats, result);
        rules.set(key, flatRule);
      }
      return { result, residuals: [], rule: flatRule };
    })) as F;
}

function flattenRule(rule: (primals: AnyNest[], tangents: AnyNest[]) => [AnyNest, AnyNest], flats: readonly Flat<Tensor>[], result: Flat<Tensor>): TangentRule {
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
      if (t.type !== types[i]) throw new RuleError(`customJvp: dy${paths[i]} is ${formatType(t.type)}, but y${paths[i]} is ${formatType(types[i]!)}`);
    });
    return flat.leaves;
  };
}

function buildArguments(flats: readonly Flat<Tensor>[], leaves: readonly Tensor[]): unknown[] {
  let at = 0;
  return flats.map((flat) => flat.rebuild(flat.leaves.map(() => leaves[at++]!)));
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
    const leaves = args.flatMap((arg, i) => flattenArgument('customVjp', `argument ${i}`, arg).leaves);
    if (currentTrace() === null && !isFollowed(leaves)) return f(...args) as unknown;
    return callCustom('customVjp', vjpRow, args, (own, flats) => {
      const pair: unknown = forward(...own);
      if (!Array.isArray(pair) || pair.length !== 2) throw new RuleError(`customVjp: forward must return a pair [y, residuals], not ${describe(pair)}`);
      const result = flattenResult('customVjp', pair[0]);
      const residuals = flattenNest('customVjp: residuals', pair[1], isTensor, 'tensors');
      const key = `${flats.map((flat) => flat.structure + flat.leaves.map((t) => t.type.id).join()).join()}>${result.structure}>${residuals.structure}`;
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
 * (an array of them for several arguments; with several results it is called with one dy for each).
 * @throws RuleError where the rule gives too few gradients or gradients of another shape.
 * @example
 * const f = customGradient((x) => [square(x), (dy) => mul(dy, 100)]);
 * grad(f)(tensor(3)) // → 100
 */
export function customGradient(f: (...args: AnyNest[]) => [AnyNest, (...dys: AnyNest[]) => AnyNest]): AnyFunction {
  checkFunction('customGradient', f);
  return (...args: unknown[]) =>
    callCustom('customGradient', vjpRow, args, (own, flats) => {
      const [y, backward] = callPair(f, own);
      const result = flattenResult('customGradient', y);
      const many = Array.isArray(y);
      const spread = (dy: AnyNest): unknown => (many ? backward(...(dy as unknown[])) : backward(dy));
      if (currentTrace() === null) return { result, residuals: [], rule: backwardRule('customGradient', flats, result, (_, dy) => spread(dy)) };
      // The closure holds values of this trace: write down now, as a program, what it does; f's values are computed again.
      const types = [...flats.flatMap((flat) => flat.leaves.map((t) => t.type)), ...result.leaves.map((t) => t.type)];
      const count = types.length - result.leaves.length;
      let empty: readonly boolean[] = [];
      const traced = traceCall('customGradient', (...inputs: Tensor[]) => {
        const again = callPair(f, buildArguments(flats, inputs.slice(0, count)));
        const dy = result.rebuild(inputs.slice(count));
        const rule = backwardRule('customGradient', flats, result, (_, d) => (many ? again[1](...(d as unknown[])) : again[1](d)));
        const given = rule([], flattenResult('customGradient', dy).leaves);
        empty = given.map((g) => g === null);
        return given.filter((g) => g !== null);
      }, types, (inputs) => inputs);
      const rule: CustomTranspose = (residuals, dys) => {
        const outputs = inline(traced.program, [...residuals.slice(0, count), ...dys, ...residuals.slice(count)]);
        let at = 0;
        return empty.map((e) => (e ? null : outputs[at++]!));
      };
      const captured = traced.program.captured.map((c) => (c.read === undefined ? c.tensor : c.read()));
      return { result, residuals: [...own.flatMap((arg, i) => flattenArgument('customGradient', `argument ${i}`, arg).leaves), ...captured].map(fresh), rule };
    });
}

function callPair(f: (...args: AnyNest[]) => unknown, args: readonly unknown[]): [unknown, (...dys: AnyNest[]) => unknown] {
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
    const list: unknown[] = flats.length === 1 && !(Array.isArray(given) && !structures[0]!.startsWith('[')) && !isOneList(given, structures[0]!) ? [given] : (given as unknown[]);
    if (!Array.isArray(list) || list.length !== flats.length) {
      const count = Array.isArray(list) ? list.length : 1;
      throw new RuleError(`${operation}: the rule was expected to return ${flats.length} gradients (one an argument), but returned ${count}: too few gradients, or too many`);
    }
    const leaves = list.flatMap((g, i): (Tensor | null)[] => {
      if (g === null || g === undefined) return flats[i]!.leaves.map(() => null);
      const flat = flattenNest(`${operation}: gradient ${i}`, g, (x): x is Tensor | null => x === null || isTensor(x), 'tensors');
      if (flat.leaves.length !== flats[i]!.leaves.length) throw new RuleError(`${operation}: gradient ${i} must have the tree structure of argument ${i}, ${structures[i]}, not ${flat.structure}`);
      return flat.leaves;
    });
    leaves.forEach((g, i) => {
      if (g !== null && g.type !== types[i]) {
        throw new RuleError(`${operation}: output[${i}] of the rule, the gradient of argument ${names[i]}, is ${formatType(g.type)}, but the argument is ${formatType(types[i]!)}`);
      }
      if (g !== null && !carriesTangent(g.type)) throw new RuleError(`${operation}: the gradient of argument ${names[i]} must be floating`);
    });
    return leaves;
  };
}

/** True for `[nest]` around the gradient of a single argument that itself is an array. */
function isOneList(given: unknown, structure: string): boolean {
  return Array.isArray(given) && given.length === 1 && structure.startsWith('[') && Array.isArray(given[0]);
}
