import { describe, expect, test } from 'vitest';
import { threefry } from './random.ts';

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

describe('Threefry-2x32-20', () => {
  // Known answers published with Random123 (kat_vectors): key, counter, block.
  test.each([
    [0, 0, 0, 0, '6b200159 99ba4efe'],
    [-1, -1, -1, -1, '1cb996fc bb002be7'],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 'c4923a9c 483df7a0'],
  ])('key %i %i, counter %i %i', (k0, k1, c0, c1, block) => {
    const out = new Int32Array(2);
    threefry(k0, k1, c0, c1, out);
    expect(`${hex(out[0]!)} ${hex(out[1]!)}`).toBe(block);
  });

  test('bits are balanced and blocks differ', () => {
    const out = new Int32Array(2);
    const counts = new Array<number>(32).fill(0);
    const seen = new Set<number>();
    for (let i = 0; i < 4096; i++) {
      threefry(1, 2, 0, i, out);
      seen.add(out[0]!);
      counts.forEach((_, bit) => (counts[bit]! += (out[0]! >>> bit) & 1));
    }
    expect(seen.size).toBeGreaterThan(4090);
    // 4096 fair coins: standard deviation 32.
    for (const count of counts) expect(Math.abs(count - 2048)).toBeLessThan(160);
  });
});
