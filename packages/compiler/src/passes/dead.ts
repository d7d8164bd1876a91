/**
 * Steps and slots that no result needs.
 * The one idea: backwards through the steps, with the set of slots whose contents somebody still wants; writing the whole of
 * a slot ends the want. Must not import other passes.
 */
import type { Kernel, Plan, Slot } from '@jacobi/backend';
import { readsOf, writesOf } from '@jacobi/backend';
import { isEmpty, outputOf, withSlots, writesWhole } from './fuse-uses.ts';

/** The plan without steps whose results nobody reads, and without slots that nobody uses. Inputs and outputs stay. */
export function dropDead(plan: Plan): Plan {
  const wanted = new Uint8Array(plan.slots.length);
  for (const slot of plan.outputs) wanted[slot] = 1;
  const steps: Kernel[] = [];
  // Windows that a later step writes before anything reads their slot.
  const covered = new Map<number, Set<string>>();
  for (let i = plan.steps.length - 1; i >= 0; i--) {
    const kernel = plan.steps[i]!;
    const written = writesOf(kernel);
    if (isEmpty(kernel) || !written.some((slot) => wanted[slot] === 1)) continue;
    const place = placeOf(kernel);
    if (place !== undefined && covered.get(written[0]!)?.has(place) === true) continue;
    for (const slot of written) if (writesWhole(kernel, slot, plan.slots[slot]!.length)) wanted[slot] = 0;
    if (place !== undefined) covered.set(written[0]!, (covered.get(written[0]!) ?? new Set()).add(place));
    for (const slot of readsOf(kernel)) {
      wanted[slot] = 1;
      covered.delete(slot);
    }
    steps.push(kernel);
  }
  return dropSlots({ ...plan, steps: steps.reverse() });
}

/** Where a kernel writes, as a text that equal places share. */
function placeOf(kernel: Kernel): string | undefined {
  const output = outputOf(kernel);
  return output && `${output.shape.join()} ${output.access.offset} ${output.access.strides.join()}`;
}

/** The plan without unused temporaries and constants; the other slots are renumbered. */
function dropSlots(plan: Plan): Plan {
  const used = new Set([...plan.inputs, ...plan.outputs]);
  for (const kernel of plan.steps) {
    for (const slot of readsOf(kernel)) used.add(slot);
    for (const slot of writesOf(kernel)) used.add(slot);
  }
  if (used.size === plan.slots.length) return plan;
  const slots: Slot[] = [];
  const renamed = plan.slots.map((slot, i) => (used.has(i) ? slots.push(slot) - 1 : -1));
  const rename = (slot: number): number => renamed[slot]!;
  return {
    ...plan,
    slots,
    inputs: plan.inputs.map(rename),
    outputs: plan.outputs.map(rename),
    steps: plan.steps.map((kernel) => withSlots(kernel, rename, rename)),
  };
}
