/** Nobody disposes of anything: memory stays bounded, and tapes keep what derivatives read and no more. */

import type { Tensor } from '@jacobi/tensor';
import { add, div, mod, mul, sin, square, sum, tensor } from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { customGradient, GradientTape, grad, jit, vmap } from './index.ts';

/** Bytes in use after a collection: the heap and the elements of tensors. */
async function used(): Promise<number> {
  const { gc } = globalThis as unknown as { gc(): void };
  for (let i = 0; i < 4; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What is in use more after `fn` than before; `fn` runs once ahead, to fill caches. */
async function growth(fn: () => unknown): Promise<number> {
  fn();
  const before = await used();
  const kept = fn();
  const after = await used();
  // What fn returned lives until here.
  return kept === fn ? NaN : after - before;
}

const MB = 1024 * 1024;
const x = tensor(new Float64Array(4096).fill(0.5));

describe('a tape keeps values only where a derivative reads them', () => {
  /** The tape after a thousand steps, with its last value. */
  const recorded = (step: (t: Tensor) => Tensor): unknown => {
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      let t = x;
      for (let i = 0; i < 1000; i++) t = step(t);
      return t;
    });
    return [tape, y];
  };
  test('a thousand additions keep none', async () => {
    expect(await growth(() => recorded((t) => add(t, 1)))).toBeLessThan(2 * MB);
  });
  test.each([
    ['quotients', div],
    ['remainders', mod],
  ])('a thousand %s by a constant keep none', async (_, op) => {
    const c = tensor(new Float64Array(4096).fill(1.25));
    expect(await growth(() => recorded((t) => op(t, c)))).toBeLessThan(2 * MB);
  });
  test('a thousand sines keep their inputs', async () => {
    const grown = await growth(() => recorded(sin));
    expect(grown).toBeGreaterThan(1000 * x.size * 8 * 0.9);
    expect(grown).toBeLessThan(1000 * x.size * 8 + 4 * MB);
  });
});

describe('100 000 recorded steps run in bounded memory', () => {
  const v = tensor([1, 2, 3, 4]);
  const f = (t: Tensor): Tensor => sum(mul(sin(t), square(t)));
  const doubled = customGradient((t: Tensor) => [square(t), (dy: Tensor) => mul(dy, t)]) as (t: Tensor) => Tensor;
  const jitted = jit(f);
  const steps: Record<string, [count: number, step: () => unknown]> = {
    'tape and gradient': [
      25_000,
      () => {
        const tape = new GradientTape();
        const y = tape.record(() => {
          tape.watch(v);
          return f(v);
        });
        return tape.gradient(y, v);
      },
    ],
    grad: [25_000, () => grad(f)(v)],
    'grad of jit': [25_000, () => grad(jitted)(v)],
    'a custom rule, made anew': [5_000, () => grad((t: Tensor) => sum(doubled(t)))(v)],
    'a function jitted anew': [2_000, () => jit((t: Tensor) => f(t))(v)],
    'a function mapped anew': [
      2_000,
      () =>
        vmap(f)(
          tensor([
            [1, 2],
            [3, 4],
          ]),
        ),
    ],
    'a tape that is reset': [
      1,
      () => {
        const tape = new GradientTape({ persistent: true });
        for (let i = 0; i < 16_000; i++) {
          tape.record(() => {
            tape.watch(v);
            return f(v);
          });
          tape.reset();
        }
      },
    ],
  };
  test.each(Object.entries(steps))('%s', async (_name, [count, step]) => {
    for (let i = 0; i < Math.min(count, 500); i++) step();
    const before = await used();
    for (let i = 0; i < count; i++) step();
    const after = await used();
    expect(after - before).toBeLessThan(3 * MB);
  });
});
