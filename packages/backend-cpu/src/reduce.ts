/**
 * Reductions. The one idea: a row of elements is folded into one accumulator, or, where rows are short or far apart, a row
 * of accumulators takes one element each at a time; for each result both take the elements in the same order.
 * Must not import reducers: the kernel brings its own.
 */
import type { Fold, ReduceKernel } from '@jacobi/backend';
import { copyLoop } from '@jacobi/backend';
import { callPairs } from './map.ts';
import type { Axis, Visit } from './nest.ts';
import { collapse, takeRow, walk } from './nest.ts';
import { BLOCK, createPartial } from './partial.ts';

/** Accumulators side by side. */
const WIDTH = 256;

/** What both ways of reducing start from. */
interface Reduction {
  readonly kernel: ReduceKernel;
  readonly combine: (accumulator: number, value: number) => number;
  readonly identity: number;
  /** Axes of the result, with strides of output and input. */
  readonly kept: readonly Axis[];
  /** Axes that vanish, with strides of the input, outermost first. */
  readonly reduced: readonly Axis[];
  /** Elements that one result is made of. */
  readonly length: number;
}

export function reduceLoop(kernel: ReduceKernel): Visit {
  const { input, output, reducer, accumulate } = kernel;
  const rank = kernel.kept.length;
  const kept = collapse(kernel.kept, [output.strides, input.strides.slice(0, rank)]);
  const reduced = collapse(kernel.reduced, [input.strides.slice(rank)]);
  const combine = (accumulate === 'int32' ? reducer.int : undefined) ?? reducer.js;
  // Of no elements at all, the nearest number that the dtype can hold.
  const identity =
    accumulate === 'int32' ? Math.min(Math.max(reducer.identity, -2147483648), 2147483647) : reducer.identity;
  const length = kernel.reduced.reduce((a, b) => a * b, 1);
  const reduction: Reduction = { kernel, combine, identity, kept, reduced, length };
  const rest = [...kept];
  const lane = takeRow(rest, 2);
  const row = reduced.at(-1);
  const apart = row && (row.size < 16 || Math.abs(row.strides[0]!) > Math.abs(lane.strides[1]!));
  return apart && lane.size >= 8 && lane.size > Math.min(row.size, 16)
    ? acrossRows(reduction, lane, rest)
    : alongRows(reduction);
}

/** One result at a time: each row is folded into it. */
function alongRows({ kernel, combine, identity, kept, reduced, length }: Reduction): Visit {
  const { reducer, input, output } = kernel;
  const at = [0, 0];
  const from = [0];
  const outer = [...reduced];
  const { size, strides } = outer.pop() ?? takeRow([], 1);
  const [stride] = strides;
  const generic: Fold = (t, n, a, i, p) => {
    for (; n-- > 0; i += p) t = combine(t, a[i]!);
    return t;
  };
  const fold = reducer.fold ?? generic;
  const starts = [output.offset, input.offset];
  if (length <= BLOCK && outer.length === 0) {
    return walk(kept, starts, at, (slots) => {
      slots[output.slot]![at[0]!] = fold(identity, size, slots[input.slot]!, at[1]!, stride!);
    });
  }
  const partial = createPartial(combine, identity, 1, length);
  const { accumulators } = partial;
  const takeAll = walk(outer, [0], from, (slots) => {
    let start = at[1]! + from[0]!;
    for (let left = size; left > 0; ) {
      const count = Math.min(left, partial.room());
      accumulators[0] = fold(accumulators[0]!, count, slots[input.slot]!, start, stride!);
      partial.advance(count);
      start += count * stride!;
      left -= count;
    }
  });
  return walk(kept, starts, at, (slots) => {
    partial.start();
    takeAll(slots);
    partial.finish();
    slots[output.slot]![at[0]!] = accumulators[0]!;
  });
}

/** Up to WIDTH results side by side along `lane`: all take one element, then all take the next. */
function acrossRows(
  { kernel, combine, identity, reduced, length }: Reduction,
  lane: Axis,
  rest: readonly Axis[],
): Visit {
  const { reducer, input, output } = kernel;
  const at = [0, 0];
  const from = [0];
  const [outStride, inStride] = lane.strides;
  const width = Math.min(WIDTH, lane.size);
  const partial = createPartial(combine, identity, width, length);
  const { accumulators } = partial;
  const loop = reducer.loop ?? callPairs(combine);
  let first = 0;
  let count = 0;
  const takeAll = walk(reduced, [0], from, (slots) => {
    const source = slots[input.slot]!;
    const start = at[1]! + first * inStride! + from[0]!;
    loop(count, accumulators, 0, 1, accumulators, 0, 1, source, start, inStride!, accumulators, 0, 1);
    partial.advance(1);
  });
  return walk(rest, [output.offset, input.offset], at, (slots) => {
    const out = slots[output.slot]!;
    for (first = 0; first < lane.size; first += width) {
      count = Math.min(width, lane.size - first);
      partial.start();
      takeAll(slots);
      partial.finish();
      const start = at[0]! + first * outStride!;
      copyLoop(count, out, start, outStride!, accumulators, 0, 1);
    }
  });
}
