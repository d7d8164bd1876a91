/* Derivatives of layers against central differences in float64. */
import { GradientTape, grad, jit, jvp } from '@jacobi/autograd';
import type { Tensor } from '@jacobi/tensor';
import { add, mul, random, square, sub, sum, tensor } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import type { ActivationName, Layer } from './index.ts';
import { activations, BatchNormalization, Dense, Sequential, split } from './index.ts';

const dtype = 'float64';
const draw = (shape: number[], seed: number) => random.normal(shape, { dtype, seed });
/** A sum in which every element counts differently. */
const weigh = (y: Tensor) => sum(mul(square(add(y, 0.3)), draw(y.shape, 99)));

/** ∂f/∂x by central differences, element by element: slow and obvious. */
function differences(f: (x: Tensor) => Tensor, x: Tensor, step = 1e-5): number[] {
  return Array.from({ length: x.size }, (_, i) => {
    const data = new Float64Array(x.size);
    data[i] = step;
    const delta = tensor(data, { shape: x.shape });
    return (f(add(x, delta)).item() - f(sub(x, delta)).item()) / (2 * step);
  });
}

function expectClose(actual: Tensor, expected: number[]): void {
  const values = [...actual.dataSync()] as number[];
  const scale = Math.max(1, ...expected.map(Math.abs));
  values.forEach((v, i) => {
    expect(Math.abs(v - expected[i]!)).toBeLessThan(1e-7 * scale);
  });
}

const x = draw([4, 3], 1);
const perturbed = (layer: Layer, features = 3): Layer => {
  layer.build([4, features], dtype);
  layer.variables
    .filter((v) => !v.name.endsWith('movingVariance'))
    .forEach((v, i) => {
      v.assignAdd(mul(draw(v.shape, 10 + i), 0.3));
    });
  return layer;
};

const LAYERS: readonly (readonly [string, () => Layer])[] = [
  ...(Object.keys(activations) as ActivationName[]).map(
    (activation) => [`Dense ${activation}`, () => new Dense({ units: 2, activation })] as const,
  ),
  ['BatchNormalization', () => new BatchNormalization()],
  ['BatchNormalization of axis 0', () => new BatchNormalization({ axis: 0 })],
  ['BatchNormalization without center and scale', () => new BatchNormalization({ center: false, scale: false })],
  [
    'Sequential',
    () =>
      new Sequential([
        new Dense({ units: 5, activation: 'elu' }),
        new BatchNormalization(),
        new Dense({ units: 2, activation: 'tanh' }),
      ]),
  ],
];

const CASES = LAYERS.flatMap(([name, make]) => [false, true].map((training) => [name, training, make] as const));

test.each(CASES)('%s, training: %s: by its input, at orders 1 and 2', (_, training, make) => {
  const layer = perturbed(make());
  const { params, apply } = split(layer);
  const f = (input: Tensor) => weigh(apply(params, input, { training }));
  expectClose(grad(f)(x), differences(f, x));
  expectClose(jit(grad(f))(x), differences(f, x));
  const v = draw(x.shape, 5);
  const slope = (input: Tensor) => sum(mul(grad(f)(input) as Tensor, v));
  expectClose(grad(slope)(x), differences(slope, x));
  const [, tangent] = jvp(f, [x], [v]);
  expect((tangent as Tensor).item()).toBeCloseTo(slope(x).item(), 9);
});

test.each(CASES)('%s, training: %s: by its parameters, with a tape', (_, training, make) => {
  const layer = perturbed(make());
  const tape = new GradientTape();
  const y = tape.record(() => weigh(layer.apply(x, { training })));
  if (layer.trainableVariables.length === 0) return;
  const gradients = tape.gradient(y, layer.trainableVariables);
  layer.trainableVariables.forEach((variable, i) => {
    const now = variable.value;
    const f = (value: Tensor) => {
      variable.assign(value);
      const result = weigh(layer.apply(x, { training }));
      variable.assign(now);
      return result;
    };
    expectClose(gradients[i]!, differences(f, now));
  });
});
