/**
 * Straight lines. The one idea: each step is a loop over a block of rows, as in elementwise kernels; a result that nobody
 * reads any more gives its place to a later one, so that a block of all that lives fits a cache.
 * Must not import scalar functions: the body brings them.
 */
import type { DType, Slot, StraightKernel } from '@jacobi/backend';
import { allocate, copyLoop } from '@jacobi/backend';
import type { Operand, Step } from './map.ts';
import { bindLoop, loopOf } from './map.ts';
import type { Slots, Visit } from './nest.ts';

/** Bytes that the living results of a block may take together, and rows that a block has at most. */
const CACHE = 131072;
const MOST_ROWS = 512;

export function straightLoop(kernel: StraightKernel, _slots: readonly Slot[], arrays: Slots): Visit {
  const { rows, loads, body, stores } = kernel;
  const lanes = [...loads, ...stores];
  // Constants and results are read from their start: from the last position, which stays 0.
  const positions = [...lanes.map((lane) => lane.offset), 0];
  const operands = lanes.map(({ slot, stride }, i): Operand => [slot, i, stride]);
  const targets = operands.splice(loads.length);
  const { registers, places } = shareRegisters(kernel);
  const block = Math.max(1, Math.min(rows, MOST_ROWS, Math.floor(CACHE / (8 * registers.length + 8))));
  const first = arrays.length;
  for (const dtype of registers) arrays.push(allocate(dtype, block));
  const steps: Step[] = [];
  body.forEach((step, i) => {
    if ('constant' in step) {
      operands.push([arrays.push(Float64Array.of(step.constant)) - 1, lanes.length, 0]);
      return;
    }
    const to: Operand = [first + places[i]!, lanes.length, 1];
    const args = step.args.map((arg) => operands[arg]!);
    steps.push(bindLoop(loopOf(step), to, args, positions));
    operands.push(to);
  });
  stores.forEach(({ value }, i) => steps.push(bindLoop(copyLoop, targets[i]!, [operands[value]!], positions)));
  return (slots) => {
    for (let done = 0; done < rows; done += block) {
      const count = Math.min(block, rows - done);
      for (let i = 0; i < lanes.length; i++) positions[i] = lanes[i]!.offset + done * lanes[i]!.stride;
      for (let i = 0; i < steps.length; i++) steps[i]!(slots, count);
    }
  };
}

/** A register for each step that is not a constant: one whose last reader came before, if there is one of the dtype. */
function shareRegisters({ loads, body, stores }: StraightKernel): { registers: DType[]; places: number[] } {
  const lastRead = new Map<number, number>();
  body.forEach((step, i) => {
    if (!('constant' in step)) for (const arg of step.args) lastRead.set(arg - loads.length, i);
  });
  for (const { value } of stores) lastRead.set(value - loads.length, body.length);
  const registers: DType[] = [];
  const places: number[] = [];
  const free = new Map<DType, number[]>();
  const giveBack = (steps: readonly number[], now: number): void => {
    for (const step of new Set(steps)) {
      if (step < 0 || lastRead.get(step) !== now || places[step] === undefined) continue;
      const dtype = registers[places[step]]!;
      const others = free.get(dtype);
      if (others) others.push(places[step]);
      else free.set(dtype, [places[step]]);
    }
  };
  body.forEach((step, i) => {
    if ('constant' in step) return;
    places[i] = free.get(step.dtype)?.pop() ?? registers.push(step.dtype) - 1;
    giveBack(
      step.args.map((arg) => arg - loads.length),
      i,
    );
  });
  return { registers, places };
}
