/** Straight lines: random programs over every function have the same bits in every tier, for any number of rows. */
import type { DType, Lane, Plan, ScalarFunction, ScalarStep, Slot, TypedArray } from '@jacobi/backend';
import { allocate, DTYPES } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { withLoops } from '@jacobi/testing';
import { describe, expect, test } from 'vitest';
import type { Operand } from './body.ts';
import { domainOf } from './body.ts';
import { createWasmBackend as create, type WasmOptions } from './index.ts';

const createWasmBackend = (options?: WasmOptions) => withLoops(create(options));
const backends = [
  createWasmBackend({ tier: 'steps' }),
  createWasmBackend({ tier: 'module' }),
  createWasmBackend({ tier: 'module', simd: false }),
  createWasmBackend(),
];

/** Numbers from 0 to below n, the same for the same seed. */
function random(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const FUNCTIONS = Object.values(scalar).filter(
  (each): each is ScalarFunction => typeof each === 'object' && 'js' in each && 'arity' in each,
);
const SPECIAL = [0, -0, 1, -1, Infinity, -Infinity, NaN, 5e-324, 1e300, -2.5, 0.1, 1e22, 3e6];
const VALUES = [...SPECIAL, 0.3, -0.7, 1.1, 2, -3, 4.5, 0.01, 7];

function fill(array: TypedArray, dtype: DType, pick: (n: number) => number): void {
  for (let i = 0; i < array.length; i++) {
    array[i] = dtype === 'bool' ? pick(2) : dtype === 'int32' ? pick(40) - 20 : VALUES[pick(VALUES.length)]!;
  }
}

/** A step that has a form, of a function and operands picked at random. */
function anyStep(operands: readonly Operand[], dtypes: readonly DType[], pick: (n: number) => number): ScalarStep {
  for (;;) {
    if (pick(8) === 0) return { constant: pick(2) ? VALUES[pick(VALUES.length)]! : pick(9) - 4 };
    const fn = FUNCTIONS[pick(FUNCTIONS.length)]!;
    // Late operands more often, and some early ones.
    const arg = (): number => (pick(4) ? Math.max(0, operands.length - 1 - pick(12)) : pick(operands.length));
    const args = Array.from({ length: fn.arity }, arg);
    if (fn.name === 'powInt' || fn.name === 'pow') continue;
    if (args.every((each) => typeof operands[each] === 'object')) continue;
    const step = { fn, args, dtype: dtypes[pick(dtypes.length)]! };
    const kinds = args.map((each) => operands[each]!);
    const domain = domainOf(step, kinds);
    if (domain === undefined || !wellTyped(step, kinds)) continue;
    return step;
  }
}

/** As the compiler writes them: comparisons give bools, logic takes them, words take int32. */
function wellTyped({ fn, dtype }: { fn: ScalarFunction; dtype: DType }, kinds: readonly Operand[]): boolean {
  const { name } = fn;
  const logic = name.startsWith('logical');
  const compare = /^(equal|notEqual|less|greater|isNaN|isFinite)/.test(name);
  if (logic || compare || name === 'toBool') {
    if (dtype !== 'bool' || (logic && kinds.some((kind) => kind !== 'bool'))) return false;
    return !compare || kinds.every((kind) => kind !== 'bool');
  }
  if (name.startsWith('bits')) return dtype === 'float64' && kinds.every((kind) => kind === 'int32');
  const isOf = (kind: Operand): boolean =>
    typeof kind === 'object' ? dtype !== 'bool' || kind.constant === 0 || kind.constant === 1 : kind === dtype;
  if (name === 'select') return kinds[0] === 'bool' && kinds.slice(1).every(isOf);
  if (name === 'toInt') return dtype === 'int32';
  if (name === 'identity') return dtype !== 'bool' && dtype !== 'int32';
  return kinds.every((kind) => kind !== 'bool') && (dtype === 'int32') === kinds.every((kind) => kind === 'int32');
}

/** A line of `length` steps at random; all results that nobody reads are stored, and a few others. */
function program(
  seed: number,
  rows: number,
  length: number,
  dtypes: readonly DType[],
): { plan: Plan; inputs: TypedArray[] } {
  const pick = random(seed);
  const slots: Slot[] = [];
  const inputs: TypedArray[] = [];
  const loads: Lane[] = [];
  const operands: Operand[] = [];
  for (const dtype of dtypes) {
    const stride = [1, 3, 4, 5, 0][pick(5)]!;
    const size = stride * (rows - 1) + 5;
    const slot = slots.push({ dtype, length: size, role: 'input' }) - 1;
    const backwards = stride > 0 && pick(3) === 0;
    inputs.push(allocate(dtype, size));
    fill(inputs.at(-1)!, dtype, pick);
    for (let i = 0; i < 4; i++) {
      const offset = (backwards ? stride * (rows - 1) : 0) + i;
      loads.push({ slot, offset, stride: backwards ? -stride : stride });
      operands.push(dtype);
    }
  }
  const body: ScalarStep[] = [];
  for (let i = 0; i < length; i++) {
    const step = anyStep(operands, dtypes, pick);
    body.push(step);
    operands.push('constant' in step ? step : step.dtype);
  }
  const stored = new Map<DType, number[]>(dtypes.map((dtype) => [dtype, []]));
  operands.forEach((kind, i) => {
    const often = length > 1000 ? 40 : 4;
    if (typeof kind === 'string' && (pick(often) === 0 || i > operands.length - 9)) stored.get(kind)!.push(i);
  });
  const stores = [...stored].flatMap(([dtype, values]) => {
    if (values.length === 0) return [];
    const gap = values.length + pick(3);
    const slot = slots.push({ dtype, length: gap * rows, role: 'output' }) - 1;
    return values.map((value, i) => ({ slot, offset: i, stride: gap, value }));
  });
  const outputs = [...slots.keys()].filter((slot) => slots[slot]!.role === 'output');
  const steps = [{ kind: 'straight', rows, loads, body, stores } as const];
  return { plan: { format: 1, slots, inputs: inputs.map((_, i) => i), outputs, steps, arenaBytes: 0 }, inputs };
}

/** Runs a plan on every backend, and compares all bits. */
function agree({ plan, inputs }: ReturnType<typeof program>): TypedArray[] {
  const results = backends.map((backend) => {
    const outputs = plan.outputs.map((slot) => allocate(plan.slots[slot]!.dtype, plan.slots[slot]!.length));
    const executable = backend.compile(plan);
    backend.run(executable, inputs, outputs);
    return outputs;
  });
  const [steps, ...others] = results;
  for (const other of others) {
    other.forEach((array, i) => {
      const at = array.findIndex((value, j) => !Object.is(value, steps![i]![j]));
      if (at < 0) return;
      const { length } = plan.slots[plan.outputs[i]!]!;
      throw new Error(`output ${i}[${at} of ${length}]: ${array[at]}, not ${steps![i]![at]}`);
    });
  }
  return steps!;
}

describe('straight lines', () => {
  for (const dtypes of [['float64'], ['float32'], ['float64', 'bool'], ['int32', 'bool'], DTYPES] as const) {
    for (const rows of [1, 2, 3, 4, 5, 7, 50]) {
      test(`${dtypes.join()}, ${rows} rows: the same bits in every tier`, () => {
        for (let seed = 1; seed <= 12; seed++) agree(program(seed * 97 + rows, rows, 10 + 20 * seed, dtypes));
      });
    }
  }

  test('1000 rows', () => {
    for (const dtypes of [['float64'], ['float32'], DTYPES] as const) agree(program(5, 1000, 80, dtypes));
  });

  test('10 000 steps, cut into functions', () => {
    for (const dtypes of [['float64'], ['float32'], DTYPES] as const) {
      for (const rows of [1, 3, 6]) agree(program(11, rows, 10_000, dtypes));
    }
  });

  test('60 000 steps, cut into many functions', () => {
    agree(program(23, 1, 60_000, ['float64', 'bool']));
    agree(program(29, 5, 60_000, ['float32']));
  });

  test('what a line computes twice is there twice', () => {
    const [sin, cos] = [scalar.sin, scalar.cos];
    const functions = [sin, cos, sin, sin, cos];
    for (const dtype of ['float64', 'float32'] as const) {
      const slots: Slot[] = [
        { dtype, length: 3, role: 'input' },
        { dtype, length: 15, role: 'output' },
      ];
      const body = functions.map((fn) => ({ fn, args: [0], dtype }));
      const stores = functions.map((_, i) => ({ slot: 1, offset: i, stride: 5, value: i + 1 }));
      for (const rows of [1, 3]) {
        const kernel = { kind: 'straight', rows, loads: [{ slot: 0, offset: 0, stride: 1 }], body, stores } as const;
        const plan: Plan = { format: 1, slots, inputs: [0], outputs: [1], steps: [kernel], arenaBytes: 0 };
        const [out] = agree({
          plan,
          inputs: [dtype === 'float64' ? Float64Array.of(1, 2, 3) : Float32Array.of(1, 2, 3)],
        });
        for (let i = 0; i < 5 * rows; i++) {
          const expected = functions[i % 5]!.js(1 + Math.floor(i / 5), 0, 0);
          expect(out![i]).toBeCloseTo(expected, dtype === 'float64' ? 15 : 7);
        }
      }
    }
  });

  test('a chain of 10 000 steps, each read once', () => {
    const body: ScalarStep[] = [];
    for (let i = 0; i < 10_000; i++) body.push({ fn: i % 2 ? scalar.mul : scalar.add, args: [i, 0], dtype: 'float64' });
    const lane = (slot: number): Lane => ({ slot, offset: 0, stride: 1 });
    for (const rows of [1, 5]) {
      const slots: Slot[] = (['input', 'output'] as const).map((role) => ({ dtype: 'float64', length: rows, role }));
      const stores = [{ ...lane(1), value: 10_000 }];
      const steps = [{ kind: 'straight', rows, loads: [lane(0)], body, stores } as const];
      const plan: Plan = { format: 1, slots, inputs: [0], outputs: [1], steps, arenaBytes: 0 };
      const [out] = agree({ plan, inputs: [Float64Array.from({ length: rows }, (_, i) => 0.1 * i + 0.2)] });
      expect(out!.every(Number.isFinite)).toBe(true);
    }
  });
});
