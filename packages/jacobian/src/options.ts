/**
 * Options of Jacobians, and what is wrong with the ones given. Must not import plans.
 */
import { checkFunction } from '@jacobi/autograd/internal';
import { ArgumentError, ShapeError } from '@jacobi/tensor';
import type { TensorType } from '@jacobi/tensor/internal';
import { checkFlag, checkOptions as checkNames, describe, formatType } from '@jacobi/tensor/internal';

/** Direction of differentiation: columns (tangents pushed forward) or rows (cotangents pulled back). */
export type Mode = 'forward' | 'reverse';

/** Options of every Jacobian. */
export interface JacobianOptions {
  /** 'auto' (default) takes the cheaper direction. */
  readonly mode?: 'auto' | Mode;
  /** Seeds at a time. Default: as many as `memoryBudget` allows, else all. */
  readonly chunkSize?: number;
  /** Bytes that intermediate values may take, at most; decides the number of seeds at a time. */
  readonly memoryBudget?: number;
}

/** Checks the options that all Jacobians share; `others` are those that this one knows besides. */
export function checkOptions(operation: string, options: JacobianOptions, ...others: readonly string[]): void {
  checkNames(operation, options, ['mode', 'chunkSize', 'memoryBudget', ...others]);
  const { mode, chunkSize, memoryBudget } = options;
  if (![undefined, 'auto', 'forward', 'reverse'].includes(mode)) {
    throw new ArgumentError(`${operation}: mode must be 'auto', 'forward' or 'reverse', not ${describe(mode)}`);
  }
  for (const [name, value] of Object.entries({ chunkSize, memoryBudget })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new ArgumentError(`${operation}: ${name} should be greater than 0 and whole, not ${describe(value)}`);
    }
  }
}

/** Something with a type: a tensor. */
interface Typed {
  readonly type: TensorType;
}

/** Checks that target and source share a batch axis. */
export function checkBatch(operation: string, { type: y }: Typed, { type: x }: Typed): void {
  for (const [name, type] of Object.entries({ target: y, source: x })) {
    if (type.shape.length < 2)
      throw new ShapeError(`${operation}: ${name} must have rank at least 2 ([batch, …]), not ${formatType(type)}`);
  }
  if (y.shape[0] !== x.shape[0]) {
    throw new ShapeError(
      `${operation}: Need first dimension of target shape (${formatType(y)}) and source shape (${formatType(x)}) to match`,
    );
  }
}

/** Checks a function and the options of its Jacobian. */
export function checkFunctionOptions(
  operation: string,
  f: unknown,
  options: JacobianOptions & { readonly sparse?: unknown; readonly hasAux?: unknown },
  ...others: readonly string[]
): void {
  checkFunction(operation, f);
  checkOptions(operation, options, 'argnums', 'hasAux', 'sparse', ...others);
  const { sparse, hasAux } = options;
  if (hasAux !== undefined) checkFlag(operation, 'hasAux', hasAux);
  if (sparse !== undefined && sparse !== false) {
    throw new ArgumentError(
      `${operation}: sparse Jacobians are not there yet: sparse can only be false, not ${describe(sparse)}; leave it out for a dense Jacobian`,
    );
  }
}
