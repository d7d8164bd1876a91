/**
 * Elementwise kernels. The one idea: each step of the body is a loop over a block of elements, from arrays to an array; the
 * store into an array of the step's dtype is the rounding, so that fused steps agree with separate kernels bit for bit.
 * Must not import scalar functions: the body brings them.
 */
import type { Axis, Loop, MapKernel, ScalarStep, Slot } from '@jacobi/backend';
import { collapse, copyLoop, takeRow, viewBytes } from '@jacobi/backend';
import type { Slots, Visit } from './nest.ts';
import { walk } from './nest.ts';

/** Elements that one step of a body does before the next: what several of these take fits a first-level cache. */
const BLOCK = 512;

/** Where a loop reads or writes: a slot, the entry of the current positions that says where, and a stride. */
export type Operand = readonly [slot: number, position: number, stride: number];

/** `count` elements of one step, from the current positions on. */
export type Step = (slots: Slots, count: number) => void;

/** A function of a body. */
type Call = Extract<ScalarStep, { fn: unknown }>;

export function mapLoop(kernel: MapKernel, _slots: readonly Slot[], arrays: Slots): Visit {
  const { inputs, output, body, shape } = kernel;
  const accesses = [output, ...inputs];
  const axes = collapse(
    shape,
    accesses.map((access) => access.strides),
  );
  const row = takeRow(axes, accesses.length);
  const starts = accesses.map((access) => access.offset);
  // Constants and intermediate results are read from their start: from the last position, which stays 0.
  const positions = [...starts, 0];
  const operands = accesses.map(({ slot }, i): Operand => [slot, i, row.strides[i]!]);
  const visit = sequence(bind(body, operands, row.size, positions, arrays), row, positions);
  return axes.length === 0 ? visit : walk(axes, starts, positions, visit);
}

/** The steps of a body, with arrays for its constants and for results of up to a block that later steps read. */
function bind(
  body: readonly ScalarStep[],
  [result, ...operands]: readonly Operand[],
  count: number,
  positions: readonly number[],
  arrays: Slots,
): Step[] {
  const block = Math.min(count, BLOCK);
  const scratch = new ArrayBuffer(body.length > 1 ? 8 * block * body.length : 0);
  const steps: Step[] = [];
  body.forEach((step, i) => {
    const isConstant = 'constant' in step;
    const kept: Operand = [arrays.length, positions.length - 1, isConstant ? 0 : 1];
    const to = isConstant || i < body.length - 1 ? kept : result!;
    if (isConstant) arrays.push(Float64Array.of(step.constant));
    else {
      const args = step.args.map((arg) => operands[arg]!);
      steps.push(bindLoop(loopOf(step), to, args, positions));
      if (to === kept) arrays.push(viewBytes(step.dtype, scratch, 8 * block * i, block));
    }
    operands.push(to);
  });
  // Nothing was computed last: an operand or a constant is copied.
  const last = body.length === 0 ? operands[0]! : operands.at(-1)!;
  if (last !== result) steps.push(bindLoop(copyLoop, result!, [last], positions));
  return steps;
}

/** A loop with its operands. Those that it does not take stand for nothing; the result's place fills the gap. */
export function bindLoop(loop: Loop, to: Operand, args: readonly Operand[], positions: readonly number[]): Step {
  const [aSlot, a, p] = args[0] ?? to;
  const [bSlot, b, q] = args[1] ?? to;
  const [cSlot, c, r] = args[2] ?? to;
  const [slot, out, s] = to;
  return (slots, n) =>
    loop(
      n,
      slots[slot]!,
      positions[out]!,
      s,
      slots[aSlot]!,
      positions[a]!,
      p,
      slots[bSlot]!,
      positions[b]!,
      q,
      slots[cSlot]!,
      positions[c]!,
      r,
    );
}

/** The steps in turn over a row, block by block; leaves the positions as they were. */
function sequence(steps: readonly Step[], { size, strides }: Axis, positions: number[]): Visit {
  const [first] = steps;
  if (steps.length === 1) return (slots) => first!(slots, size);
  const advance = (by: number): void => strides.forEach((stride, i) => (positions[i]! += by * stride));
  return (slots) => {
    for (let done = 0; done < size; done += BLOCK) {
      const count = Math.min(BLOCK, size - done);
      for (let i = 0; i < steps.length; i++) steps[i]!(slots, count);
      if (size > BLOCK) advance(count);
    }
    if (size > BLOCK) advance(-size);
  };
}

/** A function's own loop, which one of three operands has, or one that calls it. */
export function loopOf({ fn, dtype }: Call): Loop {
  const js = (dtype === 'int32' ? fn.int : undefined) ?? fn.js;
  if (fn.loop && js === fn.js) return fn.loop;
  const call: (...operands: number[]) => number = js;
  return fn.arity === 1
    ? (n, out, o, s, a, i, p) => {
        for (; n-- > 0; o += s, i += p) out[o] = call(a[i]!);
      }
    : (n, out, o, s, a, i, p, b, j, q) => {
        for (; n-- > 0; o += s, i += p, j += q) out[o] = call(a[i]!, b[j]!);
      };
}
