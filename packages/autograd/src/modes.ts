/** jvp, vjp, linearize, hvp: derivatives along directions. */
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError, DTypeError, ShapeError } from '@jacobi/tensor';
import type { Flat } from '@jacobi/tensor/internal';
import { asTensor, describe, formatType, zerosOf } from '@jacobi/tensor/internal';
import type { AnyFunction, AnyNest, RecordedCall } from './call.ts';
import { buildArguments, checkFunction, checkTransform, flattenLeaves, recordCall } from './call.ts';
import { gradientOf } from './grad.ts';
import { runGradient, runTangent } from './gradient.ts';
import type { Argument, Given, LikeArguments, LikeNest, Transformed, ValueOf, WithAux } from './types.ts';

/** f returns `[value, aux]`; aux is passed through as the last entry of the result. */
export interface AuxOptions<Aux extends boolean = boolean> {
  /** Default false. */
  readonly hasAux?: Aux;
}

/** From a cotangent like the value to cotangents like the primals. */
export type Pullback<P extends readonly AnyNest[], Value> = (cotangent: Argument<LikeNest<Value>>) => LikeArguments<P>;
/** From tangents like the arguments to a tangent like the value. */
export type Pushforward<Args extends readonly AnyNest[], Value> = Transformed<Args, LikeNest<Value>>;

/**
 * Value and directional derivative: `[f(primals), J·tangents]` (with hasAux, aux follows). Forward mode.
 *
 * @param primals arguments of f, in an array. @param tangents one for each, of the same structures, shapes and dtypes.
 * @throws ArgumentError, ShapeError or DTypeError where structures, shapes or dtypes differ; DTypeError for integer primals;
 * RuleError through a custom backward rule that is not linear.
 * @example
 * jvp(sin, [tensor(0)], [tensor(2)])[1] // → 2
 */
export function jvp<
  const R,
  const P extends readonly AnyNest[],
  Args extends readonly AnyNest[] = LikeArguments<P>,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  primals: P & NoInfer<Readonly<Given<Args>>>,
  tangents: NoInfer<Readonly<Given<Args>>>,
  options: AuxOptions<Aux> = {},
): WithAux<[value: LikeNest<ValueOf<R, Aux>>, tangent: LikeNest<ValueOf<R, Aux>>], R, Aux> {
  checkTransform('jvp', f, options);
  if (!Array.isArray(primals) || !Array.isArray(tangents)) {
    throw new ArgumentError(
      `jvp: primals and tangents must be arrays (one entry an argument); found ${kind(primals)} and ${kind(tangents)}`,
    );
  }
  const call = recordAll('jvp', f, primals, options);
  return withAux([call.value, push('jvp', call, tangents)], call, options);
}

/** `vjp` with options: `[value, pullback, aux]` where hasAux is true. */
export function vjp<
  const R,
  const P extends readonly AnyNest[],
  Args extends readonly AnyNest[] = LikeArguments<P>,
  Aux extends boolean = boolean,
>(
  f: (...args: Args) => R,
  ...primals: [...P, { readonly hasAux: Aux }]
): WithAux<[value: LikeNest<ValueOf<R, Aux>>, pullback: Pullback<P, ValueOf<R, Aux>>], R, Aux>;
/**
 * Value and pullback: `[f(primals), pullback]` (with hasAux, aux follows). `pullback(cotangent)` gives an array with one
 * cotangent for each primal, Jᵀ·cotangent. Reverse mode; may be called any number of times.
 *
 * A last argument `{ hasAux: true }` is taken for options.
 * @throws DTypeError for integer primals. The pullback: ArgumentError, ShapeError or DTypeError where structure, shape or dtype
 * of the cotangent is not that of the value.
 * @example
 * const [y, pullback] = vjp((x) => square(x), tensor([1, 2]));
 * pullback(tensor([1, 10]))[0] // → [2, 40]
 */
export function vjp<const R, const P extends readonly AnyNest[], Args extends readonly AnyNest[] = LikeArguments<P>>(
  f: (...args: Args) => R,
  ...primals: P & NoInfer<Given<Args>>
): [value: LikeNest<R>, pullback: Pullback<P, R>];
export function vjp(f: AnyFunction, ...primals: AnyNest[]): AnyNest {
  checkFunction('vjp', f);
  const options = takeOptions(primals);
  const call = recordAll('vjp', f, primals, options);
  const pullback = (cotangent: AnyNest): AnyNest[] => {
    const flat = matching('vjp', 'cotangent', call.recorded.result, cotangent, 'the result of f');
    const known = call.recorded.result.leaves.map((t) => call.recorded.recording.find(t) !== undefined);
    const parts = runGradient(
      call.connection.slice,
      flat.filter((_, i) => known[i]),
    );
    return buildArguments(call.recorded.arguments, parts);
  };
  return withAux([call.value, pullback], call, options);
}

/** `linearize` with options: `[value, pushforward, aux]` where hasAux is true. */
export function linearize<
  const R,
  const P extends readonly AnyNest[],
  Args extends readonly AnyNest[] = LikeArguments<P>,
  Aux extends boolean = boolean,
>(
  f: (...args: Args) => R,
  ...primals: [...P, { readonly hasAux: Aux }]
): WithAux<[value: LikeNest<ValueOf<R, Aux>>, pushforward: Pushforward<Args, ValueOf<R, Aux>>], R, Aux>;
/**
 * Value and pushforward: `[f(primals), pushforward]` (with hasAux, aux follows). `pushforward(...tangents)` is J·tangents
 * and runs f no more.
 *
 * A last argument `{ hasAux: true }` is taken for options.
 * @throws DTypeError for integer primals. The pushforward: ArgumentError, ShapeError or DTypeError where structure, shape or
 * dtype of a tangent is not that of its primal; RuleError through a custom backward rule that is not linear.
 * @example
 * const [y, pushforward] = linearize((x) => square(x), tensor([1, 2]));
 * pushforward(tensor([1, 10])) // → [2, 40]
 */
export function linearize<
  const R,
  const P extends readonly AnyNest[],
  Args extends readonly AnyNest[] = LikeArguments<P>,
>(
  f: (...args: Args) => R,
  ...primals: P & NoInfer<Given<Args>>
): [value: LikeNest<R>, pushforward: Pushforward<Args, R>];
export function linearize(f: AnyFunction, ...primals: AnyNest[]): AnyNest {
  checkFunction('linearize', f);
  const options = takeOptions(primals);
  const call = recordAll('linearize', f, primals, options);
  return withAux([call.value, (...tangents: AnyNest[]) => push('linearize', call, tangents)], call, options);
}

/**
 * Hessian times vector, forward over reverse: the directional derivative of the gradient of f at x along v.
 * Cost: a small multiple of f, whatever the size of x. x and v are nests of one structure.
 * @throws ShapeError if f does not return a scalar; otherwise as `jvp`.
 * @example
 * hvp((x) => sum(mul(square(x), x)), tensor([1, 2]), tensor([1, 1])) // → [6, 12]
 */
export function hvp<const P, X = LikeNest<P>>(
  f: (x: X) => unknown,
  x: P & NoInfer<Argument<X>>,
  v: NoInfer<Argument<X>>,
): LikeNest<P> {
  const call = recordAll('hvp', gradientOf('hvp', f), [x], {});
  return push('hvp', call, [v], () => 'v');
}

interface Recorded {
  readonly recorded: RecordedCall;
  readonly value: AnyNest;
  readonly connection: ReturnType<RecordedCall['connect']>;
}

function recordAll(operation: string, f: AnyFunction, primals: readonly AnyNest[], options: AuxOptions): Recorded {
  if (primals.length === 0) throw new ArgumentError(`${operation}: there must be at least one primal`);
  const recorded = recordCall(operation, f, primals, { argnums: [...primals.keys()], hasAux: options.hasAux });
  return {
    recorded,
    value: recorded.result.rebuild(recorded.result.leaves),
    connection: recorded.connect(recorded.result.leaves),
  };
}

function push(
  operation: string,
  { recorded, connection }: Recorded,
  tangents: readonly AnyNest[],
  name = (i: number): string => `tangents[${i}]`,
): AnyNest {
  if (tangents.length !== recorded.arguments.length) {
    throw new ArgumentError(
      `${operation}: there must be one tangent for each of the ${recorded.arguments.length} primals, not ${tangents.length}`,
    );
  }
  const incoming = recorded.arguments.flatMap((flat, i) =>
    matching(operation, name(i), flat, tangents[i], 'its primal'),
  );
  const outgoing = runTangent(connection.slice, incoming);
  let at = 0;
  const { result, recording } = recorded;
  return result.rebuild(
    result.leaves.map((t) => (recording.find(t) === undefined ? zerosOf(t.type) : outgoing[at++]!)),
  );
}

/** The leaves of a nest that must be like another: structure, shapes and dtypes. Numbers take the dtype of their place. */
function matching(operation: string, name: string, like: Flat<Tensor>, nest: unknown, what: string): Tensor[] {
  const flat = flattenLeaves(operation, name, nest, like);
  if (flat.structure !== like.structure) {
    throw new ArgumentError(
      `${operation}: ${name} must have the same tree structure as ${what}: ${like.structure}, not ${flat.structure}`,
    );
  }
  return flat.leaves.map((leaf, i) => {
    const { type } = like.leaves[i]!;
    const path = `${name}${flat.paths[i]}`;
    const t = asTensor(operation, path, leaf, typeof leaf === 'number' ? type.dtype : undefined);
    if (t.type === type) return t;
    const Wrong = t.dtype === type.dtype ? ShapeError : DTypeError;
    throw new Wrong(`${operation}: ${path} is ${formatType(t.type)}, but must be ${formatType(type)} like ${what}`);
  });
}

function withAux(parts: AnyNest[], { recorded }: Recorded, options: AuxOptions): AnyNest {
  return options.hasAux ? [...parts, recorded.aux] : parts;
}

function takeOptions(primals: AnyNest[]): AuxOptions {
  const last = primals.at(-1);
  const isOptions =
    typeof last === 'object' &&
    last !== null &&
    Object.keys(last).join() === 'hasAux' &&
    typeof last.hasAux === 'boolean';
  return isOptions ? primals.pop() : {};
}

const kind = (x: unknown): string => (Array.isArray(x) ? 'an array' : describe(x));
