/**
 * Fusion: elementwise kernels into their readers.
 * The one idea: a temporary that one map writes is computed where it is read, if that costs no more than writing it and
 * reading it again; copies and views vanish in the strides of whoever reads them. Results keep their bits.
 * Must not import backends.
 */
import type { BackendTraits, Kernel, MapKernel, Plan } from '@jacobi/backend';
import { readsOf } from '@jacobi/backend';
import { tidyMap } from './fuse-access.ts';
import type { Zeros } from './fuse-body.ts';
import { costOf, isTooDear } from './fuse-cost.ts';
import type { Setting, Source } from './fuse-map.ts';
import { inlineInMap, readThrough, simplifyMap, sourceOf } from './fuse-map.ts';
import { Steps } from './fuse-steps.ts';
import { isEmpty, isMove } from './fuse-uses.ts';

/** What passes may do. */
export interface PassOptions {
  /** 'vanish': 0·x is 0 even where x is NaN or infinite, if the 0 is a number of the program. Exact otherwise. */
  readonly zeros?: Zeros;
  /** The device's order of sums: with it, sums may be taken in other groups, which may change their last bits. */
  readonly order?: Pick<BackendTraits, 'simdLanes' | 'reductionLanes'>;
}

/** Rounds over all steps: what one of them makes smaller, the next may fuse. */
const ROUNDS = 3;

/** The plan with maps put into their readers where it pays. Leaves temporaries without a reader behind. */
export function fuse(plan: Plan, { zeros = 'exact' }: PassOptions = {}): Plan {
  const setting: Setting = { slots: plan.slots, zeros };
  const kernels = plan.steps.filter((kernel) => !isEmpty(kernel));
  const steps = new Steps({
    ...plan,
    steps: kernels.map((kernel) => (kernel.kind === 'map' ? tidyMap(simplifyMap(kernel, setting)) : kernel)),
  });
  let waiting: Iterable<number> = kernels.keys();
  for (let round = 0; round < ROUNDS; round++) {
    const touched = new Set<number>();
    for (const step of waiting) for (const reader of fuseStep(steps, step, setting)) touched.add(reader);
    if (touched.size === 0) break;
    waiting = [...neighbours(steps, touched)].sort((a, b) => a - b);
  }
  return steps.finish();
}

/** Steps, and those that write what they read: where something may have become possible. */
function neighbours(steps: Steps, touched: ReadonlySet<number>): Set<number> {
  const found = new Set(touched);
  for (const step of touched) {
    const kernel = steps.at(step);
    if (kernel === undefined) continue;
    for (const slot of readsOf(kernel)) for (const writer of steps.writers(slot)) found.add(writer);
  }
  return found;
}

/** Puts what one step writes into those who read it; gives the steps that have become others. */
function fuseStep(steps: Steps, step: number, setting: Setting): readonly number[] {
  const kernel = steps.at(step);
  if (kernel?.kind !== 'map') return [];
  const { slot } = kernel.output;
  if (steps.slot(slot).role !== 'temporary' || steps.onlyWriter(slot) !== step) return [];
  const places = [...steps.readers(slot)];
  const readers = places.map((reader) => steps.at(reader)!);
  if (isTooDear(kernel, readers)) return [];
  const source = sourceOf(kernel, setting.slots);
  if (source === undefined) return [];
  const fused = readers.map((reader, i) =>
    mayMove(steps, kernel, step, places[i]!) ? inline(source, reader, setting) : undefined,
  );
  const worth = worthOf(kernel, readers, fused);
  places.forEach((place, i) => {
    if (worth[i]) steps.put(place, fused[i]);
  });
  if (steps.readers(slot).size === 0) steps.put(step, undefined);
  return places.filter((_, i) => worth[i]);
}

/** True if what a map reads is still there when `reader` runs, which itself does not write to it. */
function mayMove(steps: Steps, { inputs }: MapKernel, step: number, reader: number): boolean {
  return reader > step && inputs.every(({ slot }) => !steps.changes(slot, step, reader));
}

function inline(source: Source, reader: Kernel, setting: Setting): Kernel | undefined {
  if (reader.kind !== 'map') return readThrough(source, reader, setting.slots);
  const fused = inlineInMap(source, reader, setting);
  return fused && tidyMap(fused);
}

/** Which readers to replace: all of them if that is cheaper together, else those that read less through a copy. */
function worthOf(
  kernel: MapKernel,
  readers: readonly Kernel[],
  fused: readonly (Kernel | undefined)[],
): readonly boolean[] {
  let before = costOf(kernel);
  let after = 0;
  const gains = readers.map((reader, i) => {
    const made = fused[i];
    if (made === undefined) return -1;
    // Kernels of other kinds read a copy's source at the price of the copy.
    const [old, now] = reader.kind === 'map' && made.kind === 'map' ? [costOf(reader), costOf(made)] : [0, 0];
    before += old;
    after += now;
    return old - now;
  });
  if (fused.every((made) => made !== undefined)) return fused.map(() => after <= before);
  return gains.map((gain) => gain > 0 && isMove(kernel));
}
