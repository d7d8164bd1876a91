/**
 * The errors of the tensor language. Every message says: operation, what was expected, what was given, what to do.
 * The two that devices throw too stand under them.
 */
import { ArgumentError, JacobiError } from '@jacobi/backend';

export { ArgumentError, JacobiError };

/**
 * Shapes do not fit an operation.
 * Fails: `add(tensor([1, 2]), tensor([1, 2, 3]))`. Works: `add(tensor([1, 2]), tensor([3, 4]))`.
 */
export class ShapeError extends JacobiError {
  override name = 'ShapeError';
}

/**
 * A dtype does not fit an operation, or a value a dtype.
 * Fails: `grad(f)(tensor([1, 2], { dtype: 'int32' }))`. Works: `grad(f)(cast(x, 'float32'))`.
 */
export class DTypeError extends JacobiError {
  override name = 'DTypeError';
}

/**
 * A value of a trace was used where numbers are needed, or after its trace has ended.
 * Fails: `jit((x) => (x.item() > 0 ? x : neg(x)))`. Works: `jit((x) => where(greater(x, 0), x, neg(x)))`.
 */
export class TraceError extends JacobiError {
  override name = 'TraceError';
}

/**
 * A device cannot do what was asked of it.
 * Fails: `y.dataSync()` on a device without synchronous reads. Works: `await y.data()`.
 */
export class DeviceError extends JacobiError {
  override name = 'DeviceError';
}
