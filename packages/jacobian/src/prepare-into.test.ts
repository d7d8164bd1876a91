/** prepareJacobian: `into`, and what is refused with which words. */
import { jit } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { expectDense, float64 } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import { jacobian, prepareJacobian } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const spec = (...shape: number[]): { shape: number[]; dtype: 'float64' } => ({ shape, dtype: 'float64' });
const A = f64([
  [1, 2, 3],
  [4, 5, 7],
]);
const layer = (x: Tensor): Tensor => ops.tanh(ops.matmul(A, x));
const x1 = f64([0.1, -0.2, 0.3]);
/** Leaves as plain arrays. */
function plain(nest: unknown): unknown {
  if (nest instanceof ops.Tensor) return nest.arraySync();
  if (Array.isArray(nest)) return nest.map(plain);
  if (typeof nest === 'object' && nest !== null)
    return Object.fromEntries(Object.entries(nest).map(([k, v]) => [k, plain(v)]));
  return nest;
}

test('arguments of another dtype, and arrays whose memory has gone elsewhere', () => {
  const J = prepareJacobian((x: Tensor) => x, { shape: [3], dtype: 'float64' });
  const out = new Float64Array(9);
  expect(() => J.into(new Float32Array(3), out)).toThrow(ops.DTypeError);
  const gone = new Float64Array(3);
  structuredClone(gone, { transfer: [gone.buffer] });
  expect(() => J.into(gone, out)).toThrow('argument 0 differs from what was prepared: shape [0] for [3] ✗');
  J.into(new Float64Array(3), out);
  expect([...out]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
});

describe('into', () => {
  const J = prepareJacobian(layer, spec(3));
  test('writes row-major, returns what was given, and the value if asked for', () => {
    const out = new Float64Array(6);
    const value = new Float64Array(2);
    expect(J.into(x1, out, { value })).toBe(out);
    expectDense(float64([...out], [2, 3]), jacobian(layer)(x1) as Tensor, '', 1e-14);
    expectDense(float64([...value]), layer(x1), '', 1e-14);
    expect(J.into(x1.dataSync(), out.subarray(0, 6))).toHaveLength(6);
  });

  test('the array that is read may be the array that is written', () => {
    const K = prepareJacobian((x: Tensor) => ops.reshape(ops.sum(ops.pow(x, 3)), [1]), spec(3));
    const data = Float64Array.of(1, 2, 3);
    K.into(data, data);
    expect([...data]).toEqual([3, 12, 27]);
  });

  test.each([
    ['too short', () => J.into(x1, new Float64Array(5)), 'out has 5 elements, but the result has 6'],
    ['another dtype', () => J.into(x1, new Float32Array(6)), 'out must hold float64, not float32'],
    [
      'value too long',
      () => J.into(x1, new Float64Array(6), { value: new Float64Array(3) }),
      'value has 3 elements, but the result has 2',
    ],
    [
      'value of another dtype',
      () => J.into(x1, new Float64Array(6), { value: new Int32Array(2) }),
      'value must hold float64, not int32',
    ],
    [
      'value no typed array',
      () => J.into(x1, new Float64Array(6), { value: [1, 2] as never }),
      'value must be a typed array',
    ],
    [
      'no array',
      () => J.into(x1, undefined as never),
      'after the 1 argument must come the typed array to write to, not undefined',
    ],
    [
      'too many',
      () => J.into(x1, new Float64Array(6), ...([{}, 1] as unknown as [])),
      'called with 4 arguments, but takes 1, then the array',
    ],
    [
      'an ordinary array',
      () => J.into(x1, [0, 0, 0, 0, 0, 0] as never),
      'after the 1 argument must come the typed array',
    ],
    ['a tensor', () => J.into(x1, f64([0, 0, 0, 0, 0, 0]) as never), 'after the 1 argument must come the typed array'],
    [
      'an unknown option',
      () => J.into(x1, new Float64Array(6), { values: new Float64Array(2) } as never),
      'no option "values"',
    ],
    [
      'traced',
      () =>
        jit((x: Tensor) => {
          J.into(x, new Float64Array(6));
          return x;
        })(x1) as Tensor,
      'call the prepared Jacobian itself',
    ],
    [
      'input of another dtype',
      () => J.into(new Float32Array(3), new Float64Array(6)),
      'shape [3] for [3] ✓, dtype float32 for float64 ✗',
    ],
    [
      'input of another length',
      () => J.into(new Float64Array(4), new Float64Array(6)),
      'shape [4] for [3] ✗, dtype float64 for float64 ✓',
    ],
  ])('%s is refused, and nothing is written', (_name, run, message) => {
    expect(run).toThrow(message);
    const out = new Float64Array(6).fill(7);
    expect(() => J.into(x1, out, { value: new Float64Array(1) })).toThrow('value has 1 elements');
    expect([...out]).toEqual([7, 7, 7, 7, 7, 7]);
    expectDense(J(x1) as Tensor, jacobian(layer)(x1) as Tensor, '', 1e-14);
  });
});

test('into refuses arrays that share elements, and takes parts of one buffer that lie side by side', () => {
  const J = prepareJacobian((x: Tensor) => ops.square(x), { shape: [2] });
  const x = Float32Array.of(3, 5);
  const whole = new Float32Array(6).fill(7);
  for (const [from, at] of [
    [0, 0],
    [0, 3],
    [2, 1],
    [2, 4],
  ] as const) {
    const value = whole.subarray(at, at + 2);
    const out = whole.subarray(from, from + 4);
    expect(() => J.into(x, out, { value })).toThrow('into: out and value share elements of one buffer');
  }
  expect([...whole]).toEqual([7, 7, 7, 7, 7, 7]);
  J.into(x, whole.subarray(0, 4), { value: whole.subarray(4) });
  expect([...whole]).toEqual([6, 0, 0, 10, 9, 25]);
  J.into(x, whole.subarray(2), { value: whole.subarray(0, 2) });
  expect([...whole]).toEqual([9, 25, 6, 0, 0, 10]);
});

describe('refusals', () => {
  const J = prepareJacobian((x: Tensor, { s }: { s: Tensor }) => ops.mul(x, s), [spec(2), { s: spec() }]);
  const x = f64([1, 2]);
  test.each([
    [
      'another shape',
      () => J(f64([1, 2, 3]), { s: 1 }),
      'argument 0 differs from what was prepared: shape [3] for [2] ✗, dtype float64 for float64 ✓',
    ],
    ['another dtype', () => J(ops.tensor([1, 2]), { s: 1 }), 'shape [2] for [2] ✓, dtype float32 for float64 ✗'],
    ['a leaf of another shape', () => J(x, { s: x }), 'argument 1.s differs'],
    [
      'too few arguments',
      () => J(x, ...([] as unknown as [{ s: Tensor }])),
      'called with 1 arguments, but prepared for 2',
    ],
    ['another structure', () => J(x, { t: 1 } as never), 'argument 1 must have the structure'],
    ['a nest for a tensor', () => J({ x } as never, { s: 1 }), 'argument 0'],
    ['nothing', () => J(undefined as never, { s: 1 }), 'argument 0'],
    ['text', () => J('x' as never, { s: 1 }), 'argument 0'],
  ])('%s', (_name, run, message) => {
    expect(run).toThrow(message);
    expect(plain(J(x, { s: 2 }))).toEqual([
      [2, 0],
      [0, 2],
    ]);
  });

  test.each([
    ['f no function', () => prepareJacobian(3 as never, spec(2)), 'f must be a function, not 3'],
    ['no spec', () => prepareJacobian(ops.sin, []), 'spec must describe at least one argument'],
    [
      'spec undefined',
      () => prepareJacobian(ops.sin, undefined),
      'spec must be a nest of { shape, dtype? } or example tensors',
    ],
    ['spec a number', () => prepareJacobian(ops.sin, [3]), 'spec is 3, no spec; a shape is written { shape: [3] }'],
    ['a bad shape', () => prepareJacobian(ops.sin, { shape: [2, -1] }), 'spec.shape'],
    [
      'a bad dtype',
      () => prepareJacobian(ops.sin, { shape: [2], dtype: 'float16' }),
      'dtype must be bool or int32 or float32 or float64, not "float16"',
    ],
    [
      'integers differentiated',
      () => prepareJacobian(ops.square, { shape: [2], dtype: 'int32' }),
      'argument 0 has dtype int32, and integers carry no derivative; cast it first',
    ],
    ['argnums out of range', () => prepareJacobian(ops.sin, spec(2), { argnums: 1 }), 'argnums 1 names no argument'],
    ['an unknown option', () => prepareJacobian(ops.sin, spec(2), { batched: true } as never), 'no option "batched"'],
    [
      'an unknown mode',
      () => prepareJacobian(ops.sin, spec(2), { mode: 'both' as never }),
      "mode must be 'auto', 'forward' or 'reverse', not \"both\"",
    ],
    ['sparse', () => prepareJacobian(ops.sin, spec(2), { sparse: true as never }), 'sparse can only be false'],
    ['batch no flag', () => prepareJacobian(ops.sin, spec(2, 2), { batch: 1 as never }), 'batch must be true or false'],
    [
      'batch of rank 1',
      () => prepareJacobian(ops.sin, spec(2), { batch: true }),
      'target must have rank at least 2 ([batch, …]), not float64[2]',
    ],
    [
      'batch of two results',
      () => prepareJacobian((t: Tensor) => [t, t], spec(2, 2), { batch: true }),
      'batch: true needs one result and one differentiated tensor',
    ],
    [
      'looking at numbers',
      () => prepareJacobian((t: Tensor) => ops.mul(t, t.arraySync().toString().length), spec(2)),
      'use where in place of if',
    ],
    ['nothing returned', () => prepareJacobian(() => undefined, spec(2)), 'did you forget to return a value from f?'],
    ['a promise', () => prepareJacobian((async (t: Tensor) => t) as never, spec(2)), 'Promise'],
    ['aux missing', () => prepareJacobian(ops.sin, spec(2), { hasAux: true }), 'two-element tuple'],
    [
      'an assignment',
      () => {
        const v = ops.variable(f64(1));
        return prepareJacobian((t: Tensor) => {
          v.assignAdd(1);
          return t;
        }, spec(2));
      },
      'assigns the variable',
    ],
  ])('%s', (_name, run, message) => {
    expect(run).toThrow(message);
    expect(plain(prepareJacobian(ops.square, spec(1))([3]))).toEqual([[6]]);
  });
});
