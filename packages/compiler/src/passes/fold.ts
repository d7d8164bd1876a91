/**
 * Numbers known before the plan runs, and kernels that compute the same.
 * The one idea: a map whose operands are all constants is a constant; two kernels that do the same with the same operands are
 * one. Must not import backends but for the loops of kernels.
 */
import type { Access, Kernel, MapKernel, Plan, ReduceKernel, Slot, TypedArray } from '@jacobi/backend';
import { allocate, inputsOf, readsOf, sizeOf, writesOf } from '@jacobi/backend';
import { mapLoop } from '@jacobi/backend-cpu';
import { isExact } from './exact.ts';
import { Steps } from './fuse-steps.ts';
import { withSlots, writesWhole } from './fuse-uses.ts';

/** Elements up to which constants are computed ahead. */
const MOST_ELEMENTS = 4096;

/**
 * The plan with small maps of constants computed, and with equal constants and equal kernels once each. `windows`: also what
 * several maps write; before fusion, a diagonal in zeros is better known as such.
 */
export function foldConstants(plan: Plan, windows: boolean): Plan {
  return mergeEqual(computeConstants(plan, windows));
}

/** Equal constants are one slot. */
function mergeConstants(plan: Plan): Plan {
  const known = new Map<string, number>();
  const renamed = plan.slots.map(({ role, data, dtype }, i) => {
    if (role !== 'constant' || data!.length > 64) return i;
    const key = `${dtype} ${Array.from(data!, (x) => (Object.is(x, -0) ? '-0' : x)).join()}`;
    const same = known.get(key);
    if (same === undefined) known.set(key, i);
    return same ?? i;
  });
  return { ...plan, steps: plan.steps.map((kernel) => readElsewhere(kernel, (slot) => renamed[slot]!)) };
}

/** Temporaries that only maps of constants write become constants, but for fills: those are numbers for their readers. */
function computeConstants(plan: Plan, windows: boolean): Plan {
  const slots = [...plan.slots];
  const arrays = slots.map(({ data }) => data!);
  const steps = new Steps(plan);
  plan.slots.forEach(({ role, length, dtype }, slot) => {
    const writers = [...steps.writers(slot)].sort((a, b) => a - b);
    if (role !== 'temporary' || length > MOST_ELEMENTS || writers.length === 0) return;
    const kernels = writers.map((step) => steps.at(step)!);
    if (!kernels.every((kernel) => isComputable(kernel, slots))) return;
    if (writers.length === 1 ? readsOf(kernels[0]!).length === 0 : !windows) return;
    if (!writesWhole(kernels[0]!, slot, length)) return;
    if ([...steps.readers(slot)].some((reader) => reader < writers.at(-1)!)) return;
    const data = allocate(dtype, length);
    arrays[slot] = data;
    for (const kernel of kernels) mapLoop(kernel, slots, arrays)(arrays);
    if (writers.length === 1 && isUniform(data)) return;
    slots[slot] = { dtype, length, role: 'constant', data };
    for (const step of writers) steps.put(step, undefined);
  });
  return { ...steps.finish(), slots };
}

/** One number everywhere: that is better known as a number. */
function isUniform(data: TypedArray): boolean {
  return data.every((value) => Object.is(value, data[0]));
}

function isComputable(kernel: Kernel, slots: readonly Slot[]): kernel is MapKernel {
  if (kernel.kind !== 'map' || sizeOf(kernel.shape) > MOST_ELEMENTS) return false;
  return (
    kernel.inputs.every(({ slot }) => slots[slot]!.data) &&
    kernel.body.every((step) => 'constant' in step || isExact(step.fn))
  );
}

/** Kernels that write the whole of a temporary from the same operands in the same way: the first one is read by all. */
function mergeEqual(original: Plan): Plan {
  const plan = mergeConstants(original);
  const steps = new Steps(plan);
  const versions = new Map<number, number>();
  const known = new Map<string, number>();
  const renamed = new Map<number, number>();
  const kernels: Kernel[] = [];
  for (const original of plan.steps) {
    const kernel = readElsewhere(original, (slot) => renamed.get(slot) ?? slot);
    const [slot] = writesOf(kernel);
    const { role, length, dtype } = plan.slots[slot!]!;
    const once = role === 'temporary' && steps.onlyWriter(slot!) !== undefined && writesWhole(kernel, slot!, length);
    const key = once ? keyOf(kernel, versions) : undefined;
    if (key !== undefined) {
      const same = known.get(`${dtype} ${key}`);
      if (same !== undefined) {
        renamed.set(slot!, same);
        continue;
      }
      known.set(`${dtype} ${key}`, slot!);
    }
    for (const written of writesOf(kernel)) versions.set(written, (versions.get(written) ?? 0) + 1);
    kernels.push(kernel);
  }
  return { ...plan, steps: kernels };
}

/** The kernel with other slots in place of those that it reads; itself if they are the same. */
function readElsewhere(kernel: Kernel, reads: (slot: number) => number): Kernel {
  return readsOf(kernel).every((slot) => reads(slot) === slot) ? kernel : withSlots(kernel, reads);
}

/** What a kernel does and with which states of slots, but for where it writes. */
function keyOf(kernel: Kernel, versions: ReadonlyMap<number, number>): string | undefined {
  const operands = readsOf(kernel).map((slot) => `${slot}.${versions.get(slot) ?? 0}`);
  switch (kernel.kind) {
    case 'map':
      return `map ${operands.join()} ${kernel.shape.join()} ${layouts(kernel.output, ...kernel.inputs)} ${bodyKey(kernel)}`;
    case 'reduce':
      return `${reduceKey(kernel)} ${operands.join()} ${layouts(kernel.output, ...inputsOf(kernel))}`;
    case 'contract': {
      const { batch, m, n, k, left, right, output, accumulate, epilogue = { inputs: [], body: [] } } = kernel;
      const sizes = [batch, m, n, k].map((axes) => axes.join()).join(';');
      const places = layouts(output, left, right, ...epilogue.inputs);
      return `contract ${operands.join()} ${sizes} ${accumulate} ${places} ${bodyKey(epilogue)}`;
    }
    default:
      return undefined;
  }
}

function reduceKey({ reducer, kept, reduced, accumulate, prologue }: ReduceKernel): string {
  return `${reducer.name} ${kept.join()};${reduced.join()} ${accumulate} ${bodyKey(prologue ?? { body: [] })}`;
}

function bodyKey({ body }: Pick<MapKernel, 'body'>): string {
  return body
    .map((step) => {
      if ('constant' in step) return Object.is(step.constant, -0) ? '-0' : step.constant;
      return `${step.fn.name} ${step.dtype} ${step.args.join()}`;
    })
    .join(';');
}

function layouts(...accesses: readonly Access[]): string {
  return accesses.map(({ offset, strides }) => `${offset}:${strides.join()}`).join(' ');
}
