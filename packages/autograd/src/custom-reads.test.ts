/** What functions with rules of their own read besides their arguments: a constant, or refused, since their rules lose it. */
import type { Tensor, Variable } from '@jacobi/tensor';
import { mul, sum, tensor, variable } from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import type { AnyFunction } from './call.ts';
import {
  customGradient,
  customJvp,
  customVjp,
  GradientTape,
  grad,
  jit,
  jvp,
  RuleError,
  UnconnectedError,
  vmap,
} from './index.ts';

describe('a variable that a function with a rule of its own reads', () => {
  const rules = {
    customVjp: (v: Variable): AnyFunction =>
      customVjp(
        (x: Tensor) => mul(x, v.value),
        (x) => [mul(x as Tensor, v.value), x],
        (_, dy) => [mul(dy as Tensor, 100)],
      ),
    customGradient: (v: Variable): AnyFunction =>
      customGradient((x) => [mul(x as Tensor, v.value), (dy) => mul(dy as Tensor, 100)]),
    customJvp: (v: Variable): AnyFunction =>
      customJvp(
        (x: Tensor) => mul(x, v.value),
        ([x], [t]) => [mul(x as Tensor, v.value), mul(t as Tensor, 100)],
      ),
  };
  const cases = Object.entries(rules).flatMap(([name, make]) =>
    [true, false].flatMap((watched) => [true, false].map((jitted) => ({ name, make, watched, jitted }))),
  );
  test.each(cases)('$name, argument watched $watched, jitted $jitted: refused', ({ make, watched, jitted }) => {
    const v = variable(3);
    const x = tensor([2, 5]);
    const f = make(v);
    const tape = new GradientTape();
    const read = (): unknown =>
      tape.record(() => {
        if (watched) tape.watch(x);
        return mul((jitted ? jit(f) : f)(x) as Tensor, v.value);
      });
    expect(read).toThrow(RuleError);
    expect(read).toThrow(/closes over a value that is being differentiated \(float32\[\]\)/);
  });

  test.each(cases)(
    '$name, argument watched $watched, jitted $jitted: a constant is read',
    ({ make, watched, jitted }) => {
      const v = variable(3, { trainable: false });
      const x = tensor([2, 5]);
      const f = make(v);
      const tape = new GradientTape({ persistent: true });
      const y = tape.record(() => {
        if (watched) tape.watch(x);
        return (jitted ? jit(f) : f)(x) as Tensor;
      });
      expect(y.arraySync()).toEqual([6, 15]);
      expect(() => tape.gradient(y, v)).toThrow(UnconnectedError);
      if (watched) expect(tape.gradient(y, x).arraySync()).toEqual([100, 100]);
    },
  );

  test.each(Object.entries(rules))('%s in a tape within a tape: refused', (_name, make) => {
    const v = variable(3);
    const f = make(v);
    const x = tensor(2);
    const outer = new GradientTape();
    const nested = (): unknown =>
      outer.record(() => {
        outer.watch(x);
        const inner = new GradientTape();
        const y = inner.record(() => (inner.watch(x), f(x) as Tensor));
        return inner.gradient(y, x);
      });
    expect(nested).toThrow(RuleError);
  });
});

describe('a value that a function with a rule of its own closes over, in a trace', () => {
  const rules = {
    customVjp: (w: Tensor) =>
      customVjp(
        (x: Tensor) => mul(x, w),
        (x) => [mul(x as Tensor, w), x],
        (_, dy) => [mul(dy as Tensor, 100)],
      ),
    customGradient: (w: Tensor) => customGradient((x) => [mul(x as Tensor, w), (dy) => mul(dy as Tensor, 100)]),
    customJvp: (w: Tensor) =>
      customJvp(
        (x: Tensor) => mul(x, w),
        ([x], [t]) => [mul(x as Tensor, 3), mul(t as Tensor, 100)],
      ),
  };
  test.each(Object.entries(rules))(
    '%s: refused where it is differentiated, and a constant elsewhere',
    (_name, make) => {
      const f = jit((x: Tensor, w: Tensor) => make(w)(x) as Tensor);
      const [x, w] = [tensor(2), tensor(3)];
      expect(f(x, w).item()).toBe(6);
      expect(grad((p: Tensor) => f(p, w))(x).item()).toBe(100);
      expect(() => grad((p: Tensor) => f(x, p))(w)).toThrow(RuleError);
      expect(() => grad((p: Tensor) => f(p, p))(w)).toThrow(RuleError);
      expect(() => jvp((p: Tensor) => f(x, p), [w], [tensor(1)])).toThrow(RuleError);
      const rows = vmap((p: Tensor) => grad((q: Tensor) => make(w)(q) as Tensor)(p))(tensor([1, 2, 3]));
      expect(rows.arraySync()).toEqual([100, 100, 100]);
      const all = tensor([2, 5]);
      expect(() => grad((p: Tensor) => sum(vmap(make(p))(all) as Tensor))(w)).toThrow(RuleError);
      expect(grad((p: Tensor) => sum(vmap(make(w))(p) as Tensor))(all).arraySync()).toEqual([100, 100]);
    },
  );
});
