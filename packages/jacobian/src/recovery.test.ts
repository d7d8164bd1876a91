/** After an error in the middle, tapes, caches and the library are as they were. */
import { customGradient } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { GradientTape, jacobian, MixedRowsError } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const x = f64([1, 2]);
const m = f64([
  [1, 2],
  [3, 4],
]);
// biome-ignore lint/suspicious/noExplicitAny: what is given here is wrong on purpose.
const wrong = (value: unknown): any => value;

describe('errors in the middle', () => {
  test('bad input does not use up a tape that is not persistent', () => {
    const once = new GradientTape();
    const t = once.record(() => {
      once.watch(m);
      return ops.square(m);
    });
    expect(() => once.jacobian(t, m, { chunkSize: 0 })).toThrow('chunkSize');
    expect(() => once.batchJacobian(t, x)).toThrow('rank');
    expect(() => once.jacobian(wrong([t]), m)).toThrow('ONE tensor');
    expect(() => once.jacobian(t, wrong('m'))).toThrow('sources');
    expect(once.explain(t, m)).toContain('mode');
    expect(once.jacobian(t, m).shape).toEqual([2, 2, 2, 2]);
  });

  test('a rule that throws while a Jacobian is derived', () => {
    let broken = true;
    const rule = customGradient((t: Tensor) => [
      ops.square(t),
      (dy: Tensor) => {
        if (broken) throw new RangeError('not now');
        return ops.mul(dy, ops.mul(2, t));
      },
    ]);
    for (const options of [{ mode: 'reverse' }, { mode: 'reverse', chunkSize: 1 }] as const) {
      const own = new GradientTape({ persistent: true });
      const t = own.record(() => {
        own.watch(x);
        return rule(x) as Tensor;
      });
      broken = true;
      expect(() => own.jacobian(t, x, options)).toThrow('not now');
      broken = false;
      expect(own.jacobian(t, x, options).arraySync()).toEqual([
        [2, 0],
        [0, 4],
      ]);
    }
  });

  test('an error inside of nested recordings', () => {
    const outer = new GradientTape({ persistent: true });
    expect(() =>
      outer.record(() => {
        outer.watch(x);
        return jacobian((t: Tensor) => {
          const inner = new GradientTape();
          return inner.record(() => ops.matmul(t, f64([[1, 2, 3]])));
        })(x) as Tensor;
      }),
    ).toThrow('matmul');
    const t = outer.record(() => ops.square(x));
    expect(outer.jacobian(t, x).arraySync()).toEqual([
      [2, 0],
      [0, 4],
    ]);
  });

  test('MixedRowsError is a JacobiError', () => {
    expect(new MixedRowsError('m')).toBeInstanceOf(ops.JacobiError);
    expect(new MixedRowsError('m').name).toBe('MixedRowsError');
  });
});
