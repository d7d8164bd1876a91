/** grad and valueAndGrad: gradients of functions with one number as result. */
import { isFloating } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { DTypeError, ShapeError } from '@jacobi/tensor';
import { describe, formatType } from '@jacobi/tensor/internal';
import type { AnyFunction, AnyNest, Argnums, RecordedCall } from './call.ts';
import { buildArguments, checkTransform, recordCall } from './call.ts';
import { runGradient } from './gradient.ts';
import type { AloneOrWithAux, Chosen, LikeNest, Transformed, Unannotated, WithAux } from './types.ts';

/** Options of `grad` and `valueAndGrad`. */
export interface GradOptions<N extends Argnums = Argnums, Aux extends boolean = boolean> {
  /** Which arguments to differentiate. Default 0; an array gives an array of gradients, in its order. */
  readonly argnums?: N;
  /** f returns `[value, aux]`; aux is passed through. */
  readonly hasAux?: Aux;
}

/** The gradient in the structure of one argument, or an array of them where argnums is an array. */
export type GradFunction<Args extends readonly AnyNest[] = AnyNest[], Gradient = AnyNest> = Transformed<Args, Gradient>;

/**
 * The gradient of a function of nests of tensors that returns one number.
 *
 * The result has the structure of the argument (of the arguments named by an array of argnums). Records on concrete values:
 * `if`, `for` and `item()` inside f work. Arguments that f does not use have gradient 0.
 * @throws ShapeError if f does not return a scalar; DTypeError for integer arguments.
 * @example
 * grad((x) => sum(square(x)))(tensor([1, 2, 3])) // → [2, 4, 6]
 */
export function grad<
  const R,
  Args extends readonly AnyNest[] = Unannotated,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  options: GradOptions<N, Aux> = {},
): GradFunction<Args, AloneOrWithAux<LikeNest<Chosen<Args, N>>, R, Aux>> {
  return gradientOf('grad', f, options);
}

/** `grad` for an operation that messages name. */
export function gradientOf(operation: string, f: AnyFunction, options: GradOptions = {}): GradFunction {
  checkTransform(operation, f, options, 'argnums');
  return (...args) => {
    const { gradients, call } = differentiate(operation, f, args, options);
    return options.hasAux ? [gradients, call.aux] : gradients;
  };
}

/**
 * Value and gradient of a function that returns one number: `[value, gradient]`; with hasAux `[value, gradient, aux]`.
 * @throws ShapeError if f does not return a scalar; DTypeError for integer arguments.
 * @example
 * valueAndGrad((x) => sum(square(x)))(tensor([1, 2, 3]))[0] // → 14
 */
export function valueAndGrad<
  const R,
  Args extends readonly AnyNest[] = Unannotated,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  options: GradOptions<N, Aux> = {},
): GradFunction<Args, WithAux<[value: Tensor, gradient: LikeNest<Chosen<Args, N>>], R, Aux>> {
  checkTransform('valueAndGrad', f, options, 'argnums');
  return (...args) => {
    const { gradients, call } = differentiate('valueAndGrad', f, args, options);
    const value = call.result.leaves[0]!;
    return (options.hasAux ? [value, gradients, call.aux] : [value, gradients]) as AnyNest;
  };
}

function differentiate(
  operation: string,
  f: AnyFunction,
  args: readonly unknown[],
  options: GradOptions,
): { gradients: unknown; call: RecordedCall } {
  const call = recordCall(operation, f, args, options);
  checkScalar(operation, call);
  const { slice } = call.connect([call.result.leaves[0]!]);
  const parts = runGradient(slice);
  const nests = buildArguments(call.arguments, parts);
  return { gradients: !Array.isArray(options.argnums) ? nests[0] : nests, call };
}

function checkScalar(operation: string, { result }: RecordedCall): void {
  const y = result.leaves[0];
  if (result.leaves.length !== 1 || y!.size !== 1 || y!.rank !== 0) {
    const given = result.leaves.length === 1 ? formatType(y!.type) : describe(result.leaves);
    throw new ShapeError(
      `${operation}: f must return one number (shape []), not ${given}. Reduce it (sum(y), mean(y)), take one element ` +
        '(reshape(y, []) of a tensor of size 1), or use jacobian for all of them.',
    );
  }
  if (!isFloating(y!.dtype))
    throw new DTypeError(`${operation}: f must return a float32 or float64 number, not ${formatType(y!.type)}`);
}
