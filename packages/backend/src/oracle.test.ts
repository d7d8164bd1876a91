import { describe, expect, test } from 'vitest';
import type { TypedArray } from './dtype.ts';
import type { Kernel, Slot } from './kernel.ts';
import { interpret, threefryBlock } from './oracle.ts';
import * as scalar from './scalar.ts';

/** Runs one kernel: slots before the last are inputs with these elements, the last is the output. */
function run(kernel: Kernel, inputs: readonly TypedArray[], output: TypedArray): number[] {
  const slot = (data: TypedArray, role: Slot['role']): Slot => ({
    dtype: data instanceof Int32Array ? 'int32' : 'float64',
    length: data.length,
    role,
  });
  const slots = [...inputs.map((data) => slot(data, 'input')), slot(output, 'output')];
  interpret(
    { format: 1, slots, inputs: inputs.map((_, i) => i), outputs: [inputs.length], steps: [kernel], arenaBytes: 0 },
    inputs,
    [output],
  );
  return [...output];
}

const access = (slot: number, strides: readonly number[], offset = 0) => ({ slot, offset, strides });
const f64 = (...values: number[]): Float64Array => Float64Array.from(values);

// What is expected here was computed by hand.
describe('the oracle', () => {
  test('maps over strides', () => {
    const body = [{ constant: 10 }, { fn: scalar.mul, args: [0, 1], dtype: 'float64' as const }];
    const kernel: Kernel = {
      kind: 'map',
      shape: [2, 3],
      inputs: [access(0, [1, 2])],
      output: access(1, [-3, 1], 3),
      body,
    };
    expect(run(kernel, [f64(1, 2, 3, 4, 5, 6)], new Float64Array(6))).toEqual([20, 40, 60, 10, 30, 50]);
  });

  test('reduces', () => {
    const kernel = (reducer: scalar.Reducer): Kernel => ({
      kind: 'reduce',
      reducer,
      kept: [2],
      reduced: [3],
      input: access(0, [3, 1]),
      output: access(1, [1]),
      accumulate: 'float64',
    });
    expect(run(kernel(scalar.sumReducer), [f64(1, 2, 3, 4, 5, 6)], new Float64Array(2))).toEqual([6, 15]);
    expect(run(kernel(scalar.prodReducer), [f64(1, 2, 3, 4, 5, 6)], new Float64Array(2))).toEqual([6, 120]);
    expect(run(kernel(scalar.maxReducer), [f64(1, 3, 2, NaN, 5, 6)], new Float64Array(2))).toEqual([3, NaN]);
  });

  test('finds the first extreme', () => {
    const kernel = (largest: boolean): Kernel => ({
      kind: 'argreduce',
      largest,
      kept: [2],
      length: 3,
      input: access(0, [3, 1]),
      output: access(1, [1]),
    });
    expect(run(kernel(true), [f64(1, 3, 3, 9, NaN, NaN)], new Int32Array(2))).toEqual([1, 1]);
    expect(run(kernel(false), [f64(5, 3, 3, 9, NaN, 1)], new Int32Array(2))).toEqual([1, 1]);
  });

  test('contracts', () => {
    const kernel: Kernel = {
      kind: 'contract',
      batch: [],
      m: [2],
      n: [2],
      k: [3],
      left: access(0, [3, 1]),
      right: access(1, [1, 2]),
      output: access(2, [2, 1]),
      accumulate: 'float64',
    };
    // [[1 2 3] [4 5 6]] · [[1 2] [3 4] [5 6]]
    const inputs = [f64(1, 2, 3, 4, 5, 6), f64(1, 2, 3, 4, 5, 6)];
    expect(run(kernel, inputs, new Float64Array(4))).toEqual([22, 28, 49, 64]);
  });

  test('gathers, scatters and scans', () => {
    const sizes = { batch: 1, outer: 1, size: 3, count: 4, inner: 1, indices: 1, output: 2 };
    const indices = Int32Array.of(2, 0, 3, 2);
    const gathered = run({ kind: 'gather', ...sizes, source: 0 }, [f64(10, 20, 30), indices], new Float64Array(4));
    expect(gathered).toEqual([30, 10, NaN, 30]);
    const scattered = run({ kind: 'scatter', ...sizes, updates: 0 }, [f64(1, 2, 3, 4), indices], f64(100, 100, 100));
    expect(scattered).toEqual([102, 100, 105]);
    const scan = { kind: 'scan', outer: 1, length: 3, inner: 1, values: 0, output: 2 } as const;
    const [values, factors] = [f64(1, 2, 3), f64(5, 10, 100)];
    const recurrence = run(
      { ...scan, form: 'linear', reverse: false, factors: 1 },
      [values, factors],
      new Float64Array(3),
    );
    expect(recurrence).toEqual([1, 12, 1203]);
    const backwards = run({ ...scan, form: 'sum', reverse: true }, [values, factors], new Float64Array(3));
    expect(backwards).toEqual([6, 5, 3]);
  });

  test('makes the random words that Random123 publishes', () => {
    const hex = (words: readonly number[]): string => words.map((w) => (w >>> 0).toString(16)).join(' ');
    expect(hex(threefryBlock([0, 0], [0, 0]))).toBe('6b200159 99ba4efe');
    expect(hex(threefryBlock([-1, -1], [-1, -1]))).toBe('1cb996fc bb002be7');
    expect(hex(threefryBlock([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]))).toBe('c4923a9c 483df7a0');
  });
});
