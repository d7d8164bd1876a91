/** Jacobians through custom backward rules: linear ones in both modes, others in reverse, seed by seed. */
import { checkpoint, customJvp, customVjp, jit, jvp, RuleError, vmap } from '@jacobi/autograd';
import type { NestedLike, Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import type { FunctionJacobianOptions } from './index.ts';
import { GradientTape, hessian, jacfwd, jacobian, jacrev, prepareJacobian } from './index.ts';

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

describe('rules that call functions which run as one row', () => {
  type G = (...args: Tensor[]) => Tensor;
  const ways: Record<string, (g: G) => G> = {
    jit: (g) => jit(g) as G,
    checkpoint: (g) => checkpoint(g) as G,
    'jit in jit': (g) => jit(jit(g)) as G,
    'jit in vmap': (g) => vmap(jit(g)) as G,
  };
  const x = f64([1, 2, 3]);
  // A · x² by the rows of A, 2 × 3: the Jacobian is A[i, j]·2·x[j].
  const A = f64([
    [1, -2, 0.5],
    [3, 4, -1],
  ]);
  const expected = [
    [2, -8, 3],
    [6, 16, -6],
  ];

  test.each(Object.entries(ways))('a tangent rule with %s: every Jacobian', (_name, way) => {
    const scaled = way((t, dt) => ops.mul(ops.mul(2, t), dt));
    const squared = customJvp(ops.square, ([t]: Tensor[], [dt]: Tensor[]) => [ops.square(t!), scaled(t!, dt!)]);
    const f = (t: Tensor): Tensor => ops.matmul(A, squared(t) as Tensor);
    for (const options of every) expect((jacobian(f, options)(x) as Tensor).arraySync()).toEqual(expected);
    expect((jacfwd(f)(x) as Tensor).arraySync()).toEqual(expected);
    expect((jacrev(f)(x) as Tensor).arraySync()).toEqual(expected);
    expect((prepareJacobian(f, x)(x) as Tensor).arraySync()).toEqual(expected);
    // Σ x² · x: 6x on the diagonal.
    const cube = (t: Tensor): Tensor => ops.sum(ops.mul(squared(t) as Tensor, t));
    for (const mode of ['forward', 'reverse'] as const)
      expect((hessian(cube, { mode })(x) as Tensor).arraySync()).toEqual([
        [6, 0, 0],
        [0, 12, 0],
        [0, 0, 18],
      ]);
    expect((jvp(squared, [x], [f64([1, 0, -1])])[1] as Tensor).arraySync()).toEqual([2, 0, -6]);
  });

  test('what such a rule carries is seen: elementwise, so one seed', () => {
    const scaled = jit((t: Tensor, dt: Tensor) => ops.mul(ops.mul(2, t), dt));
    const squared = customJvp(ops.square, ([t]: Tensor[], [dt]: Tensor[]) => [ops.square(t!), scaled(t!, dt!)]);
    expect(prepareJacobian(squared, x).plan).toMatchObject({ forwardSeeds: 1, nnz: 3 });
  });

  test.each(Object.entries(ways))('a backward rule with %s: forward mode by transposition', (_name, way) => {
    const scaled = way((t, dy) => ops.mul(ops.mul(2, t), dy));
    const squared = customVjp(
      ops.square,
      (t: Tensor) => [ops.square(t), t],
      (t: Tensor, dy: Tensor) => [scaled(t, dy)],
    );
    const f = (t: Tensor): Tensor => ops.matmul(A, squared(t) as Tensor);
    expect((jvp(f, [x], [f64([1, 0, -1])])[1] as Tensor).arraySync()).toEqual([-1, 12]);
    for (const options of every) expect((jacobian(f, options)(x) as Tensor).arraySync()).toEqual(expected);
  });

  test('a backward rule that calls what is not linear is refused for what it is', () => {
    const bent = jit((dy: Tensor) => ops.mul(dy, dy));
    const f = customVjp(
      ops.square,
      (t: Tensor) => [ops.square(t), t],
      (_: Tensor, dy: Tensor) => [bent(dy)],
    );
    expect(() => jvp(f, [x], [x])).toThrow(/mul is not linear in a tangent/);
  });

  test('a tangent rule made of another custom rule: that rule is used, at order 2 as well', () => {
    // d/dx [2x·dt] by this rule: 7·dt.
    const scaled = customJvp(
      (t: Tensor, dt: Tensor) => ops.mul(ops.mul(2, t), dt),
      ([t, dt]: Tensor[], [a, b]: Tensor[]) => [
        ops.mul(ops.mul(2, t!), dt!),
        ops.add(ops.mul(ops.mul(7, a!), dt!), ops.mul(ops.mul(2, t!), b!)),
      ],
    );
    const squared = customJvp(ops.square, ([t]: Tensor[], [dt]: Tensor[]) => [
      ops.square(t!),
      (jit(scaled) as G)(t!, dt!),
    ]);
    for (const options of every)
      expect((jacobian(squared, options)(x) as Tensor).arraySync()).toEqual([
        [2, 0, 0],
        [0, 4, 0],
        [0, 0, 6],
      ]);
    const slope = (t: Tensor): Tensor => jvp(squared, [t], [f64([1, 1, 1])])[1] as Tensor;
    expect((jvp(slope, [x], [f64([1, 0, 2])])[1] as Tensor).arraySync()).toEqual([7, 0, 14]);
  });
});
