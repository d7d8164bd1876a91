/** checkGradients passes where rules are right, and says what is wrong where they are not. */

import type { Tensor } from '@jacobi/tensor';
import {
  ArgumentError,
  add,
  cast,
  cos,
  DTypeError,
  exp,
  log,
  matmul,
  mul,
  relu,
  reshape,
  sin,
  square,
  stopGradient,
  sum,
  tensor,
  tile,
} from '@jacobi/tensor';
import { describe, expect, test } from 'vitest';
import { checkGradients, customGradient, customJvp, customVjp, GradientCheckError } from './index.ts';

const x = tensor([1, 2, 3]);
const wrongSquare = customGradient((t: Tensor) => [square(t), (dy: Tensor) => dy]);

describe('rules that are right', () => {
  test.each<[string, (...args: never[]) => unknown, unknown[]]>([
    ['a sum of squares', (t: Tensor) => sum(square(t)), [x]],
    [
      'a matrix product',
      (a: Tensor, b: Tensor) => matmul(a, b),
      [
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ]),
        tensor([
          [1, 0.5],
          [2, 1],
          [0, 1],
        ]),
      ],
    ],
    [
      'nests in and out',
      ({ w, b }: { w: Tensor; b: Tensor[] }) => ({ y: mul(w, b[0]!), z: [sin(w)] }),
      [{ w: x, b: [tensor(2)] }],
    ],
    ['integers beside', (t: Tensor, n: Tensor) => mul(t, cast(n, t.dtype)), [x, tensor([1, 2, 3], { dtype: 'int32' })]],
    ['integers out', (t: Tensor) => [exp(t), cast(t, 'int32')], [tensor([0.5, 1.5])]],
    ['a customGradient', customGradient((t: Tensor) => [sin(t), (dy: Tensor) => mul(dy, cos(t))]), [x]],
    ['a large argument', (t: Tensor) => sum(sin(t)), [tile(x, [40])]],
    ['many results', (t: Tensor) => tile(sin(t), [40]), [x]],
    ['numbers for tensors', (t: Tensor) => mul(t, t), [3]],
    ['large coordinates', (t: Tensor) => sum(square(t)), [tensor([1e6, -2e7])]],
    ['zero-size arguments', (t: Tensor, u: Tensor) => add(sum(t), u), [reshape(tensor([]), [0, 2]), x]],
  ])('%s', (_name, f, args) => {
    checkGradients(f as never, args, { order: 3 });
  });

  test('one mode alone', () => {
    const clipped = customVjp(
      sin,
      (t: Tensor) => [sin(t), t],
      (t: Tensor, dy: Tensor) => [mul(cos(t), dy)],
    );
    checkGradients(clipped, [x], { modes: ['reverse'], order: 2 });
  });
});

describe('rules that are wrong', () => {
  test('say where, both values and the error', () => {
    expect(() => checkGradients(wrongSquare, [x])).toThrow(GradientCheckError);
    expect(() => checkGradients(wrongSquare, [x], { modes: ['reverse'] })).toThrow(
      /order 1, reverse mode: ∂output\[2\] \/ ∂args\[0\]\[2\] is 1 by its rule, but (6|5\.99\d+|6\.00\d+) by central differences \(error 5\.00; allowed.*3 of 9 entries are wrong, this one most/,
    );
    expect(() => checkGradients(wrongSquare, [x], { modes: ['forward'] })).toThrow(
      /order 1, forward mode: ∂output\[2\] \/ ∂args\[0\]\[2\]/,
    );
  });

  test('name the argument and the output in nests', () => {
    const f = ({ a }: { a: Tensor[] }) => ({ y: wrongSquare(a[1]) as Tensor });
    expect(() => checkGradients(f, [{ a: [x, tensor([[5]])] }])).toThrow(
      /∂output\.y\[0,0\] \/ ∂args\[0\]\.a\[1\]\[0,0\] is 1 by its rule/,
    );
  });

  test('at the second order alone', () => {
    // The slope is right, the slope of the slope is not.
    const rule = customGradient((t: Tensor) => [square(t), (dy: Tensor) => mul(dy, mul(2, stopGradient(t)))]);
    checkGradients(rule, [x]);
    expect(() => checkGradients(rule, [x], { order: 2 })).toThrow(
      /order 2, (forward|reverse) mode over (forward|reverse)/,
    );
  });

  test('of large arguments, along random directions', () => {
    expect(() => checkGradients((t: Tensor) => sum(wrongSquare(t) as Tensor), [tile(x, [40])])).toThrow(
      /a random direction is/,
    );
  });

  test('in forward mode alone', () => {
    const rule = customJvp(sin, ([t]: Tensor[], [dt]: Tensor[]) => [sin(t!), mul(dt!, t!)]);
    expect(() => checkGradients(rule, [x], { modes: ['forward'] })).toThrow(/forward mode/);
  });
});

describe('points where differences say nothing', () => {
  test('a kink', () => {
    expect(() => checkGradients(relu, [tensor([0])])).toThrow(/If there is a kink here, move the point/);
  });
  test('the edge of the domain', () => {
    expect(() => checkGradients(log, [tensor([0])])).toThrow(GradientCheckError);
    expect(() => checkGradients(log, [tensor([1e-5])])).toThrow(/f is not defined all around this point/);
  });
});

describe('arguments', () => {
  test.each<[string, unknown[], RegExp, new () => Error]>([
    ['args that are no array', [sin, x], /args must be an array.*write \[x\]/, ArgumentError],
    ['a hole among args', [sin, new Array(1)], /args\[0\] must be a nest of .*, not undefined/, ArgumentError],
    ['no args', [sin, []], /args must be an array/, ArgumentError],
    [
      'integers alone',
      [(t: Tensor) => t, [tensor([1], { dtype: 'int32' })]],
      /no argument is floating \(int32\[1\]\)/,
      DTypeError,
    ],
    ['a function that casts down', [(t: Tensor) => cast(t, 'float32'), [x]], /remove the cast inside f/, DTypeError],
    ['nothing floating', [(t: Tensor) => cast(t, 'int32'), [x]], /nothing floating/, DTypeError],
    [
      'options null',
      [sin, [x], null],
      /checkGradients: options must be an object \{ order, modes, rtol, atol \}, not null/,
      ArgumentError,
    ],
    ['an unknown option', [sin, [x], { tol: 1 }], /checkGradients: there is no option "tol"/, ArgumentError],
    ['order 1e12', [sin, [x], { order: 1e12 }], /order must be at most 10, not 1000000000000/, ArgumentError],
    ['order as text', [sin, [x], { order: '2' }], /order must be a whole number ≥ 1, not "2"/, ArgumentError],
    ['modes with a hole', [sin, [x], { modes: new Array(1) }], /modes must be a non-empty array/, ArgumentError],
    ['a tolerance as text', [sin, [x], { atol: '1' }], /atol must be a number ≥ 0, not "1"/, ArgumentError],
    ['order 0', [sin, [x], { order: 0 }], /order must be a whole number ≥ 1/, ArgumentError],
    ['an unknown mode', [sin, [x], { modes: ['sideways'] }], /modes must be/, ArgumentError],
    ['a negative tolerance', [sin, [x], { rtol: -1 }], /rtol must be a number ≥ 0/, ArgumentError],
    ['no function', [3, [x]], /f must be a function/, ArgumentError],
  ])('%s', (_name, args, message, type) => {
    const call = () => (checkGradients as (...a: unknown[]) => void)(...args);
    expect(call).toThrow(message);
    expect(call).toThrow(type);
  });
});
