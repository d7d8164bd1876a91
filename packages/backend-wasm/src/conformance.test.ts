import { describeBackend } from '@jacobi/backend/conformance';
import { withLoops } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { createWasmBackend as create, type WasmOptions } from './index.ts';

/** Plans of the suite are written by hand and bring no loops. */
const createWasmBackend = (options?: WasmOptions) => withLoops(create(options));

const kit = { describe, test, expect };
describeBackend('wasm', createWasmBackend, kit);
describeBackend('wasm, always modules', () => createWasmBackend({ tier: 'module' }), kit);
describeBackend('wasm, never modules', () => createWasmBackend({ tier: 'steps' }), kit);
describeBackend('wasm without vectors', () => createWasmBackend({ tier: 'module', simd: false }), kit);
