/** What a tape says where a target does not depend on a source. */

import type { Tensor } from '@jacobi/tensor';
import { argmax, cast, mul, square, stack, stopGradient, tensor } from '@jacobi/tensor';
import { values } from '@jacobi/testing';
import { describe, expect, test, vi } from 'vitest';
import { GradientTape, UnconnectedError } from './index.ts';

const ints = (data: number | number[]): Tensor => tensor(data, { dtype: 'int32' });
const quietly = <T>(fn: () => T): T => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const result = fn();
  warn.mockRestore();
  return result;
};

describe('unconnected', () => {
  const unused = (): { tape: GradientTape; x: Tensor; z: Tensor } => {
    const [x, y] = [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor(3),
    ];
    const tape = new GradientTape({ persistent: true });
    const z = tape.record(() => {
      tape.watch([x, y]);
      return mul(y, 2);
    });
    return { tape, x, z };
  };
  test('none: null; zero: zeros of the source; error is the default', () => {
    const { tape, x, z } = unused();
    expect(tape.gradient(z, x, { unconnected: 'none' })).toBeNull();
    expect(values(tape.gradient(z, x, { unconnected: 'zero' }))).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(() => tape.gradient(z, x)).toThrow(UnconnectedError);
  });
  test('another word is refused', () => {
    const { tape, x, z } = unused();
    expect(() => tape.gradient(z, x, { unconnected: 'nonsense' as 'none' })).toThrow(
      /Unknown value for unconnected_gradients: 'nonsense'/,
    );
  });
  test.each<[string, RegExp, (x: Tensor) => { target: Tensor; source: Tensor; tape: GradientTape }]>([
    [
      'a source that was not watched',
      /source was not watched: call tape\.watch/,
      (x) => {
        const tape = new GradientTape();
        return { tape, source: x, target: tape.record(() => square(x)) };
      },
    ],
    [
      'a target from outside',
      /computed outside of record, or before/,
      (x) => {
        const tape = new GradientTape();
        const target = square(x);
        tape.record(() => tape.watch(x));
        return { tape, source: x, target };
      },
    ],
    [
      'a value that was read out',
      /read out by item\(\): numbers carry no history/,
      (x) => {
        const tape = new GradientTape();
        return {
          tape,
          source: x,
          target: tape.record(() => {
            tape.watch(x);
            return tensor(square(x).item());
          }),
        };
      },
    ],
    [
      'stopGradient',
      /ends at stopGradient/,
      (x) => {
        const tape = new GradientTape();
        return {
          tape,
          source: x,
          target: tape.record(() => {
            tape.watch(x);
            return square(stopGradient(mul(x, 2)));
          }),
        };
      },
    ],
    [
      'argmax',
      /ends at argmax/,
      (x) => {
        const tape = new GradientTape();
        return {
          tape,
          source: x,
          target: tape.record(() => {
            tape.watch(x);
            return cast(argmax(stack([x, x])), 'float32');
          }),
        };
      },
    ],
    [
      'a cast to integers',
      /ends at cast, whose result int32\[\] carries no derivative/,
      (x) => {
        const tape = new GradientTape();
        return {
          tape,
          source: x,
          target: tape.record(() => {
            tape.watch(x);
            return cast(cast(x, 'int32'), 'float32');
          }),
        };
      },
    ],
    [
      'no connection',
      /does not depend on source/,
      (x) => {
        const tape = new GradientTape();
        const y = tensor(2);
        return {
          tape,
          source: x,
          target: tape.record(() => {
            tape.watch([x, y]);
            return square(y);
          }),
        };
      },
    ],
    [
      'an integer source',
      /dtype int32, and integers carry no derivative/,
      () => {
        const tape = new GradientTape();
        const n = ints(3);
        return {
          tape,
          source: n,
          target: tape.record(() => {
            quietly(() => tape.watch(n));
            return mul(cast(n, 'float32'), 2);
          }),
        };
      },
    ],
    [
      'stopRecording',
      /computed outside of record/,
      (x) => {
        const tape = new GradientTape();
        return {
          tape,
          source: x,
          target: tape.record(() => {
            tape.watch(x);
            return tape.stopRecording(() => square(x));
          }),
        };
      },
    ],
  ])('the error names the reason: %s', (_name, message, make) => {
    const { tape, source, target } = make(tensor(1.5));
    expect(() => tape.gradient(target, source)).toThrow(message);
    expect(() => tape.gradient(target, source)).toThrow(/^gradient: /);
  });
});

test('of several targets the reason is that of one which the tape knows', () => {
  const x = tensor([1, 2]);
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return stopGradient(x);
  });
  expect(() => tape.gradient([tensor(5), y], x)).toThrow('ends at stopGradient');
});
