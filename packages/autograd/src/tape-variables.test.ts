/** GradientTape: variables, and tapes in tapes. */

import type { Tensor, Variable } from '@jacobi/tensor';
import { add, cos, div, exp, maximum, mul, pow, sin, square, sub, sum, tensor, variable } from '@jacobi/tensor';
import { values } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { customGradient, GradientTape, jit } from './index.ts';

/** The gradient of f with respect to x on a fresh tape. */
const slope = (f: (x: Tensor) => unknown, x: Tensor): unknown => {
  const tape = new GradientTape();
  const y = tape.record(() => {
    tape.watch(x);
    return f(x);
  });
  return values(tape.gradient(y, x, { unconnected: 'none' }));
};

const fixed = (t: Tensor) => (): Tensor => t;

describe('variables', () => {
  test('a trainable one is watched when it is read, others never', () => {
    const [v, fixed, unread] = [variable(3), variable(4, { trainable: false }), variable(5)];
    const tape = new GradientTape({ persistent: true });
    expect(tape.watchedVariables()).toEqual([]);
    const y = tape.record(() => mul(square(v.value), fixed.value));
    expect(tape.watchedVariables()).toEqual([v]);
    expect(tape.gradient(y, v).item()).toBe(24);
    expect(tape.gradient(y, [fixed, unread], { unconnected: 'none' })).toEqual([null, null]);
    expect(() => tape.gradient(y, unread)).toThrow(
      /was not watched \(not trainable, or not read inside of record\): read its .value there/,
    );
  });
  test('variables go where tensors go', () => {
    const v = variable([1, 2]);
    const tape = new GradientTape();
    const y = tape.record(() => sum(mul(v, v)));
    expect(values(tape.gradient(y, v))).toEqual([2, 4]);
  });
  test.each<[string, (v: Variable, tape: GradientTape) => () => Tensor]>([
    ['before the recording', (v) => fixed(v.value)],
    ['while it is stopped', (v, tape) => () => tape.stopRecording(() => v.value)],
    ['by another tape', (v) => fixed(new GradientTape().record(() => v.value))],
    ['in jit', (v) => fixed(jit(() => v.value)() as Tensor)],
  ])('a value that was read %s is a constant', (_name, reads) => {
    const v = variable(4);
    const tape = new GradientTape();
    const old = reads(v, tape);
    expect(
      tape
        .gradient(
          tape.record(() => div(mul(v.value, v.value), old())),
          v,
        )
        .item(),
    ).toBe(2);
  });
  test('a value that a tape around read is a constant to the tape inside, and a read to the one around', () => {
    const v = variable(4);
    const [outer, inner] = [new GradientTape(), new GradientTape()];
    const slopes = outer.record(() => {
      const old = v.value;
      return inner.gradient(
        inner.record(() => div(v.value, old)),
        v,
      );
    });
    expect(slopes.item()).toBe(0.25);
    expect(outer.gradient(slopes, v).item()).toBe(-1 / 16);
  });
  test('each value of a variable that is assigned many times counts', () => {
    const v = variable(0);
    const tape = new GradientTape();
    const y = tape.record(() => {
      let total = v.value;
      for (let i = 0; i < 20_000; i++) total = add(total, v.assignAdd(1).value);
      return total;
    });
    expect(tape.gradient(y, v).item()).toBe(20_001);
  });
  test('each read counts', () => {
    const v = variable(3);
    const tape = new GradientTape();
    const y = tape.record(() => add(square(v.value), mul(v.value, 10)));
    expect(tape.gradient(y, v).item()).toBe(16);
  });
  test('watchAccessedVariables off: only what is watched', () => {
    const [v, w] = [variable(2), variable(3)];
    const tape = new GradientTape({ watchAccessedVariables: false });
    const y = tape.record(() => {
      tape.watch(v);
      return mul(v.value, w.value);
    });
    expect(tape.watchedVariables()).toEqual([v]);
    expect(values(tape.gradient(y, [v, w], { unconnected: 'none' }))).toEqual([3, null]);
  });
  test('one that is not trainable may be watched', () => {
    const v = variable(2, { trainable: false });
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(v);
      return square(v.value);
    });
    expect(tape.gradient(y, v).item()).toBe(4);
  });
  test('watchedVariables after gradients, resets and further records', () => {
    const [a, b] = [variable(1), variable(2)];
    const tape = new GradientTape();
    const y = tape.record(() => square(a.value));
    tape.gradient(y, a);
    expect(tape.watchedVariables()).toEqual([a]);
    tape.reset();
    tape.record(() => b.value);
    expect(tape.watchedVariables()).toEqual([b]);
  });
  test('assignment cuts: the read before it is what counts', () => {
    const v = variable(3);
    const tape = new GradientTape();
    const y = tape.record(() => {
      const before = square(v.value);
      v.assign(10);
      return before;
    });
    expect(tape.gradient(y, v).item()).toBe(6);
    expect(v.value.item()).toBe(10);
  });
  test('max of a list in JavaScript: the largest one is connected', () => {
    const list = [variable(2), variable(3), variable(5)];
    const tape = new GradientTape();
    const y = tape.record(() => list.map((v) => v.value).reduce((a, b) => (a.item() > b.item() ? a : b)));
    expect(y.item()).toBe(5);
    expect(values(tape.gradient(y, list, { unconnected: 'none' }))).toEqual([null, null, 1]);
  });
  test('a variable and a constant give the same gradient', () => {
    const [a, b] = [tensor(2), variable(2)];
    expect(slope((x) => pow(x, 3), a)).toBe(12);
    const tape = new GradientTape();
    const y = tape.record(() => pow(b, 3));
    expect(tape.gradient(y, b).item()).toBe(12);
  });
  test('as a target', () => {
    const v = variable(2);
    const tape = new GradientTape();
    tape.record(() => v.value);
    expect(tape.gradient(v, v).item()).toBe(1);
  });
  test('unrelated', () => {
    const [a, b] = [variable(1), variable(2)];
    const tape = new GradientTape();
    tape.record(() => [a.value, b.value]);
    expect(tape.gradient(a, b, { unconnected: 'none' })).toBeNull();
  });
});

describe('tapes in tapes', () => {
  test('each watches for itself', () => {
    const x = tensor(2);
    const [outer, inner] = [new GradientTape(), new GradientTape()];
    const y = outer.record(() =>
      inner.record(() => {
        inner.watch(x);
        return square(x);
      }),
    );
    expect(inner.gradient(y, x).item()).toBe(4);
    expect(outer.gradient(y, x, { unconnected: 'none' })).toBeNull();
  });
  test('second and third derivatives', () => {
    const x = tensor(2);
    const tapes = [new GradientTape(), new GradientTape(), new GradientTape()];
    const nested = (level: number): Tensor => {
      if (level === tapes.length) return pow(x, 4);
      const tape = tapes[level]!;
      const y = tape.record(() => {
        tape.watch(x);
        return nested(level + 1);
      });
      return tape.gradient(y, x);
    };
    expect(nested(0).item()).toBe(48);
  });
  test('perturbations are not confused: d/dx [x · d/dy (x + y)] = 1', () => {
    const x = tensor(3);
    const outer = new GradientTape();
    const z = outer.record(() => {
      outer.watch(x);
      const y = tensor(1);
      const inner = new GradientTape();
      const s = inner.record(() => {
        inner.watch(y);
        return add(x, y);
      });
      return mul(x, inner.gradient(s, y));
    });
    expect(outer.gradient(z, x).item()).toBe(1);
  });
  test('sin at 0 and sigmoid-like at 0 on two tapes at once', () => {
    const [a, b] = [tensor(0), tensor(0)];
    const [one, two] = [new GradientTape(), new GradientTape()];
    const [y, z] = one.record(() =>
      two.record(() => {
        one.watch(a);
        two.watch(b);
        return [sin(a), cos(add(b, Math.PI / 6))];
      }),
    );
    expect(one.gradient(y, a).item()).toBe(1);
    expect(two.gradient(z, b).item()).toBeCloseTo(-0.5, 6);
    expect(slope((t) => exp(t), tensor(0))).toBe(1);
  });
  test('a tape inside of jit, and jit inside of a tape', () => {
    const inside = jit((x: Tensor) => {
      const tape = new GradientTape();
      const y = tape.record(() => {
        tape.watch(x);
        return pow(x, 3);
      });
      return tape.gradient(y, x);
    });
    expect(inside(tensor(2)).item()).toBe(12);
    expect(slope((x) => inside(x), tensor(2))).toBe(12);
    expect(
      slope(
        jit((x: Tensor) => maximum(square(x), 1)),
        tensor(2),
      ),
    ).toBe(4);
  });
  test('one inside of a custom rule', () => {
    const f = customGradient((x: Tensor) => {
      const tape = new GradientTape();
      const y = tape.record(() => {
        tape.watch(x);
        return square(x);
      });
      const g = tape.gradient(y, x);
      return [sub(g, 0), (dy: Tensor) => mul(dy, g)];
    });
    expect(slope(f, tensor(1))).toBe(2);
    expect((f(tensor(1)) as Tensor).item()).toBe(2);
  });
});
