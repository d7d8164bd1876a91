/** Diagonals and triangles of matrices; leading axes are a batch. */
import { sizeOf } from '@jacobi/backend';
import { bindOne } from '../bind.ts';
import { checkCount, checkInteger } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asTensor } from '../convert.ts';
import { ShapeError } from '../errors.ts';
import { diagonalRow, embedRow } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { greaterEqual, lessEqual, where } from './comparison.ts';
import { arange } from './creation.ts';
import { pad, reshape, takeSlice } from './shape.ts';

function checkRank(operation: string, t: Tensor, least: number): void {
  if (t.rank >= least) return;
  throw new ShapeError(
    `${operation}: x must have at least ${least === 1 ? 'one axis' : 'two axes'}, not ${formatType(t.type)}`,
  );
}

/**
 * Matrices with the vectors of the last axis of x on their k-th diagonal (above the main one for k > 0), zeros elsewhere:
 * shape […, n] gives […, n + |k|, n + |k|].
 * @throws ShapeError for a scalar.
 * @example
 * diag(tensor([1, 2])) // → [[1, 0], [0, 2]]
 */
export function diag(x: TensorLike, k = 0): Tensor {
  checkInteger('diag', 'k', k);
  const t = asTensor('diag', 'x', x);
  checkRank('diag', t, 1);
  const batch = t.shape.slice(0, -1);
  const n = t.shape.at(-1)! + Math.abs(k);
  checkCount('diag', sizeOf(batch) * n * n);
  const square = bindOne(embedRow, [t], { first: t.rank - 1, second: t.rank });
  const before = batch.map((): [number, number] => [0, 0]);
  return pad(square, [...before, [Math.max(0, -k), Math.max(0, k)], [Math.max(0, k), Math.max(0, -k)]]);
}

/**
 * The k-th diagonals of the matrices in the last two axes of x (above the main one for k > 0): […, m, n] gives
 * […, length of the diagonal].
 * @throws ShapeError for fewer than two axes.
 * @example
 * diagPart(tensor([[1, 2], [3, 4]])) // → [1, 4]
 */
export function diagPart(x: TensorLike, k = 0): Tensor {
  checkInteger('diagPart', 'k', k);
  const t = asTensor('diagPart', 'x', x);
  checkRank('diagPart', t, 2);
  const [m, n] = t.shape.slice(-2) as [number, number];
  const down = Math.min(m, Math.max(0, -k));
  const right = Math.min(n, Math.max(0, k));
  const length = Math.max(0, Math.min(m - down, n - right));
  const batch = t.shape.slice(0, -2);
  const part = takeSlice(
    t,
    [...batch.map(() => 0), down, right],
    [...batch, length, length],
    t.shape.map(() => 1),
  );
  return bindOne(diagonalRow, [part], { first: t.rank - 2, second: t.rank - 1 });
}

/** column − row ≥ k as a mask is column ≥ row + k: two vectors of whole numbers, broadcast. */
function triangle(operation: string, x: TensorLike, k: number, compare: typeof greaterEqual): Tensor {
  checkInteger(operation, 'k', k);
  const t = asTensor(operation, 'x', x);
  checkRank(operation, t, 2);
  const [m, n] = t.shape.slice(-2) as [number, number];
  const rows = reshape(arange(k, m + k), [m, 1]);
  return where(compare(arange(n), rows), t, 0);
}

/**
 * The upper triangles of the matrices in the last two axes of x: zeros where column − row < k.
 * @throws ShapeError for fewer than two axes.
 * @example
 * triu(tensor([[1, 2], [3, 4]])) // → [[1, 2], [0, 4]]
 */
export function triu(x: TensorLike, k = 0): Tensor {
  return triangle('triu', x, k, greaterEqual);
}

/**
 * The lower triangles of the matrices in the last two axes of x: zeros where column − row > k.
 * @throws ShapeError for fewer than two axes.
 * @example
 * tril(tensor([[1, 2], [3, 4]])) // → [[1, 0], [3, 4]]
 */
export function tril(x: TensorLike, k = 0): Tensor {
  return triangle('tril', x, k, lessEqual);
}
