/** The tiers agree to the last bit: the whole conformance suite, run on two backends at once. */
import type { Backend, BufferRef, Executable, TypedArray } from '@jacobi/backend';
import { describeBackend } from '@jacobi/backend/conformance';
import { withLoops } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { createWasmBackend as create, type WasmOptions } from './index.ts';

/** Plans of the suite are written by hand and bring no loops. */
const createWasmBackend = (options?: WasmOptions) => withLoops(create(options));

/** Two backends over the same typed arrays; a run throws where their results differ. */
function tandem(one: Backend, other: Backend): Backend {
  const others = new WeakMap<Executable, Executable>();
  return {
    ...one,
    compile(plan): Executable {
      const executable = one.compile(plan);
      others.set(executable, other.compile(plan));
      return executable;
    },
    run(executable, inputs, outputs: readonly BufferRef[]): void {
      const arrays = outputs as readonly TypedArray[];
      const before = arrays.map((array) => array.slice());
      other.run(others.get(executable)!, inputs, outputs);
      const expected = arrays.map((array) => array.slice());
      arrays.forEach((array, i) => array.set(before[i]!));
      one.run(executable, inputs, outputs);
      arrays.forEach((array, i) => {
        const at = array.findIndex((value, j) => !Object.is(value, expected[i]![j]));
        if (at >= 0) throw new Error(`output ${i}[${at}]: ${array[at]} and ${expected[i]![at]}`);
      });
    },
  };
}

const kit = { describe, test, expect };
describeBackend(
  'modules and steps together',
  () => tandem(createWasmBackend({ tier: 'module' }), createWasmBackend({ tier: 'steps' })),
  kit,
);
describeBackend(
  'vectors and single numbers together',
  () => tandem(createWasmBackend({ tier: 'module' }), createWasmBackend({ tier: 'module', simd: false })),
  kit,
);
describeBackend(
  'choice by cost and steps together',
  () => tandem(createWasmBackend(), createWasmBackend({ tier: 'steps' })),
  kit,
);
