/** Threads change no bit: everything is cut, however small, and compared with one thread. */
import type { Plan, TypedArray } from '@jacobi/backend';
import { describeBackend } from '@jacobi/backend/conformance';
import * as scalar from '@jacobi/backend/scalar';
import { expectSameBits, tandem, withLoops } from '@jacobi/testing';
import { describe, expect, test, vi } from 'vitest';
import { createWasmBackend, type WasmBackend, type WasmOptions, wasm } from '../index.ts';
import { threadedBackend } from '../wasm.ts';
import { type Start, starter } from './start.ts';

const start = starter()!;
const fine = (threads: number, options: WasmOptions = {}): Promise<WasmBackend> =>
  threadedBackend(options, threads, start, { grain: 0 });

for (const threads of [2, 3]) {
  describeBackend(
    `${threads} threads and one together`,
    async () =>
      withLoops(tandem(createWasmBackend({ tier: 'module' }), await fine(threads, { tier: 'module' })) as WasmBackend),
    { describe, test, expect },
  );
}

const flat = (slot: number): { slot: number; offset: number; strides: number[] } => ({ slot, offset: 0, strides: [1] });
const plan = (slots: Plan['slots'], steps: Plan['steps'], arenaBytes = 0): Plan => ({
  format: 1,
  slots,
  inputs: [...slots.keys()].filter((i) => slots[i]!.role === 'input'),
  outputs: [...slots.keys()].filter((i) => slots[i]!.role === 'output'),
  arenaBytes,
  steps,
});
const slot = (role: 'input' | 'output', length: number, dtype: 'float32' | 'float64' = 'float32') => ({
  dtype,
  length,
  role,
});

const matrix = (m: number, n: number, k: number, dtype: 'float32' | 'float64' = 'float32', accumulate = dtype): Plan =>
  plan(
    [slot('input', m * k, dtype), slot('input', n * k, dtype), slot('output', m * n, dtype)],
    [
      {
        kind: 'contract',
        batch: [],
        m: [m],
        n: [n],
        k: [k],
        accumulate,
        left: { slot: 0, offset: 0, strides: [k, 1] },
        right: { slot: 1, offset: 0, strides: [1, n] },
        output: { slot: 2, offset: 0, strides: [n, 1] },
      },
    ],
  );
const map = (n: number, fn: scalar.ScalarFunction = scalar.sin): Plan =>
  plan(
    [slot('input', n), slot('output', n)],
    [
      {
        kind: 'map',
        shape: [n],
        inputs: [flat(0)],
        output: flat(1),
        body: [{ fn, args: [0], dtype: 'float32' }],
      },
    ],
  );
const sums = (kept: number, reduced: number, columns: boolean): Plan =>
  plan(
    [slot('input', kept * reduced), slot('output', kept)],
    [
      {
        kind: 'reduce',
        reducer: scalar.sumReducer,
        kept: [kept],
        reduced: [reduced],
        accumulate: 'float32',
        input: { slot: 0, offset: 0, strides: columns ? [1, kept] : [reduced, 1] },
        output: flat(1),
      },
    ],
  );
const line = (rows: number, steps: number, dtype: 'float32' | 'float64'): Plan => {
  const body = Array.from({ length: steps }, (_, i) => ({
    fn: i % 3 === 0 ? scalar.mul : i % 3 === 1 ? scalar.add : scalar.sin,
    args: i % 3 === 2 ? [i + 1] : [i + 1, i % 2],
    dtype,
  }));
  return plan(
    [slot('input', 2 * rows, dtype), slot('output', 2 * rows, dtype)],
    [
      {
        kind: 'straight',
        rows,
        loads: [0, 1].map((offset) => ({ slot: 0, offset, stride: 2 })),
        body,
        stores: [0, 1].map((offset) => ({ slot: 1, offset, stride: 2, value: steps + offset })),
      },
    ],
  );
};

const PLANS: Readonly<Record<string, Plan>> = {
  'a matrix product': matrix(520, 300, 200),
  'a matrix product in float64 of float32': matrix(300, 520, 700, 'float32', 'float64'),
  'a matrix product of doubles': matrix(257, 129, 600, 'float64'),
  'a matrix and a vector': matrix(4099, 1, 333),
  'a map': map(700_003),
  'a map with huge angles': map(300_001, scalar.cos),
  'sums of rows': sums(1000, 1001, false),
  'sums of columns': sums(1003, 1000, true),
  'a straight line': line(20_003, 60, 'float32'),
  'a straight line of doubles': line(20_003, 60, 'float64'),
  'a straight line in pieces': line(1_003, 3000, 'float64'),
};

function inputsOf({ slots, inputs }: Plan, scale = 1): TypedArray[] {
  return inputs.map((i) => {
    const { dtype, length } = slots[i]!;
    const array = dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
    for (let j = 0; j < length; j++) array[j] = (((j * 7919) % 10007) / 5003.5 - 1) * scale;
    return array;
  });
}

function run(backend: WasmBackend, which: Plan, scale?: number): TypedArray {
  const { dtype, length } = which.slots[which.outputs[0]!]!;
  const out = backend.alloc(dtype, length);
  backend.run(withLoops(backend).compile(which), inputsOf(which, scale), [out]);
  return backend.readSync(out);
}

describe.each(Object.entries(PLANS))('%s', (name, each) => {
  const scale = name.includes('huge') ? 1e30 : 1;
  test.each([{}, { simd: false }, { tier: 'module' }, { fused: false }] as const)(
    'is the same with %o',
    async (options) => {
      const expected = run(createWasmBackend(options), each, scale);
      for (const threads of [2, 3]) {
        const usual = await wasm({ ...options, threads });
        expect(usual.traits.threads).toBe(threads);
        expectSameBits(run(usual, each, scale), expected);
        usual[Symbol.dispose]();
      }
      const cut = await fine(2, options);
      for (let i = 0; i < 3; i++) expectSameBits(run(cut, each, scale), expected);
      cut[Symbol.dispose]();
    },
  );
});

const product = matrix(300, 300, 100);

test('two backends with threads do not know of each other', async () => {
  const [one, other] = await Promise.all([wasm({ threads: 2 }), wasm({ threads: 3 })]);
  const expected = run(createWasmBackend(), product);
  for (let i = 0; i < 3; i++) {
    expectSameBits(run(one, product), expected);
    expectSameBits(run(other, product), expected);
  }
  one[Symbol.dispose]();
  expectSameBits(run(other, product), expected);
  other[Symbol.dispose]();
});

test('memory grows, is given back, and comes again', async () => {
  const backend = await wasm({ threads: 2, tier: 'module' });
  const single = createWasmBackend({ tier: 'module' });
  for (const n of [10, 100_000, 3_000_000]) expectSameBits(run(backend, map(n)), run(single, map(n)));
  expect(backend.stats().memoryBytes).toBeGreaterThan(24_000_000);
  backend.release();
  expect(backend.stats().memoryBytes).toBe(0);
  expectSameBits(run(backend, map(200_000)), run(single, map(200_000)));
  expect(backend.traits.threads).toBe(2);
  backend[Symbol.dispose]();
});

test('after dispose a backend works with one thread, old plans and new ones', async () => {
  const backend = withLoops(await wasm({ threads: 3 }));
  const expected = run(createWasmBackend(), product);
  const executable = backend.compile(product);
  const again = (): TypedArray => {
    const out = backend.alloc('float32', expected.length);
    backend.run(executable, inputsOf(product), [out]);
    return backend.readSync(out);
  };
  expectSameBits(again(), expected);
  backend[Symbol.dispose]();
  backend[Symbol.dispose]();
  expect(backend.traits.threads).toBe(1);
  expectSameBits(again(), expected);
  expectSameBits(run(backend, product), expected);
  expectSameBits(run(backend, map(300_000)), run(createWasmBackend(), map(300_000)));
});

test('one thread is the usual backend, and a count has to be one', async () => {
  for (const threads of [undefined, false, 1] as const) {
    const backend = await wasm(threads === undefined ? {} : { threads });
    expect(backend.traits.threads).toBe(1);
  }
  for (const threads of [1.5, 0, -1, NaN, 'two'])
    await expect(wasm({ threads: threads as number })).rejects.toThrow(
      `wasm: threads must be a whole number from 1 up, or true for as many as the machine offers, not ${threads}`,
    );
});

describe('workers that fail', () => {
  const expected = run(createWasmBackend(), product);

  test('to start: there are as many threads as there are', async () => {
    let count = 0;
    const never: Start = (_, listener) => start('process.exit(1)', listener);
    const silent: Start = (_, listener) => start('setInterval(() => {}, 1000)', listener);
    const throws: Start = () => {
      throw new Error('no');
    };
    for (const each of [never, silent, throws]) {
      const backend = await threadedBackend({}, 3, each, { startup: 300 });
      expect(backend.traits.threads).toBe(1);
      expectSameBits(run(backend, product), expected);
    }
    const first: Start = (source, listener) => (count++ === 0 ? never : start)(source, listener);
    const backend = await threadedBackend({}, 3, first);
    expect(backend.traits.threads).toBe(2);
    expectSameBits(run(backend, product), expected);
    backend[Symbol.dispose]();
  });

  /** Workers of which something is changed. */
  const changed =
    (from: string, to: string): Start =>
    (source, listener) => {
      expect(source).toContain(from);
      return start(source.replace(from, to), listener);
    };
  const inWork = (what: string): Start => changed('    try {\n      runPart', `    ${what};\n    try {\n      runPart`);

  test.each([
    ['ends in its work', inWork('process.exit(1)')],
    ['stops for ever', inWork('for (;;) Atomics.wait(board, 100, 0)')],
    ['throws', changed('runPart(left - 1)', 'throw new Error()')],
  ] as const)('in a run: one that %s is given up with a warning', async (_, each) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    for (const which of [matrix(512, 512, 512), map(700_003)]) {
      const single = run(createWasmBackend(), which);
      const backend = await threadedBackend({}, 2, each, { patience: 200 });
      for (let i = 0; i < 20 && backend.traits.threads > 1; i++) expectSameBits(run(backend, which), single);
      expect(backend.traits.threads).toBe(1);
      expectSameBits(run(backend, which), single);
      expect(warn).toHaveBeenCalledTimes(1);
      warn.mockClear();
    }
    warn.mockRestore();
  });

  test('between runs: one that ends switches threads off', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const backend = await threadedBackend(
      {},
      2,
      changed("port.postMessage('ready')", "port.postMessage('ready'); process.exit(1)"),
    );
    await vi.waitFor(() => expect(backend.traits.threads).toBe(1), { timeout: 20_000 });
    expect(warn).toHaveBeenCalledTimes(1);
    expectSameBits(run(backend, product), expected);
    warn.mockRestore();
  });
});
