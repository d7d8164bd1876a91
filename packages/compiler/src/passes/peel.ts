/**
 * One row of a plan that does the same for each of many.
 * The one idea: an axis of equal size runs through all kernels and is never mixed; taken out, what remains is a plan for one
 * row, and every slot says where its rows lie. Must not import interpreters.
 */
import type { Access, ContractKernel, Kernel, MapKernel, Plan, ReduceKernel, Slot } from '@jacobi/backend';

/** Where row r of a slot lies: at `offset` + r·`inner` in each of its blocks. Shared slots have one row for all. */
export type Rows = { readonly inner: number } | 'shared';

/** A plan for one row; its slots hold one row each. */
export interface Peeled {
  readonly rows: number;
  readonly plan: Plan;
  readonly layout: readonly Rows[];
}

/** Where element `i` of one row lies in the whole slot, for row 0. */
export function wholeIndex(i: number, inner: number, rows: number): number {
  return Math.floor(i / inner) * inner * rows + (i % inner);
}

/** The plan for one of `rows` rows; undefined if some kernel mixes rows, or if there is a result without rows. */
export function peel(plan: Plan, rows: number): Peeled | undefined {
  const state: State = { slots: plan.slots, rows, layout: plan.slots.map((s) => (s.data ? 'shared' : undefined)) };
  const steps: Kernel[] = [];
  for (const kernel of plan.steps) {
    const one = peelKernel(state, kernel);
    if (one === undefined) return undefined;
    steps.push(one);
  }
  const layout = state.layout.map((rowsOf) => rowsOf ?? 'shared');
  if (plan.outputs.some((slot) => layout[slot] === 'shared')) return undefined;
  const slots = plan.slots.map((slot, i): Slot => {
    if (layout[i] === 'shared') return slot;
    return { ...slot, length: slot.length / rows };
  });
  return { rows, plan: { ...plan, slots, steps }, layout };
}

interface State {
  readonly slots: readonly Slot[];
  readonly rows: number;
  readonly layout: (Rows | undefined)[];
}

/** A kernel's access and the sizes of the axes that it has strides for. */
interface Reach {
  readonly access: Access;
  readonly shape: readonly number[];
}

function peelKernel(state: State, kernel: Kernel): Kernel | undefined {
  switch (kernel.kind) {
    case 'map':
      return peelMap(state, kernel);
    case 'reduce':
      return peelReduce(state, kernel);
    case 'contract':
      return peelContract(state, kernel);
    default:
      // The rest stays as it is where all rows share it.
      return undefined;
  }
}

/** The axis that rows run along: one of the right size on which every slot with rows steps from row to row. */
function rowAxis(
  { layout, rows, slots }: State,
  sizes: readonly number[],
  reads: readonly Access[],
  output: readonly number[],
): number | undefined {
  const axes = [...sizes.keys()].filter((axis) => sizes[axis] === rows);
  const known = reads.filter(({ slot }) => layout[slot] !== undefined && layout[slot] !== 'shared');
  if (known.length > 0) {
    return axes.find((axis) =>
      known.every(({ slot, strides }) => strides[axis] === (layout[slot] as { inner: number }).inner),
    );
  }
  // Inputs that nobody has read yet have their rows outermost; what is the same for all rows may be written to each.
  const starts = ({ slot, strides }: Access, axis: number): boolean =>
    layout[slot] === undefined && strides[axis]! > 0 && strides[axis]! * rows === slots[slot]!.length;
  return (
    axes.find((axis) => reads.some((access) => starts(access, axis))) ??
    axes.find((axis) => output[axis]! > 0 && reads.every(({ strides }) => strides[axis] === 0))
  );
}

/** Settles and checks the layout of a slot that is read; false if rows would mix. */
function settleRead(state: State, { access, shape }: Reach, axis: number | undefined): boolean {
  const { layout, rows, slots } = state;
  const stride = axis === undefined ? 0 : access.strides[axis]!;
  if (layout[access.slot] === undefined) {
    if (stride < 0 || slots[access.slot]!.length % (Math.max(stride, 1) * rows) !== 0) return false;
    layout[access.slot] = stride === 0 ? 'shared' : { inner: stride };
  }
  const settled = layout[access.slot]!;
  if (settled === 'shared') return stride === 0;
  return stride === settled.inner && staysInRow(access, shape, axis!, settled.inner, rows);
}

/** Gives a slot that is written its layout; false if it has another one. */
function settleWrite(state: State, { access, shape }: Reach, axis: number | undefined): boolean {
  const { layout, rows, slots } = state;
  const own = layout[access.slot];
  if (axis === undefined) {
    layout[access.slot] ??= 'shared';
    return own === undefined || own === 'shared';
  }
  const inner = access.strides[axis]!;
  if (inner <= 0 || slots[access.slot]!.length % (inner * rows) !== 0) return false;
  if (own === 'shared' || (own !== undefined && own.inner !== inner)) return false;
  layout[access.slot] = { inner };
  return staysInRow(access, shape, axis, inner, rows);
}

/** A distance as whole blocks of rows and what is left. */
function split(distance: number, inner: number, rows: number): readonly [blocks: number, rest: number] {
  const blocks = Math.round(distance / (inner * rows));
  return [blocks, distance - blocks * inner * rows];
}

/** True if for row 0 every index of the other axes lands in the first row of a block. */
function staysInRow(access: Access, shape: readonly number[], axis: number, inner: number, rows: number): boolean {
  let low = access.offset % (inner * rows);
  let high = low;
  for (const [i, size] of shape.entries()) {
    if (i === axis || size <= 1) continue;
    const reach = split(access.strides[i]!, inner, rows)[1] * (size - 1);
    low += Math.min(reach, 0);
    high += Math.max(reach, 0);
  }
  return low >= 0 && high < inner;
}

/** The access of one row: without the row's axis, in a slot that holds one row. */
function oneRow({ layout, rows }: State, access: Access, axis: number | undefined): Access {
  const own = layout[access.slot]!;
  const strides = axis === undefined ? access.strides : access.strides.toSpliced(axis, 1);
  if (own === 'shared') return { ...access, strides };
  const within = (distance: number): number => {
    const [blocks, rest] = split(distance, own.inner, rows);
    return blocks * own.inner + rest;
  };
  const block = Math.floor(access.offset / (own.inner * rows));
  const offset = block * own.inner + (access.offset % (own.inner * rows));
  return { slot: access.slot, offset, strides: strides.map(within) };
}

const without = (sizes: readonly number[], axis: number | undefined): readonly number[] =>
  axis === undefined ? sizes : sizes.toSpliced(axis, 1);

function peelMap(state: State, kernel: MapKernel): Kernel | undefined {
  const { shape, inputs, output } = kernel;
  const axis = rowAxis(state, shape, inputs, output.strides);
  if (!inputs.every((access) => settleRead(state, { access, shape }, axis))) return undefined;
  if (!settleWrite(state, { access: output, shape }, axis)) return undefined;
  return {
    ...kernel,
    shape: without(shape, axis),
    inputs: inputs.map((access) => oneRow(state, access, axis)),
    output: oneRow(state, output, axis),
  };
}

function peelReduce(state: State, kernel: ReduceKernel): Kernel | undefined {
  const { kept, reduced, input, output } = kernel;
  const axis = rowAxis(state, kept, [input], output.strides);
  if (!settleRead(state, { access: input, shape: [...kept, ...reduced] }, axis)) return undefined;
  if (!settleWrite(state, { access: output, shape: kept }, axis)) return undefined;
  return {
    ...kernel,
    kept: without(kept, axis),
    input: oneRow(state, input, axis),
    output: oneRow(state, output, axis),
  };
}

function peelContract(state: State, kernel: ContractKernel): Kernel | undefined {
  const { batch, m, n, k, left, right, output } = kernel;
  // Over all axes of the result; an operand stands still on those that it does not have.
  const shape = [...batch, ...m, ...n];
  const [b, bm] = [batch.length, batch.length + m.length];
  const zeros = (sizes: readonly number[]): number[] => sizes.map(() => 0);
  const wide = (access: Access, strides: number[]): Access => ({ ...access, strides });
  const reads = [
    wide(left, [...left.strides.slice(0, bm), ...zeros(n), ...left.strides.slice(bm)]),
    wide(right, [...right.strides.slice(0, b), ...zeros(m), ...right.strides.slice(b)]),
  ];
  const axis = rowAxis(state, shape, reads, output.strides);
  if (!reads.every((access) => settleRead(state, { access, shape: [...shape, ...k] }, axis))) return undefined;
  if (!settleWrite(state, { access: output, shape }, axis)) return undefined;
  const at = axis ?? -1;
  const inside = (from: number, to: number): number | undefined => (at >= from && at < to ? at - from : undefined);
  const narrow = (access: Access, hasAxis: boolean, place: number): Access =>
    oneRow(state, access, axis === undefined || !hasAxis ? undefined : place);
  return {
    ...kernel,
    batch: without(batch, inside(0, b)),
    m: without(m, inside(b, bm)),
    n: without(n, inside(bm, shape.length)),
    left: narrow(left, at < bm, at),
    right: narrow(right, at < b || at >= bm, at < b ? at : at - m.length),
    output: oneRow(state, output, axis),
  };
}
