/** The errors of differentiation. Must not import anything but their base. */
import { JacobiError } from '@jacobi/tensor';

/**
 * A tape that is not persistent was asked a second time.
 * Fails: `tape.gradient(y, x); tape.gradient(y, x)`. Works: `new GradientTape({ persistent: true })`.
 */
export class TapeConsumedError extends JacobiError {
  override name = 'TapeConsumedError';
}

/**
 * A tape was used while it records, or as if it did.
 * Fails: `tape.record(() => tape.record(f))`. Works: one `record` after the other.
 */
export class TapeStateError extends JacobiError {
  override name = 'TapeStateError';
}

/**
 * A target does not depend on a source, and the caller did not say what to give then.
 * Fails: `tape.gradient(y, x)` where x was not watched. Works: `tape.watch(x)` first, or `{ unconnected: 'zero' }`.
 */
export class UnconnectedError extends JacobiError {
  override name = 'UnconnectedError';
}

/**
 * A rule given by the user breaks its contract: number, shapes or structure of what it returns.
 * Fails: `customGradient((x) => [square(x), () => []])`. Works: `customGradient((x) => [square(x), (dy) => mul(dy, 2)])`.
 */
export class RuleError extends JacobiError {
  override name = 'RuleError';
}

/**
 * A derivative differs from the difference quotients of its function.
 * Fails: `checkGradients(customGradient((x) => [square(x), (dy) => dy]), [tensor(3)])`. Works: with `(dy) => mul(dy, mul(2, x))`.
 */
export class GradientCheckError extends JacobiError {
  override name = 'GradientCheckError';
}
