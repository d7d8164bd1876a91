/** Products of tensors. */
import { broadcastShapes } from '@jacobi/backend';
import { bindOne } from '../bind.ts';
import { asPair, castTo } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import { ShapeError } from '../errors.ts';
import { contractRow } from '../primitives/contraction.ts';
import type { Tensor } from '../tensor.ts';
import { broadcastTo } from './shape.ts';

/** A contraction with everything known and checked. @internal */
export function contract(a: Tensor, b: Tensor, left: readonly number[], right: readonly number[], out: readonly number[]): Tensor {
  return bindOne(contractRow, [a, b], { left, right, out });
}

export function matmul(a: TensorLike, b: TensorLike): Tensor {
  let [x, y] = asPair('matmul', a, b);
  if (x.dtype === 'bool') [x, y] = [castTo(x, 'int32'), castTo(y, 'int32')];
  const wrong = (what: string): ShapeError => new ShapeError(`matmul: ${what}: a [${x.shape.join()}] · b [${y.shape.join()}]`);
  if (x.rank === 0 || y.rank === 0) throw wrong('scalars have no rows; use mul');
  const inner = x.shape[x.rank - 1]!;
  const other = y.shape[Math.max(0, y.rank - 2)]!;
  if (inner !== other) throw new ShapeError(`matmul: inner sizes differ: a [${x.shape.join()}] · b [${y.shape.join()}] (${inner} ≠ ${other})`);
  const lead = broadcastShapes(x.shape.slice(0, -2), y.shape.slice(0, -2));
  if (lead === undefined) throw wrong('leading axes do not broadcast');
  // Labels: 0 … for the leading axes, then rows, columns, inner. An operand without leading axes keeps none: the product
  // stays one large one.
  const n = lead.length;
  const labels = (t: Tensor, last: readonly number[]): [Tensor, number[]] => {
    const own = t.shape.slice(0, -last.length);
    if (own.length === 0) return [t, [...last]];
    const wide = broadcastTo(t, [...lead, ...t.shape.slice(-last.length)]);
    return [wide, [...lead.keys(), ...last]];
  };
  const [left, l] = labels(x, x.rank === 1 ? [n + 2] : [n, n + 2]);
  const [right, r] = labels(y, y.rank === 1 ? [n + 2] : [n + 2, n + 1]);
  const out = [...lead.keys(), ...(x.rank === 1 ? [] : [n]), ...(y.rank === 1 ? [] : [n + 1])];
  return contract(left, right, l, r, out);
}
