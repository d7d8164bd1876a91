/**
 * Products of tensors that sum over axes.
 * The one idea: axes have labels, and one row, `contract`, does all of these without moving an element.
 * Floating sums accumulate in their own dtype at least.
 */
import type { Shape } from '@jacobi/backend';
import { broadcastShapes } from '@jacobi/backend';
import { checkAxis } from '../axes.ts';
import { bindOne } from '../bind.ts';
import type { TensorLike } from '../convert.ts';
import { asNumericPair } from '../convert.ts';
import { describe } from '../describe.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import type { Contraction } from '../primitives/contraction.ts';
import { contractRow } from '../primitives/contraction.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { mul } from './arithmetic.ts';
import { broadcastTo } from './shape.ts';

/** A contraction with everything known and checked. @internal */
export function contract(
  a: Tensor,
  b: Tensor,
  left: readonly number[],
  right: readonly number[],
  out: readonly number[],
): Tensor {
  return bindOne(contractRow, [a, b], { left, right, out });
}

/** What was given, for messages: a [2,3] · b [4,5]. */
const shapes = (x: Tensor, y: Tensor): string => `a [${x.shape.join()}] · b [${y.shape.join()}]`;

/** How matmul contracts two types: what each operand is broadcast to (null: nothing), and the labels. */
interface Product {
  readonly left: Shape | null;
  readonly right: Shape | null;
  readonly params: Contraction;
}

/** Products by pairs of types: finding one is quicker than working it out, and its params are the same object. */
const products: Map<number, Product> = /* @__PURE__ */ new Map();
const PRODUCTS = 1024;

function productOf(x: Tensor, y: Tensor): Product {
  const inner = x.shape.at(-1);
  const other = y.shape.at(-2) ?? y.shape[0];
  if (inner === undefined || other === undefined)
    throw new ShapeError(`matmul: scalars have no rows; use mul: ${shapes(x, y)}`);
  if (inner !== other) throw new ShapeError(`matmul: inner sizes differ: ${shapes(x, y)} (${inner} ≠ ${other})`);
  const batch = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2));
  if (batch === undefined) throw new ShapeError(`matmul: leading axes do not broadcast: ${shapes(x, y)}`);
  // Labels: 0 … for the batch, then row, column, inner. An operand without batch axes stays one matrix.
  const n = batch.length;
  const axes = [...batch.keys()];
  const wide = (t: Tensor, matrix: number[]): [Shape | null, number[]] =>
    t.rank > 2
      ? [
          [...batch, ...t.shape.slice(-2)],
          [...axes, ...matrix],
        ]
      : [null, matrix];
  // A vector lacks its row or column.
  const [wideX, left] = wide(x, [n, n + 2].slice(-x.rank));
  const [wideY, right] = wide(y, [n + 2, n + 1].slice(0, y.rank));
  const out = [...axes, n, n + 1].filter((l) => left.includes(l) || right.includes(l));
  return { left: wideX, right: wideY, params: { left, right, out } };
}

/**
 * The product of matrices, in the last two axes; leading axes are a batch and broadcast. A vector stands for a row on the
 * left and a column on the right, and its axis vanishes.
 * @throws ShapeError for a scalar, or where inner sizes differ or leading axes do not broadcast.
 * @example
 * matmul(tensor([[1, 2], [3, 4]]), tensor([[5], [6]])) // → [[17], [39]]
 */
export function matmul(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = asNumericPair('matmul', a, b);
  const key = x.type.id * 67108864 + y.type.id;
  let product = products.get(key);
  if (product === undefined) {
    product = productOf(x, y);
    if (products.size >= PRODUCTS) products.clear();
    products.set(key, product);
  }
  const { left, right, params } = product;
  return bindOne(
    contractRow,
    [left === null ? x : broadcastTo(x, left), right === null ? y : broadcastTo(y, right)],
    params,
  );
}

/**
 * NumPy's dot: the inner product of two vectors, the product of two matrices; in general the sum over the last axis of a and
 * the last but one of b (the only one of a vector). A scalar multiplies.
 * @throws ShapeError where the sizes summed over differ.
 * @example
 * dot(tensor([1, 2, 3]), tensor([4, 5, 6])) // → 32
 */
export function dot(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = asNumericPair('dot', a, b);
  if (x.rank === 0 || y.rank === 0) return mul(x, y);
  const [i, j] = [x.rank - 1, Math.max(0, y.rank - 2)];
  if (x.shape[i] !== y.shape[j]) {
    throw new ShapeError(`dot: inner sizes differ: ${shapes(x, y)} (${x.shape[i]} ≠ ${y.shape[j]})`);
  }
  return over(x, y, [i], [j]);
}

/**
 * All products aᵢ·bⱼ of two vectors, as a matrix. For tensors with more axes: `tensordot(a, b, 0)`.
 * @throws ShapeError for anything but vectors.
 * @example
 * outer(tensor([1, 2]), tensor([3, 4, 5])) // → [[3, 4, 5], [6, 8, 10]]
 */
export function outer(a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = asNumericPair('outer', a, b);
  if (x.rank !== 1 || y.rank !== 1) {
    throw new ShapeError(`outer: a and b must be vectors: ${shapes(x, y)}; for other ranks use tensordot(a, b, 0)`);
  }
  return over(x, y, [], []);
}

/** The sum of products over pairs of axes; the result has the other axes of a, then those of b. */
function over(x: Tensor, y: Tensor, left: readonly number[], right: readonly number[]): Tensor {
  const labelsX = x.shape.map((_, i) => i);
  const labelsY = y.shape.map((_, j) => (right.includes(j) ? left[right.indexOf(j)]! : x.rank + j));
  return contract(x, y, labelsX, labelsY, [
    ...labelsX.filter((i) => !left.includes(i)),
    ...labelsY.filter((l) => l >= x.rank),
  ]);
}

/**
 * The sum of products of a and b over pairs of axes. A number n pairs the last n axes of a with the first n of b; otherwise the
 * axes of a and those of b are listed. The result has the other axes of a, then those of b.
 * @throws ArgumentError for axes that there are not; ShapeError where sizes of a pair differ.
 * @example
 * tensordot(tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]]), 2) // → 70
 * tensordot(tensor([[1, 2], [3, 4]]), tensor([10, 1]), [[0], [0]]) // → [13, 24]
 */
export function tensordot(
  a: TensorLike,
  b: TensorLike,
  axes: number | readonly [number | readonly number[], number | readonly number[]] = 2,
): Tensor {
  const [x, y] = asNumericPair('tensordot', a, b);
  const [left, right] = pairedAxes(x, y, axes);
  left.forEach((i, k) => {
    const j = right[k]!;
    if (x.shape[i] !== y.shape[j]) {
      throw new ShapeError(
        `tensordot: axis ${i} of a and axis ${j} of b differ in size: ${shapes(x, y)} (${x.shape[i]} ≠ ${y.shape[j]})`,
      );
    }
  });
  return over(x, y, left, right);
}

function pairedAxes(x: Tensor, y: Tensor, axes: unknown): [number[], number[]] {
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(x.rank, y.rank)) {
      throw new ArgumentError(
        `tensordot: axes must be 0 … ${Math.min(x.rank, y.rank)} for a ${formatType(x.type)} and b ${formatType(y.type)}, not ${axes}`,
      );
    }
    return [Array.from({ length: axes }, (_, k) => x.rank - axes + k), Array.from({ length: axes }, (_, k) => k)];
  }
  const lists = Array.isArray(axes)
    ? Array.from(axes, (list: unknown) => (Array.isArray(list) ? Array.from(list) : [list]))
    : [];
  if (lists.length !== 2 || lists[0]!.length !== lists[1]!.length) {
    throw new ArgumentError(
      `tensordot: axes must be a count or [axes of a, axes of b], equally many, not ${describe(axes)}`,
    );
  }
  const [left, right] = [x, y].map((t, side) =>
    lists[side]!.map((axis: unknown) => checkAxis('tensordot', axis, t.rank, side === 0 ? 'axes[0]' : 'axes[1]')),
  ) as [number[], number[]];
  if (new Set(left).size < left.length || new Set(right).size < right.length) {
    throw new ArgumentError('tensordot: axes names an axis twice');
  }
  return [left, right];
}
