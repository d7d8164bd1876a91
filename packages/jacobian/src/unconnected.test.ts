/** Targets that do not depend on a source: an error with the reason, null, or zeros. */
import { customGradient, jit, UnconnectedError } from '@jacobi/autograd';
import type { NestedLike, Tensor, Variable } from '@jacobi/tensor';
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
    const first = customGradient((a: Tensor, _b: Tensor) => [
      ops.square(a),
      (dy: Tensor) => [ops.mul(dy, ops.mul(2, a)), null],
    ]);
    const [a, b] = [f64([3]), f64([5])];
    const { tape, y } = taped([a, b], () => first(a, b) as Tensor);
    expect(tape.jacobian(y, a).arraySync()).toEqual([[6]]);
    expect(tape.jacobian(y, b, { unconnected: 'zero' }).arraySync()).toEqual([[0]]);
  });
});
