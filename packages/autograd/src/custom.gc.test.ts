/** Custom rules live as long as their functions; nothing that they were called on does. */
import type { Tensor } from '@jacobi/tensor';
import { add, cos, mul, ones, sin, sum } from '@jacobi/tensor';
import { expect, test } from 'vitest';
import { customJvp, customVjp, grad, jit, jvp, vmap } from './index.ts';

const collect = globalThis.gc as () => void;

/** How many of these are still there after collections. */
async function left(references: readonly WeakRef<object>[]): Promise<number> {
  for (let round = 0; round < 20; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
    if (references.every((r) => r.deref() === undefined)) return 0;
  }
  return references.filter((r) => r.deref() !== undefined).length;
}

type Pair = readonly [Tensor, { readonly b: Tensor }];

/** sin(a) + b with a rule. */
const functions: Record<string, () => (pair: Pair) => { y: Tensor }> = {
  customJvp: () =>
    customJvp(
      ([a, { b }]: Pair) => ({ y: add(sin(a), b) }),
      ([p]: Pair[], [dp]: Pair[]) => [{ y: add(sin(p![0]), p![1].b) }, { y: add(mul(cos(p![0]), dp![0]), dp![1].b) }],
    ) as never,
  customVjp: () =>
    customVjp(
      ([a, { b }]: Pair) => ({ y: add(sin(a), b) }),
      ([a, { b }]: Pair) => [{ y: add(sin(a), b) }, { kept: [a] }],
      ({ kept: [a] }: { kept: [Tensor] }, { y }: { y: Tensor }) => [[mul(cos(a), y), { b: y }]],
    ) as never,
};
const uses: Record<string, (f: (pair: Pair) => { y: Tensor }, pair: Pair) => unknown> = {
  grad: (f, pair) => grad((p: Pair) => sum(f(p).y))(pair),
  jvp: (f, pair) => jvp(f, [pair], [pair]),
  'grad of vmap': (f, pair) => grad((p: Pair) => sum(vmap(f)(p).y))(pair),
  'grad of jit': (f, pair) => grad((p: Pair) => sum(jit((q: Pair) => f(q))(p).y))(pair),
  'grad of jit with something captured': (f, [a, { b }]) =>
    grad((t: Tensor) => sum(jit((s: Tensor) => f([mul(s, a), { b }]).y)(t)))(a),
};
const pairs = Object.keys(functions).flatMap((name) => Object.keys(uses).map((use) => [name, use] as const));

test.each(pairs)('%s, %s: arguments, residuals and results are collected', async (name, use) => {
  const f = functions[name]!();
  const watched = [0, 1, 2].flatMap(() => {
    const pair = [ones([8, 3]), { b: mul(ones([8, 3]), 2) }] as const;
    const made = uses[use]!(f, pair);
    const tensors = [pair[0], pair[1].b];
    return [...tensors, ...tensors.map((t) => t.buffer as object), made as object].map((each) => new WeakRef(each));
  });
  expect(await left(watched)).toBe(0);
  // It lives until here.
  expect(f).toBeTypeOf('function');
});

test('what a function read while it was traced is collected', async () => {
  let shift = ones([8, 3]);
  const f = customJvp(
    (t: Tensor) => add(sin(t), shift),
    ([t]: Tensor[], [dt]: Tensor[]) => [add(sin(t!), shift), mul(cos(t!), dt!)],
  );
  const watched = [2, 3].map((factor) => {
    shift = mul(ones([8, 3]), factor);
    grad((t: Tensor) => sum(jit((s: Tensor) => f(s))(t)))(ones([8, 3]));
    return new WeakRef(shift);
  });
  shift = ones([8, 3]);
  expect(await left(watched)).toBe(0);
  expect(f).toBeTypeOf('function');
});
