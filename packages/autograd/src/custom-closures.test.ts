/** Rules of users: what they may close over, and that they are linear where they must be. */
import type { Tensor } from '@jacobi/tensor';
import { add, cast, div, mul, sqrt, square, stopGradient, sum, tensor } from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { customGradient, customJvp, customVjp, grad, jit, jvp, RuleError } from './index.ts';

const d = (data: number | number[]): Tensor => tensor(data, { dtype: 'float64' });
const closing = {
  customGradient: (c: Tensor) => customGradient((y: Tensor) => [mul(y, c), (g: Tensor) => mul(g, c)]),
  customVjp: (c: Tensor) =>
    customVjp(
      (y: Tensor) => mul(y, c),
      (y: Tensor) => [mul(y, c), y],
      (_, g: Tensor) => mul(g, c),
    ),
  customJvp: (c: Tensor) =>
    customJvp(
      (y: Tensor) => mul(y, c),
      ([y]: Tensor[], [t]: Tensor[]) => [mul(y!, c), mul(t!, c)],
    ),
};

describe.each(Object.entries(closing))('%s', (_, make) => {
  const f = (x: Tensor): Tensor => make(x)(mul(x, 1)) as Tensor;
  test('a value that is being differentiated is refused', () => {
    for (const run of [grad(f), jit(grad(f)), (x: Tensor) => jvp(f, [x], [d(1)])] as ((x: Tensor) => unknown)[]) {
      expect(() => run(d(3))).toThrow(RuleError);
      expect(() => run(d(3))).toThrow('closes over a value that is being differentiated (float64[])');
    }
  });
  test('a constant is not', () => {
    expect((grad(make(d(2)) as (x: Tensor) => Tensor)(d(3)) as Tensor).item()).toBe(2);
    expect((grad((x: Tensor) => make(stopGradient(x))(x) as Tensor)(d(3)) as Tensor).item()).toBe(3);
  });
});

test('a rule may divide by what does not move', () => {
  const f = customVjp(
    (a: Tensor) => sqrt(a),
    (a: Tensor) => [sqrt(a), sqrt(a)],
    (y: Tensor, dy: Tensor) => div(dy, mul(2, y)),
  );
  expect((grad(f as (x: Tensor) => Tensor)(d(4)) as Tensor).item()).toBe(0.25);
  expect((jvp(f as (x: Tensor) => Tensor, [d(4)], [d(2)])[1] as Tensor).item()).toBe(0.5);
  const g = customJvp(
    (a: Tensor) => sqrt(a),
    ([a]: Tensor[], [t]: Tensor[]) => [sqrt(a!), div(t!, mul(2, sqrt(a!)))],
  );
  expect((grad(g as (x: Tensor) => Tensor)(d(4)) as Tensor).item()).toBe(0.25);
});

test.each<[string, (t: Tensor) => Tensor]>([
  ['a square', (t) => sum(square(t))],
  ['a constant beside it', (t) => add(sum(t), 1)],
])('a tangent rule with %s is refused by every mode', (_, rule) => {
  const f = customJvp(
    (x: Tensor) => sum(x),
    ([x]: Tensor[], [t]: Tensor[]) => [sum(x!), rule(t!)],
  ) as (x: Tensor) => Tensor;
  expect(() => grad(f)(d([1, 2]))).toThrow('dy must be linear in the tangents');
  expect(() => jvp(f, [d([1, 2])], [d([0, 0])])).toThrow('dy must be linear in the tangents');
});

test('a closure that is refused is told by its own type', () => {
  const constant = tensor([[1, 2, 3]], { dtype: 'float64' });
  const f = (x: Tensor): Tensor =>
    customGradient((y: Tensor) => [sum(mul(add(constant, x), y)), (g: Tensor) => g])(tensor(1)) as Tensor;
  expect(() => grad(f)(d([4, 5, 6]))).toThrow('closes over a value that is being differentiated (float64[3])');
});

test.each<[string, (y: Tensor) => unknown, string]>([
  ['shape', (y) => y, 'forward gives * of float64[2] for a value, but f gives * of float64[]'],
  ['dtype', (y) => cast(sum(y), 'float32'), 'forward gives * of float32[] for a value, but f gives * of float64[]'],
  ['nest', (y) => [sum(y)], 'forward gives [*] of float64[] for a value, but f gives * of float64[]'],
])('a forward whose value has another %s than f is refused', (_, value, message) => {
  const f = customVjp(
    (y: Tensor) => sum(y),
    (y: Tensor) => [value(y), y],
    (y, g: Tensor) => [mul(y as Tensor, g)],
  ) as (x: Tensor) => Tensor;
  for (const run of [grad(f), jit(grad(f))] as ((x: Tensor) => unknown)[]) {
    expect(() => run(d([1, 2]))).toThrow(`customVjp: ${message}`);
  }
});
