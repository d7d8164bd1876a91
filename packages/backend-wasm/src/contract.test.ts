/** A contraction has the same bits in every form: of a matrix, of its rows by themselves, of many at once. */
import type { Plan, TypedArray } from '@jacobi/backend';
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
