/**
 * The checker must notice broken plans, and the printer must say what there is.
 */
import type { Kernel, Plan, Slot } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { at, body } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import { checkPlan } from './check.ts';
import { printPlan } from './print.ts';

const double: Kernel = {
  kind: 'map',
  shape: [2, 3],
  inputs: [at(0, [3, 1]), at(1, [0, 0])],
  output: at(2, [1, 2]),
  body: [
    { fn: scalar.mul, args: [0, 1], dtype: 'float32' },
    { fn: scalar.square, args: [2], dtype: 'float32' },
    { fn: scalar.add, args: [2, 3], dtype: 'float32' },
  ],
};
const sum: Kernel = {
  kind: 'reduce',
  reducer: scalar.sumReducer,
  kept: [3],
  reduced: [2],
  input: at(2, [2, 1]),
  output: at(3, [-1], 2),
  accumulate: 'float64',
};
const product: Kernel = {
  kind: 'contract',
  batch: [],
  m: [2],
  n: [3],
  k: [1],
  left: at(0, [3, 1]),
  right: at(0, [1, 1]),
  output: at(2, [3, 1]),
  accumulate: 'float32',
};
const slots: readonly Slot[] = [
  { dtype: 'float32', length: 6, role: 'input' },
  { dtype: 'float32', length: 1, role: 'constant', data: Float32Array.of(2) },
  { dtype: 'float32', length: 6, role: 'temporary', offset: 0 },
  { dtype: 'float32', length: 3, role: 'output' },
];
const plan: Plan = { format: 1, slots, inputs: [0], outputs: [3], steps: [double, sum], arenaBytes: 32 };

test('a plan as text', () => {
  checkPlan(plan);
  expect(printPlan(plan).split('\n')).toEqual([
    'plan(in0:f32[6]) → (out3:f32[3])',
    '  c1:f32[1] = {2}',
    '  t2:f32[2,3](1,2) = map add(%2:=mul(in0, c1(0,0)), square(%2))',
    '  out3:f32[3](2+-1) = sum t2 over [2] in f64',
    '  arena of 32 bytes',
  ]);
});

describe('broken plans', () => {
  const broken: readonly (readonly [string, RegExp, Plan])[] = [
    [
      'reading outside a slot',
      /goes from 0 to 6 of 6/,
      { ...plan, steps: [{ ...double, inputs: [at(0, [4, 1]), at(1, [0, 0])] } as Kernel, sum] },
    ],
    ['a negative place', /from -2 to/, { ...plan, steps: [double, { ...sum, output: at(3, [-1]) } as Kernel] }],
    ['reading before writing', /reads slot 2 before/, { ...plan, steps: [sum, double] }],
    ['writing an input', /writes the input 0/, { ...plan, steps: [{ ...double, output: at(0, [1, 2]) } as Kernel] }],
    [
      'reading what is written',
      /reads and writes slot 2/,
      { ...plan, steps: [double, { ...double, inputs: [at(2, [1, 2]), at(1, [0, 0])] } as Kernel] },
    ],
    ['no such slot', /no slot 9/, { ...plan, steps: [{ ...double, output: at(9, [1, 2]) } as Kernel] }],
    [
      'an operand that comes later',
      /not there yet/,
      { ...plan, steps: [{ ...double, body: [{ fn: scalar.neg, args: [2], dtype: 'float32' }] } as Kernel] },
    ],
    [
      'too few operands',
      /mul takes 2/,
      { ...plan, steps: [{ ...double, body: [{ fn: scalar.mul, args: [0], dtype: 'float32' }] } as Kernel] },
    ],
    [
      'strides for other axes',
      /1 strides for 2 axes/,
      { ...plan, steps: [{ ...double, output: at(2, [1]) } as Kernel] },
    ],
    [
      'a prologue that reads outside a slot',
      /goes from 1 to 6 of 6/,
      {
        ...plan,
        steps: [double, { ...sum, prologue: { inputs: [at(0, [2, 1], 1)], body: body(scalar.mul) } } as Kernel],
      },
    ],
    [
      'a prologue that gives a mask, or nothing',
      /gives no number/,
      { ...plan, steps: [double, { ...sum, prologue: { inputs: [], body: body(scalar.isNaN, 'bool') } } as Kernel] },
    ],
    [
      'a prologue whose operand is missing',
      /not there yet/,
      { ...plan, steps: [double, { ...sum, prologue: { inputs: [], body: body(scalar.mul) } } as Kernel] },
    ],
    ...(
      [
        ['reads outside a slot', /goes from 1 to 6 of 6/, at(0, [3, 1], 1), body(scalar.mul)],
        ['reads what it writes', /reads and writes slot 2/, at(2, [2, 1]), body(scalar.mul)],
        ['gives another dtype', /gives no float32/, at(0, [2, 1]), body(scalar.less, 'bool')],
        ['lacks an operand', /not there yet/, undefined, body(scalar.mul)],
      ] as const
    ).map(([what, message, input, steps]) => {
      const epilogue = { inputs: input ? [input] : [], body: steps };
      return [
        `an epilogue that ${what}`,
        message,
        { ...plan, steps: [{ ...product, epilogue } as Kernel, sum] },
      ] as const;
    }),
    ['an arena that is too small', /outside the arena/, { ...plan, arenaBytes: 16 }],
    [
      'two values in one place',
      /share bytes/,
      { ...plan, slots: [...slots, slots[2]!], steps: [double, { ...double, output: at(4, [1, 2]) } as Kernel, sum] },
    ],
    [
      'a constant without data',
      /has data of another length/,
      { ...plan, slots: slots.map(({ data: _, ...slot }) => slot) },
    ],
  ];
  test.each(broken)('%s', (_name, message, example) => {
    expect(() => checkPlan(example)).toThrow(message);
  });
});
