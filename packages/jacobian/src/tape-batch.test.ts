/** tape.batchJacobian: TensorFlow's cases (BatchJacobianTest, documentation). */

import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { expectDense, float64 } from '@jacobi/testing/jacobians';
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

describe('tape.batchJacobian', () => {
  const batches: readonly Case[] = [
    {
      name: 'x²·y',
      x: [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      f: (x) =>
        ops.mul(
          ops.square(x!),
          f64([
            [3, 4],
            [5, 6],
          ]),
        ),
      jacobians: [
        [
          [
            [6, 0],
            [0, 16],
          ],
          [
            [30, 0],
            [0, 48],
          ],
        ],
      ],
    },
    {
      name: 'documentation: x²',
      x: [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      f: (x) => ops.square(x!),
      jacobians: [
        [
          [
            [2, 0],
            [0, 4],
          ],
          [
            [6, 0],
            [0, 8],
          ],
        ],
      ],
    },
    {
      name: 'x³',
      x: [
        [
          [4, 2],
          [1, 3],
        ],
      ],
      f: (x) => ops.pow(x!, 3),
      jacobians: [
        [
          [
            [48, 0],
            [0, 12],
          ],
          [
            [3, 0],
            [0, 27],
          ],
        ],
      ],
    },
    {
      name: 'x·w',
      x: [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      f: (x) =>
        ops.matmul(
          x!,
          f64([
            [1, 2, 3, 4],
            [5, 6, 7, 8],
          ]),
        ),
      jacobians: [
        [
          [
            [1, 5],
            [2, 6],
            [3, 7],
            [4, 8],
          ],
          [
            [1, 5],
            [2, 6],
            [3, 7],
            [4, 8],
          ],
        ],
      ],
    },
  ];
  test.each(batches)('$name', ({ x, f, jacobians }) => {
    const sources = x.map(f64);
    const { tape, y } = taped(sources, () => f(...sources));
    for (const options of modes) expect(tape.batchJacobian(y, sources[0]!, options).arraySync()).toEqual(jacobians[0]);
  });

  test('a repeated axis and a slice of all of it', () => {
    const x = ops.ones([2, 4, 2]);
    const { tape, y } = taped([x], () => ops.slice(ops.tile(x, [1, 2, 1]), [0, 0, 0], [-1, Math.max(2, 3, 4, 4), -1]));
    expect(tape.batchJacobian(y, x).shape).toEqual([2, 4, 2, 4, 2]);
  });

  test('(7,5) → (7,6): the full Jacobian and the one of each example', () => {
    const x = float64(
      Array.from({ length: 35 }, (_, i) => Math.sin(i)),
      [7, 5],
    );
    const w = float64(
      Array.from({ length: 30 }, (_, i) => Math.cos(i)),
      [5, 6],
    );
    const { tape, y } = taped([x], () => ops.elu(ops.matmul(x, w)));
    expect(tape.jacobian(y, x).shape).toEqual([7, 6, 7, 5]);
    expectDense(tape.batchJacobian(y, x), ops.einsum('bxby->bxy', tape.jacobian(y, x)));
  });
});
