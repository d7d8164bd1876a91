import { GradientTape, jit, valueAndGrad } from '@jacobi/autograd';
import type { Tensor } from '@jacobi/tensor';
import { add, mean, mul, random, square, sub, tensor } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { BatchNormalization, Dense, initializers, Sequential, split } from './index.ts';

const xs = tensor([[-2], [-1], [0], [1], [2], [3]]);
const ys = sub(mul(xs, 2), 1);

test('y = 2x − 1 by gradient descent with a tape', () => {
  const layer = new Dense({ units: 1, kernelInitializer: initializers.glorotUniform({ seed: 1 }) });
  const step = () => {
    const tape = new GradientTape();
    const loss = tape.record(() => mean(square(sub(layer.apply(xs), ys))));
    const gradients = tape.gradient(loss, layer.trainableVariables);
    layer.trainableVariables.forEach((v, i) => {
      v.assignSub(mul(gradients[i]!, 0.1));
    });
    return loss;
  };
  for (let i = 0; i < 200; i++) step();
  const [kernel, bias] = layer.variables;
  expect(kernel!.value.item()).toBeCloseTo(2, 4);
  expect(bias!.value.item()).toBeCloseTo(-1, 4);
  expect(step().item()).toBeLessThan(1e-8);
});

const network = (seed: number) =>
  new Sequential([
    new Dense({ units: 8, activation: 'tanh', kernelInitializer: initializers.glorotUniform({ seed }) }),
    new BatchNormalization({ momentum: 0.9 }),
    new Dense({ units: 1, kernelInitializer: initializers.glorotUniform({ seed: seed + 1 }) }),
  ]);

/** One step of gradient descent in training mode. */
function stepOf(net: ReturnType<typeof network>) {
  return (x: Tensor, y: Tensor): Tensor => {
    const tape = new GradientTape();
    const loss = tape.record(() => mean(square(sub(net.apply(x, { training: true }), y))));
    const gradients = tape.gradient(loss, net.trainableVariables);
    net.trainableVariables.forEach((v, i) => {
      v.assignSub(mul(gradients[i]!, 0.1));
    });
    return loss;
  };
}

test('a jitted training step does what the eager one does, moving statistics too', () => {
  const [a, b] = [network(1), network(1)];
  const eager = stepOf(a);
  const jitted = jit(stepOf(b));
  const losses = Array.from({ length: 150 }, (_, i) => {
    const x = random.normal([16, 1], { seed: i });
    const y = add(square(x), 1);
    const loss = eager(x, y).item();
    expect(jitted(x, y).item()).toBeCloseTo(loss, 3);
    return loss;
  });
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 10);
  a.variables.forEach((v, i) => {
    const other = b.variables[i]!.value.dataSync();
    v.value.dataSync().forEach((value, k) => {
      expect(other[k]).toBeCloseTo(value, 2);
    });
  });
  const [norm] = [b.layers[1]];
  expect(norm.variables[2]!.value.dataSync().some((v) => v !== 0)).toBe(true);
  expect(norm.variables[3]!.value.dataSync().some((v) => v !== 1)).toBe(true);
});

test('training of parameters apart from the layer', () => {
  const layer = new Dense({ units: 1, kernelInitializer: 'ones' }).build([6, 1]);
  const { params, apply } = split(layer);
  const step = jit(valueAndGrad((p: typeof params) => mean(square(sub(apply(p, xs), ys)))));
  let p = params;
  for (let i = 0; i < 200; i++) {
    const [, g] = step(p) as [Tensor, typeof params];
    p = { kernel: sub(p.kernel, mul(g.kernel, 0.1)), bias: sub(p.bias, mul(g.bias, 0.1)) };
  }
  expect([p.kernel.item(), p.bias.item()]).toEqual([expect.closeTo(2, 4), expect.closeTo(-1, 4)]);
  expect(layer.variables[0]!.value.item()).toBe(1);
});
