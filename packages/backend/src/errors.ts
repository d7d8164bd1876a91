/** Errors that devices and the tensor language throw alike. Must not import anything. */

/** Base of all errors that Jacobi throws on purpose. */
export class JacobiError extends Error {
  override name = 'JacobiError';
}

/**
 * An argument is of the wrong kind, or outside its range.
 * Fails: `sum(tensor([1, 2]), 3)`. Works: `sum(tensor([1, 2]), 0)`.
 */
export class ArgumentError extends JacobiError {
  override name = 'ArgumentError';
}
