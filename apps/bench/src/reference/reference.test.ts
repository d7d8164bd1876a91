/* The references against other computations, and what counts as equal. */
import { expect, test } from 'vitest';
import { armCode, javascript, residualCode } from '../codegen/emit.ts';
import { makeInput } from '../inputs/inputs.ts';
import { worstError } from './compare.ts';
import { reference } from './references.ts';

test('errors are relative to the element and to the whole', () => {
  expect(worstError([1, 2], Float64Array.of(1, 2))).toBe(0);
  expect(worstError([1, 2.002], Float64Array.of(1, 2))).toBeCloseTo(0.002 / (2 + Math.sqrt(2.5)), 10);
  expect(worstError([1, Number.NaN], Float64Array.of(1, 2))).toBe(Number.POSITIVE_INFINITY);
  expect(worstError([1], Float64Array.of(1, 2))).toBe(Number.POSITIVE_INFINITY);
});

test('generated code gives the Jacobian of the arm that dual numbers give', () => {
  const input = makeInput('arm', 1);
  const J = new Float64Array(84);
  javascript(armCode(input))(input.arrays['q']!.data, 0, J, 0, J, 0);
  expect(worstError(J, reference('arm', input))).toBeLessThan(1e-14);
});

test('generated code gives the Jacobians of bundle adjustment that dual numbers give', () => {
  const input = makeInput('ba', 5);
  const f = javascript(residualCode());
  const J = new Float64Array(150);
  for (let i = 0; i < 5; i++) f(input.arrays['P']!.data, i * 15, input.arrays['features']!.data, i * 2, J, i * 30);
  expect(worstError(J, reference('ba', input))).toBeLessThan(1e-13);
});
