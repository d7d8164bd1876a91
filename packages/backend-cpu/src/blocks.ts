/**
 * Large matrix products in blocks. The one idea: a block of each operand is copied, whatever its strides and dtype, into
 * float64 rows that lie one after the other along k, and results are computed eight at a time from four rows and two.
 * Must not import scalar functions.
 */
import type { ContractKernel, TypedArray } from '@jacobi/backend';
import { copyLoop } from '@jacobi/backend';
import type { Axis, Visit } from './nest.ts';

/** The axis that is summed over: evenly spaced if there are strides, else through a table of positions. */
export interface Summed {
  readonly size: number;
  /** Strides of left and right. */
  readonly strides?: readonly number[];
  /** Positions in left and right. */
  readonly tables: readonly Int32Array[];
}

/** Rows of a block, and elements of a row. */
const SIZE = 128;

/** Blocks of left, right and result: shared by all kernels, since one runs at a time. Made when first needed. */
let blocks: readonly Float64Array[] | undefined;

export function compileBlocks(
  { left, right, output }: ContractKernel,
  at: readonly number[],
  i: Axis,
  j: Axis,
  k: Summed,
): Visit {
  blocks ??= [0, 1, 2].map(() => new Float64Array(SIZE * SIZE));
  const [x, y, sums] = blocks;
  const [iOut, iLeft] = i.strides;
  const [jOut, , jRight] = j.strides;
  return (slots) => {
    for (let i0 = 0; i0 < i.size; i0 += SIZE) {
      const rows = Math.min(SIZE, i.size - i0);
      for (let j0 = 0; j0 < j.size; j0 += SIZE) {
        const columns = Math.min(SIZE, j.size - j0);
        for (let k0 = 0; k0 < k.size; k0 += SIZE) {
          const count = Math.min(SIZE, k.size - k0);
          pack(x!, slots[left.slot]!, at[1]! + i0 * iLeft!, rows, iLeft!, k, 0, k0, count);
          pack(y!, slots[right.slot]!, at[2]! + j0 * jRight!, columns, jRight!, k, 1, k0, count);
          multiply(rows, columns, count, x!, y!, sums!, k0 === 0);
        }
        const out = slots[output.slot]!;
        for (let row = 0; row < rows; row++) {
          const start = at[0]! + (i0 + row) * iOut! + j0 * jOut!;
          copyLoop(columns, out, start, jOut!, sums!, row * SIZE, 1);
        }
      }
    }
  };
}

/** Copies `rows` rows of `count` elements along k into a block, reading in the order that lies closer together. */
function pack(
  to: Float64Array,
  from: TypedArray,
  start: number,
  rows: number,
  rowStride: number,
  { strides, tables }: Summed,
  operand: 0 | 1,
  k0: number,
  count: number,
): void {
  const table = tables[operand];
  const stride = strides?.[operand] ?? 0;
  if (table) {
    for (let row = 0; row < rows; row++) {
      for (let p = 0; p < count; p++) to[row * SIZE + p] = from[start + row * rowStride + table[k0 + p]!]!;
    }
  } else if (Math.abs(stride) <= Math.abs(rowStride)) {
    for (let row = 0; row < rows; row++) {
      copyLoop(count, to, row * SIZE, 1, from, start + row * rowStride + k0 * stride, stride);
    }
  } else {
    for (let p = 0; p < count; p++) copyLoop(rows, to, p, SIZE, from, start + (k0 + p) * stride, rowStride);
  }
}

/** Adds the products of all rows of `x` with all rows of `y`; beyond the last rows, stale ones are computed along. */
function multiply(
  rows: number,
  columns: number,
  count: number,
  x: Float64Array,
  y: Float64Array,
  sums: Float64Array,
  fresh: boolean,
): void {
  if (fresh) for (let i = 0; i < rows; i++) sums.fill(0, i * SIZE, i * SIZE + columns);
  for (let i = 0; i < rows; i += 4) {
    for (let j = 0; j < columns; j += 2) addProducts(count, x, i * SIZE, y, j * SIZE, sums, i * SIZE + j);
  }
}

/** Four rows by two: as many sums as stay in registers. */
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
