/**
 * Where the elements of tensors live. The one idea: a typed array of up to 64 bytes is cheap by itself, a view on a shared
 * slab is cheap up to a few kilobytes, and only beyond that does an array get an ArrayBuffer of its own.
 * Nothing is ever freed by hand: the garbage collector takes a slab when the last view on it is gone.
 * Must not import anything but dtypes.
 */
import type { DType, TypedArray } from '@jacobi/backend';
import { allocate, bytesPerElement, viewBytes } from '@jacobi/backend';

const ON_HEAP_BYTES = 64;
const LARGEST_SHARED = 4096;
const SLAB_BYTES = 65536;

/** Hands out arrays with unspecified contents, and counts them. */
export interface Memory {
  readonly allocate: (dtype: DType, length: number) => TypedArray;
  buffers: number;
  bytes: number;
}

/** A memory with a slab of its own. */
export function createMemory(): Memory {
  let slab = new ArrayBuffer(SLAB_BYTES);
  let used = 0;
  const memory: Memory = {
    buffers: 0,
    bytes: 0,
    allocate(dtype: DType, length: number): TypedArray {
      const bytes = length * bytesPerElement(dtype);
      memory.buffers++;
      memory.bytes += bytes;
      if (bytes <= ON_HEAP_BYTES || bytes > LARGEST_SHARED) return allocate(dtype, length);
      if (used + bytes > SLAB_BYTES) {
        slab = new ArrayBuffer(SLAB_BYTES);
        used = 0;
      }
      const view = viewBytes(dtype, slab, used, length);
      used = (used + bytes + 7) & -8;
      return view;
    },
  };
  return memory;
}
