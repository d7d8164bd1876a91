/** Large results in memory that is handed out as it was left. */
import { createCpuBackend } from '@jacobi/backend-cpu';
import { createWasmBackend } from '@jacobi/backend-wasm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Tensor } from './index.ts';
import * as j from './index.ts';

const uncleared = Buffer.allocUnsafeSlow;
let handedOut = 0;
beforeEach(() => {
  handedOut = 0;
  vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((bytes) => {
    handedOut++;
    return uncleared(bytes).fill(0xff);
  });
});
afterEach(() => vi.restoreAllMocks());

const numbers = Float32Array.from({ length: 130 * 70 }, (_, i) => ((i * 37) % 101) / 8 - 6);
const matrix = (): Tensor => j.tensor(numbers, { shape: [130, 70] });
const line = (): Tensor => j.tensor(numbers.subarray(0, 140));
test.each<[string, () => Tensor]>([
  ['zeros', () => j.zeros([9001])],
  [
    'padding',
    () =>
      j.pad(matrix(), [
        [3, 5],
        [0, 60],
      ]),
  ],
  ['the dense Jacobian of an elementwise function', () => j.prepareJacobian(j.sin, { shape: [140] })(line()) as Tensor],
  ['the same as a batch', () => j.jit(j.jacobian(j.square))(j.slice(matrix(), [0, 0], [9, 11])) as Tensor],
  ['scattering', () => j.scatterAdd(j.zeros([9001]), [5, 9000, 5], [1, 2, 3])],
  ['a diagonal', () => j.diag(line())],
  ['triangles', () => j.triu(j.matmul(matrix(), j.transpose(matrix())))],
  ['one hot', () => j.oneHot(j.arange(0, 200, 1, { dtype: 'int32' }), 60)],
  ['concatenation', () => j.concat([matrix(), matrix(), j.zeros([1, 70])], 0)],
  ['a product of no terms', () => j.matmul(j.zeros([120, 0]), j.zeros([0, 90]))],
  ['sums over nothing', () => j.sum(j.zeros([9001, 0]), 1)],
  ['flags', () => j.greater(j.concat([matrix(), matrix()], 0), 0)],
])('%s: every element is written', (_name, f) => {
  const expected = j.withBackend(createCpuBackend(), () => f().dataSync());
  expect(handedOut).toBe(0);
  const actual = j.withBackend(createWasmBackend(), f);
  expect(handedOut).toBeGreaterThan(0);
  expect(actual.dataSync()).toEqual(expected);
});
