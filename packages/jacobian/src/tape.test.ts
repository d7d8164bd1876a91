/** tape.jacobian and tape.batchJacobian: TensorFlow's cases (JacobianTest, BatchJacobianTest, guide and documentation). */
import { jit } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { differences, expectDense } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import type { TapeJacobianOptions } from './index.ts';
import { GradientTape } from './index.ts';

const { tensor } = ops;
const f64 = (data: NestedLike): Tensor => tensor(data, { dtype: 'float64' });
const modes: readonly TapeJacobianOptions<'error'>[] = [
  {},
  { mode: 'forward' },
  { mode: 'reverse' },
  { chunkSize: 1 },
  { mode: 'forward', chunkSize: 2 },
  { memoryBudget: 1 },
];

/** A persistent tape that watches the sources, and the target. */
function taped(sources: readonly Tensor[], f: () => Tensor): { tape: GradientTape; y: Tensor } {
  const tape = new GradientTape({ persistent: true });
  const y = tape.record(() => {
    tape.watch([...sources]);
    return f();
  });
  return { tape, y };
}

interface Case {
  readonly name: string;
  readonly x: readonly NestedLike[];
  readonly f: (...x: Tensor[]) => Tensor;
  readonly jacobians: readonly unknown[];
}

const tables: readonly Case[] = [
  {
    name: 'x²·y with respect to both',
    x: [
      [1, 2],
      [3, 4],
    ],
    f: (x, y) => ops.mul(ops.square(x!), y!),
    jacobians: [
      [
        [6, 0],
        [0, 16],
      ],
      [
        [1, 0],
        [0, 4],
      ],
    ],
  },
  {
    name: 'documentation: x²',
    x: [[1, 2]],
    f: (x) => ops.square(x!),
    jacobians: [
      [
        [2, 0],
        [0, 4],
      ],
    ],
  },
  {
    name: 'x² + 2x through constant',
    x: [[1, 2]],
    f: (x) => ops.constant(ops.add(ops.pow(x!, 2), ops.mul(2, x!))),
    jacobians: [
      [
        [4, 0],
        [0, 6],
      ],
    ],
  },
  { name: 'scalar source', x: [2], f: (x) => ops.stack([ops.pow(x!, 2), ops.pow(x!, 3)]), jacobians: [[4, 12]] },
  { name: 'scalar target', x: [[1, 2, 3]], f: (x) => ops.sum(ops.square(x!)), jacobians: [[2, 4, 6]] },
  { name: 'scalar both', x: [3], f: (x) => ops.square(x!), jacobians: [6] },
  { name: 'target of shape [1]', x: [3], f: (x) => ops.reshape(ops.square(x!), [1]), jacobians: [[6]] },
  { name: 'source of shape [1]', x: [[3]], f: (x) => ops.square(x!), jacobians: [[[6]]] },
  {
    name: 'cumulated folding of a vector of zeros',
    x: [[0, 0, 0]],
    f: (x) => ops.unstack(x!).reduce((a, b) => ops.add(a, b)),
    jacobians: [[1, 1, 1]],
  },
  {
    name: 'rows by index',
    x: [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    f: (x) => ops.gather(x!, [0, 2]),
    jacobians: [
      [
        [
          [
            [1, 0],
            [0, 0],
            [0, 0],
          ],
          [
            [0, 1],
            [0, 0],
            [0, 0],
          ],
        ],
        [
          [
            [0, 0],
            [0, 0],
            [1, 0],
          ],
          [
            [0, 0],
            [0, 0],
            [0, 1],
          ],
        ],
      ],
    ],
  },
  {
    name: 'rows by the same index twice',
    x: [[1, 2, 3]],
    f: (x) => ops.gather(x!, [1, 1]),
    jacobians: [
      [
        [0, 1, 0],
        [0, 1, 0],
      ],
    ],
  },
  {
    name: 'a product with a matrix that is not square',
    x: [[1, 2]],
    f: (x) =>
      ops.matmul(
        f64([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        x!,
      ),
    jacobians: [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
  },
  {
    name: 'the same tensor in both places',
    x: [[1, 3]],
    f: (x) => ops.mul(x!, x!),
    jacobians: [
      [
        [2, 0],
        [0, 6],
      ],
    ],
  },
  {
    name: 'target is source',
    x: [[1, 2]],
    f: (x) => x!,
    jacobians: [
      [
        [1, 0],
        [0, 1],
      ],
    ],
  },
];

/** Ordinary control flow on numbers: works while recording, not under jit. */
const looking: readonly Case[] = [
  { name: 'a branch on the value', x: [5], f: (x) => (x!.item() < 10 ? x! : ops.square(x!)), jacobians: [1] },
  { name: 'the other branch', x: [50], f: (x) => (x!.item() < 10 ? x! : ops.square(x!)), jacobians: [100] },
  {
    name: 'a loop on the value',
    x: [2],
    f: (x) => {
      let y = x!;
      while (y.item() < 8) y = ops.mul(y, 2);
      return y;
    },
    jacobians: [4],
  },
];

describe('tape.jacobian', () => {
  test.each(tables)('$name', ({ x, f, jacobians }) => {
    const sources = x.map(f64);
    const { tape, y } = taped(sources, () => f(...sources));
    for (const options of modes)
      expect(tape.jacobian(y, sources, options).map((J) => J.arraySync())).toEqual(jacobians);
    const single = new GradientTape();
    const z = single.record(() => {
      single.watch(sources);
      return jit(f)(...sources) as Tensor;
    });
    expect(single.jacobian(z, sources).map((J) => J.arraySync())).toEqual(jacobians);
  });

  test.each(looking)('$name', ({ x, f, jacobians }) => {
    const sources = x.map(f64);
    const { tape, y } = taped(sources, () => f(...sources));
    for (const options of modes)
      expect(tape.jacobian(y, sources, options).map((J) => J.arraySync())).toEqual(jacobians);
    expect(() => jit(f)(...sources) as Tensor).toThrow('traced value');
  });

  test('sigmoid(x + δ) for 201 points: one column', () => {
    const delta = ops.zeros([], { dtype: 'float64' });
    const x = ops.linspace(-10, 10, 201, { dtype: 'float64' });
    const { tape, y } = taped([delta], () => ops.sigmoid(ops.add(x, delta)));
    expectDense(tape.jacobian(y, delta), ops.mul(y, ops.sub(1, y)));
  });

  test('a dense layer: shapes, and the sum over the target is the gradient', () => {
    const x = ops.random.normal([7, 5], { key: ops.random.key(1) });
    const kernel = ops.variable(ops.random.normal([5, 10], { key: ops.random.key(2) }), { name: 'kernel' });
    const bias = ops.variable(ops.zeros([10]));
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => ops.relu(ops.add(ops.matmul(x, kernel.value), bias.value)));
    const { k, b } = tape.jacobian(y, { k: kernel, b: bias });
    expect([k.shape, b.shape]).toEqual([
      [7, 10, 5, 10],
      [7, 10, 10],
    ]);
    expectDense(ops.sum(k, [0, 1]), tape.gradient(y, kernel), '', 1e-5);
  });

  test('the Hessian of a kernel by a tape in a tape', () => {
    const x = ops.random.normal([7, 5], { key: ops.random.key(1), dtype: 'float64' });
    const start = ops.random.normal([5, 8], { key: ops.random.key(2), dtype: 'float64' });
    const kernel = ops.variable(start);
    const loss = (k: Tensor): Tensor => ops.mean(ops.square(ops.tanh(ops.matmul(x, k))));
    const outer = new GradientTape();
    const g = outer.record(() => {
      const inner = new GradientTape();
      const y = inner.record(() => loss(kernel.value));
      return inner.gradient(y, kernel);
    });
    const H = outer.jacobian(g, kernel);
    expect(H.shape).toEqual([5, 8, 5, 8]);
    const gradient = (k: Tensor): Tensor => {
      const { tape, y } = taped([k], () => loss(k));
      return tape.gradient(y, k);
    };
    expectDense(H, differences(gradient, start));
  });

  test('an empty target of a variable: shape [0, 7], the same in both modes', () => {
    const v = ops.variable(1);
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => ops.mul(v.value, ops.concat([ops.zeros([0, 4]), ops.zeros([0, 3])], 1)));
    for (const options of modes) expect(tape.jacobian(y, v, options).shape).toEqual([0, 7]);
  });

  test('results have the structure of the sources, repeated sources repeat', () => {
    const [a, b] = [f64([1, 2]), f64(3)];
    const { tape, y } = taped([a, b], () => ops.mul(a, b));
    const J = tape.jacobian(y, { first: [a, b], again: { a } });
    expect(J.first[0]!.arraySync()).toEqual([
      [3, 0],
      [0, 3],
    ]);
    expect(J.first[1]!.arraySync()).toEqual([1, 2]);
    expect(J.again.a.arraySync()).toEqual([
      [3, 0],
      [0, 3],
    ]);
    expect(tape.jacobian(y, [b, b]).map((t) => t.arraySync())).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test('intermediate values are sources too', () => {
    const x = f64([1, 3]);
    const tape = new GradientTape({ persistent: true });
    const [y, z] = tape.record(() => {
      tape.watch(x);
      const s = ops.square(x);
      return [s, ops.square(s)] as const;
    });
    expect(tape.jacobian(z, y).arraySync()).toEqual([
      [2, 0],
      [0, 18],
    ]);
    expect(tape.jacobian(z, [x, y]).map((t) => t.arraySync())).toEqual([
      [
        [4, 0],
        [0, 108],
      ],
      [
        [2, 0],
        [0, 18],
      ],
    ]);
    expect(tape.jacobian(y, x).arraySync()).toEqual([
      [2, 0],
      [0, 6],
    ]);
    for (const options of modes)
      expect(tape.jacobian(z, [y, x], options).map((t) => t.arraySync())).toEqual([
        [
          [2, 0],
          [0, 18],
        ],
        [
          [4, 0],
          [0, 108],
        ],
      ]);
    expect(tape.gradient(z, [x, y]).map((t) => t.arraySync())).toEqual([
      [4, 108],
      [2, 18],
    ]);
  });

  test('equal constants are distinct sources', () => {
    const [x1, x2] = [tensor(3), tensor(3)];
    const { tape, y } = taped([x1], () => ops.add(x1, x2));
    expect(tape.jacobian(y, [x1]).map((t) => t.item())).toEqual([1]);
    expect(tape.jacobian(y, x2, { unconnected: 'none' })).toBeNull();
  });

  test('constant of a list of tensors is stacked and connected', () => {
    const x = f64(2);
    const { tape, y } = taped([x], () => ops.constant([ops.square(x), ops.mul(3, x)]));
    expect(tape.jacobian(y, x).arraySync()).toEqual([4, 3]);
  });
});
