/**
 * Elementwise kernels. The one idea: each step of the body is a loop over a block of elements, from arrays to an array; the
 * store into an array of the step's dtype is the rounding, so that fused steps agree with separate kernels bit for bit.
 * Must not import scalar functions: the body brings them.
 */
import type { Loop, MapKernel, ScalarStep, Slot } from '@jacobi/backend';
import { copyLoop, viewBytes } from '@jacobi/backend';
import type { Axis, Slots, Visit } from './nest.ts';
import { collapse, takeRow, walk } from './nest.ts';

/** Elements that one step of a body does before the next: what several of these take fits a first-level cache. */
const BLOCK = 512;
/** From so many elements on, `fill` and `set` are faster than a loop. */
const BULK = 32;

/** Where a loop reads or writes: a slot, an entry of the current positions, and a stride. */
interface Operand {
  readonly slot: number;
  readonly position: number;
  readonly stride: number;
}

/** `count` elements of one step, from the current positions on. */
type Step = (slots: Slots, count: number) => void;

/** A function of a body, or the copy that an empty body means. */
type Call = Extract<ScalarStep, { fn: unknown }>;

export function compileMap(kernel: MapKernel, slots: readonly Slot[], arrays: Slots): Visit {
  const { inputs, output, body, shape } = kernel;
  if (shape.includes(0)) return () => {};
  const accesses = [output, ...inputs];
  const axes = collapse(
    shape,
    accesses.map((access) => access.strides),
  );
  const row = takeRow(axes, accesses.length);
  const starts = accesses.map((access) => access.offset);
  // Constants and intermediate results are read from their start: from the last position, which stays 0.
  const positions = [...starts, 0];
  const places = accesses.map(({ slot }, i) => ({ slot, position: i, stride: row.strides[i]! }));
  const last = body.at(-1);
  let visit: Visit;
  if (last && 'constant' in last) visit = fill(last.constant, places[0]!, row.size, positions);
  else if (last) visit = sequence(bind(body, places, row.size, positions, arrays), row, positions);
  else visit = copy(places[0]!, places[1]!, row.size, positions, axes.length === 0 ? slots : []);
  return axes.length === 0 ? visit : walk(axes, starts, positions, visit);
}

/** One value along a row. */
function fill(value: number, { slot, position, stride }: Operand, count: number, positions: readonly number[]): Visit {
  if (stride === 1 && count >= BULK) {
    return (slots) => slots[slot]!.fill(value, positions[position]!, positions[position]! + count);
  }
  return (slots) => {
    const out = slots[slot]!;
    let at = positions[position]!;
    for (let n = count; n-- > 0; at += stride) out[at] = value;
  };
}

/** A row from one place to another; the whole of a slot at once. `slots` is empty where there are other rows. */
function copy(to: Operand, from: Operand, count: number, positions: readonly number[], slots: readonly Slot[]): Visit {
  const straight = to.stride === 1 && from.stride === 1 && count >= BULK;
  if (straight && slots[from.slot]?.length === count) {
    return (arrays) => arrays[to.slot]!.set(arrays[from.slot]!, positions[to.position]);
  }
  const step = bindLoop(copyLoop, to, [from], positions);
  return (arrays) => step(arrays, count);
}

/** The steps of a body, with arrays for its constants and for results of up to a block that later steps read. */
function bind(
  body: readonly ScalarStep[],
  places: readonly Operand[],
  count: number,
  positions: readonly number[],
  arrays: Slots,
): Step[] {
  const [result, ...operands] = places;
  const block = Math.min(count, BLOCK);
  const scratch = new ArrayBuffer(body.length > 1 ? 8 * block * body.length : 0);
  const steps: Step[] = [];
  body.forEach((step, i) => {
    const own = { slot: arrays.length, position: positions.length - 1 };
    if ('constant' in step) {
      arrays.push(Float64Array.of(step.constant));
      operands.push({ ...own, stride: 0 });
      return;
    }
    const isLast = i === body.length - 1;
    const to = isLast ? result! : { ...own, stride: 1 };
    if (!isLast) arrays.push(viewBytes(step.dtype, scratch, 8 * block * i, block));
    const args = step.args.map((arg) => operands[arg]!);
    steps.push(bindLoop(loopOf(step), to, args, positions));
    operands.push(to);
  });
  return steps;
}

/** A loop with its operands. Those that it does not take stand for nothing; the result's place fills the gap. */
function bindLoop(loop: Loop, to: Operand, args: readonly Operand[], positions: readonly number[]): Step {
  const [a = to, b = to, c = to] = args;
  const { slot: outSlot, position: out, stride: outStride } = to;
  const { slot: aSlot, position: aAt, stride: aStride } = a;
  const { slot: bSlot, position: bAt, stride: bStride } = b;
  const { slot: cSlot, position: cAt, stride: cStride } = c;
  return (slots, n) =>
    loop(
      n,
      slots[outSlot]!,
      positions[out]!,
      outStride,
      slots[aSlot]!,
      positions[aAt]!,
      aStride,
      slots[bSlot]!,
      positions[bAt]!,
      bStride,
      slots[cSlot]!,
      positions[cAt]!,
      cStride,
    );
}

/** The steps in turn over a row, block by block; leaves the positions as they were. */
function sequence(steps: readonly Step[], { size, strides }: Axis, positions: number[]): Visit {
  const [first] = steps;
  if (steps.length === 1) return (slots) => first!(slots, size);
  const advance = (by: number): void => {
    for (let i = 0; i < strides.length; i++) positions[i]! += by * strides[i]!;
  };
  return (slots) => {
    for (let done = 0; done < size; done += BLOCK) {
      const count = Math.min(BLOCK, size - done);
      for (let i = 0; i < steps.length; i++) steps[i]!(slots, count);
      if (size > BLOCK) advance(count);
    }
    if (size > BLOCK) advance(-size);
  };
}

/** A function's own loop, or one that calls it. */
function loopOf({ fn, dtype }: Call): Loop {
  const js = (dtype === 'int32' ? fn.int : undefined) ?? fn.js;
  if (fn.loop && js === fn.js) return fn.loop;
  const call = js as (...operands: number[]) => number;
  switch (fn.arity) {
    case 1:
      return (n, out, o, s, a, i, p) => {
        for (; n-- > 0; o += s, i += p) out[o] = call(a[i]!);
      };
    case 2:
      return (n, out, o, s, a, i, p, b, j, q) => {
        for (; n-- > 0; o += s, i += p, j += q) out[o] = call(a[i]!, b[j]!);
      };
    case 3:
      return (n, out, o, s, a, i, p, b, j, q, c, k, r) => {
        for (; n-- > 0; o += s, i += p, j += q, k += r) out[o] = call(a[i]!, b[j]!, c[k]!);
      };
  }
}
