/** Jacobians on devices: without synchronous reads, on two backends in turn, and in few runs whatever the number of seeds. */
import type { Backend, BufferRef } from '@jacobi/backend';
import { recordingBackend, withoutSyncRead } from '@jacobi/backend';
import { createCpuBackend } from '@jacobi/backend-cpu';
import type { Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import type { TapeJacobianOptions } from './index.ts';
import { GradientTape, hessian, jacobian, prepareJacobian } from './index.ts';

const { withBackend } = ops;
const f = (x: Tensor): Tensor => ops.sin(ops.mul(ops.cumsum(x), x));

function taped(g: (x: Tensor) => Tensor, x: Tensor, options: TapeJacobianOptions<'error'> = {}): Tensor {
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return g(x);
  });
  return tape.jacobian(y, x, options);
}

describe('a device that cannot read at once', () => {
  const device = withoutSyncRead(createCpuBackend());
  const data = [0.1, 0.2, 0.3];
  const expected = Array.from(taped(f, ops.tensor(data)).dataSync());

  test('Jacobians never read', async () => {
    const [J, H, B, P, V] = withBackend(device, () => {
      const x = ops.tensor(data);
      const rows = ops.tensor([data, data]);
      const tape = new GradientTape({ persistent: true });
      const y = tape.record(() => {
        tape.watch(rows);
        return ops.softmax(rows);
      });
      const prepared = prepareJacobian(f, { shape: [3] });
      return [
        taped(f, x, { chunkSize: 2 }),
        hessian((t: Tensor) => ops.sum(f(t)))(x) as Tensor,
        tape.batchJacobian(y, rows, { check: true }),
        prepared(x) as Tensor,
        prepared.valueAndJacobian(x)[1] as Tensor,
      ] as const;
    });
    for (const t of [J, P, V]) expect(Array.from(await t.data())).toEqual(expected);
    expect([H.shape, B.shape]).toEqual([
      [3, 3],
      [2, 3, 3],
    ]);
    expect((await H.data()).every(Number.isFinite)).toBe(true);
  });

  test('into says that it has to', () => {
    const prepared = prepareJacobian(f, { shape: [3] });
    const into = (): unknown => prepared.into(Float32Array.from(data), new Float32Array(9));
    expect(() => withBackend(device, into)).toThrow('cannot read at once; call the prepared Jacobian and await data()');
    expect(Array.from(into() as Float32Array)).toEqual(expected);
  });
});

/** A backend that refuses buffers of others. */
function strict(): Backend {
  const inner = createCpuBackend();
  const own = new WeakSet<object>();
  const check = (buffers: readonly BufferRef[]): void => {
    if (!buffers.every((b) => own.has(b as object))) throw new Error('a buffer of another backend');
  };
  return {
    ...inner,
    alloc: (dtype, size) => {
      const buffer = inner.alloc(dtype, size);
      own.add(buffer as object);
      return buffer;
    },
    run: (executable, inputs, outputs) => {
      check(inputs);
      check(outputs);
      inner.run(executable, inputs, outputs);
    },
    readSync: (buffer) => inner.readSync!(buffer),
  };
}

test('a prepared Jacobian goes from one backend to another and back', () => {
  const prepared = prepareJacobian(f, { shape: [3] });
  const [a, b] = [strict(), strict()];
  const x = Float32Array.of(0.1, 0.2, 0.3);
  const results = [a, b, a, b].map((backend) =>
    withBackend(backend, () => {
      const out = prepared.into(x, new Float32Array(9), { value: new Float32Array(3) });
      return [Array.from(out), Array.from((prepared(ops.tensor(x)) as Tensor).dataSync())];
    }),
  );
  for (const [out, called] of results) {
    expect(out).toEqual(results[0]![0]);
    expect(called).toEqual(out);
  }
});

describe('seeds travel as one block', () => {
  /** Runs of plans that one Jacobian of a known structure takes. */
  function runs(g: (x: Tensor) => Tensor, n: number, options: TapeJacobianOptions<'error'> = {}): number {
    const backend = recordingBackend(createCpuBackend());
    return withBackend(backend, () => {
      const x = ops.linspace(0, 1, n);
      const tape = new GradientTape({ persistent: true });
      const y = tape.record(() => {
        tape.watch(x);
        return g(x);
      });
      tape.jacobian(y, x, options);
      const plans = backend.plans.length;
      const before = backend.runs();
      tape.jacobian(y, x, options);
      expect(backend.plans.length).toBe(plans);
      return backend.runs() - before;
    });
  }

  test.each([3, 64, 200])('%d seeds: one run', (n) => {
    expect(runs(f, n)).toBe(1);
    expect(runs(ops.sin, n)).toBe(1);
    expect(runs((x) => ops.matmul(ops.eye(n), ops.tanh(x)), n, { mode: 'reverse' })).toBe(1);
  });

  test('in chunks: a few runs each', () => {
    const one = runs(f, 60, { mode: 'reverse', chunkSize: 30 });
    const two = runs(f, 60, { mode: 'reverse', chunkSize: 15 });
    expect(two).toBeLessThanOrEqual(2 * one);
    expect(two).toBeGreaterThan(one);
  });

  test('of a function: the values, then one run', () => {
    const backend = recordingBackend(createCpuBackend());
    withBackend(backend, () => {
      const J = jacobian(f);
      const count = (n: number): number => {
        const x = ops.linspace(0, 1, n);
        J(x);
        const before = backend.runs();
        J(x);
        return backend.runs() - before;
      };
      expect(count(50)).toBe(count(3));
    });
  });
});
