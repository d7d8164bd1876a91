import type { Plan } from '@jacobi/backend';
import { add, mul, sumReducer } from '@jacobi/backend/scalar';
import { describe, expect, test } from 'vitest';
import { createCpuBackend } from './index.ts';

describe('the CPU backend', () => {
  test('runs a plan of several kernels', () => {
    const cpu = createCpuBackend();
    const plan: Plan = {
      format: 1,
      slots: [
        { dtype: 'float32', length: 6, role: 'input' },
        { dtype: 'float32', length: 6, role: 'temporary', offset: 0 },
        { dtype: 'float32', length: 3, role: 'output' },
        { dtype: 'float32', length: 4, role: 'output' },
      ],
      inputs: [0],
      outputs: [2, 3],
      arenaBytes: 24,
      steps: [
        {
          kind: 'map',
          shape: [2, 3],
          inputs: [{ slot: 0, offset: 0, strides: [3, 1] }],
          output: { slot: 1, offset: 0, strides: [3, 1] },
          body: [
            { constant: 2 },
            { fn: mul, args: [0, 1], dtype: 'float32' },
            { fn: add, args: [2, 0], dtype: 'float32' },
          ],
        },
        {
          kind: 'reduce',
          reducer: sumReducer,
          kept: [3],
          reduced: [2],
          input: { slot: 1, offset: 0, strides: [1, 3] },
          output: { slot: 2, offset: 0, strides: [1] },
          accumulate: 'float32',
        },
        {
          kind: 'contract',
          batch: [],
          m: [2],
          n: [2],
          k: [3],
          left: { slot: 0, offset: 0, strides: [3, 1] },
          right: { slot: 0, offset: 0, strides: [3, 1] },
          output: { slot: 3, offset: 0, strides: [2, 1] },
          accumulate: 'float32',
        },
      ],
    };
    const executable = cpu.compile(plan);
    const [x, y, z] = [cpu.alloc('float32', 6), cpu.alloc('float32', 3), cpu.alloc('float32', 4)];
    cpu.write(x, new Float32Array([1, 2, 3, 4, 5, 6]));
    cpu.run(executable, [x], [y, z]);
    expect([...cpu.readSync!(y)]).toEqual([15, 21, 27]);
    expect([...cpu.readSync!(z)]).toEqual([14, 32, 32, 77]);
  });
});
