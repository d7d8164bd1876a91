/** Types of what a tape gives: like its sources. */
import type { Tensor, Variable } from '@jacobi/tensor';
import { expectTypeOf, test } from 'vitest';
import { GradientTape } from './index.ts';

declare const y: Tensor;
declare const x: Tensor;
declare const v: Variable;
declare const list: Tensor[];

test('derivatives have the structure of the sources', () => {
  const tape = new GradientTape();
  expectTypeOf(tape.gradient(y, [x, v])).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(tape.jacobian(y, [x, { w: v }])).toEqualTypeOf<[Tensor, { w: Tensor }]>();
  expectTypeOf(tape.gradient(y, list)).toEqualTypeOf<Tensor[]>();
  expectTypeOf(tape.gradient(y, x)).toEqualTypeOf<Tensor>();
  expectTypeOf(tape.gradient(y, [x, v], { unconnected: 'none' })).toEqualTypeOf<[Tensor | null, Tensor | null]>();
});
