/**
 * Contractions: sums of products over any strides. The one idea: whatever axes there are become loops over i, j and k, and
 * each result is a float64 sum in the order of k, by whichever way it is computed.
 * Must not import scalar functions.
 */
import type { ContractKernel, Slot, TypedArray } from '@jacobi/backend';
import { blocks } from './blocks.ts';
import type { Axis, Visit } from './nest.ts';
import { collapse, takeRow, walk } from './nest.ts';

/** Products from which on copying the operands into blocks pays. */
const BLOCKS_FROM = 600;

export function contractLoop(kernel: ContractKernel, slots: readonly Slot[]): Visit {
  const { batch, m, n, k, left, right, output } = kernel;
  const shape = [...batch, ...m, ...n, ...k];
  const b = batch.length;
  const bm = b + m.length;
  const bmn = bm + n.length;
  const zeros = shape.map(() => 0);
  // Strides of output, left and right over all axes: an operand stands still along those that it does not have.
  const strides = [
    [...output.strides, ...zeros],
    [...left.strides.slice(0, bm), ...zeros.slice(bm, bmn), ...left.strides.slice(bm)],
    [...right.strides.slice(0, b), ...zeros.slice(b, bm), ...right.strides.slice(b)],
  ];
  const axes = (from: number, to?: number): Axis[] =>
    collapse(
      shape.slice(from, to),
      strides.map((s) => s.slice(from, to)),
    );
  const starts = [output.offset, left.offset, right.offset];
  const at = [0, 0, 0];
  const results = axes(0, bmn);
  const summed = axes(bmn);
  if (slots[output.slot]!.dtype === 'int32') return integers(kernel, at, starts, results, summed);
  const rows = axes(b, bm);
  const columns = axes(bm, bmn);
  const i = takeRow(rows, 3);
  const j = takeRow(columns, 3);
  const terms = k.reduce((x, y) => x * y, 1);
  if (summed.length > 1 || (i.size > 3 && j.size > 3 && terms > 1 && i.size * j.size * terms >= BLOCKS_FROM))
    return walk([...axes(0, b), ...rows, ...columns], starts, at, blocks(kernel, at, i, j, summed));
  const inner = takeRow(results, 3);
  const outer = takeRow(results, 3);
  return walk(results, starts, at, sums(kernel, at, outer, inner, takeRow(summed, 3)));
}

/** Integers wrap, so that their sums may be put together in any order. */
function integers(
  { left, right, output }: ContractKernel,
  at: number[],
  starts: readonly number[],
  results: readonly Axis[],
  summed: Axis[],
): Visit {
  const { size, strides } = takeRow(summed, 3);
  const clear = walk(results, starts, at, (slots) => {
    slots[output.slot]![at[0]!] = 0;
  });
  const add = walk([...results, ...summed], starts, at, (slots) => {
    const a = slots[left.slot]!;
    const b = slots[right.slot]!;
    let [o, i, j] = at as [number, number, number];
    let sum = slots[output.slot]![o]!;
    for (let q = size; q-- > 0; i += strides[1]!, j += strides[2]!) sum = (sum + Math.imul(a[i]!, b[j]!)) | 0;
    slots[output.slot]![o] = sum;
  });
  return (slots) => {
    clear(slots);
    add(slots);
  };
}

/** Row by row of results: for small sizes, and products of a matrix and a vector. */
function sums(kernel: ContractKernel, at: readonly number[], rows: Axis, row: Axis, k: Axis): Visit {
  const slots = [kernel.output.slot, kernel.left.slot, kernel.right.slot];
  // If one operand stands still along the row, let it be the second.
  const [x, y]: [number, number] = row.strides[1] === 0 ? [2, 1] : [1, 2];
  const operand = (i: number): readonly number[] => [slots[i]!, ...[rows, row, k].map((axis) => axis.strides[i]!)];
  const [oSlot, oRows, s] = operand(0) as [number, number, number];
  const [xSlot, xRows, p, pk] = operand(x) as [number, number, number, number];
  const [ySlot, yRows, r, rk] = operand(y) as [number, number, number, number];
  const count = rows.size;
  const size = row.size;
  const terms = k.size;
  return (arrays) => {
    const out = arrays[oSlot]!;
    const a = arrays[xSlot]!;
    const b = arrays[ySlot]!;
    for (let i = 0; i < count; i++)
      sumRow(size, terms, out, at[0]! + i * oRows, s, a, at[x]! + i * xRows, p, pk, b, at[y]! + i * yRows, r, rk);
  };
}

/** out[o + e·s] = Σ over q of a[i + e·p + q·pk] · b[j + e·r + q·rk] for e = 0 … n − 1 and q = 0 … terms − 1. */
function sumRow(
  n: number,
  terms: number,
  out: TypedArray,
  o: number,
  s: number,
  a: TypedArray,
  i: number,
  p: number,
  pk: number,
  b: TypedArray,
  j: number,
  r: number,
  rk: number,
): void {
  // Four at a time, if they share what they are multiplied with.
  if (r === 0)
    for (; n > 3; n -= 4, o += 4 * s, i += 4 * p) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let i0 = i;
      let i1 = i0 + p;
      let i2 = i1 + p;
      let i3 = i2 + p;
      let at = j;
      for (let q = terms; q-- > 0; i0 += pk, i1 += pk, i2 += pk, i3 += pk, at += rk) {
        const y = b[at]!;
        s0 += a[i0]! * y;
        s1 += a[i1]! * y;
        s2 += a[i2]! * y;
        s3 += a[i3]! * y;
      }
      out[o] = s0;
      out[o + s] = s1;
      out[o + 2 * s] = s2;
      out[o + 3 * s] = s3;
    }
  for (; n-- > 0; o += s, i += p, j += r) {
    let sum = 0;
    let from = i;
    let at = j;
    for (let q = terms; q-- > 0; from += pk, at += rk) sum += a[from]! * b[at]!;
    out[o] = sum;
  }
}
