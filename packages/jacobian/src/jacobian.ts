/** jacobian, jacfwd, jacrev, hessian: Jacobians of functions of nests of tensors. */
import type { AnyFunction, Argnums } from '@jacobi/autograd';
import type { RecordedCall } from '@jacobi/autograd/internal';
import { carriesTangent, checkFunction, recordCall } from '@jacobi/autograd/internal';
import { promoteTypes } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError } from '@jacobi/tensor';
import { describe, zerosOf } from '@jacobi/tensor/internal';
import type { JacobianOptions } from './plan.ts';
import { checkOptions } from './plan.ts';
import { runJacobian } from './run.ts';

/** Options of the functional Jacobians. */
export interface FunctionJacobianOptions extends JacobianOptions {
  /** Which arguments to differentiate. Default 0; an array gives an array of Jacobians, in its order. */
  readonly argnums?: Argnums;
  /** f returns `[value, aux]`; the result is `[jacobian, aux]`. */
  readonly hasAux?: boolean;
}

/** A function of the arguments of f. */
// biome-ignore lint/suspicious/noExplicitAny: nests of the user's shape go in and out.
export type JacobianFunction = (...args: any[]) => any;

/**
 * The Jacobian of f. Nests: the structure of f's result outside, that of the argument inside; each entry has shape
 * `output.shape ++ input.shape`. Forward or reverse mode, whichever is cheaper, unless `mode` says.
 *
 * Records on concrete values, so that `if`, `for` and `item()` inside f work. Unconnected entries are zeros.
 * @throws DTypeError for integer arguments; ArgumentError for wrong options.
 * @example
 * jacobian((x) => mul(x, x))(tensor([1, 2, 3])) // → [[2, 0, 0], [0, 4, 0], [0, 0, 6]]
 */
export function jacobian(f: AnyFunction, options: FunctionJacobianOptions = {}): JacobianFunction {
  return differentiator('jacobian', f, options);
}

/** `jacobian` in forward mode: cost grows with the size of the input. @example jacfwd(sin)(tensor(0)) // → 1 */
export function jacfwd(f: AnyFunction, options: Omit<FunctionJacobianOptions, 'mode'> = {}): JacobianFunction {
  return differentiator('jacfwd', f, { ...options, mode: 'forward' });
}

/** `jacobian` in reverse mode: cost grows with the size of the output. @example jacrev(sin)(tensor(0)) // → 1 */
export function jacrev(f: AnyFunction, options: Omit<FunctionJacobianOptions, 'mode'> = {}): JacobianFunction {
  return differentiator('jacrev', f, { ...options, mode: 'reverse' });
}

/**
 * The Hessian of f: the Jacobian of its Jacobian. Nests: result outside, then the argument twice; each entry has shape
 * `output.shape ++ input.shape ++ input.shape`.
 * @example
 * hessian((x) => sum(mul(mul(x, x), x)))(tensor([1, 2])) // → [[6, 0], [0, 12]]
 */
export function hessian(f: AnyFunction, options: FunctionJacobianOptions = {}): JacobianFunction {
  checkFunction('hessian', f);
  const { argnums, hasAux, ...rest } = options;
  checkOptions('hessian', rest);
  const which = argnums === undefined ? {} : { argnums };
  const aux = hasAux === undefined ? {} : { hasAux };
  return jacobian(jacobian(f, { ...which, ...aux }), { ...rest, ...which, ...aux });
}

function differentiator(operation: string, f: AnyFunction, options: FunctionJacobianOptions): JacobianFunction {
  checkFunction(operation, f);
  if (typeof options !== 'object' || options === null) throw new ArgumentError(`${operation}: options must be an object, not ${describe(options)}`);
  checkOptions(operation, options);
  return (...args) => {
    const call = recordCall(operation, f, args, options);
    const nest = jacobianOfCall(operation, call, options);
    return options.hasAux ? [nest, call.aux] : nest;
  };
}

/** The Jacobian nest of a call that was recorded. */
export function jacobianOfCall(operation: string, call: RecordedCall, options: FunctionJacobianOptions): unknown {
  const single = typeof (options.argnums ?? 0) === 'number';
  if (call.result.leaves.length === 0) throw new ArgumentError(`${operation}: Expected f to be a function that has non-empty output`);
  const outputs = call.result.leaves.map((y) => {
    const parts = entriesOf(operation, call, y, options);
    let at = 0;
    const nests = call.arguments.map((flat) => flat.rebuild(flat.leaves.map(() => parts[at++]!)));
    return single ? nests[0] : nests;
  });
  return call.result.rebuild(outputs);
}

/** One result's Jacobians with respect to all leaves of the arguments; zeros where it does not depend on one. */
function entriesOf(operation: string, call: RecordedCall, y: Tensor, options: FunctionJacobianOptions): Tensor[] {
  const sources = call.arguments.flatMap((flat) => flat.leaves);
  const { slice, connected } = call.connect([y]);
  const known = slice.targets.length === 1 && connected.includes(true) && carriesTangent(y.type);
  const parts = known ? runJacobian(operation, slice, false, options) : [];
  return sources.map(
    (x, i) => parts[i] ?? zerosOf({ shape: [...y.shape, ...x.shape], dtype: carriesTangent(y.type) ? promoteTypes(y.dtype, x.dtype) : x.dtype }),
  );
}
