/**
 * The row of all products of tensors: a contraction over labelled axes, as in einsum with two operands.
 * The one idea: axes have labels, so batching adds a label and transposing swaps two label lists; nothing is ever permuted.
 */
import { contractLoop } from '@jacobi/backend-cpu';
import { bindOne } from '../bind.ts';
import type { Operand, Primitive } from '../primitive.ts';
import { tensorType } from '../type.ts';

/** Labels of the axes of both operands and of the result. Each of an operand's labels is in the other or in the result. */
export type Contraction = {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly out: readonly number[];
};

/** Strides of an operand for the given labels. */
function stridesFor(operand: Operand, own: readonly number[], labels: readonly number[]): number[] {
  return labels.map((l) => operand.view.strides[own.indexOf(l)]!);
}

/** out[labels] = Σ left[labels] · right[labels] over the labels that `out` lacks. Floating sums accumulate in their own dtype at least. */
export const contractRow: Primitive<Contraction> = {
  name: 'contract',
  type: ([a, b], { left, right, out }) => {
    const size = (label: number): number => {
      const i = left.indexOf(label);
      return i >= 0 ? a!.shape[i]! : b!.shape[right.indexOf(label)]!;
    };
    return [tensorType(a!.dtype, out.map(size))];
  },
  lower: (writer, [a, b], [c], { left, right, out }) => {
    const batch = out.filter((l) => left.includes(l) && right.includes(l));
    const m = out.filter((l) => left.includes(l) && !right.includes(l));
    const n = out.filter((l) => !left.includes(l));
    const k = left.filter((l) => !out.includes(l));
    const sizes = (labels: readonly number[]): number[] =>
      labels.map((l) => (left.includes(l) ? a!.view.shape[left.indexOf(l)]! : b!.view.shape[right.indexOf(l)]!));
    writer.emit({
      kind: 'contract',
      js: contractLoop,
      batch: sizes(batch),
      m: sizes(m),
      n: sizes(n),
      k: sizes(k),
      left: { slot: a!.slot, offset: a!.view.offset, strides: stridesFor(a!, left, [...batch, ...m, ...k]) },
      right: { slot: b!.slot, offset: b!.view.offset, strides: stridesFor(b!, right, [...batch, ...n, ...k]) },
      output: { slot: c!.slot, offset: c!.view.offset, strides: stridesFor(c!, out, [...batch, ...m, ...n]) },
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
