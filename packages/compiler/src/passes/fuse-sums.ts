/**
 * Sums taken otherwise than they are written.
 * The one idea: a sum over rows of a matrix product is the product of a sum of rows; and a sum of few terms is an elementwise
 * kernel of these, which fuses with what makes them and with what reads it. Must not import backends but for the loops of kernels.
 */
import type {
  Access,
  BackendTraits,
  ContractKernel,
  DType,
  Kernel,
  Plan,
  ReduceKernel,
  ScalarStep,
  Slot,
} from '@jacobi/backend';
import { isFloating, rowMajor, sizeOf } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { mapLoop } from '@jacobi/backend-cpu';
import type { Correspondence } from './fuse-access.ts';
import { compose, correspond, numberPositions } from './fuse-access.ts';
import { Steps } from './fuse-steps.ts';
import { coversAll } from './fuse-uses.ts';
import { COMBINE } from './symbolic.ts';

/** Terms that are few, and how many of them a kernel has at least: a body of its own has to pay for its code. */
const FEW = 12;
const LEAST_ELEMENTS = 2048;

/** The plan with sums of few terms as maps, in the order in which a device sums. Only for lanes: other loops sum faster. */
export function mapShortSums(
  plan: Plan,
  { simdLanes, reductionLanes }: Pick<BackendTraits, 'simdLanes' | 'reductionLanes'>,
): Plan {
  if (simdLanes === 1 || !plan.steps.some((kernel) => isShort(kernel, plan))) return plan;
  const steps = plan.steps.map((kernel) => (isShort(kernel, plan) ? unrolled(kernel, plan, reductionLanes) : kernel));
  return { ...plan, steps };
}

function isShort(kernel: Kernel, { slots }: Plan): kernel is ReduceKernel {
  if (kernel.kind !== 'reduce' || !COMBINE.has(kernel.reducer)) return false;
  const [count, { dtype }] = [sizeOf(kernel.reduced), slots[kernel.output.slot]!];
  if (count < 2 || count > FEW || sizeOf(kernel.kept) * count < LEAST_ELEMENTS) return false;
  return isFloating(dtype) && slots[kernel.input.slot]!.dtype === dtype;
}

/** A reduction as a map of all terms of a result. */
function unrolled(
  { kept, reduced, input, output, reducer, accumulate }: ReduceKernel,
  { slots }: Plan,
  most: number,
): Kernel {
  const rank = kept.length;
  const count = sizeOf(reduced);
  const fn = COMBINE.get(reducer)!;
  const body: ScalarStep[] = [];
  const call = (a: number, b: number): number => count + body.push({ fn, args: [a, b], dtype: accumulate }) - 1;
  const lanes: number[] = [];
  for (let i = 0; i < count; i++) lanes[i % most] = i < most ? i : call(lanes[i % most]!, i);
  for (let half = most / 2; half >= 1; half /= 2) {
    for (let i = half; i < lanes.length; i++) lanes[i - half] = call(lanes[i - half]!, lanes[i]!);
    lanes.length = Math.min(lanes.length, half);
  }
  const { dtype } = slots[output.slot]!;
  if (dtype !== accumulate) body.push({ fn: scalar.identity, args: [count + body.length - 1], dtype });
  const terms = rowMajor(reduced);
  const inputs = Array.from({ length: count }, (_, i): Access => {
    const at = terms.reduce((sum, size, axis) => {
      return sum + (Math.floor(i / size) % reduced[axis]!) * input.strides[rank + axis]!;
    }, input.offset);
    return { slot: input.slot, offset: at, strides: input.strides.slice(0, rank) };
  });
  return { kind: 'map', js: mapLoop, shape: kept, inputs, output, body };
}

/**
 * The plan with sums over rows, or over columns, of products that nobody else reads taken before the product. Leaves the old
 * products behind.
 */
export function sumOperandsFirst(plan: Plan): Plan {
  const slots = [...plan.slots];
  const steps = new Steps(plan);
  const made = plan.steps.map((kernel, i): readonly Kernel[] => {
    const product = kernel.kind === 'reduce' ? productBefore(steps, kernel, i) : undefined;
    return (product && summedFirst(kernel as ReduceKernel, product, slots)) ?? [kernel];
  });
  return slots.length === plan.slots.length ? plan : { ...plan, slots, steps: made.flat() };
}

/** The product that a sum alone reads, if its operands are still there. */
function productBefore(steps: Steps, { input, reducer }: ReduceKernel, at: number): ContractKernel | undefined {
  const { role, length, dtype } = steps.slot(input.slot);
  const from = steps.onlyWriter(input.slot);
  const product = from === undefined || from > at ? undefined : steps.at(from);
  if (product?.kind !== 'contract' || product.epilogue || role !== 'temporary' || reducer !== scalar.sumReducer)
    return undefined;
  if (!isFloating(dtype) || steps.readers(input.slot).size > 1) return undefined;
  const { batch, m, n, left, right, output } = product;
  if ([left, right].some(({ slot }) => steps.changes(slot, from!, at))) return undefined;
  return coversAll([...batch, ...m, ...n], output, length) ? product : undefined;
}

/** A sum of an operand's rows, the product, and its elements in their places; undefined if the sum goes over other axes. */
function summedFirst(sum: ReduceKernel, product: ContractKernel, slots: Slot[]): readonly Kernel[] | undefined {
  const { batch, m, n, k, output } = product;
  const shape = [...batch, ...m, ...n];
  const numbering = numberPositions(shape, output);
  const found = numbering && correspond(numbering, shape.length, [...sum.kept, ...sum.reduced], sum.input);
  if (found === undefined || 'axis' in found) return undefined;
  const gone = axesGone(sum, shape, found);
  const columns = batch.length + m.length;
  const [side, other] = gone.every((axis) => axis < columns) ? (['m', 'n'] as const) : (['n', 'm'] as const);
  const before = side === 'm' ? 0 : m.length;
  const own = [...product[side].keys()].map((i) => batch.length + before + i);
  if (gone.length === 0 || !gone.every((axis) => own.includes(axis)) || sizeOf(product[other]) < 2) return undefined;

  const operand = side === 'm' ? 'left' : 'right';
  const access = product[operand];
  const sizes = [...batch, ...product[side], ...k];
  const isGone = (axis: number): boolean => axis < sizes.length - k.length && gone.includes(axis + before);
  const [kept, reduced] = [false, true].map((is) => [...sizes.keys()].filter((axis) => isGone(axis) === is));
  const summed = room(
    slots,
    slots[access.slot]!.dtype,
    kept!.map((axis) => sizes[axis]!),
  );
  const result = room(
    slots,
    slots[output.slot]!.dtype,
    shape.filter((_, axis) => !gone.includes(axis)),
  );
  const strides = [...result.strides];
  const places = shape.map((_, axis) => (gone.includes(axis) ? 0 : strides.shift()!));
  const rank = sum.kept.length;
  const seen = { ...found, slopes: found.slopes.map((slopes) => slopes.slice(0, rank)) };
  return [
    {
      ...sum,
      kept: kept!.map((axis) => sizes[axis]!),
      reduced: reduced!.map((axis) => sizes[axis]!),
      input: { ...access, strides: [...kept!, ...reduced!].map((axis) => access.strides[axis]!) },
      output: summed,
    },
    {
      ...product,
      [side]: product[side].filter((_, i) => !gone.includes(own[i]!)),
      [operand]: summed,
      output: result,
    },
    {
      kind: 'map',
      js: mapLoop,
      shape: sum.kept,
      inputs: [compose({ ...result, strides: places }, seen, rank)],
      output: sum.output,
      body: [],
    },
  ];
}

/** The axes of a product's results that a sum goes over, each from end to end; none if it goes otherwise. */
function axesGone({ kept, reduced }: ReduceKernel, shape: readonly number[], { slopes }: Correspondence): number[] {
  const gone: number[] = [];
  for (let i = 0; i < reduced.length; i++) {
    if (reduced[i] === 1) continue;
    const reader = kept.length + i;
    const axes = [...shape.keys()].filter((axis) => slopes[axis]![reader] !== 0);
    const [axis] = axes;
    if (axes.length !== 1 || shape[axis!] !== reduced[i] || Math.abs(slopes[axis!]![reader]!) !== 1) return [];
    if (slopes[axis!]!.some((slope, other) => slope !== 0 && other !== reader)) return [];
    gone.push(axis!);
  }
  return gone;
}

/** A new temporary, row-major. */
function room(slots: Slot[], dtype: DType, shape: readonly number[]): Access {
  const slot = slots.push({ dtype, length: sizeOf(shape), role: 'temporary' }) - 1;
  return { slot, offset: 0, strides: rowMajor(shape) };
}
