/**
 * Memory for large results. The one idea: what results have left is kept, and handed out as it is.
 *
 * glibc's malloc maps each block above 128 kB anew and gives freed ones back to the system, so that every page of a result
 * faults: 600 µs for 1.2 MB that take 70 µs where pages are in place. Once it has freed a larger block that it had mapped, it
 * takes blocks up to that size from memory that it keeps, and keeps up to twice that size (`M_MMAP_THRESHOLD` in mallopt(3)).
 * 32 MB is the most that it goes by. What is kept has to be cleared for an array, a quarter of the time that clearing and filling
 * take; `Buffer` of Node and Bun leaves it as it is. Must not import plans.
 */
import type { DType, TypedArray } from '@jacobi/backend';
import { bytesPerElement, viewBytes } from '@jacobi/backend';

const MOST_KEPT = 32 * 2 ** 20 - 8192;

interface Host {
  readonly process?: { readonly platform?: string };
  readonly Buffer?: { readonly allocUnsafeSlow?: (bytes: number) => Uint8Array<ArrayBuffer> };
}
const host = globalThis as Host;

let asked = false;

/** Makes the process keep memory, once: a block that nobody touches, which the next garbage collection frees. */
function keepMemory(): void {
  if (asked) return;
  asked = true;
  if (host.process?.platform !== 'linux') return;
  try {
    void new ArrayBuffer(MOST_KEPT);
  } catch {
    // Where there is no room for it, there is none to keep.
  }
}

/** An array that holds anything; undefined where only cleared ones are to be had, or cost nothing, as fresh pages do. */
export function unclearedArray(dtype: DType, length: number): TypedArray | undefined {
  keepMemory();
  const bytes = length * bytesPerElement(dtype);
  if (bytes > MOST_KEPT) return undefined;
  const block = host.Buffer?.allocUnsafeSlow?.(bytes);
  return block && viewBytes(dtype, block.buffer, block.byteOffset, length);
}
