/** The tiers agree to the last bit: the whole conformance suite, run on two backends at once. */
import { describeBackend } from '@jacobi/backend/conformance';
import { tandem, withLoops } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { createWasmBackend as create, type WasmOptions } from './index.ts';

/** Plans of the suite are written by hand and bring no loops. */
const createWasmBackend = (options?: WasmOptions) => withLoops(create(options));

const kit = { describe, test, expect };
describeBackend(
  'modules and steps together',
  () => tandem(createWasmBackend({ tier: 'module', fused: false }), createWasmBackend({ tier: 'steps' })),
  kit,
);
describeBackend(
  'vectors and single numbers together',
  () => tandem(createWasmBackend({ tier: 'module', fused: false }), createWasmBackend({ tier: 'module', simd: false })),
  kit,
);
describeBackend(
  'choice by cost and steps together',
  () => tandem(createWasmBackend({ fused: false }), createWasmBackend({ tier: 'steps' })),
  kit,
);
