import type { Tensor } from '@jacobi/tensor';
import { add, floor, mul, stopGradient, tensor } from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { checkpoint, GradientTape, jit } from './index.ts';

/** The gradient of f(x, y) with respect to x and y at (2, 3), null where nothing connects them. */
function gradients(f: (x: Tensor, y: Tensor) => Tensor): (number | null)[] {
  const x = tensor(2);
  const y = tensor(3);
  const tape = new GradientTape();
  const z = tape.record(() => {
    tape.watch([x, y]);
    return f(x, y);
  });
  return tape.gradient(z, [x, y], { unconnected: 'none' }).map((g) => g?.item() ?? null);
}

describe('a function in jit or checkpoint is connected as it is without', () => {
  const cases: readonly [string, (x: Tensor, y: Tensor) => Tensor][] = [
    ['drops an argument', (_x, y) => mul(y, y)],
    ['stops a gradient', (x, y) => add(stopGradient(x), y)],
    ['floors: connected, zero', (x, y) => mul(floor(x), y)],
    ['a call in a call', (x, y) => jit((a: Tensor, b: Tensor) => add(stopGradient(a), b))(x, y)],
    ['drops both', () => tensor(1)],
  ];
  for (const [name, f] of cases) {
    test(name, () => {
      const plain = gradients(f);
      expect(gradients(jit(f))).toEqual(plain);
      expect(gradients(checkpoint(f))).toEqual(plain);
    });
  }

  test('the message says where the path ends', () => {
    const x = tensor(2);
    const tape = new GradientTape();
    const y = tape.record(() => {
      tape.watch(x);
      return jit((a: Tensor) => stopGradient(a))(x);
    });
    expect(() => tape.gradient(y, x)).toThrow('ends at followedCall (no derivative inside leads to its result)');
  });
});
