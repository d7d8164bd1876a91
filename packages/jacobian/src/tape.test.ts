/** tape.jacobian and tape.batchJacobian: TensorFlow's cases (JacobianTest, BatchJacobianTest, guide and documentation). */
import { customGradient, jit, TapeConsumedError, TapeStateError, UnconnectedError } from '@jacobi/autograd';
import type { NestedLike, Tensor, Variable } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { differences, expectDense, float64 } from '@jacobi/testing/jacobians';
import { describe, expect, test } from 'vitest';
import { GradientTape } from './index.ts';
import type { TapeJacobianOptions } from './index.ts';

const { tensor } = ops;
const f64 = (data: NestedLike): Tensor => tensor(data, { dtype: 'float64' });
const modes: readonly TapeJacobianOptions<'error'>[] = [{}, { mode: 'forward' }, { mode: 'reverse' }, { chunkSize: 1 }, { mode: 'forward', chunkSize: 2 }, { memoryBudget: 1 }];

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
  { name: 'x²·y with respect to both', x: [[1, 2], [3, 4]], f: (x, y) => ops.mul(ops.square(x!), y!), jacobians: [[[6, 0], [0, 16]], [[1, 0], [0, 4]]] },
  { name: 'documentation: x²', x: [[1, 2]], f: (x) => ops.square(x!), jacobians: [[[2, 0], [0, 4]]] },
  { name: 'x² + 2x through constant', x: [[1, 2]], f: (x) => ops.constant(ops.add(ops.pow(x!, 2), ops.mul(2, x!))), jacobians: [[[4, 0], [0, 6]]] },
  { name: 'scalar source', x: [2], f: (x) => ops.stack([ops.pow(x!, 2), ops.pow(x!, 3)]), jacobians: [[4, 12]] },
  { name: 'scalar target', x: [[1, 2, 3]], f: (x) => ops.sum(ops.square(x!)), jacobians: [[2, 4, 6]] },
  { name: 'scalar both', x: [3], f: (x) => ops.square(x!), jacobians: [6] },
  { name: 'target of shape [1]', x: [3], f: (x) => ops.reshape(ops.square(x!), [1]), jacobians: [[6]] },
  { name: 'source of shape [1]', x: [[3]], f: (x) => ops.square(x!), jacobians: [[[6]]] },
  { name: 'cumulated folding of a vector of zeros', x: [[0, 0, 0]], f: (x) => ops.unstack(x!).reduce((a, b) => ops.add(a, b)), jacobians: [[1, 1, 1]] },
  { name: 'rows by index', x: [[[1, 2], [3, 4], [5, 6]]], f: (x) => ops.gather(x!, [0, 2]), jacobians: [[[[[1, 0], [0, 0], [0, 0]], [[0, 1], [0, 0], [0, 0]]], [[[0, 0], [0, 0], [1, 0]], [[0, 0], [0, 0], [0, 1]]]]] },
  { name: 'rows by the same index twice', x: [[1, 2, 3]], f: (x) => ops.gather(x!, [1, 1]), jacobians: [[[0, 1, 0], [0, 1, 0]]] },
  { name: 'a product with a matrix that is not square', x: [[1, 2]], f: (x) => ops.matmul(f64([[1, 2], [3, 4], [5, 6]]), x!), jacobians: [[[1, 2], [3, 4], [5, 6]]] },
  { name: 'the same tensor in both places', x: [[1, 3]], f: (x) => ops.mul(x!, x!), jacobians: [[[2, 0], [0, 6]]] },
  { name: 'target is source', x: [[1, 2]], f: (x) => x!, jacobians: [[[1, 0], [0, 1]]] },
];

/** Ordinary control flow on numbers: works while recording, not under jit. */
const looking: readonly Case[] = [
  { name: 'a branch on the value', x: [5], f: (x) => (x!.item() < 10 ? x! : ops.square(x!)), jacobians: [1] },
  { name: 'the other branch', x: [50], f: (x) => (x!.item() < 10 ? x! : ops.square(x!)), jacobians: [100] },
  { name: 'a loop on the value', x: [2], f: (x) => { let y = x!; while (y.item() < 8) y = ops.mul(y, 2); return y; }, jacobians: [4] },
];

describe('tape.jacobian', () => {
  test.each(tables)('$name', ({ x, f, jacobians }) => {
    const sources = x.map(f64);
    const { tape, y } = taped(sources, () => f(...sources));
    for (const options of modes) expect(tape.jacobian(y, sources, options).map((J) => J.arraySync())).toEqual(jacobians);
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
    for (const options of modes) expect(tape.jacobian(y, sources, options).map((J) => J.arraySync())).toEqual(jacobians);
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
    expect([k.shape, b.shape]).toEqual([[7, 10, 5, 10], [7, 10, 10]]);
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
    expect(J.first[0]!.arraySync()).toEqual([[3, 0], [0, 3]]);
    expect(J.first[1]!.arraySync()).toEqual([1, 2]);
    expect(J.again.a.arraySync()).toEqual([[3, 0], [0, 3]]);
    expect(tape.jacobian(y, [b, b]).map((t) => t.arraySync())).toEqual([[1, 2], [1, 2]]);
  });

  test('intermediate values are sources too', () => {
    const x = f64([1, 3]);
    const tape = new GradientTape({ persistent: true });
    const [y, z] = tape.record(() => {
      tape.watch(x);
      const s = ops.square(x);
      return [s, ops.square(s)] as const;
    });
    expect(tape.jacobian(z, y).arraySync()).toEqual([[2, 0], [0, 18]]);
    expect(tape.jacobian(z, [x, y]).map((t) => t.arraySync())).toEqual([[[4, 0], [0, 108]], [[2, 0], [0, 18]]]);
    expect(tape.jacobian(y, x).arraySync()).toEqual([[2, 0], [0, 6]]);
    for (const options of modes) expect(tape.jacobian(z, [y, x], options).map((t) => t.arraySync())).toEqual([[[2, 0], [0, 18]], [[4, 0], [0, 108]]]);
    expect(tape.gradient(z, [x, y]).map((t) => t.arraySync())).toEqual([[4, 108], [2, 18]]);
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

describe('life cycle', () => {
  const consume: Record<string, (tape: GradientTape, y: Tensor, x: Tensor) => unknown> = {
    gradient: (tape, y, x) => tape.gradient(y, x),
    jacobian: (tape, y, x) => tape.jacobian(y, x),
    batchJacobian: (tape, y, x) => tape.batchJacobian(y, x),
  };
  const pairs = Object.keys(consume).flatMap((a) => Object.keys(consume).map((b) => [a, b] as const));
  test.each(pairs)('a tape that is not persistent: %s, then %s', (first, second) => {
    const x = f64([[3]]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return ops.square(x);
    });
    consume[first]!(tape, y, x);
    expect(() => consume[second]!(tape, y, x)).toThrow(TapeConsumedError);
    expect(() => consume[second]!(tape, y, x)).toThrow('A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)');
  });

  test('jacobian inside of record: 108 for (x²)² at 3, persistent or not', () => {
    for (const persistent of [false, true]) {
      const x = f64(3);
      const tape = new GradientTape({ persistent });
      const J = tape.record(() => {
        tape.watch(x);
        return tape.jacobian(ops.square(ops.square(x)), x);
      });
      expect(J.item()).toBe(108);
    }
  });

  test('batchJacobian inside of record: [[[108]]]', () => {
    const x = f64([[3]]);
    const tape = new GradientTape({ persistent: true });
    const J = tape.record(() => {
      tape.watch(x);
      return tape.batchJacobian(ops.square(ops.square(x)), x);
    });
    expect(J.arraySync()).toEqual([[[108]]]);
  });

  test('record again goes on with the same tape; inside of itself it is refused', () => {
    const x = f64([1, 2]);
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return ops.mul(2, x);
    });
    const z = tape.record(() => ops.square(y));
    expect(tape.jacobian(z, x).arraySync()).toEqual([[8, 0], [0, 16]]);
    expect(() => tape.record(() => tape.record(() => y))).toThrow(TapeStateError);
    expect(tape.jacobian(z, x).arraySync()).toEqual([[8, 0], [0, 16]]);
  });

  test('stopRecording: the part inside is not seen', () => {
    const [x, y] = [f64(2), f64(3)];
    const { tape, y: z } = taped([x, y], () => ops.square(x));
    expect(z.item()).toBe(4);
    const t = new GradientTape({ persistent: true });
    const w = t.record(() => {
      t.watch([x, y]);
      return ops.add(ops.square(x), t.stopRecording(() => ops.square(y)));
    });
    expect(t.jacobian(w, x).item()).toBe(4);
    expect(t.jacobian(w, y, { unconnected: 'none' })).toBeNull();
    expect(() => tape.stopRecording(() => x)).toThrow('not recording');
  });

  test('reset forgets; the tape can be used again', () => {
    const x = f64(1);
    const tape = new GradientTape();
    const loss = tape.record(() => {
      tape.watch(x);
      const before = ops.square(x);
      tape.reset();
      tape.watch(x);
      return ops.add(before, ops.square(x));
    });
    expect(tape.jacobian(loss, x).item()).toBe(2);
  });

  test('two tapes watch for themselves', () => {
    const [x0, x1] = [f64(0), f64(0)];
    const [a, b] = [new GradientTape(), new GradientTape()];
    const [ys, y1] = a.record(() => b.record(() => {
      a.watch(x0);
      b.watch(x1);
      return [ops.sin(x0), ops.sigmoid(x1)] as const;
    }));
    expect(a.jacobian(ys, x0).item()).toBe(1);
    expect(b.jacobian(y1, x1).item()).toBe(0.25);
  });

  test('an error in record leaves the tape and the library as they were', () => {
    const x = f64(1);
    const tape = new GradientTape({ persistent: true });
    expect(() => tape.record(() => {
      tape.watch(x);
      ops.square(x);
      throw new TypeError('mine');
    })).toThrow('mine');
    const y = tape.record(() => ops.square(x));
    expect(tape.jacobian(y, x).item()).toBe(2);
  });

  test('the error of a custom rule passes through, and the tape goes on', () => {
    const broken = customGradient((x: Tensor) => [ops.square(x), () => { throw new RangeError('from the rule'); }]);
    const x = f64(3);
    const { tape, y } = taped([x], () => ops.add(broken(x) as Tensor, ops.square(x)));
    expect(() => tape.jacobian(y, x)).toThrow('from the rule');
    const z = tape.record(() => ops.square(x));
    expect(tape.jacobian(z, x).item()).toBe(6);
  });
});

describe('unconnected', () => {
  const x = f64([1, 2]);
  const other = f64([[3], [4]]);
  const cases: readonly { name: string; f: (tape: GradientTape) => Tensor; says: string }[] = [
    { name: 'not used', f: () => ops.square(other), says: 'does not depend on source' },
    { name: 'stopGradient', f: () => ops.mul(ops.stopGradient(x), 2), says: 'stopGradient' },
    { name: 'cast to an integer', f: () => ops.cast(x, 'int32'), says: 'cast' },
    { name: 'an index', f: () => ops.argmax(x), says: 'argmax' },
    { name: 'a comparison', f: () => ops.greater(x, 1), says: 'greater' },
    { name: 'read out', f: () => f64(x.arraySync() as number[]), says: 'read out by arraySync()' },
    { name: 'stopRecording', f: (tape) => tape.stopRecording(() => ops.square(x)), says: 'outside of record' },
  ];
  test.each(cases)('$name: an error that says why, null, or zeros', ({ f, says }) => {
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch([x, other]);
      return f(tape);
    });
    expect(() => tape.jacobian(y, x)).toThrow(UnconnectedError);
    expect(() => tape.jacobian(y, x)).toThrow(says);
    expect(tape.jacobian(y, x, { unconnected: 'none' })).toBeNull();
    const zeros = tape.jacobian(y, x, { unconnected: 'zero' });
    expect(zeros.shape).toEqual([...y.shape, 2]);
    expect(zeros.dataSync().every((v) => v === 0)).toBe(true);
    expect(tape.explain(y, x)).toContain('not connected');
  });

  test('not watched', () => {
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => ops.square(x));
    expect(() => tape.jacobian(y, x)).toThrow('was not watched');
  });

  test('some sources connected, some not', () => {
    const { tape, y } = taped([x, other], () => ops.square(x));
    expect(tape.jacobian(y, { x, other }, { unconnected: 'none' }).other).toBeNull();
    expect(tape.jacobian(y, [x, other], { unconnected: 'zero' })[1]!.shape).toEqual([2, 2, 1]);
    expect(tape.explain(y, [x, other])).toContain('source [1]: not connected');
  });

  test('an untrained variable and one that is not read', () => {
    const v = ops.variable([1, 2], { trainable: false, name: 'frozen' });
    const w = ops.variable([1, 2], { name: 'idle' });
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => ops.square(v.value));
    for (const source of [v, w] as Variable[]) {
      expect(() => tape.jacobian(y, source)).toThrow(source.name);
      expect(tape.jacobian(y, source, { unconnected: 'none' })).toBeNull();
    }
  });

  test.each(['float32', 'float64'] as const)('a compiled function that drops its argument: zeros of %s', (dtype) => {
    const source = ops.cast(f64([[2]]), dtype);
    const drop = jit((_x: Tensor) => ops.full([1, 1], 1, { dtype }));
    const { tape, y } = taped([source], () => drop(source) as Tensor);
    const zeros = tape.batchJacobian(y, source, { unconnected: 'zero' });
    expect(zeros.arraySync()).toEqual([[[0]]]);
    expect(zeros.dtype).toBe(dtype);
  });

  test('a custom rule that gives no gradient for an argument', () => {
    const first = customGradient((a: Tensor, _b: Tensor) => [ops.square(a), (dy: Tensor) => [ops.mul(dy, ops.mul(2, a)), null]]);
    const [a, b] = [f64([3]), f64([5])];
    const { tape, y } = taped([a, b], () => first(a, b) as Tensor);
    expect(tape.jacobian(y, a).arraySync()).toEqual([[6]]);
    expect(tape.jacobian(y, b, { unconnected: 'zero' }).arraySync()).toEqual([[0]]);
  });
});

describe('tape.batchJacobian', () => {
  const batches: readonly Case[] = [
    { name: 'x²·y', x: [[[1, 2], [3, 4]]], f: (x) => ops.mul(ops.square(x!), f64([[3, 4], [5, 6]])), jacobians: [[[[6, 0], [0, 16]], [[30, 0], [0, 48]]]] },
    { name: 'documentation: x²', x: [[[1, 2], [3, 4]]], f: (x) => ops.square(x!), jacobians: [[[[2, 0], [0, 4]], [[6, 0], [0, 8]]]] },
    { name: 'x³', x: [[[4, 2], [1, 3]]], f: (x) => ops.pow(x!, 3), jacobians: [[[[48, 0], [0, 12]], [[3, 0], [0, 27]]]] },
    { name: 'x·w', x: [[[1, 2], [3, 4]]], f: (x) => ops.matmul(x!, f64([[1, 2, 3, 4], [5, 6, 7, 8]])), jacobians: [[[[1, 5], [2, 6], [3, 7], [4, 8]], [[1, 5], [2, 6], [3, 7], [4, 8]]]] },
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
    const x = float64(Array.from({ length: 35 }, (_, i) => Math.sin(i)), [7, 5]);
    const w = float64(Array.from({ length: 30 }, (_, i) => Math.cos(i)), [5, 6]);
    const { tape, y } = taped([x], () => ops.elu(ops.matmul(x, w)));
    expect(tape.jacobian(y, x).shape).toEqual([7, 6, 7, 5]);
    expectDense(tape.batchJacobian(y, x), ops.einsum('bxby->bxy', tape.jacobian(y, x)));
  });
});
