/** Elementwise functions of one tensor against JavaScript's, on every dtype and at the special points. */
import { describe, expect, test } from 'vitest';
import type { DType, Tensor, TensorLike } from '../index.ts';
import * as ops from '../index.ts';
import { tensor } from '../index.ts';

type Unary = (x: TensorLike) => Tensor;

/** Integer of the same value, away from zero, halves to even: an oracle for `round`. */
function halfToEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

/** Abramowitz and Stegun's table 7.1 holds erf to ten digits; between its points the test does not look. */
const ERF = new Map([
  [0, 0],
  [0.5, 0.5204998778],
  [1, 0.8427007929],
  [2, 0.995322265],
  [-1, -0.8427007929],
]);

/** Name, oracle in float64, points. All of them are run in float32 as well. */
const TABLE: readonly (readonly [string, Unary, (x: number) => number, readonly number[]])[] = [
  ['reciprocal', ops.reciprocal, (x) => 1 / x, [2, -4, 0.3, 0, Infinity, -Infinity, NaN]],
  ['sqrt', ops.sqrt, Math.sqrt, [0, -0, 4, 2, 1e-30, Infinity, -1, NaN]],
  ['rsqrt', ops.rsqrt, (x) => 1 / Math.sqrt(x), [4, 2, 0, Infinity, -1, NaN]],
  ['exp', ops.exp, Math.exp, [0, 1, -1, 10, -200, 800, Infinity, -Infinity, NaN]],
  ['exp2', ops.exp2, (x) => 2 ** x, [0, 1, 10, -3, 0.5, Infinity, -Infinity, NaN]],
  ['expm1', ops.expm1, Math.expm1, [0, -0, 1e-8, 1, -50, Infinity, -Infinity, NaN]],
  ['log', ops.log, Math.log, [1, 10, 1e-20, 0, -1, Infinity, NaN]],
  ['log1p', ops.log1p, Math.log1p, [0, -0, 1e-8, 3, -1, -2, Infinity, NaN]],
  ['log2', ops.log2, Math.log2, [1, 8, 1024, 0.125, 3, 0, -1, Infinity, NaN]],
  ['log10', ops.log10, Math.log10, [1, 100, 0.001, 3, 0, -1, Infinity, NaN]],
  ['sin', ops.sin, Math.sin, [0, -0, 1, -2, 3, NaN, Infinity]],
  ['cos', ops.cos, Math.cos, [0, 1, -2, 3, NaN, Infinity]],
  ['tan', ops.tan, Math.tan, [0, -0, 1, -1.2, NaN, Infinity]],
  ['asin', ops.asin, Math.asin, [0, -0, 0.5, 1, -1, 2, NaN]],
  ['acos', ops.acos, Math.acos, [0, 0.5, 1, -1, 2, NaN]],
  ['atan', ops.atan, Math.atan, [0, -0, 0.5, 1e9, Infinity, -Infinity, NaN]],
  ['sinh', ops.sinh, Math.sinh, [0, -0, 1, -1, Infinity, -Infinity, NaN]],
  ['cosh', ops.cosh, Math.cosh, [0, 1, -1, Infinity, -Infinity, NaN]],
  ['tanh', ops.tanh, Math.tanh, [0, -0, 1, -1, 1000, -1000, Infinity, NaN]],
  ['asinh', ops.asinh, Math.asinh, [0, -0, 1, -1000, Infinity, -Infinity, NaN]],
  ['acosh', ops.acosh, Math.acosh, [1, 2, 1000, Infinity, 0.5, NaN]],
  ['atanh', ops.atanh, Math.atanh, [0, -0, 0.5, -0.9, 1, -1, 2, NaN]],
  ['sigmoid', ops.sigmoid, (x) => 1 / (1 + Math.exp(-x)), [0, 1, -1, 200, -50, Infinity, -Infinity, NaN]],
  [
    'logSigmoid',
    ops.logSigmoid,
    (x) => (x < 0 ? x : 0) - Math.log1p(Math.exp(-Math.abs(x))),
    [0, 2, -2, -1000, 1000, NaN],
  ],
  ['softplus', ops.softplus, (x) => Math.log1p(Math.exp(x)), [0, 1, -1, 30, -30, -Infinity, NaN]],
  ['softsign', ops.softsign, (x) => x / (1 + Math.abs(x)), [0, 1, -3, 1e6, NaN]],
  ['relu', ops.relu, (x) => (x < 0 ? 0 : x), [-1, 0, 2, Infinity, -Infinity, NaN]],
  ['relu6', ops.relu6, (x) => Math.min(Math.max(x, 0), 6), [-1, 0, 2, 6, 7, Infinity, -Infinity, NaN]],
  ['leakyRelu', ops.leakyRelu, (x) => (x > 0 ? x : 0.2 * x), [-10, 0, 5, Infinity, -Infinity, NaN]],
  ['elu', ops.elu, (x) => (x > 0 ? x : Math.expm1(x)), [-1, 0, 2, Infinity, -Infinity, NaN]],
  ['selu', ops.selu, (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)), [-1, 0, 2, NaN]],
  ['silu', ops.silu, (x) => x / (1 + Math.exp(-x)), [-1, 0, 2, 50, NaN]],
  ['swish', ops.swish, (x) => x / (1 + Math.exp(-x)), [-1, 0, 2, 50, NaN]],
  ['erf', ops.erf, (x) => ERF.get(x) ?? Math.sign(x), [...ERF.keys(), 10, -10, Infinity, -Infinity]],
  ['floor', ops.floor, Math.floor, [1.5, -1.5, 2, -0, Infinity, NaN]],
  ['ceil', ops.ceil, Math.ceil, [1.5, -1.5, 2, -0, Infinity, NaN]],
  ['round', ops.round, halfToEven, [0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6, Infinity, NaN]],
  ['neg', ops.neg, (x) => -x, [1, 0, -0, Infinity, NaN]],
  ['abs', ops.abs, Math.abs, [1, -1, 0, -0, -Infinity, NaN]],
  ['sign', ops.sign, Math.sign, [3, -3, 0, -0, Infinity, NaN]],
  ['square', ops.square, (x) => x * x, [3, -3, 0, Infinity, NaN]],
];

const KEEPS_INT = new Set(['relu', 'relu6', 'floor', 'ceil', 'round', 'neg', 'abs', 'sign', 'square']);

function expectClose(actual: number, expected: number, relative: number, what: string): void {
  if (Object.is(actual, expected)) return;
  if (Number.isFinite(expected) && Number.isFinite(actual)) {
    if (Math.abs(actual - expected) <= relative * Math.max(1e-30, Math.abs(expected)) + relative * 1e-3) return;
  }
  expect(actual, what).toBe(expected);
}

describe.each(TABLE)('%s', (name, op, oracle, points) => {
  test.each(['float64', 'float32'] as const)('in %s agrees with JavaScript', (dtype) => {
    const y = op(tensor([...points], { dtype }));
    expect(y.dtype).toBe(dtype);
    const single = dtype === 'float32';
    y.dataSync().forEach((actual, i) => {
      const x = single ? Math.fround(points[i]!) : points[i]!;
      const expected = single ? Math.fround(oracle(x)) : oracle(x);
      expectClose(actual, expected, single ? 3e-7 : name === 'erf' ? 1e-10 : 4e-15, `${name}(${x})`);
    });
  });

  test('takes scalars, empty tensors, numbers, integers and booleans', () => {
    expect(op(tensor(1)).shape).toEqual([]);
    expect(op(ops.zeros([0, 3])).shape).toEqual([0, 3]);
    expect(op(1).dtype).toBe('float32');
    const integers = op(tensor([0, 1], { dtype: 'int32' }));
    const kind = KEEPS_INT.has(name) ? 'int32' : 'float32';
    expect(integers.dtype).toBe(kind);
    const booleans = op(tensor([false, true]));
    expect(booleans.dtype).toBe(kind);
    expect([...booleans.dataSync()]).toEqual([...integers.dataSync()]);
  });
});

test('gelu agrees with its definition and its approximation', () => {
  const points = [-3, -1, 0, 1, 3];
  // x·Φ(x) with Φ from tables of the normal distribution
  const phi = [0.0013498980316, 0.1586552539315, 0.5, 0.8413447460685, 0.9986501019684];
  ops
    .gelu(tensor(points, { dtype: 'float64' }))
    .dataSync()
    .forEach((y, i) => expect(y).toBeCloseTo(points[i]! * phi[i]!, 10));
  const approximate = ops.gelu(tensor(points, { dtype: 'float64' }), { approximate: true }).dataSync();
  approximate.forEach((y, i) => {
    const x = points[i]!;
    expect(y).toBeCloseTo(0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))), 12);
    expect(Math.abs(y - x * phi[i]!)).toBeLessThan(1e-3);
  });
});

test('alpha is the slope of leakyRelu and the depth of elu', () => {
  expect([...ops.leakyRelu(tensor([-4, 4]), 0.5).dataSync()]).toEqual([-2, 4]);
  expect(ops.elu(tensor(-100), 3).item()).toBe(-3);
});

test('clip keeps NaN, takes tensors for ends and keeps integers', () => {
  expect([...ops.clip(tensor([-2, 0, 0.5, 1, 7, NaN, Infinity]), 0, 1).dataSync()]).toEqual([0, 0, 0.5, 1, 1, NaN, 1]);
  expect(
    String(
      ops.clip(
        tensor([
          [1, 5],
          [1, 5],
        ]),
        tensor([[2], [0]]),
        tensor([4, 4]),
      ),
    ),
  ).toBe('[[2, 4],\n [1, 4]]');
  expect(ops.clip(tensor([1, 9], { dtype: 'int32' }), 2, 4).dtype).toBe('int32');
});

test('cast cuts fractions, saturates int32 and takes NaN for 0', () => {
  const from = tensor([1.9, -1.9, NaN, 3e9, -3e9, 0.5]);
  expect([...ops.cast(from, 'int32').dataSync()]).toEqual([1, -1, 0, 2147483647, -2147483648, 0]);
  expect(ops.cast(from, 'bool').arraySync()).toEqual([true, true, true, true, true, true]);
  expect(ops.cast(tensor([0, -0]), 'bool').arraySync()).toEqual([false, false]);
  const dtypes: DType[] = ['float32', 'float64', 'int32', 'bool'];
  for (const a of dtypes) {
    for (const b of dtypes) {
      const y = ops.cast(ops.cast(tensor([0, 1]), a), b);
      expect([y.dtype, ...y.dataSync()]).toEqual([b, 0, 1]);
    }
  }
});

test('isNaN, isFinite and logicalNot', () => {
  const x = tensor([1, NaN, Infinity, 0]);
  expect(ops.isNaN(x).arraySync()).toEqual([false, true, false, false]);
  expect(ops.isFinite(x).arraySync()).toEqual([true, false, false, true]);
  expect(ops.logicalNot(x).arraySync()).toEqual([false, false, false, true]);
});
