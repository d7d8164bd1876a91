/**
 * Makes the process keep memory that results have left.
 * The one idea: glibc's malloc maps each block above 128 kB anew and gives freed ones back to the system, so that every page
 * of a result faults: 600 µs for 1.2 MB that take 70 µs where pages are in place. Once it has freed a larger block that it
 * had mapped, it takes blocks up to that size from memory that it keeps, and keeps up to twice that size (`M_MMAP_THRESHOLD`
 * in mallopt(3)). 32 MB is the most that it goes by. Must not import anything.
 */
const SIZE = 32 * 2 ** 20 - 8192;

let asked = false;

/** Asks for it once: a block that nobody touches, which the next garbage collection frees. */
export function keepMemory(): void {
  if (asked) return;
  asked = true;
  if ((globalThis as { process?: { platform?: string } }).process?.platform !== 'linux') return;
  try {
    void new ArrayBuffer(SIZE);
  } catch {
    // Where there is no room for it, there is none to keep.
  }
}
