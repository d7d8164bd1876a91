import { describe, expect, test, vi } from 'vitest';
import { MemoryLimitError } from './errors.ts';
import { Heap } from './heap.ts';
import { api } from './wasm-api.ts';

describe('the heap', () => {
  test('views are remade after growth, and keep what was written', () => {
    const heap = new Heap();
    const before = heap.views.float32;
    const address = heap.alloc(16);
    heap.write(address, Float32Array.of(1, 2, 3, 4), 'float32');
    const far = heap.alloc(8 * 2 ** 20);
    expect(before.length).toBe(0);
    heap.write(far, Float64Array.of(5), 'float64');
    expect([...heap.views.float32.subarray(address / 4, address / 4 + 4)]).toEqual([1, 2, 3, 4]);
    expect(heap.views.float64[far / 8]).toBe(5);
  });

  test('blocks do not overlap, and freed neighbours become one', () => {
    const heap = new Heap();
    const size = heap.bytes;
    const blocks = Array.from({ length: 5 }, (_, i) => heap.alloc(1000 * (i + 1)));
    const sorted = blocks.toSorted((a, b) => a - b);
    sorted.slice(1).forEach((address, i) => expect(address - sorted[i]!).toBeGreaterThanOrEqual(1000 * (i + 1)));
    for (const i of [1, 3, 0, 2, 4]) heap.free(blocks[i]!);
    expect(heap.alloc(size - 65536)).toBe(blocks[0]);
    expect(heap.bytes).toBe(size);
  });

  test('more than 4 GiB is refused, and the heap goes on', () => {
    const heap = new Heap();
    expect(() => heap.alloc(2 ** 32 + 1)).toThrow(MemoryLimitError);
    expect(() => heap.alloc(2 ** 32 - 4096)).toThrow('do not fit into linear memory (4 GiB at most');
    expect(heap.alloc(100)).toBeGreaterThan(0);
  });

  test.each([0, 2])('a machine that gives no memory at all is told from a fault, with %i threads', (threads) => {
    const none = vi.spyOn(api!, 'Memory').mockImplementation(function () {
      throw new RangeError('could not allocate memory');
    });
    try {
      expect(() => new Heap(threads)).toThrow(MemoryLimitError);
    } finally {
      none.mockRestore();
    }
    expect(new Heap(threads).alloc(100)).toBeGreaterThan(0);
  });
});
