/** batchJacobian: TensorFlow's definition, independence of examples, modes, sizes, dtypes. */
import { customGradient } from '@jacobi/autograd';
import type { Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { differences, expectDense, float64, summedBatch } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import type { BatchJacobianOptions } from './index.ts';
import { GradientTape, jacobian, MixedRowsError } from './index.ts';

type Options = BatchJacobianOptions<'error'>;

const numbers = (...shape: number[]): Tensor =>
  float64(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + 2.3 * i) + 0.1),
    shape,
  );

function taped(f: (x: Tensor) => Tensor, x: Tensor): { tape: GradientTape; y: Tensor } {
  const tape = new GradientTape({ persistent: true });
  const y = tape.record(() => {
    tape.watch(x);
    return f(x);
  });
  return { tape, y };
}

const normalized = (x: Tensor): Tensor => {
  const centred = ops.sub(x, ops.mean(x, 0, true));
  return ops.mul(centred, ops.rsqrt(ops.add(ops.mean(ops.square(centred), 0, true), 1e-3)));
};
const w1 = numbers(3, 4);
const w2 = numbers(4, 2);
const net = (x: Tensor): Tensor => ops.matmul(ops.tanh(ops.matmul(x, w1)), w2);

interface Case {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly shape: readonly number[];
}

const independent: readonly Case[] = [
  { name: 'elementwise', f: (x) => ops.sin(x), shape: [4, 3] },
  { name: 'a network', f: net, shape: [4, 3] },
  { name: 'a batch as large as its examples', f: (x) => ops.mul(x, ops.sum(x, 1, true)), shape: [3, 3] },
  { name: 'transposed and back', f: (x) => ops.transpose(ops.square(ops.transpose(x))), shape: [3, 3] },
  { name: 'rank 3 to rank 2', f: (x) => ops.sum(ops.square(x), 2), shape: [3, 2, 2] },
  { name: 'rank 2 to rank 4', f: (x) => ops.mul(ops.reshape(x, [3, 1, 2, 1]), numbers(3, 2, 2, 3)), shape: [3, 2] },
  { name: 'inner axes transposed', f: (x) => ops.transpose(ops.exp(x), [0, 2, 1]), shape: [2, 3, 2] },
  { name: 'outer products of examples', f: (x) => ops.einsum('bi,bj->bij', x, ops.square(x)), shape: [3, 2] },
  { name: 'softmax', f: (x) => ops.softmax(x), shape: [3, 4] },
  { name: 'cumulative sums', f: (x) => ops.cumsum(x, 1), shape: [2, 3] },
  { name: 'columns by index', f: (x) => ops.gather(x, [2, 0, 2, 1], 1), shape: [2, 3] },
  { name: 'batch of one, mean over it', f: normalized, shape: [1, 3] },
  {
    name: 'batch of one, reshaped away and back',
    f: (x) => ops.reshape(ops.square(ops.reshape(x, [3])), [1, 3]),
    shape: [1, 3],
  },
  { name: 'batch of one, transposed twice', f: (x) => ops.reshape(ops.transpose(x), [1, 1]), shape: [1, 1] },
];

const mixing: readonly (Case & { readonly by: string })[] = [
  { name: 'normalized over the batch', f: (x) => net(normalized(x)), shape: [4, 3], by: "'sum'" },
  { name: 'scaled by the total', f: (x) => ops.mul(x, ops.sum(ops.square(x))), shape: [3, 2], by: "'sum'" },
  { name: 'transposed, sizes equal', f: (x) => ops.transpose(ops.square(x)), shape: [3, 3], by: "'transpose'" },
  {
    name: 'batch axis to the middle',
    f: (x) => ops.transpose(ops.sin(x), [1, 0, 2]),
    shape: [2, 2, 3],
    by: "'transpose'",
  },
  {
    name: 'reshaped to another batch axis',
    f: (x) => ops.reshape(ops.transpose(ops.square(x)), [2, 2]),
    shape: [2, 2],
    by: "'transpose'",
  },
  { name: 'flipped', f: (x) => ops.flip(ops.square(x), 0), shape: [3, 2], by: "'flip'" },
  { name: 'rolled', f: (x) => ops.roll(ops.square(x), 1, 0), shape: [3, 2], by: "'slice'" },
  { name: 'cumulated', f: (x) => ops.cumsum(ops.square(x), 0), shape: [3, 2], by: "'cumsum'" },
  {
    name: 'examples chosen by index',
    f: (x) => ops.gather(ops.square(x), [1, 1, 0], 0),
    shape: [3, 2],
    by: "'gather'",
  },
  { name: 'Gram matrix', f: (x) => ops.matmul(x, ops.transpose(x)), shape: [3, 2], by: "'contract'" },
  { name: 'largest of the batch', f: (x) => ops.sub(x, ops.max(x, 0)), shape: [3, 2], by: "'max'" },
  { name: 'softmax over the batch', f: (x) => ops.softmax(x, 0), shape: [3, 2], by: "'sum'" },
  {
    name: 'a mean over the batch, spread over a new axis',
    f: (x) => ops.broadcastTo(ops.mean(ops.square(x), 0), [3, 4, 2]),
    shape: [3, 2],
    by: "'sum'",
  },
  { name: 'a diagonal', f: (x) => ops.diag(ops.sum(x, 1)), shape: [3, 2], by: '' },
];

/** Rows that cut the batch up or move it mix nothing here, but the program does not show it. */
const seeming: readonly Case[] = [
  {
    name: 'unstacked, one by one, stacked',
    f: (x) => ops.stack(ops.unstack(x).map((row) => ops.sin(row))),
    shape: [3, 2],
  },
  {
    name: 'split, a network each, concatenated',
    f: (x) => ops.concat(ops.split(x, [1, 3], 0).map(net), 0),
    shape: [4, 3],
  },
  { name: 'flipped and back', f: (x) => ops.flip(ops.square(ops.flip(x, 0)), 0), shape: [3, 2] },
  {
    name: 'permuted by index and back',
    f: (x) => ops.gather(net(ops.gather(x, [2, 0, 1], 0)), [1, 2, 0], 0),
    shape: [3, 3],
  },
  {
    name: 'a product with the identity',
    f: (x) => ops.matmul(ops.eye(3, { dtype: 'float64' }), net(x)),
    shape: [3, 3],
  },
];

const settings: readonly Options[] = [
  {},
  { mode: 'forward' },
  { mode: 'forward', chunkSize: 1 },
  { mode: 'forward', chunkSize: 4 },
  { mode: 'forward', memoryBudget: 300 },
  { mode: 'reverse' },
  { chunkSize: 1 },
  { chunkSize: 2 },
  { chunkSize: 1000 },
  { memoryBudget: 1 },
  { memoryBudget: 500 },
];

describe('independent examples', () => {
  test.each(independent)('$name', ({ f, shape }) => {
    const x = numbers(...shape);
    const { tape, y } = taped(f, x);
    const truth = summedBatch(differences(f, x), y.rank);
    for (const options of [...settings, { check: true }] as Options[]) {
      expectDense(tape.batchJacobian(y, x, options), truth, JSON.stringify(options));
    }
    expect(tape.explain(y, x, { batch: true })).toContain('examples: independent');
    const full = jacobian(f)(x) as Tensor;
    const letters = ['cdef'.slice(0, y.rank - 1), 'ghij'.slice(0, x.rank - 1)];
    expectDense(
      ops.einsum(`b${letters[0]}b${letters[1]}->b${letters[0]}${letters[1]}`, full),
      truth,
      'diagonal blocks of the full Jacobian',
    );
  });
});

describe('examples that only seem to mix', () => {
  test.each(seeming)('$name: every mode gives the Jacobian of each example', ({ f, shape }) => {
    const x = numbers(...shape);
    const { tape, y } = taped(f, x);
    const truth = summedBatch(differences(f, x), y.rank);
    for (const options of settings) expectDense(tape.batchJacobian(y, x, options), truth, JSON.stringify(options));
    expect(() => tape.batchJacobian(y, x, { check: true })).toThrow(MixedRowsError);
  });
});

describe('examples that mix: the sum over the batch, and the row that mixes is named', () => {
  test.each(mixing.filter((c) => c.by !== ''))('$name', ({ f, shape, by }) => {
    const x = numbers(...shape);
    const { tape, y } = taped(f, x);
    const truth = summedBatch(differences(f, x), y.rank);
    for (const options of settings) expectDense(tape.batchJacobian(y, x, options), truth, JSON.stringify(options));
    for (const mode of ['auto', 'forward', 'reverse'] as const) {
      const options: Options = { check: true, mode };
      expect(() => tape.batchJacobian(y, x, options)).toThrow(MixedRowsError);
      expect(() => tape.batchJacobian(y, x, options)).toThrow(by);
    }
    expect(tape.explain(y, x, { batch: true })).toContain(`examples: mixed by ${by.slice(1, -1)}`);
    expectDense(tape.batchJacobian(y, x), truth, 'after the errors');
  });

  test('diag: its first axis goes with the first axis of x, so examples are independent', () => {
    const { f, shape } = mixing.find((c) => c.by === '')!;
    const x = numbers(...shape);
    const { tape, y } = taped(f, x);
    expectDense(tape.batchJacobian(y, x, { check: true }), summedBatch(differences(f, x), 2));
  });

  test('one mixing path beside an independent one is found', () => {
    const x = numbers(3, 2);
    const { tape, y } = taped((t) => ops.add(ops.sin(t), ops.mul(1e-3, ops.mean(t, 0))), x);
    expect(() => tape.batchJacobian(y, x, { check: true })).toThrow(MixedRowsError);
  });

  test('a constant normalization does not mix', () => {
    const x = numbers(3, 2);
    const { tape, y } = taped((t) => ops.sub(t, ops.stopGradient(ops.mean(t, 0))), x);
    expectDense(
      tape.batchJacobian(y, x, { check: true }),
      ops.broadcastTo(ops.eye(2, { dtype: 'float64' }), [3, 2, 2]),
    );
  });
});

describe('sizes', () => {
  test.each([
    { x: [1, 0], y: [1, 0, 0], f: (x: Tensor) => ops.square(x) },
    { x: [0, 3], y: [0, 3, 3], f: (x: Tensor) => ops.square(x) },
    { x: [0, 3], y: [0, 4, 3], f: (x: Tensor) => ops.matmul(x, w1) },
    { x: [2, 0], y: [2, 4, 0], f: (x: Tensor) => ops.matmul(x, ops.zeros([0, 4], { dtype: 'float64' })) },
    { x: [2, 3], y: [2, 0, 3], f: (x: Tensor) => ops.slice(x, [0, 0], [-1, 0]) },
    { x: [0, 0], y: [0, 0, 0], f: (x: Tensor) => ops.sub(x, ops.mean(x, 0)) },
  ])('$x → $y', ({ x: shape, y: expected, f }) => {
    const x = ops.zeros(shape, { dtype: 'float64' });
    const { tape, y } = taped(f, x);
    for (const options of settings) {
      const J = tape.batchJacobian(y, x, options);
      expect(J.shape).toEqual(expected);
      expect(J.dtype).toBe('float64');
    }
  });
});

describe('dtypes', () => {
  test.each([
    ['float32', 'float32', 'float32'],
    ['float64', 'float64', 'float64'],
    ['float32', 'float64', 'float64'],
    ['float64', 'float32', 'float64'],
  ] as const)('source %s, target %s: %s, in both modes, and for zeros', (source, target, expected) => {
    const x = ops.cast(numbers(2, 2), source);
    const { tape, y } = taped((t) => ops.cast(ops.square(t), target), x);
    for (const mode of ['auto', 'forward', 'reverse'] as const) {
      for (const options of [{ mode }, { mode, chunkSize: 1 }]) {
        expect(tape.batchJacobian(y, x, options).dtype).toBe(expected);
        expect(tape.jacobian(y, x, options).dtype).toBe(expected);
      }
    }
    const zero = ops.cast(numbers(2, 2), target);
    expect(tape.batchJacobian(zero, x, { unconnected: 'zero' }).dtype).toBe(expected);
    expect(tape.jacobian(zero, x, { unconnected: 'zero' }).dtype).toBe(expected);
  });

  test('zeros for an integer target are floating', () => {
    const x = numbers(2, 2);
    const { tape, y } = taped((t) => ops.cast(t, 'int32'), x);
    expect(tape.jacobian(y, x, { unconnected: 'zero' }).dtype).toBe('float64');
    expect(tape.jacobian(y, x, { unconnected: 'none' })).toBeNull();
  });
});

describe('in company', () => {
  test('custom backward rules that are not linear go in reverse', () => {
    const clipped = customGradient((x: Tensor) => [ops.square(x), (dy: Tensor) => ops.mul(dy, ops.mul(3, x))]);
    const x = numbers(3, 2);
    const { tape, y } = taped((t) => clipped(t) as Tensor, x);
    expectDense(tape.batchJacobian(y, x, { mode: 'reverse' }), ops.diag(ops.mul(3, x)));
  });

  test('inside of the recording, persistent: the batch Jacobian is differentiated again', () => {
    const x = numbers(3, 2);
    const tape = new GradientTape({ persistent: true });
    const f = (t: Tensor): Tensor => ops.mul(ops.pow(t, 3), ops.sum(t, 1, true));
    const first = (t: Tensor): Tensor => {
      const inner = new GradientTape();
      const y = inner.record(() => {
        inner.watch(t);
        return f(t);
      });
      return inner.batchJacobian(y, t);
    };
    const J = tape.record(() => {
      tape.watch(x);
      return tape.batchJacobian(f(x), x);
    });
    expect(J.shape).toEqual([3, 2, 2]);
    expectDense(tape.batchJacobian(J, x), summedBatch(differences(first, x), 3));
  });

  test('examples that mix, forward and differentiated again', () => {
    const x = numbers(3, 2);
    const tape = new GradientTape({ persistent: true });
    const f = (t: Tensor): Tensor => ops.mul(ops.square(t), ops.mean(ops.pow(t, 3), 0));
    const first = (t: Tensor): Tensor => {
      const inner = new GradientTape();
      const y = inner.record(() => {
        inner.watch(t);
        return f(t);
      });
      return inner.batchJacobian(y, t, { mode: 'forward' });
    };
    const J = tape.record(() => {
      tape.watch(x);
      return first(x);
    });
    const truth = summedBatch(differences(first, x), 3);
    for (const mode of ['forward', 'reverse'] as const) expectDense(tape.batchJacobian(J, x, { mode }), truth, mode);
  });

  test('a variable that is read twice', () => {
    const v = ops.variable(numbers(2, 2));
    const tape = new GradientTape();
    const y = tape.record(() => ops.mul(v.value, ops.sin(v.value)));
    const f = (x: Tensor): Tensor => ops.mul(x, ops.sin(x));
    expectDense(tape.batchJacobian(y, v), summedBatch(differences(f, v.value), 2));
  });

  test('target and source the same', () => {
    const x = numbers(2, 3);
    const { tape } = taped((t) => t, x);
    expectDense(
      tape.batchJacobian(x, x, { check: true }),
      ops.broadcastTo(ops.eye(3, { dtype: 'float64' }), [2, 3, 3]),
    );
  });
});
