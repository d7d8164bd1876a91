/** Networks: batch Jacobians, per-example gradients and Hessians, vectorised against loops and differences (TensorFlow's parallel_for cases). */
import { grad, jit, vmap } from '@jacobi/autograd';
import type { Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { differences, expectDense, float64, summedBatch } from '@jacobi/testing/jacobians';
import { lstm, numbers } from '@jacobi/testing/networks';
import { describe, test } from 'vitest';
import type { BatchJacobianOptions } from './index.ts';
import { GradientTape, hessian, jacobian } from './index.ts';

/** Two layers with relu between. */
const [k1, b1, k2, b2] = [numbers(1, 4, 6), numbers(2, 6), numbers(3, 6, 3), numbers(4, 3)];
const dense = (x: Tensor): Tensor => ops.add(ops.matmul(ops.relu(ops.add(ops.matmul(x, k1), b1)), k2), b2);

function batchJacobian(f: (x: Tensor) => Tensor, x: Tensor, options: BatchJacobianOptions<'zero'> = {}): Tensor {
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return f(x);
  });
  return tape.batchJacobian(y, x, { unconnected: 'zero', ...options });
}

const networks: readonly { name: string; f: (x: Tensor) => Tensor; x: Tensor }[] = [
  { name: 'dense, batch 8, 4 features', f: dense, x: numbers(5, 8, 4) },
  { name: 'lstm, batch 8, 4 steps, 2 units', f: (x) => lstm(x, numbers(6, 5, 8), 2), x: numbers(7, 8, 4, 3) },
  { name: 'lstm, 1 step', f: (x) => lstm(x, numbers(6, 5, 8), 2), x: numbers(8, 3, 1, 3) },
  {
    name: 'lstm, no step at all',
    f: (x) => ops.add(ops.sum(x, 1), lstm(x, numbers(6, 5, 8), 3)),
    x: numbers(8, 2, 0, 3),
  },
  {
    name: 'folding cos(a + b)',
    f: (x) =>
      ops.expandDims(
        ops.unstack(x, 1).reduce((a, b) => ops.cos(ops.add(a, b))),
        1,
      ),
    x: float64([1, 2], [1, 2]),
  },
  {
    name: 'attention over the steps of each example',
    f: (x) => ops.einsum('bst,btf->bsf', ops.softmax(ops.einsum('bsf,btf->bst', x, x)), x),
    x: numbers(9, 2, 3, 2),
  },
];

describe.each(networks)('$name', ({ f, x }) => {
  test('the batch Jacobian: vectorised, looped, in chunks, forward, reverse, compiled', () => {
    const truth = summedBatch(differences(f, x), f(x).rank);
    const all: BatchJacobianOptions<'zero'>[] = [
      {},
      { mode: 'forward' },
      { mode: 'reverse' },
      { chunkSize: 1 },
      { mode: 'reverse', chunkSize: 2 },
      { check: true },
    ];
    for (const options of all) expectDense(batchJacobian(f, x, options), truth, JSON.stringify(options));
    expectDense(batchJacobian(jit(f), x), truth);
    expectDense(jit((t: Tensor) => batchJacobian(f, t))(x) as Tensor, truth);
    const one = (row: Tensor): Tensor => ops.squeeze(f(ops.expandDims(row)), 0);
    expectDense(vmap(jacobian(one))(x) as Tensor, truth);
    expectDense(ops.stack(ops.unstack(x).map((row) => jacobian(one)(row) as Tensor)), truth);
  });

  test('order 2', () => {
    expectDense(
      batchJacobian((t) => batchJacobian(f, t), x),
      summedBatch(
        differences((t) => batchJacobian(f, t), x),
        f(x).rank + x.rank - 1,
      ),
    );
  });
});

test('gradients of each example, as a mapped gradient and as a loop', () => {
  const x = numbers(5, 8, 4);
  const labels = numbers(6, 8, 3);
  const loss = (params: { k: Tensor; b: Tensor }, row: Tensor, label: Tensor): Tensor =>
    ops.neg(
      ops.sum(ops.mul(label, ops.logSoftmax(ops.add(ops.matmul(ops.relu(ops.matmul(row, params.k)), k2), params.b)))),
    );
  const params = { k: k1, b: b2 };
  const mapped = vmap(grad(loss), { inAxes: [null, 0, 0] })(params, x, labels) as { k: Tensor; b: Tensor };
  const rows = ops.unstack(x).map((row, i) => grad(loss)(params, row, ops.unstack(labels)[i]!));
  expectDense(mapped.k, ops.stack(rows.map((r) => r.k)), '', 1e-14);
  expectDense(mapped.b, ops.stack(rows.map((r) => r.b)), '', 1e-14);
  const total = jacobian((p: typeof params) => vmap(loss, { inAxes: [null, 0, 0] })(p, x, labels))(params) as {
    k: Tensor;
    b: Tensor;
  };
  expectDense(total.k, mapped.k, '', 1e-14);
});

test('the Hessian of an lstm with respect to its kernel', () => {
  const x = numbers(7, 2, 2, 2);
  const f = (kernel: Tensor): Tensor => ops.sum(lstm(x, kernel, 1));
  const kernel = numbers(8, 3, 4);
  const H = differences(grad(f) as (k: Tensor) => Tensor, kernel);
  expectDense(hessian(f)(kernel) as Tensor, H);
  expectDense(hessian(f, { mode: 'forward', chunkSize: 5 })(kernel) as Tensor, H);
});
