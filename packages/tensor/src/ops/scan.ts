/** Running sums and products along an axis. */
import { checkAxis } from '../axes.ts';
import { bindOne } from '../bind.ts';
import { checkFlag, checkOptions } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asNumeric } from '../convert.ts';
import type { Primitive } from '../primitive.ts';
import type { Along } from '../primitives/reduction.ts';
import { cumprodRow, cumsumRow, onesAround, shifted, zerosAround } from '../primitives/reduction.ts';
import type { Tensor } from '../tensor.ts';

/** Options of `cumsum` and `cumprod`. */
export interface ScanOptions {
  /** Leave each element itself out: the first result is 0 (1 for products). */
  readonly exclusive?: boolean;
  /** Run from the end. */
  readonly reverse?: boolean;
}

function scan(
  row: Primitive<Along>,
  put: typeof zerosAround,
  x: TensorLike,
  axis: number,
  options: ScanOptions,
): Tensor {
  const { name } = row;
  checkOptions(name, options, ['exclusive', 'reverse']);
  const { exclusive = false, reverse = false } = options;
  checkFlag(name, 'exclusive', exclusive);
  checkFlag(name, 'reverse', reverse);
  const t = asNumeric(name, 'x', x);
  const a = checkAxis(name, axis, t.rank);
  return bindOne(row, [exclusive ? shifted(t, a, reverse, put) : t], { axis: a, reverse });
}

/**
 * Running sums along an axis: x₀, x₀ + x₁, …. bool counts, in int32.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * cumsum(tensor([1, 2, 3])) // → [1, 3, 6]
 * cumsum(tensor([1, 2, 3]), 0, { exclusive: true, reverse: true }) // → [5, 3, 0]
 */
export function cumsum(x: TensorLike, axis = 0, options: ScanOptions = {}): Tensor {
  return scan(cumsumRow, zerosAround, x, axis, options);
}

/**
 * Running products along an axis: x₀, x₀·x₁, …. Its derivatives, of every order, are exact with zeros among the factors.
 * @throws ArgumentError for an axis that x does not have.
 * @example
 * cumprod(tensor([1, 2, 3])) // → [1, 2, 6]
 */
export function cumprod(x: TensorLike, axis = 0, options: ScanOptions = {}): Tensor {
  return scan(cumprodRow, onesAround, x, axis, options);
}
