import type { Plan } from '@jacobi/backend';
import type { Reducer } from '@jacobi/backend/scalar';
import { sumReducer } from '@jacobi/backend/scalar';
import { fullCpuBackend } from '@jacobi/testing';
import { expect, test } from 'vitest';

/** All elements, reduced. */
function reduce(reducer: Reducer, data: Float32Array | Float64Array): number {
  const dtype = data instanceof Float32Array ? 'float32' : 'float64';
  const plan: Plan = {
    format: 1,
    slots: [
      { dtype, length: data.length, role: 'input' },
      { dtype, length: 1, role: 'output' },
    ],
    inputs: [0],
    outputs: [1],
    arenaBytes: 0,
    steps: [
      {
        kind: 'reduce',
        reducer,
        kept: [],
        reduced: [data.length],
        input: { slot: 0, offset: 0, strides: [1] },
        output: { slot: 1, offset: 0, strides: [] },
        accumulate: dtype,
      },
    ],
  };
  const backend = fullCpuBackend();
  const result = backend.alloc(dtype, 1);
  backend.run(backend.compile(plan), [data], [result]);
  return backend.readSync!(result)[0]!;
}

const sum = (data: Float32Array | Float64Array): number => reduce(sumReducer, data);

test('10⁷ float32 ones sum to 10⁷, and 10⁷ tenths to what the rounded tenth gives', () => {
  const data = new Float32Array(1e7).fill(1);
  expect(sum(data)).toBe(1e7);
  expect(sum(data.fill(0.1))).toBe(Math.fround(1e7 * Math.fround(0.1)));
});

test('the error of a float64 sum hardly grows with its length', () => {
  // Added one after the other, a million tenths are off by 1.3e-6.
  expect(Math.abs(sum(new Float64Array(1e6).fill(0.1)) - 1e5)).toBeLessThan(1e-9);
});

/** Shows how so many blocks of 256 elements are put together: numbers stand for texts, every fold and combination gets one. */
function order(blocks: number): string {
  const texts = [''];
  const reducer: Reducer = {
    name: 'order',
    identity: 0,
    js: (a, b) => texts.push(`(${texts[a]}${texts[b]})`) - 1,
    fold: (_accumulator, _count, _array, start) => texts.push(String.fromCharCode(97 + start / 256)) - 1,
  };
  return texts[reduce(reducer, new Float64Array(256 * blocks))]!;
}

test('blocks are combined in pairs, and pairs in pairs, in order', () => {
  expect(order(1)).toBe('a');
  expect(order(2)).toBe('((ab))');
  expect(order(4)).toBe('(((ab)(cd)))');
  expect(order(3)).toBe('((ab)(c))');
});
