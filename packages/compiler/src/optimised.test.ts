/** What becomes part of a plan: a program's constants, also where another program takes it in. */
import { traceCall } from '@jacobi/autograd/internal';
import type { Tensor } from '@jacobi/tensor';
import { getBackend, mul, tensor } from '@jacobi/tensor';
import type { Program } from '@jacobi/tensor/internal';
import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { compileOptimised, runOptimised, wayOf } from './optimised.ts';

const x = tensor([7, 11, 13]);
const traced = (f: (t: Tensor) => Tensor): Program =>
  traceCall(
    'test',
    (t: Tensor) => f(t),
    [x.type],
    ([t]) => [t],
  ).program;
const outside = tensor([2, 3, 5]);
const closing = traced((t) => mul(t, outside));
const constant: Program = { ...closing, captured: closing.captured.map((c) => ({ ...c, inside: true })) };

/** How many tensors the plan of a program has to be given beside its inputs. */
function given(program: Program): number {
  const way = wayOf(program);
  expect(runOptimised(way, [x])[0]!.arraySync()).toEqual([14, 33, 65]);
  return compileOptimised(way, getBackend()).captured.length;
}

test('what a program captured is given to its plan, what it holds as a constant is in it', () => {
  expect([closing, constant, closing].map(given)).toEqual([1, 0, 1]);
  expect(given(traced((t) => mul(t, tensor([2, 3, 5]))))).toBe(0);
});

test('a constant stays one where another program takes its program in', () => {
  for (const [program, count] of [
    [constant, 0],
    [closing, 1],
  ] as const) {
    expect(given(traced((t) => evaluate(program, [t])[0]!))).toBe(count);
    // Twice over, as under jit of vmap.
    expect(
      given(
        traced(
          (t) =>
            evaluate(
              traced((u) => evaluate(program, [u])[0]!),
              [t],
            )[0]!,
        ),
      ),
    ).toBe(count);
  }
});
