/** Rules given by the user: they hold in every transform, at every order, and their mistakes are named. */

import type { Tensor } from '@jacobi/tensor';
import {
  add,
  cos,
  div,
  exp,
  gather,
  greater,
  log,
  log1p,
  mul,
  neg,
  sin,
  square,
  stopGradient,
  sum,
  tensor,
  variable,
  where,
} from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import {
  checkGradients,
  customGradient,
  customJvp,
  customVjp,
  GradientTape,
  grad,
  hvp,
  jit,
  jvp,
  linearize,
  RuleError,
  valueAndGrad,
  vjp,
  vmap,
} from './index.ts';

const x = tensor([0.3, -0.7, 1.2]);
type F = (t: Tensor) => Tensor;

/** sin in all the ways of giving it a rule; residuals are an argument, a result, something on the way. */
const sines: Record<string, F> = {
  customJvp: customJvp(sin, ([t]: Tensor[], [dt]: Tensor[]) => [sin(t!), mul(cos(t!), dt!)]),
  'customVjp, the argument kept': customVjp(
    sin,
    (t: Tensor) => [sin(t), t],
    (t: Tensor, dy: Tensor) => [mul(cos(t), dy)],
  ),
  'customVjp, a value on the way kept': customVjp(
    sin,
    (t: Tensor) => [sin(t), { c: cos(t) }],
    ({ c }: { c: Tensor }, dy: Tensor) => [mul(c, dy)],
  ),
  'customGradient, the argument read': customGradient((t: Tensor) => [sin(t), (dy: Tensor) => mul(cos(t), dy)]) as F,
  'customGradient, a value on the way read': customGradient((t: Tensor) => {
    const c = cos(t);
    return [sin(t), (dy: Tensor) => mul(c, dy)];
  }) as F,
};

/** A result kept as a residual. */
const exps: Record<string, F> = {
  'customVjp, the result kept': customVjp(
    exp,
    (t: Tensor) => [exp(t), exp(t)],
    (y: Tensor, dy: Tensor) => [mul(y, dy)],
  ),
  'customGradient, the result read': customGradient((t: Tensor) => {
    const y = exp(t);
    return [y, (dy: Tensor) => mul(y, dy)];
  }) as F,
};

describe.each(Object.entries({ ...sines, ...exps }))('%s', (_name, f) => {
  test('derivatives to order 3', () => {
    checkGradients(f, [x], { order: 3 });
  });
  test('in jit', () => {
    checkGradients(jit(f), [x], { order: 3 });
  });
  test('in vmap', () => {
    checkGradients(vmap(f), [x], { order: 3 });
    checkGradients(
      vmap(vmap(f)),
      [
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ],
      { order: 2 },
    );
  });
  test('in jit of vmap and vmap of jit', () => {
    checkGradients(jit(vmap(f)), [x], { order: 2 });
    checkGradients(vmap(jit(f)), [x], { order: 2 });
  });
  test('derivatives that are jitted or mapped', () => {
    const slope = (t: Tensor): Tensor => grad((u: Tensor) => sum(f(u)))(t) as Tensor;
    checkGradients(jit(slope), [x], { order: 2 });
    checkGradients(vmap(slope), [x], { order: 2 });
  });
  test('after other operations, and before them', () => {
    checkGradients((t: Tensor) => square(f(mul(t, t))), [x], { order: 2 });
  });
  test('on a persistent tape that records its own gradient', () => {
    const tape = new GradientTape({ persistent: true });
    const [y, dy] = tape.record(() => {
      tape.watch(x);
      const inner = f(x);
      return [inner, tape.gradient(inner, x)];
    });
    const plain = (order: number): unknown => {
      let g: F = (t) => sum(f(t));
      for (let i = 0; i < order; i++) {
        const below = g;
        g = (t) => sum(grad(below)(t) as Tensor);
      }
      return (grad(g)(x) as Tensor).arraySync();
    };
    expect(tape.gradient(y, x).arraySync()).toEqual(plain(0));
    expect(tape.gradient(dy, x).arraySync()).toEqual(plain(1));
  });
  test('on nested tapes', () => {
    const [outer, inner] = [new GradientTape(), new GradientTape()];
    const slope = outer.record(() => {
      outer.watch(x);
      const y = inner.record(() => {
        inner.watch(x);
        return f(x);
      });
      return inner.gradient(y, x);
    });
    const second = hvp((t: Tensor) => sum(f(t)), x, tensor([1, 1, 1])) as Tensor;
    expect(outer.gradient(slope, x).arraySync()).toEqual(second.arraySync());
  });
});

describe('the rule is what is used', () => {
  const hundred = customGradient((t: Tensor) => [square(t), (dy: Tensor) => mul(dy, 100)]) as F;
  test('value and gradient', () => {
    expect(hundred(tensor(3)).item()).toBe(9);
    expect((grad(hundred)(tensor(3)) as Tensor).item()).toBe(100);
    expect((grad(jit(hundred))(tensor(3)) as Tensor).item()).toBe(100);
    expect((vmap(grad(hundred))(x) as Tensor).arraySync()).toEqual([100, 100, 100]);
    expect((jvp(hundred, [tensor(3)], [tensor(1)])[1] as Tensor).item()).toBe(100);
    expect((linearize(hundred, tensor(3))[1](tensor(2)) as Tensor).item()).toBe(200);
  });
  test('its second derivative is that of the rule', () => {
    expect((grad(grad(hundred))(tensor(3)) as Tensor).item()).toBe(0);
    const twice = customGradient((t: Tensor) => [square(t), (dy: Tensor) => mul(dy, mul(t, t))]) as F;
    expect((grad(grad(twice))(tensor(3)) as Tensor).item()).toBe(6);
    expect((grad(jit(grad(jit(twice))))(tensor(3)) as Tensor).item()).toBe(6);
  });
  test('log(1 + eˣ) at 100 has slope 1, not NaN', () => {
    const log1pexp = customGradient((t: Tensor) => {
      const e = exp(t);
      return [log(add(1, e)), (dy: Tensor) => mul(dy, div(1, add(1, exp(neg(t)))))];
    }) as F;
    expect((grad(log1pexp)(tensor(100)) as Tensor).item()).toBe(1);
  });
  test('two arguments, swapped on purpose', () => {
    const swapped = customGradient((a: Tensor, b: Tensor) => [mul(a, b), (dy: Tensor) => [mul(dy, a), mul(dy, b)]]);
    const both = grad(swapped, { argnums: [0, 1] })(tensor(3), tensor(5)) as Tensor[];
    expect(both.map((t) => t.item())).toEqual([3, 5]);
  });
  test('an argument without a gradient', () => {
    const f = customGradient((a: Tensor, b: Tensor) => [mul(a, b), (dy: Tensor) => [mul(dy, b), null]]);
    expect((grad(f, { argnums: [0, 1] })(tensor(3), tensor(5)) as Tensor[]).map((t) => t.item())).toEqual([5, 0]);
  });
  test('several results: one cotangent each', () => {
    const f = customGradient((t: Tensor) => [[sin(t), cos(t)], (a: Tensor, b: Tensor) => add(mul(2, a), mul(3, b))]);
    const loss = (t: Tensor): Tensor => {
      const [s, c] = f(t) as Tensor[];
      return add(mul(10, s!), c!);
    };
    expect((grad(loss)(tensor(0)) as Tensor).item()).toBe(23);
    expect((grad(jit(loss))(tensor(0)) as Tensor).item()).toBe(23);
  });
  test('a rule with integers: clipping of indices', () => {
    const pick = customVjp(
      (t: Tensor, i: Tensor) => gather(t, i),
      (t: Tensor, i: Tensor) => [gather(t, i), [t, i]],
      ([t]: Tensor[], dy: Tensor) => [mul(t!, sum(dy)), null],
    );
    const index = tensor([0, 2], { dtype: 'int32' });
    expect((grad((t: Tensor) => sum(pick(t, index)))(tensor([1, 2, 4])) as Tensor).arraySync()).toEqual([2, 4, 8]);
    expect((grad(jit((t: Tensor) => sum(pick(t, index))))(tensor([1, 2, 4])) as Tensor).arraySync()).toEqual([2, 4, 8]);
  });
  test('the upstream gradient is cut to norm 0.5', () => {
    const clipped = customGradient((v: Tensor) => [v, (dy: Tensor) => where(greater(dy, 0.5), 0.5, dy)]) as F;
    const tape = new GradientTape();
    const v = tensor(2);
    const y = tape.record(() => {
      tape.watch(v);
      return clipped(mul(v, v));
    });
    expect(tape.gradient(y, v).item()).toBe(2);
  });
  test('a gradient inside of a rule', () => {
    const f = customGradient((t: Tensor) => [
      t,
      (dy: Tensor) => mul(dy, grad((u: Tensor) => square(u))(t) as Tensor),
    ]) as F;
    expect((grad(f)(tensor(1)) as Tensor).item()).toBe(2);
  });
  test('rule 2·dr·x + 1 of x² at 3', () => {
    const f = customGradient((t: Tensor) => [square(t), (dr: Tensor) => add(mul(mul(2, dr), t), 1)]) as F;
    expect((grad(f)(tensor(3)) as Tensor).item()).toBe(7);
  });
  test('gradient descent along a rule: losses 4, 3, 2, 1, 0', () => {
    const doubled = customGradient((t: Tensor) => [mul(2, t), (dy: Tensor) => mul(2, dy)]) as F;
    let t = tensor(2);
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const [loss, slope] = valueAndGrad(doubled)(t) as [Tensor, Tensor];
      losses.push(loss.item());
      t = t.sub(mul(slope, 0.25));
    }
    expect(losses).toEqual([4, 3, 2, 1, 0]);
  });
  test('the rule does not run where its gradient is not asked for', () => {
    const f = customGradient((t: Tensor) => [
      square(t),
      () => {
        throw new Error('the rule ran');
      },
    ]) as F;
    const tape = new GradientTape();
    const v = tensor(1);
    const y = tape.record(() => {
      tape.watch(v);
      return f(stopGradient(v));
    });
    expect(tape.gradient(y, v, { unconnected: 'none' })).toBeNull();
    expect(f(v).item()).toBe(1);
  });
});

describe('what it may not do', () => {
  const fails = (f: (t: Tensor) => unknown): Error => {
    try {
      grad((t: Tensor) => sum(f(t) as Tensor))(x);
    } catch (error) {
      return error as Error;
    }
    throw new Error('nothing was thrown');
  };
  test.each<[string, (t: Tensor) => unknown, RegExp]>([
    [
      'too few gradients',
      customGradient((t: Tensor) => [square(t), () => []]),
      /expected to return 1 gradients.*returned 0/,
    ],
    [
      'a gradient of another shape',
      customGradient((t: Tensor) => [square(t), (dy: Tensor) => sum(dy)]),
      /is float32\[\], but the argument is float32\[3\]/,
    ],
    ['no pair', customGradient((t: Tensor) => square(t) as never), /must return a pair \[y, backward\]/],
    [
      'no pair from forward',
      customVjp(
        sin,
        (t: Tensor) => sin(t) as never,
        () => [],
      ),
      /forward must return a pair/,
    ],
    [
      'no pair from the tangent rule',
      customJvp(sin, ([t]: Tensor[]) => sin(t!) as never),
      /the rule must return a pair/,
    ],
    [
      'a tangent of another shape',
      customJvp(sin, ([t]: Tensor[], [dt]: Tensor[]) => [sin(t!), sum(dt!)]),
      /dy is float32\[\], but y is float32\[3\]/,
    ],
  ])('%s', (_name, f, message) => {
    expect(fails(f).message).toMatch(message);
    expect(fails(f)).toBeInstanceOf(RuleError);
  });
  test('an error of the rule passes through', () => {
    class Mine extends Error {}
    expect(
      fails(
        customGradient((t: Tensor) => [
          square(t),
          () => {
            throw new Mine('mine');
          },
        ]),
      ),
    ).toBeInstanceOf(Mine);
    expect((grad((t: Tensor) => sum(square(t)))(x) as Tensor).dataSync()[0]).toBeCloseTo(0.6, 6);
  });
  test('forward mode through a rule that is not linear says what to add', () => {
    const f = customGradient((t: Tensor) => [square(t), (dy: Tensor) => mul(dy, dy)]) as F;
    expect(() => jvp(f, [x], [x])).toThrow(/needs a rule that is linear in its cotangent.*customJvp/);
    expect((grad((t: Tensor) => sum(mul(3, f(t))))(x) as Tensor).arraySync()).toEqual([9, 9, 9]);
  });
});

test('variables and constants that a rule reads are those of the call', () => {
  const v = variable(2);
  const f = customGradient((t: Tensor) => [mul(t, v.value), (dy: Tensor) => mul(dy, v.value)]) as F;
  expect((grad(f)(tensor(3)) as Tensor).item()).toBe(2);
  v.assign(5);
  expect((grad(f)(tensor(3)) as Tensor).item()).toBe(5);
  expect(f(tensor(3)).item()).toBe(15);
});

describe('a variable that only a rule reads is read again at each call', () => {
  const v = variable(3);
  const rules: Record<string, F> = {
    customJvp: customJvp(sin, ([t]: Tensor[], [dt]: Tensor[]) => [sin(t!), mul(mul(v.value, t!), dt!)]),
    customVjp: customVjp(
      sin,
      (t: Tensor) => [sin(t), t],
      (t: Tensor, dy: Tensor) => [mul(mul(v.value, t), dy)],
    ),
  };
  test.each(Object.entries(rules))('%s, under jit and vmap: v·x', (_name, f) => {
    const slope = jit((t: Tensor) => grad((u: Tensor) => sum(vmap(f)(u) as Tensor))(t));
    const push = jit((t: Tensor) => jvp(vmap(f), [t], [tensor([1, 1, 2])])[1]);
    const at = tensor([1, -2, 4]);
    for (const value of [3, 5]) {
      v.assign(value);
      expect((slope(at) as Tensor).arraySync()).toEqual([value, -2 * value, 4 * value]);
      expect((push(at) as Tensor).arraySync()).toEqual([value, -2 * value, 8 * value]);
    }
  });
});

test('log1p by its own rule, in pullbacks that are used twice', () => {
  const f = customVjp(
    log1p,
    (t: Tensor) => [log1p(t), t],
    (t: Tensor, dy: Tensor) => [div(dy, add(1, t))],
  );
  const [, pullback] = vjp(f, tensor(1)) as [Tensor, (ct: Tensor) => Tensor[]];
  expect(pullback(tensor(1))[0]!.item()).toBe(0.5);
  expect(pullback(tensor(4))[0]!.item()).toBe(2);
});

test('a rule that forgets to return is told so: only null stands for zero', () => {
  const f = (give: unknown): unknown => grad(customGradient((t: Tensor) => [sum(t), () => give]))(x);
  expect(() => f(undefined)).toThrow(
    'customGradient: gradient 0 must be a nest of tensors (plain objects and arrays), not undefined',
  );
  expect((f(null) as Tensor).arraySync()).toEqual([0, 0, 0]);
});
