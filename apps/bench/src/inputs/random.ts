/*
 * Numbers that every run, machine and language sees alike. The one idea: value i depends on seed and i alone, and every
 * value is exactly a float32, so that float32 and float64 programs get the same inputs.
 */

/** mulberry32 as a function of (seed, i): 32 bits. */
export function bits(seed: number, i: number): number {
  const a = (seed + Math.imul(i + 1, 0x6d2b79f5)) | 0;
  let t = Math.imul(a ^ (a >>> 15), 1 | a);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
}

/** n numbers, even over [offset − scale, offset + scale). */
export function uniform(seed: number, n: number, scale = 1, offset = 0): Float64Array {
  return Float64Array.from({ length: n }, (_, i) =>
    Math.fround(offset + scale * ((bits(seed, i) >>> 8) / 2 ** 23 - 1)),
  );
}
