/** The errors of Jacobians. Must not import anything but their base. */
import { JacobiError } from '@jacobi/tensor';

/**
 * Examples of a batch are not independent where they have to be.
 * Fails: `tape.batchJacobian(y, x, { check: true })` through a mean over the batch. Works: without `check`, in every mode.
 */
export class MixedRowsError extends JacobiError {
  override name = 'MixedRowsError';
}
