/**
 * Values put together from windows: random ones keep their bits, and a diagonal stays one.
 */
import type { Access, Kernel, MapKernel, Plan, ScalarStep, Slot, TypedArray } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { at, body, map, runPlan } from '@jacobi/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkPlan } from './check.ts';
import { fusePlan } from './fuse-plan.ts';
import { printPlan } from './print.ts';

const fill = (constant: number): ScalarStep[] => [{ constant }];
const call = body;

function planOf(slots: readonly Pick<Slot, 'role' | 'length'>[], steps: readonly Kernel[]): Plan {
  const made = slots.map((slot): Slot => ({ dtype: 'float32', ...slot }));
  const of = (role: Slot['role']): number[] => [...made.keys()].filter((i) => made[i]!.role === role);
  return { format: 1, slots: made, inputs: of('input'), outputs: of('output'), steps, arenaBytes: 0 };
}

/** What a plan gives for ordinary numbers, or with some that a careless rewriting would lose. */
const run = (plan: Plan, special: boolean): TypedArray[] => {
  const rare = [NaN, Infinity, -0, -Infinity];
  return runPlan(plan, (_dtype, length) =>
    Float32Array.from({ length }, (_, i) => (special && i % 3 === 1 ? rare[(i >> 1) % 4]! : Math.sin(i + 1))),
  );
};

const ROWS = 5;
const COLUMNS = 7;
const SIZE = ROWS * COLUMNS;

/** A window of a matrix: where, of what shape. */
const window = fc.record({
  kind: fc.nat(6),
  row: fc.nat(ROWS - 1),
  column: fc.nat(COLUMNS - 1),
  height: fc.integer({ min: 1, max: ROWS }),
  width: fc.integer({ min: 1, max: COLUMNS }),
  source: fc.nat(2),
  backwards: fc.boolean(),
});
type Window = typeof window extends fc.Arbitrary<infer T> ? T : never;

/** The map that writes a window of slot `to`. */
function writeWindow({ kind, row, column, height, width, source, backwards }: Window, to: number): MapKernel {
  const [m, n] = [Math.min(height, ROWS - row), Math.min(width, COLUMNS - column)];
  const offset = row * COLUMNS + column;
  const body = source === 0 ? fill(kind % 2) : source === 1 ? [] : call(scalar.neg);
  const from = (strides: readonly number[], reach: number): Access[] =>
    source === 0
      ? []
      : [
          backwards
            ? at(
                0,
                strides.map((s) => -s),
                reach,
              )
            : at(0, strides),
        ];
  if (kind < 3) {
    const count = Math.min(m, n);
    return map([count], at(to, [COLUMNS + 1], offset), from([1], count - 1), body);
  }
  if (kind === 3) return map([m], at(to, [COLUMNS], offset), from([2], 2 * (m - 1)), body);
  return map([m, n], at(to, [COLUMNS, 1], offset), from([n, 1], m * n - 1), body);
}

const reader = fc.record({ view: fc.nat(5), fn: fc.nat(3), row: fc.nat(2), column: fc.nat(3), other: fc.nat(4) });
const FUNCTIONS = [scalar.add, scalar.mul, scalar.sub, scalar.maximum];

/** How a matrix of ROWS × COLUMNS is read over a shape. */
function readMatrix(slot: number, view: number, row: number, column: number): { shape: number[]; access: Access } {
  switch (view) {
    case 0:
      return { shape: [ROWS, COLUMNS], access: at(slot, [COLUMNS, 1]) };
    case 1:
      return { shape: [COLUMNS, ROWS], access: at(slot, [1, COLUMNS]) };
    case 2:
      return { shape: [ROWS, COLUMNS], access: at(slot, [-COLUMNS, -1], SIZE - 1) };
    case 3:
      return { shape: [ROWS - row, COLUMNS - column], access: at(slot, [COLUMNS, 1], row * COLUMNS + column) };
    case 4:
      return { shape: [COLUMNS - column, 2, ROWS], access: at(slot, [1, 0, COLUMNS], column) };
    default:
      return { shape: [ROWS], access: at(slot, [COLUMNS + 1]) };
  }
}

/** Two values put together from windows, a map of the first, and a map of that and of the second. */
function windowPlan(
  first: readonly Window[],
  second: readonly Window[],
  readers: readonly { view: number; fn: number; row: number; column: number; other: number }[],
): Plan {
  const slots: Pick<Slot, 'role' | 'length'>[] = [
    { role: 'input', length: 64 },
    { role: 'temporary', length: SIZE },
    { role: 'temporary', length: SIZE },
  ];
  const steps: Kernel[] = [map([SIZE], at(1, [1]), [], fill(0)), map([SIZE], at(2, [1]), [at(0, [1])])];
  for (const w of first) steps.push(writeWindow(w, 1));
  for (const w of second) steps.push(writeWindow(w, 2));
  for (const { view, fn, row, column, other } of readers) {
    const { shape, access } = readMatrix(1, view, row, column);
    const length = shape.reduce((a, b) => a * b, 1);
    const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
    const more =
      other === 0
        ? at(
            0,
            shape.map(() => 1),
          )
        : { ...access, slot: other < 3 ? 2 : 1 };
    slots.push({ role: 'output', length });
    steps.push(map(shape, at(slots.length - 1, strides), [access, more], call(FUNCTIONS[fn]!)));
    slots.push({ role: 'output', length });
    steps.push(map(shape, at(slots.length - 1, strides), [at(slots.length - 2, strides)], call(scalar.square)));
    slots.push({ role: 'output', length: length / shape.at(-1)! });
    const kept = shape.slice(0, -1);
    const output = at(
      slots.length - 1,
      kept.map((_, i) => kept.slice(i + 1).reduce((a, b) => a * b, 1)),
    );
    const sum = {
      kind: 'reduce',
      reducer: scalar.sumReducer,
      kept,
      reduced: shape.slice(-1),
      input: access,
      output,
    } as const;
    steps.push({ ...sum, accumulate: 'float64' });
  }
  return planOf(slots, steps);
}

test('random windows give the same bits', () => {
  let fewer = 0;
  fc.assert(
    fc.property(
      fc.array(window, { maxLength: 3 }),
      fc.array(window, { minLength: 1, maxLength: 2 }),
      fc.array(reader, { minLength: 1, maxLength: 2 }),
      (first, second, readers) => {
        const plan = windowPlan(first, second, readers);
        checkPlan(plan);
        const after = fusePlan(plan, {}, checkPlan);
        for (const special of [false, true]) {
          if (!same(run(plan, special), run(after, special)))
            throw new Error(`${printPlan(plan)}\n${printPlan(after)}`);
        }
        const temporaries = (p: Plan): number => p.slots.filter((slot) => slot.role === 'temporary').length;
        if (temporaries(after) < temporaries(plan)) fewer++;
      },
    ),
    { numRuns: 700, seed: 5 },
  );
  expect(fewer).toBeGreaterThan(200);
});

function same(a: readonly TypedArray[], b: readonly TypedArray[]): boolean {
  return a.every((array, i) => array.every((value, e) => Object.is(value, b[i]![e])));
}

describe('windows', () => {
  const n = 60;
  /** u ↦ diagonal of u in zeros, times a row of u, plus its transpose. */
  const banded = planOf(
    [
      { role: 'input', length: n },
      { role: 'temporary', length: n * n },
      { role: 'temporary', length: n * n },
      { role: 'output', length: n * n },
    ],
    [
      map([n, n], at(1, [n, 1]), [], fill(0)),
      map([n - 1], at(1, [n + 1], 1), [at(0, [1])]),
      map([n, n], at(2, [n, 1]), [at(1, [n, 1]), at(0, [0, 1])], call(scalar.mul)),
      map([n, n], at(3, [n, 1]), [at(2, [n, 1]), at(1, [1, n])], call(scalar.add)),
    ],
  );

  test('bands are computed as bands', () => {
    const after = fusePlan(banded, { zeros: 'vanish' }, checkPlan);
    expect(run(after, false)).toStrictEqual(run(banded, false));
    expect(printPlan(after).split('\n')).toEqual([
      'plan(in0:f32[60]) → (out1:f32[3600])',
      '  out1:f32[3600] = map 0',
      '  out1:f32[59](60+61) = map in0',
      '  out1:f32[59](1+61) = map mul(in0, in0(1+…))',
      '  arena of 0 bytes',
    ]);
  });

  test('zeros times anything are computed where they may be NaN', () => {
    const after = fusePlan(banded, {}, checkPlan);
    for (const special of [false, true]) expect(run(after, special)).toStrictEqual(run(banded, special));
  });
});
