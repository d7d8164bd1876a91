/** Random numbers for tests: the same ones each time, from a text. Must not import Jacobi. */

/** Uniform numbers in [0, 1). */
export type Random = () => number;

/** A stream of numbers that depends on `text` alone (a multiplicative congruential generator with mixed output). */
export function randomFrom(text: string): Random {
  let state = 2166136261;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16777619);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    let word = state ^ (state >>> 15);
    word = Math.imul(word, 0x2c1b3c6d);
    word ^= word >>> 12;
    word = Math.imul(word, 0x297a2d39);
    word ^= word >>> 15;
    return (word >>> 0) / 4294967296;
  };
}

/** Numbers in (−1, 1) of sizes at least 0.25: directions in which nothing hides. */
export function directionFrom(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => (0.25 + 0.75 * random()) * (random() < 0.5 ? -1 : 1));
}
