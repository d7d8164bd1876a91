import * as autograd from '@jacobi/autograd';
import * as jacobian from '@jacobi/jacobian';
import * as tensor from '@jacobi/tensor';
import { expect, test } from 'vitest';
import * as jacobi from './index.ts';

test('the umbrella exports every public name of the packages under it', () => {
  const all = jacobi as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries({ ...tensor, ...autograd, ...jacobian })) {
    expect(all[name], name).toBe(value);
  }
});

test('its tape is the one with Jacobians', () => {
  expect(jacobi.GradientTape).toBe(jacobian.GradientTape);
  expect(jacobi.nn.Dense).toBeTypeOf('function');
  expect(jacobi.stats()).toHaveProperty('planHits');
});

test('cpu() gives a backend that tensors can be put on', async () => {
  const backend = await jacobi.cpu();
  expect(jacobi.withBackend(backend, () => jacobi.sin(jacobi.tensor(0))).item()).toBe(0);
});
