/**
 * The row of all products of tensors: a contraction over labelled axes, as in einsum with two operands.
 * The one idea: axes have labels, so batching adds a label and transposing swaps two label lists; nothing is ever permuted.
 */
import type { Access, Shape } from '@jacobi/backend';
import { add, mul } from '@jacobi/backend/scalar';
import { contractLoop, mapLoop } from '@jacobi/backend-cpu';
import { bindOne } from '../bind.ts';
import { accessOver, call } from '../lower.ts';
import type { Operand, Primitive } from '../primitive.ts';
import { tensorType } from '../type.ts';

/** Labels of the axes of both operands and of the result. Each of an operand's labels is in the other or in the result. */
export type Contraction = {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly out: readonly number[];
};

/** Reads or writes an operand over the given labels; it stands still along those that it lacks. */
function accessAlong({ slot, view }: Operand, own: readonly number[], ...labels: (readonly number[])[]): Access {
  return { slot, offset: view.offset, strides: labels.flat().map((l) => view.strides[own.indexOf(l)] ?? 0) };
}

/** The size of the axis with a label, which one operand or both have. */
const sizesBy =
  (left: readonly number[], a: Shape, right: readonly number[], b: Shape) =>
  (label: number): number =>
    a[left.indexOf(label)] ?? b[right.indexOf(label)]!;

/** out[labels] = Σ left[labels] · right[labels] over the labels that `out` lacks. Floating sums accumulate in their own dtype at least. */
export const contractRow: Primitive<Contraction> = {
  name: 'contract',
  type: ([a, b], { left, right, out }) => {
    return [tensorType(a!.dtype, out.map(sizesBy(left, a!.shape, right, b!.shape)))];
  },
  lower: (writer, [a, b], [c], { left, right, out }) => {
    const batch = out.filter((l) => left.includes(l) && right.includes(l));
    const m = out.filter((l) => !right.includes(l));
    const n = out.filter((l) => !left.includes(l));
    const k = left.filter((l) => !out.includes(l));
    if (k.length === 0) {
      // Nothing is summed: products, element by element, added to 0 as sums are, so that none is −0.
      writer.emit({
        kind: 'map',
        js: mapLoop,
        shape: c!.view.shape,
        inputs: [accessAlong(a!, left, out), accessAlong(b!, right, out)],
        output: accessOver(c!),
        body: [...call(mul, c!.dtype), { constant: 0 }, { fn: add, args: [2, 3], dtype: c!.dtype }],
      });
      return;
    }
    const size = sizesBy(left, a!.view.shape, right, b!.view.shape);
    writer.emit({
      kind: 'contract',
      js: contractLoop,
      batch: batch.map(size),
      m: m.map(size),
      n: n.map(size),
      k: k.map(size),
      left: accessAlong(a!, left, batch, m, k),
      right: accessAlong(b!, right, batch, n, k),
      output: accessAlong(c!, out, batch, m, n),
      accumulate: c!.dtype,
    });
  },
  derivative: { kind: 'bilinear', map: 'contract' },
  batching: {
    rule: ([a, b], [ma, mb], { left, right, out }) => {
      const label = Math.max(...left, ...right, -1) + 1;
      return [
        bindOne(contractRow, [a!, b!], {
          left: ma ? [label, ...left] : left,
          right: mb ? [label, ...right] : right,
          out: [label, ...out],
        }),
      ];
    },
  },
};
