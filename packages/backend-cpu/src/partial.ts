/**
 * Partial results of a reduction. The one idea: blocks of elements are combined like the digits of a binary counter, so
 * that rounding errors grow with the logarithm of the number of blocks, and the order depends on nothing but that number.
 * Must not import anything.
 */

/** Elements that go one after the other into an accumulator before it is combined with others. */
export const BLOCK = 256;

/** Accumulators of some reductions side by side, and the blocks that were done before. */
export interface Partial {
  /** One accumulator for each reduction. */
  readonly accumulators: Float64Array;
  /** Forgets everything. */
  start(): void;
  /** Says that each accumulator has taken `count` elements more: at most up to `BLOCK` since the last block. */
  advance(count: number): void;
  /** Elements that still fit the current block. */
  room(): number;
  /** Combines all blocks into the accumulators. */
  finish(): void;
}

/** Room for `width` reductions of `length` elements each. */
export function createPartial(
  combine: (a: number, b: number) => number,
  identity: number,
  width: number,
  length: number,
): Partial {
  const done = new Float64Array(width * Math.ceil(Math.log2(length / BLOCK + 2)));
  const accumulators = new Float64Array(width);
  let filled = 0;
  let blocks = 0;
  const merge = (level: number): void => {
    for (let i = 0; i < width; i++) accumulators[i] = combine(done[level * width + i]!, accumulators[i]!);
  };
  return {
    accumulators,
    start(): void {
      accumulators.fill(identity);
      filled = 0;
      blocks = 0;
    },
    advance(count): void {
      filled += count;
      if (filled < BLOCK) return;
      let level = 0;
      for (let bits = blocks; bits & 1; bits >>= 1) merge(level++);
      done.set(accumulators, level * width);
      accumulators.fill(identity);
      blocks++;
      filled = 0;
    },
    room: () => BLOCK - filled,
    finish(): void {
      let level = 0;
      for (let bits = blocks; bits; bits >>= 1, level++) if (bits & 1) merge(level);
    },
  };
}
