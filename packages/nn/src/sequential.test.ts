import { GradientTape, jit } from '@jacobi/autograd';
import { cast, elu, random, sum, tensor } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { BatchNormalization, Dense, Sequential } from './index.ts';

const make = () =>
  new Sequential(
    [
      new Dense({ units: 8, activation: elu, name: 'in' }),
      new Sequential([new BatchNormalization({ name: 'norm' })]),
      new Dense({ units: 6, activation: 'elu', name: 'out' }),
    ],
    { name: 'net' },
  );

test('layers one after the other', () => {
  const net = make();
  const x = random.normal([5, 4], { seed: 1 });
  const y = net.apply(x, { training: true });
  const [first, norm, last] = net.layers;
  const again = last.apply(norm.apply(first.apply(x), { training: true }));
  expect(y.arraySync()).toEqual(again.arraySync());
  expect(net.apply(x).arraySync()).not.toEqual(y.arraySync());
  expect(net.name).toBe('net');
});

test('variables in the order of the layers, trainable ones first', () => {
  const net = make();
  expect(net.variables).toEqual([]);
  net.apply(random.normal([5, 4]));
  const trainable = ['in/kernel', 'in/bias', 'norm/gamma', 'norm/beta', 'out/kernel', 'out/bias'];
  expect(net.trainableVariables.map((v) => v.name)).toEqual(trainable);
  expect(net.variables.map((v) => v.name)).toEqual([...trainable, 'norm/movingMean', 'norm/movingVariance']);
  expect(net.layers[0].variables[0]).toBe(net.variables[0]);
});

test('layers that have variables keep them', () => {
  const dense = new Dense({ units: 2, kernelInitializer: 'ones' }).build([1, 3]);
  const [kernel] = dense.variables;
  const net = new Sequential([dense, new Dense({ units: 1, kernelInitializer: 'ones' })]);
  expect(net.apply([[1, 2, 3]]).arraySync()).toEqual([[12]]);
  expect(net.variables[0]).toBe(kernel);
});

test('a throw on first use leaves all layers as they were', () => {
  const first = new Dense({ units: 2 });
  const bad = new Dense({ units: 2, kernelInitializer: () => [[1]] });
  const net = new Sequential([new Sequential([first]), bad]);
  expect(() => net.apply([[1, 2, 3]])).toThrow(/kernelInitializer must give a tensor of shape \[2,2\]/);
  expect([net.built, first.built, bad.built]).toEqual([false, false, false]);
  expect(() => net.build([4, 5])).toThrow(/kernelInitializer/);
  expect(first.built).toBe(false);
});

test('a throw in a later layer leaves moving statistics as they were', () => {
  let fail = false;
  const norm = new BatchNormalization();
  const activation = (y: ReturnType<typeof tensor>) => {
    if (fail) throw new Error('no');
    return y;
  };
  const net = new Sequential([norm, new Dense({ units: 1, activation })]);
  net.apply([[1], [2]]);
  fail = true;
  expect(() => net.apply([[1], [2]], { training: true })).toThrow('no');
  expect(norm.variables[2]!.value.arraySync()).toEqual([0]);
});

test('moving statistics of all layers move, in jit too', () => {
  const [a, b] = [new BatchNormalization(), new BatchNormalization()];
  const net = new Sequential([a, new Sequential([b])]);
  const f = jit((x) => net.apply(x, { training: true }));
  for (let step = 0; step < 3; step++) f(tensor([[1], [3]]));
  // 1 − 0.99³ of mean 2; then of mean 0, and of variance 1 / (1 + 0.001).
  expect(a.variables[2]!.value.arraySync()).toEqual([expect.closeTo(2 * (1 - 0.99 ** 3), 6)]);
  expect(b.variables[2]!.value.arraySync()).toEqual([expect.closeTo(0, 6)]);
  expect(b.variables[3]!.value.arraySync()).toEqual([expect.closeTo(0.99 ** 3 + (1 - 0.99 ** 3) / 1.001, 5)]);
});

test('the batch program: [5, 5] to [5, 6], with a gradient', () => {
  const x = random.uniform([5, 5], { minval: 0, maxval: 10, dtype: 'int32', seed: 3 });
  const xf = cast(x, 'float32');
  const layer1 = new Dense({ units: 8, activation: elu });
  const bn = new BatchNormalization();
  const layer2 = new Dense({ units: 6, activation: elu });
  const tape = new GradientTape({ persistent: true, watchAccessedVariables: false });
  const y = tape.record(() => {
    tape.watch(xf);
    return layer2.apply(bn.apply(layer1.apply(xf), { training: true }));
  });
  expect(y.shape).toEqual([5, 6]);
  expect(tape.watchedVariables()).toEqual([]);
  expect(tape.gradient(y, xf).shape).toEqual([5, 5]);
  expect(sum(tape.gradient(y, xf)).item()).not.toBeNaN();
});
