/**
 * Small plans as straight lines.
 * The one idea: a plan is run on terms in place of numbers; what comes out is a program without loops, in which equal parts
 * are there once and zeros and ones have vanished. Must not import tensors or programs.
 */
import type { BackendTraits, Kernel, Lane, Plan, RunnableKernel, Slot, StraightKernel } from '@jacobi/backend';
import { mapLoop, straightLoop } from '@jacobi/backend-cpu';
import type { Peeled } from './peel.ts';
import { peel, wholeIndex } from './peel.ts';
import { checkForm, mostSteps, NotStraight, runSymbolic, Symbols, tooLarge, workOf } from './symbolic.ts';
import type { Term } from './terms.ts';
import { linearise, Terms } from './terms.ts';

/** What a device has to say about straight lines. */
export type Traits = Pick<BackendTraits, 'simdLanes' | 'reductionLanes' | 'doubleSums' | 'float64'>;

/** Steps on terms that one plan may take. */
const MOST_WORK = 1_000_000;
/** Rows that are worth a loop. */
const FEWEST_ROWS = 4;
/** Sizes of axes that are tried as rows. */
const MOST_TRIALS = 3;

/** The plan as a loop of a straight line over rows; undefined where it has none, or where that is not possible. */
export function straightenRows(plan: Plan, traits: Traits): Plan | undefined {
  for (const rows of rowCounts(plan.steps)) {
    const peeled = peel(plan, rows);
    const hasRows = peeled && plan.inputs.some((slot) => peeled.layout[slot] !== 'shared');
    const made = hasRows ? lineOf(plan, peeled, traits) : undefined;
    if (made !== undefined) return made;
  }
  return undefined;
}

/** The whole plan as a straight line; undefined where that is not possible. */
export function straighten(plan: Plan, traits: Traits): Plan | undefined {
  return lineOf(plan, wholePlan(plan), traits);
}

/** A plan as its own only row. */
export const wholePlan = (plan: Plan): Peeled => ({ rows: 1, plan, layout: plan.slots.map(() => 'shared') });

/** Sizes that many kernels have among their axes: the most frequent first, of these the largest. */
function rowCounts(steps: readonly Kernel[]): number[] {
  const counts = new Map<number, number>();
  for (const kernel of steps)
    for (const size of new Set(sizesOf(kernel))) counts.set(size, (counts.get(size) ?? 0) + 1);
  return [...counts]
    .filter(([size, count]) => size >= FEWEST_ROWS && 3 * count >= steps.length)
    .sort(([a, p], [b, q]) => q - p || b - a)
    .slice(0, MOST_TRIALS)
    .map(([size]) => size);
}

function sizesOf(kernel: Kernel): readonly number[] {
  switch (kernel.kind) {
    case 'map':
      return kernel.shape;
    case 'reduce':
      return kernel.kept;
    case 'contract':
      return [...kernel.batch, ...kernel.m, ...kernel.n];
    default:
      return [];
  }
}

/** The straight line of a peeled plan. */
const lineOf = (plan: Plan, peeled: Peeled, traits: Traits): Plan | undefined =>
  ifStraight(() => writeLine(plan, peeled, traits));

const writeLine = (plan: Plan, peeled: Peeled, traits: Traits): Plan =>
  onTerms(peeled, traits, (symbols, laneOf) => assemble(plan, symbols, laneOf, peeled.rows));

/** What is made of terms; undefined where that is not possible. */
export function ifStraight<T>(make: () => T): T | undefined {
  const made = orReason(make);
  return made instanceof NotStraight ? undefined : made;
}

function orReason<T>(make: () => T): T | NotStraight {
  try {
    return make();
  } catch (error) {
    if (error instanceof NotStraight) return error;
    throw error;
  }
}

/** Why a plan is run as kernels, in words. */
export function whyKernels(plan: Plan, traits: Traits): string {
  const line = orReason(() => writeLine(plan, wholePlan(plan), traits));
  return line instanceof NotStraight ? line.message : 'kernels are faster';
}

/** Where a row finds an element of a slot. */
export type LaneOf = (slot: number, index: number) => Lane;

/** What `use` makes of a peeled plan that has run on terms. Throws NotStraight where that is not possible. */
export function onTerms<T>(
  { rows, plan, layout }: Peeled,
  traits: Traits,
  use: (symbols: Symbols, laneOf: LaneOf) => T,
): T {
  plan.steps.forEach(checkForm);
  const work = plan.steps.reduce((sum, kernel) => sum + workOf(kernel), 0);
  if (work > MOST_WORK) throw tooLarge(`${work} terms, of ${MOST_WORK} at most`);
  const laneOf: LaneOf = (slot, index) => {
    const own = layout[slot]!;
    if (own === 'shared') return { slot, offset: index, stride: 0 };
    return { slot, offset: wholeIndex(index, own.inner, rows), stride: own.inner };
  };
  const run = (terms: Terms): T => {
    const symbols = new Symbols(terms, plan, laneOf, traits);
    for (const kernel of plan.steps) runSymbolic(symbols, kernel);
    return use(symbols, laneOf);
  };
  const terms = new Terms();
  const made = run(terms);
  return terms.wrongSigns ? run(new Terms(true)) : made;
}

/** The plan of fills and one straight line. Throws NotStraight where it is too long. `first`: terms to begin with, in this order. */
export function assemble(
  plan: Plan,
  symbols: Symbols,
  laneOf: LaneOf,
  rows: number,
  first: readonly Term[] = [],
): Plan {
  const { terms } = symbols;
  const fills: Kernel[] = [];
  const wanted: { readonly lane: Lane; readonly term: Term }[] = [];
  for (const slot of new Set(plan.outputs)) {
    const own = symbols.of(slot);
    const filled = mostConstant(terms, own);
    if (filled !== undefined) fills.push(fill(plan.slots, slot, terms.value(filled)!));
    own.forEach((term, index) => {
      if (term !== filled) wanted.push({ lane: laneOf(slot, index), term });
    });
  }
  if (wanted.some(({ term }) => term < 0)) throw new NotStraight('an output is written in part');
  const { loads, body, operands } = linearise(terms, [...first, ...wanted.map(({ term }) => term)]);
  const stores = wanted.map(({ lane }, i) => ({ ...lane, value: operands[first.length + i]! }));
  const line: RunnableKernel<StraightKernel> = { kind: 'straight', js: straightLoop, rows, loads, body, stores };
  const length = loads.length + body.length + stores.length;
  if (length > mostSteps(plan)) throw tooLarge(`${length} steps, of ${mostSteps(plan)} at most`);
  const slots = plan.slots.map((slot): Slot => {
    if (slot.role !== 'temporary') return slot;
    const { offset: _, ...unplaced } = slot;
    return unplaced;
  });
  return { ...plan, slots, steps: wanted.length === 0 ? fills : [...fills, line], arenaBytes: 0 };
}

/** The term that most of a large slot is, if it is a number. */
function mostConstant(terms: Terms, own: Int32Array): Term | undefined {
  if (own.length < 64) return undefined;
  const counts = new Map<Term, number>();
  for (const term of own) counts.set(term, (counts.get(term) ?? 0) + 1);
  for (const [term, count] of counts) if (2 * count > own.length && terms.value(term) !== undefined) return term;
  return undefined;
}

function fill(slots: readonly Slot[], slot: number, constant: number): Kernel {
  const { length } = slots[slot]!;
  const output = { slot, offset: 0, strides: [1] };
  return { kind: 'map', js: mapLoop, shape: [length], inputs: [], output, body: [{ constant }] };
}

/** About nanoseconds of a run. Without lanes there is no code either: each step is a call. */
export function costOf({ steps }: Plan, { simdLanes: lanes }: Traits): number {
  const code = lanes > 1;
  let cost = 0;
  for (const kernel of steps) {
    if (kernel.kind === 'straight') {
      const count = kernel.loads.length + kernel.body.length + kernel.stores.length;
      cost += 50 + count * (code ? 0.6 + (1.2 * (kernel.rows - 1)) / lanes : 12 + 1.5 * kernel.rows);
    } else {
      const share = kernel.kind === 'contract' ? 0.2 : 1.2;
      cost += 100 + workOf(kernel) * (code ? share / lanes : 1.5);
    }
  }
  return cost;
}
