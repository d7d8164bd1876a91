import { describe, expect, test } from 'vitest';
import { createAllocator } from './memory.ts';

describe('the allocator', () => {
  test('gives arrays of the dtype and length asked for', () => {
    const allocate = createAllocator();
    for (const length of [0, 1, 16, 17, 1000, 5000]) {
      expect(allocate('float32', length)).toBeInstanceOf(Float32Array);
      expect(allocate('float64', length)).toBeInstanceOf(Float64Array);
      expect(allocate('int32', length)).toBeInstanceOf(Int32Array);
      expect(allocate('bool', length)).toBeInstanceOf(Uint8Array);
      expect(allocate('float64', length)).toHaveLength(length);
    }
  });

  test('cuts small arrays from shared slabs, and leaves tiny and large ones alone', () => {
    const allocate = createAllocator();
    expect(allocate('float32', 20).buffer).toBe(allocate('float64', 500).buffer);
    expect(allocate('float32', 16).buffer.byteLength).toBe(64);
    expect(allocate('float32', 1025).buffer.byteLength).toBe(4100);
  });

  test('never gives the same bytes twice, whatever the mixture of sizes', () => {
    const allocate = createAllocator();
    const dtypes = ['bool', 'float32', 'float64', 'int32'] as const;
    const arrays = Array.from({ length: 3000 }, (_, i) => allocate(dtypes[i % 4]!, (i * 37) % 700));
    arrays.forEach((array, i) => array.fill(i % 251));
    arrays.forEach((array, i) => expect(array.every((value) => value === i % 251)).toBe(true));
  });
});
