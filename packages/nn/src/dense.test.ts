import { GradientTape, jit, vmap } from '@jacobi/autograd';
import { elu, mul, ones, square, sum, tensor } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { Dense, initializers } from './index.ts';

const kernel = [
  [1, 2, 3],
  [4, 5, 6],
];
const fixed = { units: 3, kernelInitializer: () => kernel, biasInitializer: () => [10, 20, 30] } as const;

test('x · kernel + bias', () => {
  const layer = new Dense(fixed);
  expect(
    layer
      .apply([
        [1, 0],
        [1, 1],
      ])
      .arraySync(),
  ).toEqual([
    [11, 22, 33],
    [15, 27, 39],
  ]);
  expect(new Dense({ ...fixed, useBias: false }).apply([[1, 1]]).arraySync()).toEqual([[5, 7, 9]]);
  expect(new Dense({ ...fixed, activation: (y) => square(y) }).apply([[1, 0]]).arraySync()).toEqual([[121, 484, 1089]]);
});

test('one example, and more axes', () => {
  const layer = new Dense(fixed);
  expect(layer.apply([1, 1]).arraySync()).toEqual([15, 27, 39]);
  expect(layer.apply(ones([2, 4, 5, 2])).shape).toEqual([2, 4, 5, 3]);
  expect(layer.apply(ones([0, 2])).shape).toEqual([0, 3]);
});

test('defaults are those of Keras', () => {
  const layer = new Dense({ units: 300 });
  layer.build([1, 200]);
  const [k, b] = layer.variables;
  const limit = Math.sqrt(6 / 500);
  const values = Float64Array.from(k!.value.dataSync());
  expect(Math.max(...values)).toBeLessThan(limit);
  expect(Math.max(...values)).toBeGreaterThan(0.99 * limit);
  expect(b!.value.dataSync().every((v) => v === 0)).toBe(true);
});

test('variables are made on first use, once, and have names', () => {
  const layer = new Dense({ units: 3, name: 'head' });
  expect([layer.built, layer.variables, layer.trainableVariables]).toEqual([false, [], []]);
  layer.apply(ones([4, 2]));
  const made = layer.variables;
  expect(made.map((v) => [v.name, v.shape, v.dtype, v.trainable])).toEqual([
    ['head/kernel', [2, 3], 'float32', true],
    ['head/bias', [3], 'float32', true],
  ]);
  layer.apply(ones([5, 2]));
  layer.build([7, 2]);
  expect(layer.variables).toEqual(made);
  expect(layer.trainableVariables).toEqual(made);
  expect(new Dense({ units: 1, useBias: false }).build([2, 2]).variables.length).toBe(1);
});

test('kernel and bias are the variables; there are none before the first use', () => {
  const layer = new Dense({ ...fixed, name: 'late' });
  expect(() => layer.kernel).toThrow("kernel: Dense 'late' has no variables yet");
  layer.build([4, 2]);
  expect([layer.kernel, layer.bias]).toEqual(layer.variables);
  layer.kernel.assign([
    [0, 0, 1],
    [0, 1, 0],
  ]);
  expect(layer.apply([[5, 7]]).arraySync()).toEqual([[10, 27, 35]]);
  expect(new Dense({ units: 1, useBias: false }).build([1, 1]).bias).toBeUndefined();
});

test('names count up', () => {
  const [a, b] = [new Dense({ units: 1 }), new Dense({ units: 1 })];
  expect(a.name).toMatch(/^dense(_\d+)?$/);
  expect(b.name).toBe(`dense_${Number(a.name.split('_')[1] ?? 0) + 1}`);
});

test('float64 follows the input, and numbers follow the layer', () => {
  const layer = new Dense({ ...fixed, kernelInitializer: () => kernel.map((row) => row.map((v) => v / 10)) });
  const y = layer.apply(tensor([[1, 0]], { dtype: 'float64' }));
  expect([y.dtype, layer.variables[0]!.dtype]).toEqual(['float64', 'float64']);
  expect(y.arraySync()).toEqual([[10.1, 20.2, 30.3]]);
  expect(layer.apply([[0.1, 0]]).dtype).toBe('float64');
});

test('variables that are made inside of record are watched', () => {
  const layer = new Dense({ ...fixed });
  const tape = new GradientTape();
  const y = tape.record(() => sum(layer.apply([[1, 2]])));
  expect(tape.watchedVariables()).toEqual(layer.variables);
  const [dk, db] = tape.gradient(y, layer.trainableVariables);
  expect(dk!.arraySync()).toEqual([
    [1, 1, 1],
    [2, 2, 2],
  ]);
  expect(db!.arraySync()).toEqual([1, 1, 1]);
});

test('first use inside of jit and vmap', () => {
  const inJit = new Dense({ ...fixed, activation: elu });
  const f = jit((x) => inJit.apply(x));
  expect(f(tensor([[1, 1]])).arraySync()).toEqual([[15, 27, 39]]);
  inJit.variables[1]!.assign([0, 0, 0]);
  expect(f(tensor([[1, 1]])).arraySync()).toEqual([[5, 7, 9]]);
  const inVmap = new Dense(fixed);
  expect(
    vmap((x) => inVmap.apply(x))(
      tensor([
        [1, 0],
        [1, 1],
      ]),
    ).arraySync(),
  ).toEqual([
    [11, 22, 33],
    [15, 27, 39],
  ]);
  expect(inVmap.variables.map((v) => v.shape)).toEqual([[2, 3], [3]]);
  const random = new Dense({ units: 2 });
  expect(jit((x) => vmap((row) => random.apply(row))(x))(ones([3, 4])).shape).toEqual([3, 2]);
});

test('a function as initialiser gets shape and dtype', () => {
  const calls: unknown[] = [];
  const layer = new Dense({
    units: 2,
    kernelInitializer: (shape, dtype) => {
      calls.push(shape, dtype);
      return mul(initializers.ones()(shape, dtype), 3);
    },
  });
  layer.build([1, 2], 'float64');
  expect(calls).toEqual([[2, 2], 'float64']);
  expect(layer.apply(tensor([[1, 1]], { dtype: 'float64' })).arraySync()).toEqual([[6, 6]]);
});

test('a throw on first use leaves the layer as it was', () => {
  let fail = true;
  const layer = new Dense({
    units: 1,
    kernelInitializer: 'ones',
    activation: (y) => {
      if (fail) throw new Error('no');
      return y;
    },
  });
  expect(() => layer.apply([[1, 2, 3]])).toThrow('no');
  expect(layer.built).toBe(false);
  fail = false;
  expect(layer.apply([[1, 2]]).arraySync()).toEqual([[3]]);
});
