/**
 * Large kernels cut into parts for several threads.
 * The one idea: a part is a kernel like any other, over a stretch of one axis of the results; since each result is the same
 * number in every form of a kernel, no cut changes a bit, and no two parts write to one place. Must not import lowerings.
 */
import type { Access, ContractKernel, Kernel, Lane, Plan, Prologue, ScalarStep, Slot } from '@jacobi/backend';
import { bytesPerElement, inputsOf } from '@jacobi/backend';
import { product } from './axes.ts';
import { isLong } from './functions.ts';

/** Rows of a straight line, or a kernel that is smaller. */
export type Part = { readonly kernel: Kernel } | { readonly first: number; readonly count: number };

/** Nanoseconds that a part takes at least, and parts from which on a kernel is cut: waking a worker takes some 50 µs. */
export const GRAIN = 25_000;
const LEAST = 4;
/** Parts for each thread: so that one that starts late leaves more to the others. */
const SHARE = 4;

/** Nanoseconds an element of a map takes as a module, roughly. */
export function elementTime(body: readonly ScalarStep[]): number {
  let time = 0.2;
  for (const step of body) if (!('constant' in step)) time += isLong(step.fn) ? 0.8 : 0.1;
  return time;
}

function timeOf(kernel: Kernel): number {
  switch (kernel.kind) {
    case 'map':
      return product(kernel.shape) * elementTime(kernel.body);
    case 'reduce':
      return product(kernel.kept) * product(kernel.reduced) * (0.3 + elementTime(kernel.prologue?.body ?? []));
    case 'argreduce':
      return product(kernel.kept) * kernel.length;
    case 'contract':
      return (
        product([...kernel.batch, ...kernel.m, ...kernel.n]) *
        (product(kernel.k) * 0.1 + (kernel.epilogue ? elementTime(kernel.epilogue.body) : 0))
      );
    case 'straight':
      return kernel.rows * (kernel.loads.length + kernel.stores.length + kernel.body.length) * 0.3;
    default:
      return 0;
  }
}

/** The parts of a kernel; undefined: it is left whole. `grain` 0 cuts whatever can be cut, however small, for tests. */
export function partsOf(
  kernel: Kernel,
  { slots }: Plan,
  threads: number,
  most: number,
  grain: number,
): readonly Part[] | undefined {
  const time = timeOf(kernel);
  if (time < LEAST * grain || !isApart(kernel, slots)) return undefined;
  const wanted = Math.min(SHARE * threads, most, grain > 0 ? Math.floor(time / grain) : most);
  const parts = cut(kernel, wanted, grain > 0);
  return parts.length > 1 ? parts : undefined;
}

/** `round`: parts end at whole lines of the cache and whole blocks of lanes. */
function cut(kernel: Kernel, wanted: number, round: boolean): readonly Part[] {
  switch (kernel.kind) {
    case 'map':
      return along(kernel.shape, wanted, round, (axis, first, count) => ({
        ...kernel,
        shape: kernel.shape.with(axis, count),
        inputs: kernel.inputs.map((input) => moved(input, axis, first)),
        output: moved(kernel.output, axis, first),
      }));
    case 'reduce':
    case 'argreduce':
      return along(kernel.kept, wanted, round, (axis, first, count) => ({
        ...kernel,
        kept: kernel.kept.with(axis, count),
        input: moved(kernel.input, axis, first),
        output: moved(kernel.output, axis, first),
        ...(kernel.kind === 'reduce' && kernel.prologue && { prologue: movedBody(kernel.prologue, axis, first) }),
      }));
    case 'contract':
      return cutContract(kernel, wanted, round);
    case 'straight': {
      if (kernel.stores.some(({ stride }) => stride === 0)) return [];
      return pieces(kernel.rows, wanted, round ? 64 : 4).map(([first, count]) => ({ first, count }));
    }
    default:
      return [];
  }
}

/** Over one axis of the results. */
function along(
  shape: readonly number[],
  wanted: number,
  round: boolean,
  part: (axis: number, first: number, count: number) => Kernel,
): readonly Part[] {
  const axis = longest(shape, wanted);
  const unit = round && axis === shape.length - 1 ? 64 : 1;
  return stretches(shape[axis] ?? 1, wanted, unit, (first, count) => part(axis, first, count));
}

/** Over products of their own, else over rows or columns: those of which there are more. */
function cutContract(kernel: ContractKernel, wanted: number, round: boolean): readonly Part[] {
  const { batch, m, n, left, right } = kernel;
  const b = longest(batch, wanted);
  if ((batch[b] ?? 1) >= wanted) {
    return stretches(batch[b]!, wanted, 1, (first, count) => ({
      ...kernel,
      batch: batch.with(b, count),
      left: moved(left, b, first),
      right: moved(right, b, first),
      ...movedResults(kernel, b, first),
    }));
  }
  const [i, j] = [longest(m, wanted), longest(n, wanted)];
  const ofRows = (m[i] ?? 1) >= (n[j] ?? 1);
  const [size, axis] = ofRows ? [m[i] ?? 1, batch.length + i] : [n[j] ?? 1, batch.length + j];
  // The other operand is packed anew for each part, which costs as much as some 2 of its rows or columns.
  return stretches(size, wanted, !round ? 1 : size >= 512 ? 64 : 16, (first, count) =>
    ofRows
      ? { ...kernel, m: m.with(i, count), left: moved(left, axis, first), ...movedResults(kernel, axis, first) }
      : {
          ...kernel,
          n: n.with(j, count),
          right: moved(right, axis, first),
          ...movedResults(kernel, axis + m.length, first),
        },
  );
}

/** The first axis that is long enough for all parts, or the longest. */
function longest(shape: readonly number[], wanted: number): number {
  const enough = shape.findIndex((size) => size >= wanted);
  return enough >= 0 ? enough : shape.indexOf(Math.max(...shape, 0));
}

const moved = (access: Access, axis: number, first: number): Access => ({
  ...access,
  offset: access.offset + first * access.strides[axis]!,
});

const movedBody = ({ inputs, body }: Prologue, axis: number, first: number): Prologue => ({
  inputs: inputs.map((input) => moved(input, axis, first)),
  body,
});

const movedResults = ({ output, epilogue }: ContractKernel, axis: number, first: number): Partial<ContractKernel> => ({
  output: moved(output, axis, first),
  ...(epilogue && { epilogue: movedBody(epilogue, axis, first) }),
});

function stretches(
  size: number,
  wanted: number,
  unit: number,
  part: (first: number, count: number) => Kernel,
): readonly Part[] {
  const all = pieces(size, wanted, unit);
  return all.length > 1 ? all.map(([first, count]) => ({ kernel: part(first, count) })) : [];
}

/** Stretches of a length, all but the last of a multiple of `unit`, and none much shorter than others. */
function pieces(size: number, wanted: number, unit: number): [first: number, count: number][] {
  const length = Math.ceil(Math.ceil(size / wanted) / unit) * unit;
  const out: [number, number][] = [];
  for (let first = 0; first < size; first += length) out.push([first, Math.min(length, size - first)]);
  // What is left over is not worth a part, and might be too short for a form that parts have.
  if (out.length > 1 && out.at(-1)![1] < unit) {
    const [, count] = out.pop()!;
    out.at(-1)![1] += count;
  }
  return out;
}

/** True if nothing is read where another part writes: operands lie apart, or each element is read where it is written. */
function isApart(kernel: Kernel, slots: readonly Slot[]): boolean {
  const [reads, writes] = accessesOf(kernel);
  return writes.every((to) =>
    reads.every((from) => {
      if (!overlap(slots[to.slot]!, slots[from.slot]!, to.slot === from.slot)) return true;
      return kernel.kind === 'map' && to.slot === from.slot && sameAccess(to as Access, from as Access);
    }),
  );
}

function accessesOf(kernel: Kernel): readonly [readonly (Access | Lane)[], readonly (Access | Lane)[]] {
  switch (kernel.kind) {
    case 'map':
      return [kernel.inputs, [kernel.output]];
    case 'reduce':
      return [inputsOf(kernel), [kernel.output]];
    case 'argreduce':
      return [[kernel.input], [kernel.output]];
    case 'contract':
      return [[kernel.left, kernel.right, ...(kernel.epilogue?.inputs ?? [])], [kernel.output]];
    case 'straight':
      return [kernel.loads, kernel.stores];
    default:
      return [[], []];
  }
}

/** Only temporaries share memory with other slots. */
function overlap(a: Slot, b: Slot, same: boolean): boolean {
  if (same) return true;
  if (a.offset === undefined || b.offset === undefined) return false;
  const end = ({ offset, length, dtype }: Slot): number => offset! + length * bytesPerElement(dtype);
  return a.offset < end(b) && b.offset < end(a);
}

const sameAccess = (a: Access, b: Access): boolean =>
  a.offset === b.offset && a.strides.every((stride, i) => stride === b.strides[i]);
