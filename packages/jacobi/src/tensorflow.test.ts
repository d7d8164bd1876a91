/** What TensorFlow computes: its stored values, Jacobians and batch Jacobians (packages/testing/tools/with_tensorflow.py). */
import { differences, expectDense } from '@jacobi/testing/jacobians';
import { lstm, numbers } from '@jacobi/testing/networks';
import reference from '@jacobi/testing/references/tensorflow.json' with { type: 'json' };
import { describe, test } from 'vitest';
import * as j from './index.ts';

type Cases = typeof reference.cases;
type Tensor = j.Tensor;

const given = {
  kernel1: numbers(1, 3, 5),
  bias1: numbers(2, 5),
  gamma: numbers(3, 5),
  beta: numbers(4, 5),
  kernel2: numbers(5, 5, 2),
  bias2: numbers(6, 2),
};

/** Dense with elu, batch normalisation, Dense with elu, of these weights; and the layers' variables by the names of the weights. */
function network() {
  const dtype = 'float64';
  const dense1 = new j.nn.Dense({ units: 5, activation: j.elu });
  const normal = new j.nn.BatchNormalization();
  const dense2 = new j.nn.Dense({ units: 2, activation: 'elu' });
  dense1.build([4, 3], dtype);
  normal.build([4, 5], dtype);
  dense2.build([4, 5], dtype);
  const variables = {
    kernel1: dense1.kernel,
    bias1: dense1.bias,
    gamma: normal.gamma,
    beta: normal.beta,
    kernel2: dense2.kernel,
    bias2: dense2.bias,
  };
  for (const [name, v] of Object.entries(variables)) v.assign(given[name as keyof typeof given]);
  normal.movingMean.assign(j.full([5], 0.1, { dtype }));
  normal.movingVariance.assign(j.full([5], 0.5, { dtype }));
  const apply = (x: Tensor, training: boolean): Tensor => dense2.apply(normal.apply(dense1.apply(x), { training }));
  return { apply, variables };
}

function attention(x: Tensor): Tensor {
  const scores = j.div(j.einsum('bsf,btf->bst', x, x), Math.sqrt(3));
  return j.einsum('bst,btf->bsf', j.softmax(scores), x);
}

const layerNorm = (x: Tensor): Tensor =>
  j.mul(j.sub(x, j.mean(x, 1, true)), j.rsqrt(j.add(j.variance(x, 1, true), 1e-3)));

const functions: Record<keyof Cases, (x: Tensor) => Tensor> = {
  'elu, batch normalisation in training, elu': (x) => network().apply(x, true),
  'elu, batch normalisation in inference, elu': (x) => network().apply(x, false),
  lstm: (x) => lstm(x, numbers(6, 5, 8), 2),
  attention,
  'layer normalisation': layerNorm,
  'log softmax': (x) => j.logSoftmax(j.mul(3, x)),
  'logSumExp along the first axis': (x) => j.logSumExp(x, 0),
  'gelu, swish, softplus': (x) => j.stack([j.gelu(x), j.swish(x), j.softplus(x)], 1),
  'product and cumulative product': (x) => j.mul(j.cumprod(x, 1), j.prod(x, 1, true)),
  'reversed cumulative sum': (x) => j.square(j.cumsum(x, 1, { reverse: true })),
  'gather with repeated indices': (x) => j.pow(j.gather(x, [2, 0, 2], 1), 3),
  'norms of rows': (x) => j.norm(x, 2, 1, true),
  'trace of a product': (x) => j.sum(j.diagPart(j.matmul(j.matmul(x, j.transpose(x)), x))),
  'atan2, erf, expm1': (x) => j.atan2(j.erf(x), j.add(j.expm1(x), 2)),
  'padded, flipped, tiled': (x) =>
    j.tile(
      j.flip(
        j.pad(j.square(x), [
          [0, 0],
          [1, 2],
        ]),
        1,
      ),
      [1, 2],
    ),
};

const backends = { cpu: await j.cpu(), wasm: await j.wasm() };

describe.each(Object.entries(backends))('on %s', (_name, backend) => {
  test.each(Object.entries(functions))('%s', (name, f) => {
    const expected = reference.cases[name as keyof Cases];
    const x = numbers(7, ...expected.shape);
    j.withBackend(backend, () => {
      const tape = new j.GradientTape({ persistent: true });
      const y = tape.record(() => (tape.watch(x), f(x)));
      expectDense(y, expected.y, 'value', 1e-13);
      expectDense(tape.jacobian(y, x), expected.jacobian, 'tape', 1e-13);
      for (const mode of ['forward', 'reverse'] as const)
        expectDense(j.jacobian(f, { mode })(x) as Tensor, expected.jacobian, mode, 1e-13);
      expectDense(j.jit(j.jacobian(f))(x) as Tensor, expected.jacobian, 'jit', 1e-13);
      if ('batch' in expected) expectDense(tape.batchJacobian(y, x), expected.batch, 'batch', 1e-13);
    });
  });

  test('the network by its weights', () => {
    j.withBackend(backend, () => {
      const { apply, variables } = network();
      const tape = new j.GradientTape();
      const y = tape.record(() => apply(numbers(7, 4, 3), true));
      const found = tape.jacobian(y, variables);
      for (const [name, J] of Object.entries(found))
        expectDense(J, reference.parameters[name as keyof typeof given], name, 1e-13);
    });
  });
});

test('the stored Jacobians are those of central differences', () => {
  for (const [name, f] of Object.entries(functions)) {
    const { shape, jacobian } = reference.cases[name as keyof Cases];
    expectDense(differences(f, numbers(7, ...shape)), jacobian, name, 1e-9);
  }
});
