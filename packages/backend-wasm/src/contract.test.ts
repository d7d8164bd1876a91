/** A contraction has the same bits in every form: of a matrix, of its rows by themselves, of many at once. */
import type { ContractKernel, Kernel, Plan, Slot, TypedArray } from '@jacobi/backend';
import { mul, sub, tanh } from '@jacobi/backend/scalar';
import { expect, test } from 'vitest';
import { createWasmBackend } from './index.ts';

const backend = createWasmBackend({ tier: 'module' });

interface Sizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** left [batch, m, k] · right [batch or one, n, k]; `turned`: right lies as [k, n]. */
function contract(
  { batch, m, n, k }: Sizes,
  left: TypedArray,
  right: TypedArray,
  turned: boolean,
  shared: boolean,
): TypedArray {
  const dtype = left instanceof Float32Array ? 'float32' : 'float64';
  const own = turned ? [1, n] : [k, 1];
  const plan: Plan = {
    format: 1,
    slots: [
      { dtype, length: left.length, role: 'input' },
      { dtype, length: right.length, role: 'input' },
      { dtype, length: batch * m * n, role: 'output' },
    ],
    inputs: [0, 1],
    outputs: [2],
    arenaBytes: 0,
    steps: [
      {
        kind: 'contract',
        batch: [batch],
        m: [m],
        n: [n],
        k: [k],
        left: { slot: 0, offset: 0, strides: [m * k, k, 1] },
        right: { slot: 1, offset: 0, strides: [shared ? 0 : n * k, ...own] },
        output: { slot: 2, offset: 0, strides: [m * n, n, 1] },
        accumulate: dtype,
      },
    ],
  };
  const out = backend.alloc(dtype, batch * m * n);
  backend.run(backend.compile(plan), [left, right], [out]);
  return backend.readSync(out);
}

for (const [name, make] of [
  ['float32', (n: number) => new Float32Array(n)],
  ['float64', (n: number) => new Float64Array(n)],
] as const) {
  for (const k of [3, 50, 128, 129, 300, 1100]) {
    test(`${name}, ${k} terms: rows, columns, batches and single sums agree with the matrix`, () => {
      const [m, n] = [21, 19];
      const fill = (length: number, by: number): TypedArray => make(length).map((_, i) => Math.sin(i * by + 0.3));
      const [x, y] = [fill(m * k, 0.7), fill(n * k, 1.3)];
      const whole = contract({ batch: 1, m, n, k }, x, y, false, true);
      const transposed = make(n * k).map((_, i) => y[(i % n) * k + Math.floor(i / n)]!);
      expect(contract({ batch: 1, m, n, k }, x, transposed, true, true)).toEqual(whole);
      // Rows of left one by one in a batch, then all columns by themselves.
      expect(contract({ batch: m, m: 1, n, k }, x, y, false, true)).toEqual(whole);
      for (let j = 0; j < n; j += 6) {
        const column = contract({ batch: 1, m, n: 1, k }, x, y.slice(j * k, (j + 1) * k), false, true);
        expect([...column]).toEqual(Array.from({ length: m }, (_, i) => whole[i * n + j]));
        const single = contract({ batch: 1, m: 1, n: 1, k }, x.slice(0, k), y.slice(j * k, (j + 1) * k), false, true);
        expect(single[0]).toBe(whole[j]);
      }
      // Three rows and two columns: another form again.
      const small = contract({ batch: 7, m: 3, n: 2, k }, x, y.slice(0, 2 * k), false, true);
      expect([...small]).toEqual(Array.from({ length: 2 * m }, (_, i) => whole[(i >> 1) * n + (i & 1)]));
    });
  }
  test(`${name}: columns in any number agree with columns by themselves`, () => {
    const [m, n, k] = [5, 1203, 9];
    const [x, y] = [make(m * k).map((_, i) => Math.sin(i * 0.7)), make(n * k).map((_, i) => Math.sin(i * 1.3 + 0.3))];
    const whole = contract({ batch: 1, m, n, k }, x, y, true, true);
    for (let j = 0; j < n; j += 57) {
      const column = make(k).map((_, i) => y[i * n + j]!);
      const alone = contract({ batch: 1, m, n: 1, k }, x, column, false, true);
      expect([...alone]).toEqual(Array.from({ length: m }, (_, i) => whole[i * n + j]));
    }
  });
}

/** Sizes that take every form: sums side by side, tiny, small, turned, and large ones in one go or several. */
const FORMS: readonly Sizes[] = [
  { batch: 3, m: 7, n: 1, k: 40 },
  { batch: 2, m: 3, n: 5, k: 4 },
  { batch: 3, m: 18, n: 21, k: 50 },
  { batch: 1, m: 41, n: 3, k: 9 },
  { batch: 2, m: 70, n: 67, k: 130 },
  { batch: 1, m: 9, n: 531, k: 700 },
];

test.each(FORMS)('an epilogue has the bits of a map after the sums: $batch × $m × $n × $k', ({ batch, m, n, k }) => {
  for (const [dtype, make] of [
    ['float32', Float32Array],
    ['float64', Float64Array],
  ] as const) {
    const noise = (length: number): TypedArray =>
      new make(length).map((_: number, i: number) => Math.sin(1 + i * i) * 3);
    const inputs = [noise(batch * m * k), noise(n * k), noise(n), noise(batch * m * n)];
    const results = batch * m * n;
    const kernel: ContractKernel = {
      kind: 'contract',
      batch: [batch],
      m: [m],
      n: [n],
      k: [k],
      left: { slot: 0, offset: 0, strides: [m * k, k, 1] },
      right: { slot: 1, offset: 0, strides: [0, k, 1] },
      output: { slot: 4, offset: 0, strides: [m * n, n, 1] },
      accumulate: dtype,
      epilogue: {
        inputs: [
          { slot: 2, offset: 0, strides: [0, 0, 1] },
          { slot: 3, offset: 0, strides: [m * n, n, 1] },
        ],
        body: [
          { fn: sub, args: [0, 1], dtype },
          { fn: tanh, args: [3], dtype },
          { fn: mul, args: [4, 2], dtype },
        ],
      },
    };
    const run = (steps: readonly Kernel[], simd: boolean): TypedArray => {
      const own = createWasmBackend({ tier: 'module', simd, fused: false });
      const slots = [...inputs, noise(results)].map((data, i): Slot => {
        return {
          dtype,
          length: data.length,
          role: i < 4 ? 'input' : i === 4 && steps.length === 1 ? 'output' : 'temporary',
          offset: 0,
        };
      });
      slots.push({ dtype, length: results, role: 'output' });
      const output = steps.length === 1 ? 4 : 5;
      const plan = {
        format: 1,
        slots,
        inputs: [0, 1, 2, 3],
        outputs: [output],
        steps,
        arenaBytes: results * 8,
      } as const;
      const out = own.alloc(dtype, results);
      own.run(own.compile(plan), inputs, [out]);
      return own.readSync(out);
    };
    const { epilogue, ...sums } = kernel;
    const after: Kernel = {
      kind: 'map',
      shape: [batch, m, n],
      inputs: [kernel.output, ...epilogue!.inputs],
      output: { ...kernel.output, slot: 5 },
      body: epilogue!.body,
    };
    for (const simd of [true, false]) expect(run([kernel], simd)).toEqual(run([sums, after], simd));
  }
});
