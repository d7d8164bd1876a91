/** GradientTape: gradients, sources and targets, as users of TensorFlow rely on them. */

import type { Tensor } from '@jacobi/tensor';
import {
  add,
  argmax,
  cast,
  concat,
  constant,
  floor,
  gather,
  less,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  pow,
  relu,
  ShapeError,
  split,
  square,
  stopGradient,
  sum,
  tensor,
  where,
} from '@jacobi/tensor';
import { values } from '@jacobi/testing';
import { describe, expect, test, vi } from 'vitest';
import { GradientTape } from './index.ts';

const ints = (data: number | number[]): Tensor => tensor(data, { dtype: 'int32' });
/** The gradient of f with respect to x on a fresh tape. */
const slope = (f: (x: Tensor) => unknown, x: Tensor): unknown => {
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return f(x);
  });
  return values(tape.gradient(y, x, { unconnected: 'none' }));
};
const quietly = <T>(fn: () => T): T => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const result = fn();
  warn.mockRestore();
  return result;
};

describe('gradients of functions', () => {
  const crossEntropy = (logits: Tensor, labels: Tensor): Tensor => mean(neg(sum(mul(logSoftmax(logits), labels), -1)));
  test.each<[string, (x: Tensor) => unknown, number | number[] | number[][], unknown]>([
    ['where below', (x) => where(less(x, 10), x, square(x)), 5, 1],
    ['where above', (x) => where(less(x, 10), x, square(x)), 50, 100],
    ['the same value', (x) => x, 3, 1],
    ['through tensor()', (x) => tensor(x), 3, 1],
    ['through constant()', (x) => constant(add(x, x)), [0], [2]],
    ['a list of tensors stays connected', (x) => tensor([mul(x, 2), mul(x, 3)]), 1, 5],
    ['gather', (x) => gather(add(x, 1), ints([0])), [1], [1]],
    ['argmax passes nothing', (x) => stopGradient(argmax(x, 0)), [0], null],
    [
      'a matrix that is its own target',
      (x) => x,
      [
        [2, 2],
        [2, 2],
      ],
      [
        [1, 1],
        [1, 1],
      ],
    ],
    [
      'twice its own target',
      (x) => [x, x],
      [
        [2, 2],
        [2, 2],
      ],
      [
        [2, 2],
        [2, 2],
      ],
    ],
    ['target and source', (x) => [x, square(x)], 2, 5],
    ['targets of a nest add up', (x) => ({ a: square(x), b: [pow(x, -1)] }), 2, 3.75],
    ['a target of several elements counts with its sum', (x) => mul(x, tensor([3, 4])), 2, 7],
    ['x and 2x', (x) => [x, mul(2, x)], 1, 3],
    ['softmax cross-entropy', (x) => crossEntropy(x, tensor([[1, 0]])), [[0, 0]], [[-0.5, 0.5]]],
    ['relu at 0', relu, 0, 0],
    ['floor is connected', floor, 1.5, 0],
    ['a branch taken in JavaScript', (x) => (x.item() > 2 ? square(x) : pow(x, 3)), 3, 6],
    [
      'a loop in JavaScript',
      (x) => {
        let y = x;
        for (let i = 1; i < 3; i++) y = mul(y, 2);
        return y;
      },
      2,
      4,
    ],
    ['x² at −1, 0, 1 by pow', (x) => pow(x, 2), [-1, 0, 1], [-2, 0, 2]],
    [
      'products of gathers with repeats',
      (x) => sum(mul(gather(x, ints([0, 1, 0])), gather(x, ints([1, 1, 2])))),
      [2, 3, 5],
      [8, 8, 2],
    ],
    [
      'split and concat',
      (x) => {
        const [a, b] = split(square(x), 2);
        return concat([b!, a!, tensor([1])]);
      },
      [1, 2],
      [2, 4],
    ],
    [
      'a matrix product',
      (x) => sum(matmul(x, x)),
      [
        [1, 2],
        [3, 4],
      ],
      [
        [7, 11],
        [9, 13],
      ],
    ],
  ])('%s', (_name, f, x, expected) => {
    expect(slope(f, tensor(x))).toEqual(expected);
  });

  test('an integer has none, and a warning says so', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const x = ints(1);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return add(x, x);
    });
    expect(warn.mock.calls[0]![0]).toMatch(/dtype of the watched tensor must be floating.*int32.*cast/);
    warn.mockRestore();
    expect(tape.gradient(y, x, { unconnected: 'none' })).toBeNull();
  });
  test('integers and booleans among targets and sources', () => {
    const [x, s] = [tensor(2), ints(7)];
    const tape = quietly(() => {
      const t = new GradientTape({ persistent: true });
      t.watch([x, s]);
      return t;
    });
    const [y, z, b] = tape.record(() => [square(x), mul(x, 3), less(x, 1)]);
    expect(values(tape.gradient(s, x, { unconnected: 'none' }))).toBeNull();
    expect(values(tape.gradient(s, s, { unconnected: 'none' }))).toBeNull();
    expect(values(tape.gradient([x, y, z, s, b], [x, y, s], { unconnected: 'none' }))).toEqual([8, 1, null]);
  });
  test('equal constants are distinct', () => {
    const [a, b] = [tensor(3), tensor(3)];
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(a);
      return add(a, b);
    });
    expect(tape.gradient(y, a).item()).toBe(1);
    expect(tape.gradient(y, b, { unconnected: 'none' })).toBeNull();
  });
  test('an elder tensor with the same numbers is another one', () => {
    const x = tensor([1, 2]);
    const same = tensor(x);
    expect(same).toBe(x);
    expect(tensor([1, 2])).not.toBe(x);
  });
});

describe('sources and targets', () => {
  test('sources may be intermediate values', () => {
    const x = tensor([1, 3]);
    const tape = new GradientTape({ persistent: true });
    const [y, z] = tape.record(() => {
      tape.watch(x);
      const inner = square(x);
      return [inner, square(inner)];
    });
    expect(values(tape.gradient(z, x))).toEqual([4, 108]);
    expect(values(tape.gradient(y, x))).toEqual([2, 6]);
    expect(values(tape.gradient(z, [x, y]))).toEqual([
      [4, 108],
      [2, 18],
    ]);
  });
  test('the result has the structure of the sources', () => {
    const [a, b] = [tensor(2), tensor([1, 2])];
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch({ a, rest: [b] });
      return sum(mul(a, b));
    });
    expect(values(tape.gradient(y, { a, rest: [b, [a]] }))).toEqual({ a: 3, rest: [[2, 2], [3]] });
    expect(values(tape.gradient(y, [a, a]))).toEqual([3, 3]);
  });
  test('outputGradients weigh the targets, in their structure; null stands for ones', () => {
    const x = tensor([1, 2]);
    const tape = new GradientTape({ persistent: true });
    const [y, z] = tape.record(() => {
      tape.watch(x);
      return [square(x), mul(x, 10)];
    });
    expect(values(tape.gradient(y, x, { outputGradients: tensor([1, 10]) }))).toEqual([2, 40]);
    expect(values(tape.gradient([y, z], x, { outputGradients: [tensor([1, 10]), null] }))).toEqual([12, 50]);
    expect(values(tape.gradient({ y }, x, { outputGradients: { y: tensor([0, 1]) } }))).toEqual([0, 4]);
    expect(() => tape.gradient(y, x, { outputGradients: [tensor([1, 1])] })).toThrow(
      /outputGradients must have the structure of target/,
    );
    expect(() => tape.gradient(y, x, { outputGradients: tensor([1]) })).toThrow(ShapeError);
  });
  test('outputGradients go with their targets where the tape does not know one of them', () => {
    const x = tensor([1, 2]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return square(x);
    });
    const outputGradients = [tensor([5, 5]), tensor([1, 10])];
    expect(values(tape.gradient([tensor([3, 4]), y], x, { outputGradients }))).toEqual([2, 40]);
  });
  test('identity with an upstream gradient of 2', () => {
    const x = tensor(5);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return x;
    });
    expect(tape.gradient(y, x, { outputGradients: tensor(2) }).item()).toBe(2);
  });
  test('the dtype of a gradient is that of its source', () => {
    const x = tensor(Float64Array.from([1, 2]));
    const w = tensor([3, 4]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch([x, w]);
      return sum(mul(x, cast(w, 'float64')));
    });
    const [gx, gw] = tape.gradient(y, [x, w]);
    expect([gx!.dtype, gw!.dtype]).toEqual(['float64', 'float32']);
  });
});
