/**
 * Large matrix products in blocks. The one idea: a block of each operand is copied, whatever its strides and dtype, into
 * float64 rows that lie one after the other along k, and results are computed eight at a time from four rows and two.
 * Must not import scalar functions.
 */
import type { ContractKernel, TypedArray } from '@jacobi/backend';
import { copyLoop } from '@jacobi/backend';
import type { Axis, Visit } from './nest.ts';
import { takeRow, walk } from './nest.ts';

/** Rows of a block, and elements of a row. */
const SIZE = 128;

/** Blocks of left, right and result: shared by all kernels, since one runs at a time. Made when first needed. */
let shared: readonly Float64Array[] | undefined;

/** The products of rows along `i` and along `j`, summed over `summed`, whose last axis runs along the rows of blocks. */
export function blocks(
  { left, right, output }: ContractKernel,
  at: readonly number[],
  i: Axis,
  j: Axis,
  summed: readonly Axis[],
): Visit {
  shared ??= [0, 1, 2].map(() => new Float64Array(SIZE * SIZE));
  const [x, y, sums] = shared as [Float64Array, Float64Array, Float64Array];
  const [iOut, iLeft] = i.strides as [number, number];
  const [jOut, , jRight] = j.strides as [number, number, number];
  const outer = [...summed];
  const k = outer.pop() ?? takeRow([], 3);
  const [, kLeft, kRight] = k.strides as [number, number, number];
  const from = [0, 0, 0];
  // The block of results at hand, and the elements in the rows of the operands' blocks.
  let i0 = 0;
  let j0 = 0;
  let rows = 0;
  let columns = 0;
  let filled = 0;
  const multiply = (): void => {
    for (let a = 0; a < rows * SIZE; a += 4 * SIZE)
      for (let b = 0; b < columns * SIZE; b += 2 * SIZE) addProducts(filled, x, a, y, b, sums, a + b / SIZE);
    filled = 0;
  };
  const take = walk(outer, [0, 0, 0], from, (slots) => {
    for (let k0 = 0; k0 < k.size; ) {
      const count = Math.min(SIZE - filled, k.size - k0);
      pack(x, filled, slots[left.slot]!, at[1]! + from[1]! + i0 * iLeft + k0 * kLeft, rows, iLeft, count, kLeft);
      pack(
        y,
        filled,
        slots[right.slot]!,
        at[2]! + from[2]! + j0 * jRight + k0 * kRight,
        columns,
        jRight,
        count,
        kRight,
      );
      k0 += count;
      filled += count;
      if (filled === SIZE) multiply();
    }
  });
  return (slots) => {
    for (i0 = 0; i0 < i.size; i0 += SIZE) {
      rows = Math.min(SIZE, i.size - i0);
      for (j0 = 0; j0 < j.size; j0 += SIZE) {
        columns = Math.min(SIZE, j.size - j0);
        sums.fill(0, 0, rows * SIZE);
        take(slots);
        multiply();
        for (let row = 0; row < rows; row++) {
          const start = at[0]! + (i0 + row) * iOut + j0 * jOut;
          copyLoop(columns, slots[output.slot]!, start, jOut, sums, row * SIZE, 1);
        }
      }
    }
  };
}

/** Copies `count` elements of each of `rows` rows to a block, reading in the order that lies closer together. */
function pack(
  to: Float64Array,
  place: number,
  from: TypedArray,
  start: number,
  rows: number,
  rowStride: number,
  count: number,
  stride: number,
): void {
  if (Math.abs(stride) <= Math.abs(rowStride))
    for (; rows-- > 0; place += SIZE, start += rowStride) copyLoop(count, to, place, 1, from, start, stride);
  else for (; count-- > 0; place++, start += stride) copyLoop(rows, to, place, SIZE, from, start, rowStride);
}

/** Adds products of four rows by two: as many sums as stay in registers. Beyond the last row, stale ones are added along. */
function addProducts(
  count: number,
  x: Float64Array,
  a: number,
  y: Float64Array,
  b: number,
  sums: Float64Array,
  at: number,
): void {
  let s00 = sums[at]!;
  let s01 = sums[at + 1]!;
  let s10 = sums[at + SIZE]!;
  let s11 = sums[at + SIZE + 1]!;
  let s20 = sums[at + 2 * SIZE]!;
  let s21 = sums[at + 2 * SIZE + 1]!;
  let s30 = sums[at + 3 * SIZE]!;
  let s31 = sums[at + 3 * SIZE + 1]!;
  for (let p = 0; p < count; p++) {
    const b0 = y[b + p]!;
    const b1 = y[b + SIZE + p]!;
    const a0 = x[a + p]!;
    const a1 = x[a + SIZE + p]!;
    const a2 = x[a + 2 * SIZE + p]!;
    const a3 = x[a + 3 * SIZE + p]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s30 += a3 * b0;
    s31 += a3 * b1;
  }
  sums[at] = s00;
  sums[at + 1] = s01;
  sums[at + SIZE] = s10;
  sums[at + SIZE + 1] = s11;
  sums[at + 2 * SIZE] = s20;
  sums[at + 2 * SIZE + 1] = s21;
  sums[at + 3 * SIZE] = s30;
  sums[at + 3 * SIZE + 1] = s31;
}
