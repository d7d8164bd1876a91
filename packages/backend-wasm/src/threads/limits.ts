/** Numbers that plans and pools agree on. Must not import anything. */

/** Bits of a job's state that count parts. */
export const PART_BITS = 7;
/** Parts of a job at most. */
export const MOST_PARTS: number = 2 ** PART_BITS - 1;
/** Threads at most: each has scratch memory of its own. */
export const MOST_THREADS = 32;
