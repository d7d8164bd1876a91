/**
 * Contractions: sums of products over any strides. The one idea: whatever axes there are become loops over i, j and k, and
 * each result is a float64 sum in the order of k, by whichever way it is computed.
 * Must not import scalar functions.
 */
import type { ContractKernel, Slot, TypedArray } from '@jacobi/backend';
import type { Summed } from './blocks.ts';
import { compileBlocks } from './blocks.ts';
import type { Axis, Visit } from './nest.ts';
import { collapse, takeRow, walk } from './nest.ts';

/** Products from which on copying the operands into blocks pays. */
const BLOCKS_FROM = 600;

export function contractLoop(kernel: ContractKernel, slots: readonly Slot[]): Visit {
  const { batch, m, n, k, left, right, output } = kernel;
  const b = batch.length;
  const bm = b + m.length;
  const shape = [...batch, ...m, ...n];
  const zeros = new Array<number>(shape.length).fill(0);
  // Strides over batch, m and n: an operand stands still along the axes that it does not have.
  const strides = [
    output.strides,
    [...left.strides.slice(0, bm), ...zeros],
    [...right.strides.slice(0, b), ...zeros.slice(b, bm), ...right.strides.slice(b)],
  ];
  const axes = (from: number, to?: number): Axis[] =>
    collapse(
      shape.slice(from, to),
      strides.map((s) => s.slice(from, to)),
    );
  const summed = collapse(k, [left.strides.slice(bm), right.strides.slice(b + n.length)]);
  const starts = [output.offset, left.offset, right.offset];
  const at = [0, 0, 0];
  const all = axes(0);
  if (slots[output.slot]!.dtype === 'int32') return walk(all, starts, at, integerSum(kernel, at, summed));
  const rows = axes(b, bm);
  const columns = axes(bm);
  const i = takeRow(rows, 3);
  const j = takeRow(columns, 3);
  const size = k.reduce((x, y) => x * y, 1);
  if (summed.length > 1 || (i.size > 3 && j.size > 3 && size > 1 && i.size * j.size * size >= BLOCKS_FROM)) {
    const outer = [...axes(0, b), ...rows, ...columns];
    return walk(outer, starts, at, compileBlocks(kernel, at, i, j, summedAxis(summed, size)));
  }
  const inner = takeRow(all, 3);
  const outer = takeRow(all, 3);
  return walk(all, starts, at, sums(kernel, at, outer, inner, takeRow(summed, 2)));
}

/** Axes as one, through tables of positions if there are several. */
function summedAxis(axes: readonly Axis[], size: number): Summed {
  if (axes.length < 2) return { size, strides: axes[0]?.strides ?? [0, 0], tables: [] };
  const tables = [0, 1].map(() => new Int32Array(size));
  const at = [0, 0];
  let i = 0;
  const visit = (): void => {
    tables.forEach((table, operand) => (table[i] = at[operand]!));
    i++;
  };
  walk(axes, at.slice(), at, visit)([]);
  return { size, tables };
}

/** One result of integers, which wrap. */
function integerSum({ left, right, output }: ContractKernel, at: readonly number[], summed: readonly Axis[]): Visit {
  const from = [0, 0];
  let sum = 0;
  const add = walk(summed, [0, 0], from, (slots) => {
    sum = (sum + Math.imul(slots[left.slot]![at[1]! + from[0]!]!, slots[right.slot]![at[2]! + from[1]!]!)) | 0;
  });
  return (slots) => {
    sum = 0;
    add(slots);
    slots[output.slot]![at[0]!] = sum;
  };
}

/** Row by row of results: for small sizes, and products of a matrix and a vector. */
function sums(kernel: ContractKernel, at: readonly number[], outer: Axis, inner: Axis, k: Axis): Visit {
  // If one operand stands still along the row, let it be the second.
  const [x, y] = inner.strides[1] === 0 ? [2, 1] : [1, 2];
  const slots = [kernel.output.slot, kernel.left.slot, kernel.right.slot];
  const [xSlot, ySlot, outSlot] = [slots[x]!, slots[y]!, slots[0]!];
  const [xOuter, yOuter, outOuter] = [outer.strides[x]!, outer.strides[y]!, outer.strides[0]!];
  const [xInner, yInner, outInner] = [inner.strides[x]!, inner.strides[y]!, inner.strides[0]!];
  const [xSummed, ySummed] = [k.strides[x - 1]!, k.strides[y - 1]!];
  const { size } = inner;
  const rows = outer.size;
  const terms = k.size;
  return (arrays) => {
    const a = arrays[xSlot]!;
    const b = arrays[ySlot]!;
    const out = arrays[outSlot]!;
    for (let i = 0; i < rows; i++) {
      const o = at[0]! + i * outOuter;
      sumRow(
        size,
        terms,
        out,
        o,
        outInner,
        a,
        at[x]! + i * xOuter,
        xInner,
        xSummed,
        b,
        at[y]! + i * yOuter,
        yInner,
        ySummed,
      );
    }
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
