import { grad, jit, jvp, vmap } from '@jacobi/autograd';
import type { Tensor } from '@jacobi/tensor';
import { cast, mul, random, square, stack, sum, tensor } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { BatchNormalization, Dense, Sequential, split } from './index.ts';

const numbers = (t: Tensor) => [...t.dataSync()] as number[];
const close = (actual: Tensor, expected: Tensor) => {
  expect(actual.shape).toEqual(expected.shape);
  numbers(actual).forEach((v, i) => {
    expect(v).toBeCloseTo(numbers(expected)[i]!, 5);
  });
};
const x = random.normal([4, 3], { seed: 1 });
const net = new Sequential([
  new Dense({ units: 5, activation: 'tanh' }),
  new BatchNormalization(),
  new Dense({ units: 2, useBias: false }),
]).build([4, 3]);

test('params are the trainable values, by name and in sequence', () => {
  const { params, apply } = split(net);
  expect(params.map((p) => Object.keys(p))).toEqual([['kernel', 'bias'], ['gamma', 'beta'], ['kernel']]);
  expect(numbers(params[0].kernel)).toEqual(numbers(net.trainableVariables[0]!.value));
  expect(numbers(apply(params, x))).toEqual(numbers(net.apply(x)));
  const other = [params[0], { gamma: mul(params[1].gamma, 0), beta: params[1].beta }, params[2]] as const;
  expect(numbers(apply(other, x)).every((v) => v === 0)).toBe(true);
  const [a, ...rest] = params;
  expect(numbers(apply([{ bias: a.bias, kernel: a.kernel }, ...rest], x))).toEqual(numbers(net.apply(x)));
});

test('the state is that of the layer at the time of the call, and is never assigned', () => {
  const norm = new BatchNormalization({ epsilon: 0 }).build([2, 1]);
  const { params, apply } = split(norm);
  expect(apply(params, [[1], [3]], { training: true }).arraySync()).toEqual([[-1], [1]]);
  expect(norm.variables.map((v) => v.value.arraySync())).toEqual([[1], [0], [0], [1]]);
  norm.variables[2]!.assign([10]);
  expect(apply(params, [[1], [3]]).arraySync()).toEqual([[-9], [-7]]);
  expect(jit(apply)(params, tensor([[1], [3]])).arraySync()).toEqual([[-9], [-7]]);
});

test('grad, jvp and jit take it', () => {
  const { params, apply } = split(net);
  const loss = (p: typeof params, input: Tensor) => sum(square(apply(p, input, { training: true })));
  const g = grad(loss)(params, x) as typeof params;
  const jitted = jit(grad(loss))(params, x) as typeof params;
  expect(g[1].gamma.shape).toEqual([5]);
  close(jitted[0].kernel, g[0].kernel);
  const [, slope] = jvp((p: typeof params) => loss(p, x), [params], [g]);
  const squared = [g[0].kernel, g[0].bias, g[1].gamma, g[1].beta, g[2].kernel]
    .flatMap(numbers)
    .reduce((s, v) => s + v * v, 0);
  expect(slope.item() / squared).toBeCloseTo(1, 4);
});

test('vmap of grad gives the gradient of each example', () => {
  const { params, apply } = split(net);
  const loss = (p: typeof params, row: Tensor) => sum(square(apply(p, row)));
  const all = vmap(grad(loss), { inAxes: [null, 0] })(params, x) as typeof params;
  const rows = [0, 1, 2, 3].map((i) => grad(loss)(params, x.slice([i, 0], [1, 3]).reshape([3])) as typeof params);
  close(all[0].kernel, stack(rows.map((g) => g[0].kernel)));
  close(all[1].gamma, stack(rows.map((g) => g[1].gamma)));
  expect(all[2].kernel.shape).toEqual([4, 5, 2]);
});

test('vmap over parameters: an ensemble', () => {
  const layer = new Dense({ units: 2 }).build([4, 3]);
  const { params, apply } = split(layer);
  const many = { kernel: stack([params.kernel, mul(params.kernel, 2)]), bias: stack([params.bias, params.bias]) };
  const y = vmap(apply, { inAxes: [0, null] })(many, x) as Tensor;
  close(y, stack([layer.apply(x), mul(layer.apply(x), 2)]));
});

test('float64 parameters for a layer of float32', () => {
  const layer = new Dense({ units: 1, kernelInitializer: 'ones' }).build([4, 3]);
  const { params, apply } = split(layer);
  const wide = { kernel: cast(params.kernel, 'float64'), bias: cast(params.bias, 'float64') };
  expect(apply(wide, tensor([[0.1, 0, 0]], { dtype: 'float64' })).item()).toBe(0.1);
});

test('params and variables stay apart', () => {
  const layer = new Dense({ units: 1, kernelInitializer: 'ones' }).build([1, 2]);
  const { params, apply } = split(layer);
  layer.variables[0]!.assign([[0], [0]]);
  expect(apply(params, [[1, 2]]).item()).toBe(3);
  expect(layer.apply([[1, 2]]).item()).toBe(0);
});
