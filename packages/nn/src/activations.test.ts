import { tensor } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import type { ActivationName } from './index.ts';
import { activations, Dense } from './index.ts';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** Φ from a table, at the points below. */
const PHI: Record<number, number> = { [-2]: 0.02275013, [-0.5]: 0.30853754, 0: 0.5, 1: 0.84134475, 7: 1 };
const points = Object.keys(PHI)
  .map(Number)
  .sort((a, b) => a - b);
const total = points.reduce((sum, x) => sum + Math.exp(x), 0);

/** Closed forms, as Keras documents them. */
const CLOSED: Record<ActivationName, (x: number) => number> = {
  linear: (x) => x,
  elu: (x) => (x > 0 ? x : Math.exp(x) - 1),
  exponential: Math.exp,
  gelu: (x) => x * PHI[x]!,
  leakyRelu: (x) => (x > 0 ? x : 0.2 * x),
  logSigmoid: (x) => Math.log(sigmoid(x)),
  logSoftmax: (x) => x - Math.log(total),
  relu: (x) => Math.max(0, x),
  relu6: (x) => Math.min(6, Math.max(0, x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1)),
  sigmoid,
  silu: (x) => x * sigmoid(x),
  softmax: (x) => Math.exp(x) / total,
  softplus: (x) => Math.log(1 + Math.exp(x)),
  softsign: (x) => x / (1 + Math.abs(x)),
  swish: (x) => x * sigmoid(x),
  tanh: Math.tanh,
};

test.each(Object.keys(CLOSED) as ActivationName[])('%s, by name and in a layer', (name) => {
  const x = tensor([points], { dtype: 'float64' });
  const expected = points.map(CLOSED[name]);
  const layer = new Dense({ units: points.length, activation: name, kernelInitializer: 'identity' });
  for (const y of [activations[name](x), layer.apply(x)]) {
    expect(y.dtype).toBe('float64');
    (y.arraySync() as number[][])[0]!.forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i]!, 7);
    });
  }
});
