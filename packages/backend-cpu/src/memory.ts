/**
 * Where the elements of tensors live. The one idea: a typed array of up to 64 bytes is cheap by itself, a view on a shared
 * slab is cheap up to a few kilobytes, and only beyond that does an array get an ArrayBuffer of its own.
 * Nothing is ever freed by hand: the garbage collector takes an ArrayBuffer when the last view on it is gone.
 * Must not import anything but dtypes.
 */
import type { DType, TypedArray } from '@jacobi/backend';
import { allocate, bytesPerElement, viewBytes } from '@jacobi/backend';

const ON_HEAP_BYTES = 64;
const LARGEST_SHARED = 4096;
const SLAB_BYTES = 65536;

/** Hands out arrays with unspecified contents. */
export interface Memory {
  allocate(dtype: DType, length: number): TypedArray;
  /** ArrayBuffers alive, slabs and those of single arrays; arrays of up to 64 bytes have none. */
  buffers(): number;
  /** The bytes of those ArrayBuffers. */
  bytes(): number;
}

/** A memory with slabs of its own. */
export function createMemory(): Memory {
  let slab: ArrayBuffer | undefined;
  let used = SLAB_BYTES;
  let buffers = 0;
  let bytes = 0;
  const count = (sign: number, size: number): void => {
    buffers += sign;
    bytes += sign * size;
  };
  const registry = new FinalizationRegistry<number>((size) => count(-1, size));
  const register = (buffer: ArrayBuffer): void => {
    count(1, buffer.byteLength);
    registry.register(buffer, buffer.byteLength);
  };
  return {
    allocate(dtype, length): TypedArray {
      const size = length * bytesPerElement(dtype);
      if (size <= ON_HEAP_BYTES) return allocate(dtype, length);
      if (size > LARGEST_SHARED) {
        const own = allocate(dtype, length);
        register(own.buffer as ArrayBuffer);
        return own;
      }
      if (used + size > SLAB_BYTES) {
        register((slab = new ArrayBuffer(SLAB_BYTES)));
        used = 0;
      }
      const view = viewBytes(dtype, slab!, used, length);
      used = (used + size + 7) & -8;
      return view;
    },
    buffers: () => buffers,
    bytes: () => bytes,
  };
}
