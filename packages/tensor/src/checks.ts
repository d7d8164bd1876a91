/**
 * Checks of arguments that are not tensors: flags, numbers, dtypes, shapes, options.
 * The one idea: each says operation, argument, what was expected and what was given. Must not import tensors.
 */
import type { DType, Shape } from '@jacobi/backend';
import { DTYPES, sizeOf } from '@jacobi/backend';
import { describe } from './describe.ts';
import { ArgumentError, DTypeError, ShapeError } from './errors.ts';
import { isPlainObject } from './nest.ts';

/** Throws unless `value` is true or false. */
export function checkFlag(operation: string, argument: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') {
    throw new ArgumentError(`${operation}: ${argument} must be true or false, not ${describe(value)}`);
  }
}

/** Throws unless `value` is a number; NaN and ±∞ only if `open`. */
export function checkNumber(
  operation: string,
  argument: string,
  value: unknown,
  open: boolean = false,
): asserts value is number {
  if (typeof value !== 'number' || !(open || Number.isFinite(value))) {
    throw new ArgumentError(
      `${operation}: ${argument} must be a ${open ? '' : 'finite '}number, not ${describe(value)}`,
    );
  }
}

/** Throws unless `value` is a whole number, and not below `least`. */
export function checkInteger(
  operation: string,
  argument: string,
  value: unknown,
  least: number = -Infinity,
): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    const bound = least === -Infinity ? '' : ` ≥ ${least}`;
    throw new ArgumentError(`${operation}: ${argument} must be a whole number${bound}, not ${describe(value)}`);
  }
}

/** Throws unless `values` is an array of whole numbers, none below `least`. */
export function checkWhole(
  operation: string,
  argument: string,
  values: unknown,
  least: number = -Infinity,
): asserts values is readonly number[] {
  if (!Array.isArray(values) || Array.from(values).some((v) => !Number.isInteger(v) || v < least)) {
    const bound = least === -Infinity ? '' : ` ≥ ${least}`;
    throw new ArgumentError(
      `${operation}: ${argument} must be an array of whole numbers${bound}, not ${describe(values)}`,
    );
  }
}

/** Throws unless `dtype` is one of `allowed`. */
export function checkDType(
  operation: string,
  dtype: unknown,
  allowed: readonly string[] = DTYPES,
): asserts dtype is DType {
  if (!allowed.includes(dtype as string)) {
    throw new DTypeError(`${operation}: dtype must be ${allowed.join(' or ')}, not ${describe(dtype)}`);
  }
}

/** Elements of one tensor, at most: as many as an int32 can count. */
const MOST = 2147483647;

/** Throws for more elements than one tensor holds; `advice` says the way out. */
export function checkCount(operation: string, count: number, advice = ''): void {
  if (count > MOST)
    throw new ShapeError(`${operation}: ${count} elements are more than the ${MOST} of a tensor${advice}`);
}

/** Throws unless `shape` is an array of whole numbers ≥ 0, of no more elements than one tensor holds. */
export function checkShape(operation: string, argument: string, shape: unknown): asserts shape is Shape {
  checkWhole(operation, argument, shape, 0);
  checkCount(operation, sizeOf(shape));
}

/** Throws unless `options` is an object with no other keys than `names`. */
export function checkOptions(operation: string, options: unknown, names: readonly string[]): void {
  if (!isPlainObject(options)) {
    throw new ArgumentError(
      `${operation}: options must be an object { ${names.join(', ')} }, not ${describe(options)}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new ArgumentError(`${operation}: there is no option ${describe(name)}, only ${names.join(', ')}`);
    }
  }
}
