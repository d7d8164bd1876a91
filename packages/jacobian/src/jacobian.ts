/** jacobian, jacfwd, jacrev, hessian: Jacobians of functions of nests of tensors. */
import type { AnyFunction, AnyNest, Argnums, LikeNest, Transformed } from '@jacobi/autograd';
import type { AloneOrWithAux, Chosen, RecordedCall, Unannotated, ValueOf } from '@jacobi/autograd/internal';
import { buildArguments, carriesTangent, recordCall } from '@jacobi/autograd/internal';
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError } from '@jacobi/tensor';
import { zerosOf } from '@jacobi/tensor/internal';
import type { JacobianOptions, Mode } from './options.ts';
import { checkFunctionOptions } from './options.ts';
import { jacobianLike, runJacobian } from './run.ts';

/** Options of the functional Jacobians. */
export interface FunctionJacobianOptions<N extends Argnums = Argnums, Aux extends boolean = boolean>
  extends JacobianOptions {
  /** Which arguments to differentiate. Default 0; an array gives an array of Jacobians, in its order. */
  readonly argnums?: N;
  /** f returns `[value, aux]`; the result is `[jacobian, aux]`. */
  readonly hasAux?: Aux;
  /** Only `false`, the default, for now: the result is dense. */
  readonly sparse?: false;
}

/** A function of the arguments of f. */
export type JacobianFunction<Args extends readonly AnyNest[] = AnyNest[], Result = AnyNest> = Transformed<Args, Result>;

/** The Jacobian of a function that returns R: results outside, arguments inside. */
type JacobianOf<R, Args extends readonly AnyNest[], N extends Argnums, Aux extends boolean> = AloneOrWithAux<
  LikeNest<ValueOf<R, Aux>, LikeNest<Chosen<Args, N>>>,
  R,
  Aux
>;

/** The Hessian of a function that returns R: results outside, arguments inside, twice. */
type HessianOf<R, Args extends readonly AnyNest[], N extends Argnums, Aux extends boolean> = AloneOrWithAux<
  LikeNest<ValueOf<R, Aux>, LikeNest<Chosen<Args, N>, LikeNest<Chosen<Args, N>>>>,
  R,
  Aux
>;

/**
 * The Jacobian of f. Nests: the structure of f's result outside, that of the argument inside; each entry has shape
 * `output.shape ++ input.shape`. Forward or reverse mode, whichever is cheaper, unless `mode` says.
 *
 * Records on concrete values, so that `if`, `for` and `item()` inside f work. Unconnected entries are zeros.
 * @throws DTypeError for integer arguments; ArgumentError for wrong options.
 * @example
 * jacobian((x) => mul(x, x))(tensor([1, 2, 3])) // → [[2, 0, 0], [0, 4, 0], [0, 0, 6]]
 */
export function jacobian<
  const R,
  Args extends readonly AnyNest[] = Unannotated,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  options: FunctionJacobianOptions<N, Aux> = {},
): JacobianFunction<Args, JacobianOf<R, Args, N, Aux>> {
  return differentiator('jacobian', f, options);
}

/**
 * `jacobian` in forward mode: the same nests and shapes, `output.shape ++ input.shape`; cost grows with the size of the input.
 * @throws as `jacobian`; RuleError where a custom backward rule is not linear.
 * @example
 * jacfwd(sin)(tensor(0)) // → 1
 */
export function jacfwd<
  const R,
  Args extends readonly AnyNest[] = Unannotated,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  options: Omit<FunctionJacobianOptions<N, Aux>, 'mode'> = {},
): JacobianFunction<Args, JacobianOf<R, Args, N, Aux>> {
  return differentiator('jacfwd', f, options, 'forward');
}

/**
 * `jacobian` in reverse mode: the same nests and shapes, `output.shape ++ input.shape`; cost grows with the size of the output.
 * @throws as `jacobian`.
 * @example
 * jacrev(sin)(tensor(0)) // → 1
 */
export function jacrev<
  const R,
  Args extends readonly AnyNest[] = Unannotated,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  options: Omit<FunctionJacobianOptions<N, Aux>, 'mode'> = {},
): JacobianFunction<Args, JacobianOf<R, Args, N, Aux>> {
  return differentiator('jacrev', f, options, 'reverse');
}

/**
 * The Hessian of f: the Jacobian of its Jacobian. Nests: result outside, then the argument twice; each entry has shape
 * `output.shape ++ input.shape ++ input.shape`.
 * @throws DTypeError for integer arguments; ArgumentError for wrong options; RuleError where mode 'forward' meets a custom
 * backward rule that is not linear.
 * @example
 * hessian((x) => sum(mul(mul(x, x), x)))(tensor([1, 2])) // → [[6, 0], [0, 12]]
 */
export function hessian<
  const R,
  Args extends readonly AnyNest[] = Unannotated,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  options: FunctionJacobianOptions<N, Aux> = {},
): JacobianFunction<Args, HessianOf<R, Args, N, Aux>> {
  checkFunctionOptions('hessian', f, options);
  const { argnums, hasAux, ...rest } = options;
  const which = argnums === undefined ? {} : { argnums };
  const aux = hasAux === undefined ? {} : { hasAux };
  return differentiator('hessian', differentiator('hessian', f, { ...which, ...aux }), { ...rest, ...which, ...aux });
}

function differentiator(
  operation: string,
  f: AnyFunction,
  given: FunctionJacobianOptions,
  mode?: Mode,
): JacobianFunction {
  checkFunctionOptions(operation, f, given);
  if (mode !== undefined && given.mode !== undefined)
    throw new ArgumentError(`${operation}: takes no mode, it is ${mode}; use jacobian to choose one`);
  const options = mode === undefined ? given : { ...given, mode };
  return (...args) => {
    const call = recordCall(operation, f, args, options);
    const nest = jacobianOfCall(operation, call, options);
    return options.hasAux ? [nest, call.aux] : nest;
  };
}

/** The Jacobian nest of a call that was recorded. */
export function jacobianOfCall(operation: string, call: RecordedCall, options: FunctionJacobianOptions): unknown {
  const single = !Array.isArray(options.argnums);
  if (call.result.leaves.length === 0)
    throw new ArgumentError(`${operation}: Expected f to be a function that has non-empty output`);
  const outputs = call.result.leaves.map((y) => {
    const parts = entriesOf(operation, call, y, options);
    const nests = buildArguments(call.arguments, parts);
    return single ? nests[0] : nests;
  });
  return call.result.rebuild(outputs);
}

/** One result's Jacobians with respect to all leaves of the arguments; zeros where it does not depend on one. */
function entriesOf(operation: string, call: RecordedCall, y: Tensor, options: FunctionJacobianOptions): Tensor[] {
  const sources = call.arguments.flatMap((flat) => flat.leaves);
  const { slice, connected } = call.connect([y]);
  const known = slice.targets.length === 1 && connected.includes(true) && carriesTangent(y.type);
  const parts = known ? runJacobian(slice, false, options) : [];
  return sources.map((x, i) => parts[i] ?? zerosOf(jacobianLike(y, x, false)));
}
