import type { Tensor, Variable } from '@jacobi/tensor';
import { expectTypeOf, test } from 'vitest';
import { BatchNormalization, Dense, Sequential, split } from './index.ts';

test('parameters have the structure that the options ask for', () => {
  const dense = split(new Dense({ units: 1 })).params;
  expectTypeOf(dense).toEqualTypeOf<{ readonly kernel: Tensor; readonly bias: Tensor }>();
  expectTypeOf(split(new Dense({ units: 1, useBias: false })).params).toEqualTypeOf<{ readonly kernel: Tensor }>();
  expectTypeOf(split(new BatchNormalization()).params.gamma).toEqualTypeOf<Tensor>();
  // @ts-expect-error without scale there is no gamma
  expectTypeOf(split(new BatchNormalization({ scale: false })).params.gamma);
  const net = new Sequential([new Dense({ units: 1 }), new Sequential([new BatchNormalization()])]);
  expectTypeOf(split(net).params[0].bias).toEqualTypeOf<Tensor>();
  expectTypeOf(split(net).params[1][0].beta).toEqualTypeOf<Tensor>();
});

test('variables by name are there as the options ask for', () => {
  expectTypeOf(new Dense({ units: 1 }).bias).toEqualTypeOf<Variable>();
  expectTypeOf(new Dense({ units: 1, useBias: false }).bias).toEqualTypeOf<undefined>();
  expectTypeOf(new BatchNormalization({ center: false }).gamma).toEqualTypeOf<Variable>();
  expectTypeOf(new BatchNormalization({ center: false }).beta).toEqualTypeOf<undefined>();
});

test('names are checked', () => {
  // @ts-expect-error no such activation
  expectTypeOf(new Dense({ units: 1, activation: 'rleu' }));
  // @ts-expect-error no such initialiser
  expectTypeOf(new Dense({ units: 1, kernelInitializer: 'glorot' }));
  expectTypeOf(new Dense({ units: 1, activation: 'leakyRelu', biasInitializer: 'ones' }));
});
