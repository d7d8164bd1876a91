/** GradientTape: recording, stopping, resetting; errors leave nothing behind. */

import type { Tensor } from '@jacobi/tensor';
import { ArgumentError, add, mul, pow, ShapeError, square, stopGradient, tensor, variable } from '@jacobi/tensor';
import { values } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { GradientTape, TapeConsumedError, TapeStateError } from './index.ts';

/** The gradient of f with respect to x on a fresh tape. */
const slope = (f: (x: Tensor) => unknown, x: Tensor): unknown => {
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return f(x);
  });
  return values(tape.gradient(y, x, { unconnected: 'none' }));
};

describe('life of a tape', () => {
  const squared = (options = {}): { tape: GradientTape; x: Tensor; y: Tensor } => {
    const x = tensor(3);
    const tape = new GradientTape(options);
    const y = tape.record(() => {
      tape.watch(x);
      return square(x);
    });
    return { tape, x, y };
  };
  test('one gradient, then an error; persistent: any number', () => {
    const { tape, x, y } = squared();
    expect(tape.gradient(y, x).item()).toBe(6);
    expect(() => tape.gradient(y, x)).toThrow(TapeConsumedError);
    expect(() => tape.gradient(y, x)).toThrow(
      /A non-persistent GradientTape can only be used to compute one set of gradients/,
    );
    const many = squared({ persistent: true });
    expect(many.tape.gradient(many.y, many.x).item()).toBe(6);
    expect(many.tape.gradient(many.y, many.x).item()).toBe(6);
  });
  test('a call with bad arguments does not use it up', () => {
    const { tape, x, y } = squared();
    expect(() => tape.gradient(y, 3 as never)).toThrow(ArgumentError);
    expect(() => tape.gradient(y, x, { outputGradients: tensor([1, 2]) })).toThrow(ShapeError);
    expect(tape.gradient(y, x).item()).toBe(6);
  });
  test('record may not be entered twice at once', () => {
    const tape = new GradientTape();
    expect(() => tape.record(() => tape.record(() => 1))).toThrow(TapeStateError);
    expect(() => tape.record(() => tape.record(() => 1))).toThrow(/Tape is still recording; use another tape/);
  });
  test('record may be called again, and goes on', () => {
    const x = tensor([3]);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return mul(x, 2);
    });
    const z = tape.record(() => mul(y, 2));
    expect(values(tape.gradient(z, x))).toEqual([4]);
  });
  test('gradient inside of record, persistent or not', () => {
    for (const persistent of [false, true]) {
      const v = variable(1);
      const tape = new GradientTape({ persistent });
      const g = tape.record(() => tape.gradient(mul(v.value, 2), v));
      expect(g.item()).toBe(2);
    }
  });
  test('a persistent tape records its own gradients: y = x³ at 3 gives 27, 18, 6', () => {
    const x = tensor(3);
    const tape = new GradientTape({ persistent: true });
    const [d1, d2, d3] = tape.record(() => {
      tape.watch(x);
      const first = tape.gradient(pow(x, 3), x);
      const second = tape.gradient(first, x);
      return [first, second, tape.gradient(second, x)];
    });
    expect([d1, d2, d3].map((t) => t!.item())).toEqual([27, 18, 6]);
  });
  test('what is computed after a gradient inside of record is not on a tape that is not persistent', () => {
    const x = tensor(3);
    const tape = new GradientTape();
    const z = tape.record(() => {
      tape.watch(x);
      const y = square(x);
      tape.gradient(y, x);
      return square(y);
    });
    expect(() => tape.gradient(z, x)).toThrow(TapeConsumedError);
  });
  test('stopRecording: what is inside is not followed', () => {
    const v = variable(1);
    const tape = new GradientTape({ persistent: true });
    const [x2, off, on] = tape.record(() => {
      const doubled = mul(v.value, 2);
      return [doubled, tape.stopRecording(() => square(doubled)), square(doubled)];
    });
    expect(tape.gradient(off, v, { unconnected: 'none' })).toBeNull();
    expect(tape.gradient(off, x2, { unconnected: 'none' })).toBeNull();
    expect(tape.gradient(on, x2).item()).toBe(4);
    expect(tape.stopRecording.length).toBe(1);
    expect(() => tape.record(() => tape.stopRecording(3 as never))).toThrow(
      'stopRecording: fn must be a function, not 3',
    );
    expect(() => tape.stopRecording(() => 1)).toThrow(/Trying to stop recording a tape which is not recording/);
    expect(() => tape.record(() => tape.stopRecording(() => tape.stopRecording(() => 1)))).toThrow(TapeStateError);
  });
  test('y² off the tape: dz/dx is 2x, dz/dy null', () => {
    for (const hide of [
      (tape: GradientTape, y: Tensor) => tape.stopRecording(() => square(y)),
      (_: GradientTape, y: Tensor) => stopGradient(square(y)),
    ]) {
      const [x, y] = [tensor(2), tensor(3)];
      const tape = new GradientTape();
      const z = tape.record(() => {
        tape.watch([x, y]);
        return add(square(x), hide(tape, y));
      });
      expect(values(tape.gradient(z, { x, y }, { unconnected: 'none' }))).toEqual({ x: 4, y: null });
    }
  });
  test('reset forgets everything before it', () => {
    const v = variable(1);
    const tape = new GradientTape();
    const loss = tape.record(() => {
      const before = square(v.value);
      tape.reset();
      return add(before, square(v.value));
    });
    expect(tape.gradient(loss, v).item()).toBe(2);
    tape.reset();
    expect(tape.watchedVariables()).toEqual([]);
    expect(tape.gradient(loss, v, { unconnected: 'none' })).toBeNull();
  });
  test('a tape that was used up may be reset', () => {
    const { tape, x, y } = squared();
    tape.gradient(y, x);
    tape.reset();
    const z = tape.record(() => {
      tape.watch(x);
      return mul(x, 5);
    });
    expect(tape.gradient(z, x).item()).toBe(5);
  });
  test('an error inside of record leaves everything as it was', () => {
    const { tape, x } = squared();
    expect(() =>
      tape.record(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(() =>
      tape.record(() =>
        tape.stopRecording(() => {
          throw new Error('mine');
        }),
      ),
    ).toThrow('mine');
    const y = tape.record(() => pow(x, 3));
    expect(tape.gradient(y, x).item()).toBe(27);
    expect(slope((t) => pow(t, 2), tensor(1))).toBe(2);
  });
  test('an error in nested records too', () => {
    const [outer, inner] = [new GradientTape(), new GradientTape()];
    expect(() => outer.record(() => inner.record(() => add(tensor([1, 2]), tensor([1, 2, 3]))))).toThrow(ShapeError);
    expect(slope((t) => square(t), tensor(2))).toBe(4);
    expect(outer.record(() => inner.record(() => 5))).toBe(5);
  });
  test('Promises are refused, and the tape stays usable', () => {
    const { tape, x } = squared();
    expect(() => tape.record(async () => square(x))).toThrow(/record: the callback returned a Promise.*Await first/);
    expect(() => tape.record(() => tape.stopRecording(async () => 1))).toThrow(
      /stopRecording: the callback returned a Promise/,
    );
    expect(
      tape
        .gradient(
          tape.record(() => pow(x, 2)),
          x,
        )
        .item(),
    ).toBe(6);
  });
  test.each<[string, () => unknown, RegExp]>([
    ['no options', () => new GradientTape(null as never), /options must be an object/],
    ['persistent', () => new GradientTape({ persistent: 1 as never }), /persistent must be true or false, not 1/],
    [
      'watchAccessedVariables',
      () => new GradientTape({ watchAccessedVariables: 'no' as never }),
      /watchAccessedVariables must be true or false, not "no"/,
    ],
    ['record of no function', () => new GradientTape().record(3 as never), /record: fn must be a function, not 3/],
    [
      'watch of an array buffer',
      () => new GradientTape().watch(new Float32Array(2) as never),
      /watch: sources.*Float32Array/,
    ],
    [
      'watch of a number in a nest',
      () => new GradientTape().watch({ a: [3] } as never),
      /watch: sources\.a\[0\].*not 3/,
    ],
  ])('bad arguments: %s', (_name, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(ArgumentError);
  });
});
