import { describe, expect, test } from 'vitest';
import { allocate, bytesPerElement, dtypeOf, promoteTypes, viewBytes } from './dtype.ts';
import {
  broadcastShapes,
  broadcastStrides,
  contiguousView,
  isContiguous,
  rowMajor,
  sameShape,
  sizeOf,
} from './layout.ts';

describe('layouts', () => {
  test('sizes and strides', () => {
    expect([sizeOf([]), sizeOf([2, 3]), sizeOf([2, 0])]).toEqual([1, 6, 0]);
    expect([rowMajor([]), rowMajor([2, 3, 4]), rowMajor([2, 0, 4])]).toEqual([[], [12, 4, 1], [0, 4, 1]]);
    expect([sameShape([2], [2]), sameShape([2], [2, 1]), sameShape([2], [3])]).toEqual([true, false, false]);
  });

  test('contiguous views: whole, in order, from the start', () => {
    expect(isContiguous(contiguousView([2, 3]))).toBe(true);
    expect(isContiguous({ offset: 1, shape: [2, 3], strides: [3, 1] })).toBe(false);
    expect(isContiguous({ offset: 0, shape: [2, 3], strides: [1, 2] })).toBe(false);
    expect(isContiguous({ offset: 0, shape: [1, 3], strides: [77, 1] })).toBe(true);
    expect(isContiguous({ offset: 0, shape: [0, 3], strides: [-5, 9] })).toBe(true);
  });

  test.each([
    [[], [3], [3]],
    [[2, 1], [3], [2, 3]],
    [[1], [0], [0]],
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [2], undefined],
    [[0], [2], undefined],
  ])('broadcasting %j with %j', (a, b, expected) => {
    expect(broadcastShapes(a, b)).toEqual(expected);
    expect(broadcastShapes(b, a)).toEqual(expected);
  });

  test('strides of a broadcast view stand still where it repeats', () => {
    expect(broadcastStrides(contiguousView([2, 1]), [4, 2, 3])).toEqual([0, 1, 0]);
    expect(broadcastStrides({ offset: 5, shape: [3], strides: [-2] }, [2, 3])).toEqual([0, -2]);
  });
});

describe('dtypes', () => {
  test('have an array class, a size and an order', () => {
    for (const dtype of ['float32', 'float64', 'int32', 'bool'] as const) {
      const array = allocate(dtype, 3);
      expect([dtypeOf(array), array.BYTES_PER_ELEMENT, array.length]).toEqual([dtype, bytesPerElement(dtype), 3]);
      const view = viewBytes(dtype, new ArrayBuffer(64), 16, 2);
      expect([dtypeOf(view), view.byteOffset, view.length]).toEqual([dtype, 16, 2]);
    }
    expect(promoteTypes('bool', 'int32')).toBe('int32');
    expect(promoteTypes('float64', 'float32')).toBe('float64');
    expect(dtypeOf([1, 2])).toBeUndefined();
  });
});
