import { checkpoint, GradientTape, jit } from '@jacobi/autograd';
import { add, mean, mul, random, sum, tensor, transpose, variance, zeros } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { BatchNormalization, Dense, Sequential } from './index.ts';

const close = (actual: unknown, expected: readonly number[], digits = 12) => {
  const values = (actual as { dataSync(): ArrayLike<number> }).dataSync();
  expect(values.length).toBe(expected.length);
  expected.forEach((v, i) => {
    expect(values[i]).toBeCloseTo(v, digits);
  });
};
const f64 = (data: number[][]) => tensor(data, { dtype: 'float64' });
const first = f64([
  [1, 10],
  [3, 30],
  [5, 20],
]);
const second = f64([
  [0, -4],
  [4, 4],
]);

test('in training the output has mean 0 and variance 1', () => {
  const layer = new BatchNormalization({ epsilon: 0 });
  const y = layer.apply(random.normal([64, 3, 4], { mean: 5, stddev: 7, dtype: 'float64', seed: 1 }), {
    training: true,
  });
  close(mean(y, [0, 1]), [0, 0, 0, 0]);
  close(variance(y, [0, 1]), [1, 1, 1, 1]);
});

test('values: gamma (x − mean) / √(variance + epsilon) + beta', () => {
  const layer = new BatchNormalization({ epsilon: 0.5 }).build([3, 2], 'float64');
  const [gamma, beta] = layer.trainableVariables;
  gamma!.assign([2, 3]);
  beta!.assign([-1, 1]);
  const a = (x: number) => (2 * (x - 3)) / Math.sqrt(8 / 3 + 0.5) - 1;
  const b = (x: number) => (3 * (x - 20)) / Math.sqrt(200 / 3 + 0.5) + 1;
  close(layer.apply(first, { training: true }), [a(1), b(10), a(3), b(30), a(5), b(20)]);
});

test('moving statistics after two steps, and inference with them', () => {
  const layer = new BatchNormalization({ momentum: 0.9 });
  const run = (x: typeof first) => layer.apply(x, { training: true });
  run(first);
  const [, , movingMean, movingVariance] = layer.variables;
  close(movingMean!.value, [0.3, 2]);
  close(movingVariance!.value, [0.9 + 0.1 * (8 / 3), 0.9 + 0.1 * (200 / 3)]);
  run(second);
  const means = [0.9 * 0.3 + 0.1 * 2, 0.9 * 2 + 0];
  const variances = [0.9 * (0.9 + 0.8 / 3) + 0.4, 0.9 * (0.9 + 20 / 3) + 1.6];
  close(movingMean!.value, means);
  close(movingVariance!.value, variances);
  const expected = [1, 10, 3, 30, 5, 20].map((x, i) => (x - means[i % 2]!) / Math.sqrt(variances[i % 2]! + 1e-3));
  for (const y of [layer.apply(first), layer.apply(first, { training: false })]) close(y, expected);
  close(movingMean!.value, means);
});

test('defaults are those of Keras', () => {
  const layer = new BatchNormalization({ name: 'norm' });
  layer.apply(first, { training: true });
  close(layer.variables[2]!.value, [0.03, 0.2]);
  expect(layer.variables.map((v) => [v.name, v.shape, v.trainable])).toEqual([
    ['norm/gamma', [2], true],
    ['norm/beta', [2], true],
    ['norm/movingMean', [2], false],
    ['norm/movingVariance', [2], false],
  ]);
  expect(layer.trainableVariables.map((v) => v.name)).toEqual(['norm/gamma', 'norm/beta']);
  const plain = new BatchNormalization().build([1, 2]);
  expect(plain.variables.map((v) => v.value.arraySync())).toEqual([
    [1, 1],
    [0, 0],
    [0, 0],
    [1, 1],
  ]);
  expect(plain.apply([[2, 3]]).dtype).toBe('float32');
});

test('without center or scale', () => {
  const names = (layer: BatchNormalization<boolean, boolean>) =>
    layer.build([1, 2]).variables.map((v) => v.name.split('/')[1]);
  expect(names(new BatchNormalization({ center: false }))).toEqual(['gamma', 'movingMean', 'movingVariance']);
  expect(names(new BatchNormalization({ scale: false }))).toEqual(['beta', 'movingMean', 'movingVariance']);
  const bare = new BatchNormalization({ center: false, scale: false, epsilon: 0 });
  close(bare.apply(second, { training: true }), [-1, -1, 1, 1]);
  expect(bare.trainableVariables).toEqual([]);
});

test.each([0, -2])('axis %i is that of the features', (axis) => {
  const layer = new BatchNormalization({ axis });
  const reference = new BatchNormalization();
  const x = transpose(first);
  for (const training of [true, false]) {
    close(transpose(layer.apply(x, { training })), [...reference.apply(first, { training }).dataSync()] as number[]);
  }
  expect(layer.variables[2]!.shape).toEqual([2]);
  const wide = new BatchNormalization({ axis: 1 }).apply(random.normal([2, 3, 4, 5], { seed: 1 }), { training: true });
  close(mean(wide, [0, 2, 3]), [0, 0, 0], 5);
});

test('variables by name, in a sequence too', () => {
  const layer = new BatchNormalization();
  new Sequential([new Dense({ units: 3 }), layer]).build([2, 2]);
  expect([layer.gamma, layer.beta, layer.movingMean, layer.movingVariance]).toEqual(layer.variables);
  const plain = new BatchNormalization({ center: false, scale: false }).build([2, 2]);
  expect([plain.gamma, plain.beta]).toEqual([undefined, undefined]);
  expect(() => new BatchNormalization().gamma).toThrow('gamma: BatchNormalization');
});

test('the variance has two passes: a large mean costs no digits', () => {
  const layer = new BatchNormalization({ epsilon: 0, momentum: 0 });
  const y = layer.apply(tensor([[10000], [10001], [10002], [10003]]), { training: true });
  close(
    y,
    [-1.5, -0.5, 0.5, 1.5].map((v) => v / Math.sqrt(1.25)),
    5,
  );
  close(layer.variables[3]!.value, [1.25], 6);
});

test('one example, as vmap has it, in inference', () => {
  close(new BatchNormalization({ epsilon: 0 }).apply(tensor([3, 4], { dtype: 'float64' })), [3, 4]);
});

test('an empty batch has an empty result and leaves moving statistics as they are', () => {
  const layer = new BatchNormalization();
  expect(layer.apply(zeros([0, 2]), { training: true }).shape).toEqual([0, 2]);
  expect(layer.variables[2]!.value.arraySync()).toEqual([0, 0]);
});

test.each([
  ['jit', jit],
  ['checkpoint', checkpoint],
] as const)('%s updates the moving statistics on each call', (_, transform) => {
  const layer = new BatchNormalization({ momentum: 0.5 });
  const eager = new BatchNormalization({ momentum: 0.5 });
  const f = transform((x: typeof first) => layer.apply(x, { training: true }));
  for (const x of [first, second, first, mul(first, 3)]) {
    close(f(x), [...eager.apply(x, { training: true }).dataSync()] as number[]);
    expect(layer.variables.map((v) => v.value.arraySync())).toEqual(eager.variables.map((v) => v.value.arraySync()));
  }
});

test('no gradient goes through the update', () => {
  const layer = new BatchNormalization();
  const batch = transform(layer);
  for (const run of [batch, jit(batch)]) {
    const tape = new GradientTape({ persistent: true });
    const [y, held] = tape.record(() => {
      tape.watch(first);
      const y = sum(run(first));
      return [y, sum(layer.variables[2]!.value)] as const;
    });
    expect(tape.gradient(held, first, { unconnected: 'zero' }).arraySync()).toEqual(zeros([3, 2]).arraySync());
    expect(tape.gradient(y, first).shape).toEqual([3, 2]);
    expect(tape.watchedVariables()).toEqual(layer.trainableVariables);
  }
});

function transform(layer: BatchNormalization) {
  return (x: typeof first) => add(layer.apply(x, { training: true }), 0);
}
