/**
 * Reductions. The one idea: a row of elements is folded into one accumulator, or, where rows are short or far apart, a row
 * of accumulators takes one element each at a time; for each result both take the elements in the same order.
 * Must not import reducers: the kernel brings its own.
 */
import type { Fold, ReduceKernel } from '@jacobi/backend';
import { copyLoop } from '@jacobi/backend';
import { callPairs } from './map.ts';
import type { Visit } from './nest.ts';
import { collapse, takeRow, walk } from './nest.ts';
import { BLOCK, createPartial } from './partial.ts';

/** Accumulators side by side. */
const WIDTH = 256;

export function reduceLoop({ kept, reduced, input, output, reducer, accumulate }: ReduceKernel): Visit {
  // Axes of the result, with strides of output and input, and axes that vanish, with strides of the input.
  const results = collapse(kept, [output.strides, input.strides]);
  const outer = collapse(reduced, [input.strides.slice(kept.length)]);
  const integer = accumulate === 'int32';
  const combine = (integer ? reducer.int : undefined) ?? reducer.js;
  // Of no elements at all, the nearest number that the dtype can hold.
  const identity = integer ? Math.min(Math.max(reducer.identity, -2147483648), 2147483647) : reducer.identity;
  const length = reduced.reduce((a, b) => a * b, 1);
  const single = takeRow([], 2);
  const rest = [...results];
  const side = takeRow(rest, 2);
  const last = outer.at(-1) ?? single;
  const apart =
    (last.size < 16 || Math.abs(last.strides[0]!) > Math.abs(side.strides[1]!)) &&
    side.size >= 8 &&
    side.size > Math.min(last.size, 16);
  const [lane, row, around] = apart ? [side, single, rest] : [single, outer.pop() ?? single, results];
  const [outStride, inStride] = lane.strides as [number, number];
  const stride = row.strides[0]!;
  const starts = [output.offset, input.offset];
  const at = [0, 0];
  const fold: Fold =
    reducer.fold ??
    ((t, n, a, i, p) => {
      for (; n-- > 0; i += p) t = combine(t, a[i]!);
      return t;
    });
  if (!apart && length <= BLOCK && outer.length === 0)
    return walk(around, starts, at, (slots) => {
      slots[output.slot]![at[0]!] = fold(identity, row.size, slots[input.slot]!, at[1]!, stride);
    });
  const loop = reducer.loop ?? callPairs(combine);
  const width = Math.min(WIDTH, lane.size);
  const partial = createPartial(combine, identity, width, length);
  const { accumulators } = partial;
  const from = [0];
  let first = 0;
  let count = 0;
  const takeAll = walk(outer, [0], from, (slots) => {
    const source = slots[input.slot]!;
    let start = at[1]! + first * inStride + from[0]!;
    for (let left = row.size; left > 0; ) {
      const some = Math.min(left, partial.room());
      if (apart) loop(count, accumulators, 0, 1, accumulators, 0, 1, source, start, inStride, accumulators, 0, 1);
      else accumulators[0] = fold(accumulators[0]!, some, source, start, stride);
      partial.advance(some);
      start += some * stride;
      left -= some;
    }
  });
  return walk(around, starts, at, (slots) => {
    for (first = 0; first < lane.size; first += width) {
      count = Math.min(width, lane.size - first);
      partial.start();
      takeAll(slots);
      partial.finish();
      copyLoop(count, slots[output.slot]!, at[0]! + first * outStride, outStride, accumulators, 0, 1);
    }
  });
}
