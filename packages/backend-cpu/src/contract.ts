/**
 * Contractions: sums of products over any strides. The one idea: whatever axes there are become loops over rows, columns and
 * terms, and eight results at a time, of four rows and two columns, share what they read. Each is a float64 sum in the order
 * of its terms, by whichever way it is computed. Must not import scalar functions.
 */
import type { ContractKernel, Slot, TypedArray } from '@jacobi/backend';
import { collapse, resultsApart, takeRow } from '@jacobi/backend';
import { mapLoop } from './map.ts';
import type { Visit } from './nest.ts';
import { walk } from './nest.ts';

/**
 * Computes a tile of results: out[o], and those of up to three rows more (s1 … s3 on in the result, p1 … p3 on in a) and of
 * one column more (t on in the result, r on in b). Terms lie in runs of `length`, with strides p and q; `runs` has the places
 * in a and b where each begins, by turns.
 */
type Tile = (
  runs: readonly number[],
  length: number,
  out: TypedArray,
  o: number,
  a: TypedArray,
  i: number,
  p: number,
  b: TypedArray,
  j: number,
  q: number,
  s1: number,
  p1: number,
  s2: number,
  p2: number,
  s3: number,
  p3: number,
  t: number,
  r: number,
) => void;

export function contractLoop(kernel: ContractKernel, slots: readonly Slot[]): Visit {
  const { batch, m, n, k, left, right, output } = kernel;
  const first = batch.length;
  const bm = first + m.length;
  // Strides of output, left and right: an operand stands still along the axes that it does not have.
  const batches = collapse(batch, [output.strides, left.strides, right.strides]);
  const rows = collapse(m, [output.strides.slice(first), left.strides.slice(first), []]);
  const columns = collapse(n, [output.strides.slice(bm), [], right.strides.slice(first)]);
  const summed = collapse(k, [[], left.strides.slice(bm), right.strides.slice(first + n.length)]);
  const row = takeRow(rows, 3);
  const column = takeRow(columns, 3);
  // The operand with the longer axis comes first.
  const [x, y, long, short] = row.size < column.size ? ([2, 1, column, row] as const) : ([1, 2, row, column] as const);
  const [tile, tall, wide]: [Tile, number, number] =
    slots[output.slot]!.dtype === 'int32'
      ? [integers, 1, 1]
      : long.size === 1
        ? [one, 1, 1]
        : [short.size === 1 ? four : eight, 4, 2];
  // Where there are fewer rows than a tile has, the last stands in for those that lack.
  const [next, third, fourth] = [1, 2, 3].map((e) =>
    long.strides.map((stride) => Math.min(e, long.size - 1) * stride),
  ) as [number[], number[], number[]];
  const accesses = [output, left, right];
  const starts = accesses.map((access) => access.offset);
  const at = [0, 0, 0];
  const term = summed.pop() ?? takeRow([], 3);
  const runs: number[] = [];
  walk(summed, [0, 0, 0], at, () => runs.push(at[x]!, at[y]!))([]);
  return walk([...batches, ...rows, ...columns], starts, at, (arrays) => {
    for (let e = 0; e < long.size; e += tall)
      for (let f = 0; f < short.size; f += wide) {
        // The last tile reaches back rather than out.
        const i = Math.max(0, Math.min(e, long.size - tall));
        const j = Math.max(0, Math.min(f, short.size - wide));
        tile(
          runs,
          term.size,
          arrays[output.slot]!,
          at[0]! + i * long.strides[0]! + j * short.strides[0]!,
          arrays[accesses[x]!.slot]!,
          at[x]! + i * long.strides[x]!,
          term.strides[x]!,
          arrays[accesses[y]!.slot]!,
          at[y]! + j * short.strides[y]!,
          term.strides[y]!,
          next[0]!,
          next[x]!,
          third[0]!,
          third[x]!,
          fourth[0]!,
          fourth[x]!,
          short.strides[0]!,
          short.strides[y]!,
        );
      }
  });
}

/** A contraction with an epilogue: the results are gone through once more, where they lie. */
export function epilogueLoop(kernel: ContractKernel, slots: readonly Slot[], arrays: TypedArray[]): Visit {
  const [sums, made] = resultsApart(kernel);
  const first = contractLoop(sums, slots);
  const then = mapLoop(made, slots, arrays);
  return (each) => {
    first(each);
    then(each);
  };
}

/** Four rows of two columns. */
const eight: Tile = (runs, length, out, o, a, i, p, b, j, q, s1, p1, s2, p2, s3, p3, t, r) => {
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  let s20 = 0;
  let s21 = 0;
  let s30 = 0;
  let s31 = 0;
  for (let run = 0; run < runs.length; run += 2) {
    let from = i + runs[run]!;
    let by = j + runs[run + 1]!;
    for (let left = length; left-- > 0; from += p, by += q) {
      const a0 = a[from]!;
      const a1 = a[from + p1]!;
      const a2 = a[from + p2]!;
      const a3 = a[from + p3]!;
      const b0 = b[by]!;
      const b1 = b[by + r]!;
      s00 += a0 * b0;
      s01 += a0 * b1;
      s10 += a1 * b0;
      s11 += a1 * b1;
      s20 += a2 * b0;
      s21 += a2 * b1;
      s30 += a3 * b0;
      s31 += a3 * b1;
    }
  }
  out[o] = s00;
  out[o + s1] = s10;
  out[o + s2] = s20;
  out[o + s3] = s30;
  out[o + t] = s01;
  out[o + s1 + t] = s11;
  out[o + s2 + t] = s21;
  out[o + s3 + t] = s31;
};

/** Four rows of one column. */
const four: Tile = (runs, length, out, o, a, i, p, b, j, q, s1, p1, s2, p2, s3, p3) => {
  let s00 = 0;
  let s10 = 0;
  let s20 = 0;
  let s30 = 0;
  for (let run = 0; run < runs.length; run += 2) {
    let from = i + runs[run]!;
    let by = j + runs[run + 1]!;
    for (let left = length; left-- > 0; from += p, by += q) {
      const b0 = b[by]!;
      s00 += a[from]! * b0;
      s10 += a[from + p1]! * b0;
      s20 += a[from + p2]! * b0;
      s30 += a[from + p3]! * b0;
    }
  }
  out[o] = s00;
  out[o + s1] = s10;
  out[o + s2] = s20;
  out[o + s3] = s30;
};

/** One result alone. */
const one: Tile = (runs, length, out, o, a, i, p, b, j, q) => {
  let sum = 0;
  for (let run = 0; run < runs.length; run += 2) {
    let from = i + runs[run]!;
    let by = j + runs[run + 1]!;
    for (let left = length; left-- > 0; from += p, by += q) sum += a[from]! * b[by]!;
  }
  out[o] = sum;
};

/** One result alone, of integers, which wrap. */
const integers: Tile = (runs, length, out, o, a, i, p, b, j, q) => {
  let sum = 0;
  for (let run = 0; run < runs.length; run += 2) {
    let from = i + runs[run]!;
    let by = j + runs[run + 1]!;
    for (let left = length; left-- > 0; from += p, by += q) sum = (sum + Math.imul(a[from]!, b[by]!)) | 0;
  }
  out[o] = sum;
};
