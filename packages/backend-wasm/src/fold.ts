/**
 * The order of floating reductions in JavaScript: the same as recipes/fold.ts, to the last bit.
 * The one idea: see there. Must not import plans.
 */
import type { Reducer } from '@jacobi/backend';
import { BLOCK, LANES } from './recipes/fold.ts';

const sums = new Float64Array(LANES);

function foldBlock(
  op: (a: number, b: number) => number,
  identity: number,
  elements: Float64Array,
  start: number,
  end: number,
): number {
  sums.fill(identity);
  for (let i = start; i < end; i++) sums[(i - start) & 7] = op(sums[(i - start) & 7]!, elements[i]!);
  const four = (i: number): number => op(op(sums[i]!, sums[i + 4]!), op(sums[i + 2]!, sums[i + 6]!));
  return op(four(0), four(1));
}

/** All elements combined. */
export function foldElements({ js: op, identity }: Reducer, elements: Float64Array): number {
  if (elements.length <= BLOCK) return foldBlock(op, identity, elements, 0, elements.length);
  const levels: number[] = [];
  let blocks = 0;
  for (let start = 0; start < elements.length; start += BLOCK) {
    let total = foldBlock(op, identity, elements, start, Math.min(start + BLOCK, elements.length));
    let level = 0;
    for (let bits = blocks; bits & 1; bits >>>= 1) total = op(levels[level++]!, total);
    levels[level] = total;
    blocks++;
  }
  let result = identity;
  for (let bits = blocks, level = 0; bits; bits >>>= 1, level++) if (bits & 1) result = op(levels[level]!, result);
  return result;
}
