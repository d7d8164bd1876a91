/**
 * Results that repeat.
 * The one idea: where nothing that a map reads changes along an axis, its body is run once for all of it, and the results are
 * copied. Must not import backends.
 */
import type { Access, Kernel, MapKernel, Plan, Slot } from '@jacobi/backend';
import { rowMajor, sizeOf } from '@jacobi/backend';
import { weightOf } from './exact.ts';

/** Elements of a map, and how often each result must be there, from which on a kernel more pays. */
const LEAST_ELEMENTS = 4096;
const LEAST_REPEATS = 8;

/** The plan with maps that repeat their results taken apart: a smaller map into a temporary, and a copy. */
export function hoistRepeated(plan: Plan): Plan {
  const slots: Slot[] = [...plan.slots];
  const steps = plan.steps.flatMap((kernel): readonly Kernel[] =>
    kernel.kind === 'map' ? hoist(kernel, slots) : [kernel],
  );
  return { ...plan, slots, steps };
}

function hoist(kernel: MapKernel, slots: Slot[]): readonly Kernel[] {
  const { shape, inputs, output, body } = kernel;
  const work = body.reduce((sum, step) => sum + weightOf(step), 0);
  if (work === 0 || inputs.length === 0 || sizeOf(shape) < LEAST_ELEMENTS) return [kernel];
  const { dtype } = slots[output.slot]!;
  const last = body.at(-1)!;
  if ('constant' in last || last.dtype !== dtype) return [kernel];
  const moving = [...shape.keys()].filter((axis) => inputs.some(({ strides }) => strides[axis] !== 0));
  const own = moving.map((axis) => shape[axis]!);
  const length = sizeOf(own);
  // One step into memory that is written anyway costs no more than a copy.
  if (length * LEAST_REPEATS > sizeOf(shape) || (work === 1 && inputs.length === 1)) return [kernel];
  const slot = slots.push({ dtype, length, role: 'temporary' }) - 1;
  const strides = rowMajor(own);
  const narrow = (access: Access): Access => ({ ...access, strides: moving.map((axis) => access.strides[axis]!) });
  const repeated = shape.map((_, axis) => (moving.includes(axis) ? strides[moving.indexOf(axis)]! : 0));
  return [
    { ...kernel, shape: own, inputs: inputs.map(narrow), output: { slot, offset: 0, strides } },
    { ...kernel, inputs: [{ slot, offset: 0, strides: repeated }], body: [] },
  ];
}
