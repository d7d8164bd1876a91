/** Errors of this package, of the family of all others. */
import { JacobiError } from '@jacobi/backend';

/**
 * There is no WebAssembly, or a content security policy forbids it.
 *
 * Fails: `createWasmBackend()` under `script-src 'self'`. Works: add `'wasm-unsafe-eval'`, or use `createCpuBackend()`.
 */
export class NoWebAssemblyError extends JacobiError {
  override name = 'NoWebAssemblyError';
  constructor(why: string) {
    super(`WebAssembly cannot be used here: ${why}. Use the CPU backend, createCpuBackend() of @jacobi/backend-cpu.`);
  }
}

/**
 * A plan needs more than WebAssembly's 4 GiB, or more than the machine gives.
 *
 * Fails: a product of two 40000×40000 matrices. Works: the same in blocks, or with `chunkSize` for a Jacobian.
 */
export class MemoryLimitError extends JacobiError {
  override name = 'MemoryLimitError';
  constructor(bytes: number) {
    super(
      `wasm: ${(bytes / 2 ** 20).toFixed(0)} MiB more do not fit into linear memory (4 GiB at most, less if the machine has less, or limits address space). ` +
        'Split the computation: smaller blocks, chunkSize or memoryBudget for a Jacobian, or the CPU backend.',
    );
  }
}
