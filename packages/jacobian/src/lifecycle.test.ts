/** Tapes and their Jacobians in time: used once or often, inside and outside of record, stopped, reset, after errors. */
import { customGradient, TapeConsumedError, TapeStateError } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { GradientTape } from './index.ts';

const { tensor } = ops;
const f64 = (data: NestedLike): Tensor => tensor(data, { dtype: 'float64' });

/** A persistent tape that watches the sources, and the target. */
function taped(sources: readonly Tensor[], f: () => Tensor): { tape: GradientTape; y: Tensor } {
  const tape = new GradientTape({ persistent: true });
  const y = tape.record(() => {
    tape.watch([...sources]);
    return f();
  });
  return { tape, y };
}

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
    expect(() => consume[second]!(tape, y, x)).toThrow(
      'A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians)',
    );
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
    expect(tape.jacobian(z, x).arraySync()).toEqual([
      [8, 0],
      [0, 16],
    ]);
    expect(() => tape.record(() => tape.record(() => y))).toThrow(TapeStateError);
    expect(tape.jacobian(z, x).arraySync()).toEqual([
      [8, 0],
      [0, 16],
    ]);
  });

  test('stopRecording: the part inside is not seen', () => {
    const [x, y] = [f64(2), f64(3)];
    const { tape, y: z } = taped([x, y], () => ops.square(x));
    expect(z.item()).toBe(4);
    const t = new GradientTape({ persistent: true });
    const w = t.record(() => {
      t.watch([x, y]);
      return ops.add(
        ops.square(x),
        t.stopRecording(() => ops.square(y)),
      );
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
    const [ys, y1] = a.record(() =>
      b.record(() => {
        a.watch(x0);
        b.watch(x1);
        return [ops.sin(x0), ops.sigmoid(x1)] as const;
      }),
    );
    expect(a.jacobian(ys, x0).item()).toBe(1);
    expect(b.jacobian(y1, x1).item()).toBe(0.25);
  });

  test('an error in record leaves the tape and the library as they were', () => {
    const x = f64(1);
    const tape = new GradientTape({ persistent: true });
    expect(() =>
      tape.record(() => {
        tape.watch(x);
        ops.square(x);
        throw new TypeError('mine');
      }),
    ).toThrow('mine');
    const y = tape.record(() => ops.square(x));
    expect(tape.jacobian(y, x).item()).toBe(2);
  });

  test('the error of a custom rule passes through, and the tape goes on', () => {
    const broken = customGradient((x: Tensor) => [
      ops.square(x),
      () => {
        throw new RangeError('from the rule');
      },
    ]);
    const x = f64(3);
    const { tape, y } = taped([x], () => ops.add(broken(x) as Tensor, ops.square(x)));
    expect(() => tape.jacobian(y, x)).toThrow('from the rule');
    const z = tape.record(() => ops.square(x));
    expect(tape.jacobian(z, x).item()).toBe(6);
  });
});
