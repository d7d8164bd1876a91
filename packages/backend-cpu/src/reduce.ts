/**
 * Reductions. The one idea: elements go into an accumulator block by block, and blocks are combined like the digits of a
 * binary counter, so that rounding errors grow with the logarithm of their number, and the order depends on nothing else.
 * Must not import reducers: the kernel brings its own.
 */
import type { Fold, ReduceKernel, Slot } from '@jacobi/backend';
import { allocate, collapse, sizeOf, takeRow, termsApart, termType } from '@jacobi/backend';
import { mapLoop } from './map.ts';
import type { Slots, Visit } from './nest.ts';
import { walk } from './nest.ts';

/** Elements that go one after the other into an accumulator before it is combined with others. */
const BLOCK = 256;

export function reduceLoop(kernel: ReduceKernel): Visit {
  const { kept, reduced, input, output } = kernel;
  // Axes of the result, with strides of output and input, and axes that vanish, with strides of the input.
  const results = collapse(kept, [output.strides, input.strides]);
  const outer = collapse(reduced, [input.strides.slice(kept.length)]);
  const row = outer.pop() ?? takeRow([], 1);
  const stride = row.strides[0]!;
  const [identity, combine, fold] = monoidOf(kernel);
  const at = [0, 0];
  const starts = [output.offset, input.offset];
  if (outer.length === 0 && row.size <= BLOCK)
    return walk(results, starts, at, (slots) => {
      slots[output.slot]![at[0]!] = fold(identity, row.size, slots[input.slot]!, at[1]!, stride);
    });
  const from = [0];
  // Of 1, 2, 4 … blocks, the most first: one for each binary digit of the number of blocks that is 1.
  const done: number[] = [];
  let blocks = 0;
  let filled = 0;
  let value = identity;
  const takeAll = walk(outer, [0], from, (slots) => {
    let start = at[1]! + from[0]!;
    for (let left = row.size; left > 0; ) {
      const count = Math.min(left, BLOCK - filled);
      value = fold(value, count, slots[input.slot]!, start, stride);
      start += count * stride;
      left -= count;
      filled += count;
      if (filled < BLOCK) return;
      for (let digits = blocks++; digits & 1; digits >>= 1) value = combine(done.pop()!, value);
      done.push(value);
      value = identity;
      filled = 0;
    }
  });
  return walk(results, starts, at, (slots) => {
    value = identity;
    filled = 0;
    blocks = 0;
    takeAll(slots);
    while (done.length > 0) value = combine(done.pop()!, value);
    slots[output.slot]![at[0]!] = value;
  });
}

type Combine = (accumulator: number, value: number) => number;

/** What a kernel combines elements with, in the dtype that it accumulates in. */
function monoidOf({ reducer, accumulate }: ReduceKernel): [identity: number, Combine, Fold] {
  const integer = accumulate === 'int32';
  const combine = (integer ? reducer.int : undefined) ?? reducer.js;
  const fold: Fold = (t, n, a, i, p) => {
    for (; n-- > 0; i += p) t = combine(t, a[i]!);
    return t;
  };
  // Of no elements at all, the nearest number that the dtype can hold.
  const identity = integer ? Math.min(Math.max(reducer.identity, -2147483648), 2147483647) : reducer.identity;
  return [identity, combine, reducer.fold ?? fold];
}

/** A reduction with a prologue: its terms go to an array first, since a function call for each would cost more. */
export function prologueLoop(kernel: ReduceKernel, slots: readonly Slot[], arrays: Slots): Visit {
  const dtype = termType(kernel, slots);
  const length = sizeOf([...kernel.kept, ...kernel.reduced]);
  const slot = arrays.push(allocate(dtype, length)) - 1;
  const [make, reduce] = termsApart(kernel, slot);
  const all = [...slots];
  all[slot] = { dtype, length, role: 'temporary' };
  const first = mapLoop(make, all, arrays);
  const then = reduceLoop(reduce);
  return (each) => {
    first(each);
    then(each);
  };
}
