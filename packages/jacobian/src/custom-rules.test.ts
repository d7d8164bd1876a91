/** Jacobians through custom backward rules: linear ones in both modes, others in reverse, seed by seed. */
import { customVjp, jit, RuleError } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import type { FunctionJacobianOptions } from './index.ts';
import { GradientTape, jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

const f64 = (data: NestedLike): Tensor => ops.tensor(data, { dtype: 'float64' });
const every: readonly FunctionJacobianOptions[] = (['auto', 'forward', 'reverse'] as const).flatMap((mode) => [
  { mode },
  { mode, chunkSize: 1 },
  { mode, chunkSize: 2 },
  { mode, memoryBudget: 1 },
]);

describe('custom backward rules', () => {
  const clip = (t: Tensor): Tensor => ops.clip(t, -0.5, 0.5);
  const clipped = customVjp(
    ops.square,
    (t: Tensor) => [ops.square(t), t],
    (t: Tensor, dy: Tensor) => [clip(ops.mul(dy, ops.mul(2, t)))],
  );
  const x = f64([0.1, 2]);

  test('that are not linear: auto takes reverse, forward says what to add', () => {
    expect((jacobian(clipped)(x) as Tensor).arraySync()).toEqual([
      [0.2, 0],
      [0, 0.5],
    ]);
    expect((jacrev(clipped, { chunkSize: 1 })(x) as Tensor).arraySync()).toEqual([
      [0.2, 0],
      [0, 0.5],
    ]);
    expect(() => jacfwd(clipped)(x) as Tensor).toThrow(RuleError);
    expect(() => jacfwd(clipped)(x) as Tensor).toThrow('customJvp');
    const tape = new GradientTape({ persistent: true });
    const y = tape.record(() => {
      tape.watch(x);
      return clipped(x);
    });
    expect(tape.jacobian(y, x).arraySync()).toEqual([
      [0.2, 0],
      [0, 0.5],
    ]);
    expect(tape.explain(y, x)).toContain('reverse');
    expect((prepareJacobian(clipped, x)(x) as Tensor).arraySync()).toEqual([
      [0.2, 0],
      [0, 0.5],
    ]);
  });

  test('that clip the norm of what comes: 0.5 · 2v at 2', () => {
    const byNorm = customVjp(
      (t: Tensor) => t,
      (t: Tensor) => [t, f64(0)],
      (_: Tensor, dy: Tensor) => [ops.mul(dy, ops.div(0.5, ops.maximum(ops.norm(dy), 0.5)))],
    );
    const f = (v: Tensor): Tensor => byNorm(ops.mul(v, v));
    for (const options of [{}, { mode: 'reverse' }, { chunkSize: 1 }] as FunctionJacobianOptions[]) {
      expect((jacobian(f, options)(f64(2)) as Tensor).item()).toBe(2);
      expect((jit(jacobian(f, options))(f64(2)) as Tensor).item()).toBe(2);
    }
  });

  test('that add constants to what comes: each row is pulled back by itself', () => {
    const shifted = customVjp(
      (t: Tensor) => t,
      (t: Tensor) => [t, t],
      (t: Tensor, dy: Tensor) => [ops.where(ops.greater(t, 1.5), ops.mul(dy, 3), ops.mul(0.5, t))],
    );
    for (const options of [{}, { mode: 'reverse' }, { chunkSize: 1 }] as FunctionJacobianOptions[]) {
      expect((jacobian(shifted, options)(f64([1, 2])) as Tensor).arraySync()).toEqual([
        [0.5, 0],
        [0.5, 3],
      ]);
    }
  });

  test('that add 1 to what comes (2·dy·x + 1 at 3): 7, and no forward mode', () => {
    const f = customVjp(
      ops.square,
      (t: Tensor) => [ops.square(t), t],
      (t: Tensor, dy: Tensor) => [ops.add(ops.mul(dy, ops.mul(2, t)), 1)],
    );
    expect((jacobian(f)(f64(3)) as Tensor).item()).toBe(7);
    expect(() => jacfwd(f)(f64(3)) as Tensor).toThrow('add adds a constant to it');
    const constant = customVjp(
      ops.square,
      (t: Tensor) => [ops.square(t), t],
      (t: Tensor) => [t],
    );
    expect((jacobian(constant)(f64(3)) as Tensor).item()).toBe(3);
    expect(() => jacfwd(constant)(f64(3)) as Tensor).toThrow('a gradient does not depend on it');
    const none = customVjp(
      ops.square,
      (t: Tensor) => [ops.square(t), t],
      (t: Tensor, dy: Tensor) => [ops.where(ops.greater(t, 0), ops.add(dy, ops.zerosLike(dy)), 0)],
    );
    expect((jacfwd(none)(f64([3, -1])) as Tensor).arraySync()).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  test('that are linear serve both', () => {
    const doubled = customVjp(
      ops.square,
      (t: Tensor) => [ops.square(t), t],
      (t: Tensor, dy: Tensor) => [ops.mul(dy, ops.mul(4, t))],
    );
    for (const options of every)
      expect((jacobian(doubled, options)(f64([1, 2])) as Tensor).arraySync()).toEqual([
        [4, 0],
        [0, 8],
      ]);
  });
});
