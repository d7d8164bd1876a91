/** @jacobi/backend-wasm: plans as WebAssembly modules, with vectors of 128 bits. See wasm.ts. */

export { MemoryLimitError, NoWebAssemblyError } from './errors.ts';
export type { Tier, WasmBackend, WasmOptions, WasmStats } from './wasm.ts';
export { createWasmBackend, wasm } from './wasm.ts';
