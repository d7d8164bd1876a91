import type { Plan } from '@jacobi/backend';
import { square } from '@jacobi/backend/scalar';
import { expect, test } from 'vitest';
import { createWasmBackend } from './index.ts';

const { gc } = globalThis as unknown as { gc: () => void };
const collect = async (): Promise<void> => {
  for (let i = 0; i < 4; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

test('an idle backend gives its memory back, and weights that are gone leave it', async () => {
  const backend = createWasmBackend({ tier: 'module' });
  const access = (slot: number): { slot: number; offset: number; strides: number[] } => ({
    slot,
    offset: 0,
    strides: [1],
  });
  const length = 1_000_000;
  const plan: Plan = {
    format: 1,
    slots: [
      { dtype: 'float32', length, role: 'input' },
      { dtype: 'float32', length, role: 'output' },
    ],
    inputs: [0],
    outputs: [1],
    arenaBytes: 0,
    steps: [
      {
        kind: 'map',
        shape: [length],
        inputs: [access(0)],
        output: access(1),
        body: [{ fn: square, args: [0], dtype: 'float32' }],
      },
    ],
  };
  const executable = backend.compile(plan);
  const out = backend.alloc('float32', length);
  const use = (): void => {
    const weights = new Float32Array(length).fill(2);
    for (let i = 0; i < 3; i++) backend.run(executable, [weights], [out]);
  };
  use();
  expect(backend.stats().residentBytes).toBe(4 * length);
  await collect();
  expect(backend.stats().memoryBytes).toBe(0);
  use();
  expect(backend.readSync(out)[0]).toBe(4);
});
