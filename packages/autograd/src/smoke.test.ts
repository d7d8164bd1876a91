import * as j from '@jacobi/tensor';
import { expect, test } from 'vitest';
import * as a from './index.ts';

test('smoke', () => {
  const { tensor } = j;
  const tape = new a.GradientTape();
  const x = tensor(3);
  const y = tape.record(() => {
    tape.watch(x);
    return j.mul(x, x);
  });
  expect(tape.gradient(y, x).item()).toBe(6);
  expect(
    a
      .grad((x: j.Tensor) => j.sum(j.mul(j.square(x), x)))(tensor([1, 2, 3]))
      .arraySync(),
  ).toEqual([3, 12, 27]);
  expect(
    a
      .grad(a.grad(a.grad((x: j.Tensor) => j.pow(x, 4))))(tensor(2))
      .item(),
  ).toBe(48);
  expect(a.hvp((x: j.Tensor) => j.sum(j.mul(j.square(x), x)), tensor([1, 2]), tensor([1, 1])).arraySync()).toEqual([
    6, 12,
  ]);
  expect(
    a
      .vmap((x: j.Tensor) => j.sum(j.square(x)))(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      )
      .arraySync(),
  ).toEqual([5, 25]);
  expect(
    a
      .vmap(a.grad((x: j.Tensor) => j.sum(j.square(x))))(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      )
      .arraySync(),
  ).toEqual([
    [2, 4],
    [6, 8],
  ]);
  const f = a.jit((x: j.Tensor) => j.sum(j.sin(j.matmul(x, x))));
  expect(
    a
      .grad(f)(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      )
      .arraySync(),
  ).toEqual(
    a
      .grad((x: j.Tensor) => j.sum(j.sin(j.matmul(x, x))))(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      )
      .arraySync(),
  );
  expect(a.grad(a.jit(a.grad(f as never) as never) as never).length).toBe(0);
  const g = a.customVjp(
    j.sin,
    (x: j.Tensor) => [j.sin(x), x],
    (x: j.Tensor, dy: j.Tensor) => [j.mul(j.mul(2, j.cos(x)), dy)],
  );
  expect(a.grad(g)(tensor(0)).item()).toBe(2);
  expect(a.jvp(g, [tensor(0)], [tensor(1)])[1].item()).toBe(2);
  expect(a.grad(a.jit(g))(tensor(0)).item()).toBe(2);
  expect(a.jvp(a.jit(g), [tensor(0)], [tensor(1)])[1].item()).toBe(2);
  expect(
    a
      .vmap(a.grad(g))(tensor([0, 0]))
      .arraySync(),
  ).toEqual([2, 2]);
  const h = a.customJvp(j.sin, ([x], [t]) => [j.sin(x), j.div(j.mul(j.mul(2, j.cos(x)), t), 1)]);
  expect(a.grad(h)(tensor(0)).item()).toBe(2);
  expect(a.grad(a.vmap(h))).toBeDefined();
  const k = a.customGradient((x: j.Tensor) => [j.square(x), (dy: j.Tensor) => j.mul(dy, j.mul(x, 100))]);
  expect(a.grad(k)(tensor(3)).item()).toBe(300);
  expect(a.grad(a.jit(k))(tensor(3)).item()).toBe(300);
  expect(a.grad(a.grad(k))(tensor(3)).item()).toBe(100);
  expect(
    a
      .grad((x: j.Tensor) => j.sum(a.checkpoint(j.sin)(x)))(tensor([0, 0]))
      .arraySync(),
  ).toEqual([1, 1]);
  // d/dx [x · d/dy (x + y)]
  expect(
    a
      .grad((x: j.Tensor) => j.mul(x, a.grad((y: j.Tensor) => j.add(x, y))(tensor(1))))(tensor(3))
      .item(),
  ).toBe(1);
  for (let r = 0; r < 4; r++) {
    const t0 = performance.now();
    for (let i = 0; i < 2000; i++) {
      const tape = new a.GradientTape();
      const y = tape.record(() => {
        tape.watch(x);
        return j.sum(j.stack([j.pow(x, 2), j.sin(x)]));
      });
      tape.gradient(y, x);
    }
    console.log('us', (performance.now() - t0) / 2);
  }
});
