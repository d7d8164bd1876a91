/**
 * Contractions: sums of products over any strides. The one idea: whatever axes there are become loops over i, j and k, and
 * each result is a float64 sum in the order of k, by whichever way it is computed.
 * Must not import scalar functions.
 */
import type { ContractKernel, Slot } from '@jacobi/backend';
import type { Summed } from './blocks.ts';
import { compileBlocks } from './blocks.ts';
import type { Axis, Visit } from './nest.ts';
import { collapse, takeRow, walk } from './nest.ts';

export function compileContract(kernel: ContractKernel, slots: readonly Slot[]): Visit {
  const { batch, m, n, left, right, output } = kernel;
  const b = batch.length;
  const bm = b + m.length;
  const zeros = (shape: readonly number[]): number[] => shape.map(() => 0);
  const integer = slots[output.slot]!.dtype === 'int32';
  const k = summed(kernel, integer);
  const strides = [
    output.strides,
    [...left.strides.slice(0, bm), ...zeros(n)],
    [...right.strides.slice(0, b), ...zeros(m), ...right.strides.slice(b)],
  ];
  const axes = (from: number, to: number): Axis[] =>
    collapse(
      [...batch, ...m, ...n].slice(from, to),
      strides.map((s) => s.slice(from, to)),
    );
  const starts = [output.offset, left.offset, right.offset];
  const rows = axes(b, bm);
  const columns = axes(bm, bm + n.length);
  const i = takeRow(rows, 3);
  const j = takeRow(columns, 3);
  const at = [0, 0, 0];
  if (!integer && i.size >= 8 && j.size >= 8 && i.size * j.size * k.size >= 16384) {
    return walk([...axes(0, b), ...rows, ...columns], starts, at, compileBlocks(kernel, at, i, j, k));
  }
  const rest = axes(0, bm + n.length);
  const inner = takeRow(rest, 3);
  const outer = takeRow(rest, 3);
  return walk(rest, starts, at, sums(kernel, at, outer, inner, k, integer));
}

function summed({ batch, m, n, k, left, right }: ContractKernel, tabulate: boolean): Summed {
  const own = [left.strides.slice(batch.length + m.length), right.strides.slice(batch.length + n.length)];
  const axes = collapse(k, own);
  const size = k.reduce((a, b) => a * b, 1);
  if (axes.length <= 1 && !tabulate) return { size, strides: axes[0]?.strides ?? [0, 0], tables: [] };
  const tables = own.map(() => new Int32Array(size));
  const at = [0, 0];
  let i = 0;
  const visit = (): void => {
    tables.forEach((table, operand) => (table[i] = at[operand]!));
    i++;
  };
  walk(axes, [0, 0], at, visit)([]);
  return { size, tables };
}

/** Each result by itself: for small sizes, products of a matrix and a vector, and integers. */
function sums(
  { left, right, output }: ContractKernel,
  at: readonly number[],
  outer: Axis,
  inner: Axis,
  { size, strides, tables }: Summed,
  integer: boolean,
): Visit {
  const [outerOut, outerLeft, outerRight] = outer.strides;
  const [innerOut, innerLeft, innerRight] = inner.strides;
  const [strideLeft, strideRight] = strides ?? [];
  const [tableLeft, tableRight] = tables;
  return (slots) => {
    const l = slots[left.slot]!;
    const r = slots[right.slot]!;
    const out = slots[output.slot]!;
    for (let i = 0; i < outer.size; i++) {
      let to = at[0]! + i * outerOut!;
      let x = at[1]! + i * outerLeft!;
      let y = at[2]! + i * outerRight!;
      for (let j = inner.size; j-- > 0; to += innerOut!, x += innerLeft!, y += innerRight!) {
        let sum = 0;
        if (strides) {
          let p = x;
          let q = y;
          for (let n = size; n-- > 0; p += strideLeft!, q += strideRight!) sum += l[p]! * r[q]!;
        } else if (integer) {
          for (let n = 0; n < size; n++) sum = (sum + Math.imul(l[x + tableLeft![n]!]!, r[y + tableRight![n]!]!)) | 0;
        } else {
          for (let n = 0; n < size; n++) sum += l[x + tableLeft![n]!]! * r[y + tableRight![n]!]!;
        }
        out[to] = sum;
      }
    }
  };
}
