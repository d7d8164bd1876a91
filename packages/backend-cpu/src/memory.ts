/**
 * Where the elements of tensors live. The one idea: a typed array of up to 64 bytes is cheap by itself, a view on a shared
 * slab is cheap up to a few kilobytes, and only beyond that does an array get an ArrayBuffer of its own.
 * Nothing needs to be freed: the garbage collector takes an ArrayBuffer when the last view on it is gone.
 * Must not import anything but dtypes.
 */
import type { DType, TypedArray } from '@jacobi/backend';
import { allocate, bytesPerElement, viewBytes } from '@jacobi/backend';

const ON_HEAP_BYTES = 64;
const LARGEST_SHARED = 4096;
const SLAB_BYTES = 65536;

/** A function that hands out arrays with unspecified contents, from slabs of its own. */
export function createAllocator(): (dtype: DType, length: number) => TypedArray {
  let slab: ArrayBuffer;
  let used = SLAB_BYTES;
  return (dtype, length) => {
    const bytes = length * bytesPerElement(dtype);
    if (bytes <= ON_HEAP_BYTES || bytes > LARGEST_SHARED) return allocate(dtype, length);
    if (used + bytes > SLAB_BYTES) {
      slab = new ArrayBuffer(SLAB_BYTES);
      used = 0;
    }
    const view = viewBytes(dtype, slab, used, length);
    used = (used + bytes + 7) & -8;
    return view;
  };
}
