import type { Backend, Plan } from '@jacobi/backend';
import { add, maxReducer, mul, sin, sumReducer } from '@jacobi/backend/scalar';
import { fullCpuBackend } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import type { CpuExecutable } from './compile.ts';
import { cpu, createCpuBackend } from './index.ts';

const SIZE = 40;

/** Kernels of several kinds, with constants and a temporary, large enough for every fast path. */
const PLAN: Plan = {
  format: 1,
  slots: [
    { dtype: 'float32', length: SIZE * SIZE, role: 'input' },
    { dtype: 'float32', length: SIZE * SIZE, role: 'temporary', offset: 0 },
    { dtype: 'float32', length: SIZE * SIZE, role: 'temporary', offset: 4 * SIZE * SIZE },
    { dtype: 'float32', length: SIZE, role: 'output' },
    { dtype: 'float32', length: 1, role: 'output' },
  ],
  inputs: [0],
  outputs: [3, 4],
  arenaBytes: 8 * SIZE * SIZE,
  steps: [
    {
      kind: 'map',
      shape: [SIZE, SIZE],
      inputs: [{ slot: 0, offset: 0, strides: [1, SIZE] }],
      output: { slot: 1, offset: 0, strides: [SIZE, 1] },
      body: [
        { constant: 2 },
        { fn: mul, args: [0, 1], dtype: 'float32' },
        { fn: sin, args: [2], dtype: 'float32' },
        { fn: add, args: [2, 3], dtype: 'float32' },
      ],
    },
    {
      kind: 'contract',
      batch: [],
      m: [SIZE],
      n: [SIZE],
      k: [SIZE],
      left: { slot: 0, offset: 0, strides: [SIZE, 1] },
      right: { slot: 1, offset: 0, strides: [1, SIZE] },
      output: { slot: 2, offset: 0, strides: [SIZE, 1] },
      accumulate: 'float32',
    },
    {
      kind: 'reduce',
      reducer: sumReducer,
      kept: [SIZE],
      reduced: [SIZE],
      input: { slot: 2, offset: 0, strides: [1, SIZE] },
      output: { slot: 3, offset: 0, strides: [1] },
      accumulate: 'float32',
    },
    {
      kind: 'reduce',
      reducer: maxReducer,
      kept: [],
      reduced: [SIZE * SIZE],
      input: { slot: 2, offset: 0, strides: [1] },
      output: { slot: 4, offset: 0, strides: [] },
      accumulate: 'float32',
    },
  ],
};

/** The plan compiled, and a function that runs it. */
function prepare(backend: Backend): { executable: CpuExecutable; run: () => void } {
  const executable = backend.compile(PLAN);
  const inputs = [backend.alloc('float32', SIZE * SIZE)];
  const outputs = [backend.alloc('float32', SIZE), backend.alloc('float32', 1)];
  return { executable: executable as CpuExecutable, run: () => backend.run(executable, inputs, outputs) };
}

describe('the CPU backend', () => {
  test('refuses a kernel that brings no loop', () => {
    expect(() => createCpuBackend().compile(PLAN)).toThrow('kernel map has no loop (js)');
  });

  test('is there at once, or as a promise', async () => {
    expect([createCpuBackend().name, (await cpu()).name]).toEqual(['cpu', 'cpu']);
    expect((await cpu()).traits).toEqual({
      float64: true,
      syncRead: true,
      simdLanes: 1,
      reductionLanes: 1,
      doubleSums: true,
      threads: 1,
    });
  });

  test('keeps tensors in typed arrays, and hands them out without copying', async () => {
    const backend = createCpuBackend();
    const buffer = backend.alloc('float64', 3);
    backend.write(buffer, Float64Array.of(1, 2, 3));
    expect(buffer).toBeInstanceOf(Float64Array);
    expect(backend.readSync!(buffer)).toBe(buffer);
    expect(await backend.read(buffer)).toBe(buffer);
  });

  test('makes no array when it runs', () => {
    const { run } = prepare(fullCpuBackend());
    run();
    const names = ['ArrayBuffer', 'Float32Array', 'Float64Array', 'Int32Array', 'Uint8Array'] as const;
    const globals = globalThis as unknown as Record<string, new () => object>;
    const originals = names.map((name) => globals[name]!);
    let made = 0;
    const construct = (target: new () => object, args: [], newTarget: new () => object): object => {
      made++;
      return Reflect.construct<[], object>(target, args, newTarget);
    };
    try {
      names.forEach((name, i) => (globals[name] = new Proxy(originals[i]!, { construct })));
      run();
    } finally {
      names.forEach((name, i) => (globals[name] = originals[i]!));
    }
    expect(made).toBe(0);
  });

  test('keeps no buffer alive between runs', () => {
    const { executable, run } = prepare(fullCpuBackend());
    run();
    expect([...PLAN.inputs, ...PLAN.outputs].map((slot) => executable.slots[slot])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('counts what it allocated and was not given back', () => {
    const backend = createCpuBackend();
    const [a, b] = [backend.alloc('float32', 10), backend.alloc('float64', 1000)];
    expect(backend.stats()).toEqual({ compiles: 0, runs: 0, buffers: 2, bytes: 8040 });
    backend.free(a);
    backend.free(b);
    expect(backend.stats()).toMatchObject({ buffers: 0, bytes: 0 });
  });

  test('needs no eval, so that it runs under a strict content security policy', () => {
    const { Function: original } = globalThis;
    try {
      globalThis.Function = (() => {
        throw new EvalError('refused');
      }) as unknown as FunctionConstructor;
      prepare(fullCpuBackend()).run();
    } finally {
      globalThis.Function = original;
    }
  });
});
