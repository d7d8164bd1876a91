/** Types of transforms around transforms. */
import type { Tensor } from '@jacobi/tensor';
import { mul, sum, tensor } from '@jacobi/tensor';
import { expectTypeOf, test } from 'vitest';
import { grad, jit, valueAndGrad, vmap } from './index.ts';

const f = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b));
const x = tensor([[1, 2]]);

test('transforms of transforms give arrays where the innermost does', () => {
  expectTypeOf(jit(vmap(grad(f, { argnums: [0, 1] })))(x, x)).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(jit(vmap(valueAndGrad(f)))(x, x)).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(vmap(vmap(grad(f, { argnums: [0, 1] })))(x, x)).toEqualTypeOf<[Tensor, Tensor]>();
});

test('arrays of layers stay arrays', () => {
  const layers: { w: Tensor }[] = [{ w: x }];
  const loss = (net: { w: Tensor }[]): Tensor => sum(net[0]!.w);
  expectTypeOf(vmap(jit(grad(loss)))(layers)).toEqualTypeOf<{ w: Tensor }[]>();
  expectTypeOf(vmap(jit(grad(loss)))(layers).map(({ w }) => w)).toEqualTypeOf<Tensor[]>();
});
