/**
 * Contractions: batched matrix products over any strides. The one idea: each group of axes becomes one axis with a table
 * of positions, so that the loops are always batch, m, n, k.
 * Must not import anything that knows operations by name.
 */
import type { ContractKernel, Slot } from '@jacobi/backend';
import { collapse, walker } from './nest.ts';
import type { Visit } from './nest.ts';

/** Positions of the indices of a group of axes, row-major, for each operand. */
function tables(shape: readonly number[], strides: readonly (readonly number[])[]): Int32Array[] {
  const size = shape.reduce((a, b) => a * b, 1);
  const out = strides.map(() => new Int32Array(size));
  const positions = strides.map(() => 0);
  let i = 0;
  walker(collapse(shape, strides), positions.slice(), positions, () => {
    for (let o = 0; o < out.length; o++) out[o]![i] = positions[o]!;
    i++;
  })([]);
  return out;
}

export function compileContract(kernel: ContractKernel, slots: readonly Slot[]): Visit {
  const { batch, m, n, k, left, right, output } = kernel;
  const b = batch.length;
  const bm = b + m.length;
  const bn = b + n.length;
  const [batchOut, batchLeft, batchRight] = tables(batch, [
    output.strides.slice(0, b),
    left.strides.slice(0, b),
    right.strides.slice(0, b),
  ]);
  const [mOut, mLeft] = tables(m, [output.strides.slice(b, bm), left.strides.slice(b, bm)]);
  const [nOut, nRight] = tables(n, [output.strides.slice(bm), right.strides.slice(b, bn)]);
  const [kLeft, kRight] = tables(k, [left.strides.slice(bm), right.strides.slice(bn)]);
  const integer = slots[output.slot]!.dtype === 'int32';
  return (arrays) => {
    const l = arrays[left.slot]!;
    const r = arrays[right.slot]!;
    const out = arrays[output.slot]!;
    for (let ib = 0; ib < batchOut!.length; ib++) {
      for (let im = 0; im < mOut!.length; im++) {
        const atLeft = left.offset + batchLeft![ib]! + mLeft![im]!;
        const atOut = output.offset + batchOut![ib]! + mOut![im]!;
        for (let j = 0; j < nOut!.length; j++) {
          const atRight = right.offset + batchRight![ib]! + nRight![j]!;
          let sum = 0;
          for (let p = 0; p < kLeft!.length; p++) {
            const x = l[atLeft + kLeft![p]!]!;
            const y = r[atRight + kRight![p]!]!;
            sum = integer ? (sum + Math.imul(x, y)) | 0 : sum + x * y;
          }
          out[atOut + nOut![j]!] = sum;
        }
      }
    }
  };
}
