/** grad and valueAndGrad: gradients of functions with one number as result. */
import { isFloating } from '@jacobi/backend';
import { DTypeError, ShapeError } from '@jacobi/tensor';
import { describe, formatType } from '@jacobi/tensor/internal';
import type { AnyFunction, AnyNest, Argnums, RecordedCall } from './call.ts';
import { buildArguments, checkTransform, recordCall } from './call.ts';
import { runGradient } from './gradient.ts';

/** Options of `grad` and `valueAndGrad`. */
export interface GradOptions {
  /** Which arguments to differentiate. Default 0; an array gives an array of gradients, in its order. */
  readonly argnums?: Argnums;
  /** f returns `[value, aux]`; aux is passed through. */
  readonly hasAux?: boolean;
}

/** The gradient in the structure of one argument, or an array of them where argnums is an array. */
export type GradFunction = (...args: AnyNest[]) => AnyNest;

/**
 * The gradient of a function of nests of tensors that returns one number.
 *
 * The result has the structure of the argument (of the arguments named by an array of argnums). Records on concrete values:
 * `if`, `for` and `item()` inside f work. Arguments that f does not use have gradient 0.
 * @throws ShapeError if f does not return a scalar; DTypeError for integer arguments.
 * @example
 * grad((x) => sum(square(x)))(tensor([1, 2, 3])) // → [2, 4, 6]
 */
export function grad(f: AnyFunction, options: GradOptions = {}): GradFunction {
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
export function valueAndGrad(f: AnyFunction, options: GradOptions = {}): GradFunction {
  checkTransform('valueAndGrad', f, options, 'argnums');
  return (...args) => {
    const { gradients, call } = differentiate('valueAndGrad', f, args, options);
    const value = call.result.leaves[0]!;
    return options.hasAux ? [value, gradients, call.aux] : [value, gradients];
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
