/**
 * From programs to a backend's plan.
 * The one idea: rows are lowered one by one into the same plan, and what only rearranges stays a view of its source; then
 * temporaries that live at different times share memory. Must not import rows or operations.
 */
import type { Access, Kernel, Plan, Slot } from '@jacobi/backend';
import { isContiguous, readsOf, sizeOf, writesOf } from '@jacobi/backend';
import { alignedBytes, lowerRow, PlanWriter } from './lower.ts';
import type { Inline, Operand } from './primitive.ts';
import type { Program, Row, Var } from './program.ts';
import type { TensorType } from './type.ts';

/**
 * The plan of a program. Its inputs are the program's inputs, then its captured values; temporaries share one
 * arena.
 */
export function lowerProgram(program: Pick<Program, 'types' | 'inputs' | 'captured' | 'rows' | 'outputs'>): Plan {
  const writer = new PlanWriter();
  const values: (Operand | undefined)[] = new Array(program.types.length);
  const inputs = [...program.inputs, ...program.captured.map((c) => c.variable)];
  for (const v of inputs) values[v] = writer.slot(program.types[v]!, 'input');
  // Where a row makes an output, let it write there at once.
  const place = new Map<Var, Operand>();
  const outputs = program.outputs.map((v) => {
    const operand = writer.slot(program.types[v]!, 'output');
    if (!place.has(v)) place.set(v, operand);
    return operand;
  });
  lowerRows(writer, program.rows, program.types, values, place);
  const plan = writer.plan(
    inputs.map((v) => values[v]!),
    program.outputs.map((v) => values[v]!),
    outputs,
  );
  return placeTemporaries(withoutLastCopies(plan));
}

/** The plan whose results are the temporaries that would only be copied there, whole and in order. */
function withoutLastCopies(plan: Plan): Plan {
  const slots = [...plan.slots];
  const outputs = [...plan.outputs];
  const uses = plan.steps.flatMap(slotsOf);
  const isWhole = ({ slot, offset, strides }: Access, shape: readonly number[]): boolean =>
    slots[slot]!.length === sizeOf(shape) && isContiguous({ offset, shape, strides });
  const steps = plan.steps.filter((kernel) => {
    if (kernel.kind !== 'map' || kernel.body.length > 0) return true;
    const [from] = kernel.inputs;
    const to = kernel.output.slot;
    const { role, dtype, length } = slots[from!.slot]!;
    const at = outputs.indexOf(to);
    if (at < 0 || role !== 'temporary' || dtype !== slots[to]!.dtype) return true;
    if (uses.indexOf(to) !== uses.lastIndexOf(to)) return true;
    if (!isWhole(from!, kernel.shape) || !isWhole(kernel.output, kernel.shape)) return true;
    outputs[at] = from!.slot;
    slots[from!.slot] = { dtype, length, role: 'output' };
    slots[to] = { dtype, length: 0, role: 'temporary' };
    return false;
  });
  return { ...plan, slots, outputs, steps };
}

function lowerRows(
  writer: PlanWriter,
  rows: readonly Row[],
  types: readonly TensorType[],
  values: (Operand | undefined)[],
  place: ReadonlyMap<Var, Operand>,
): void {
  for (const row of rows) {
    const { inline } = row.application.primitive;
    const ins = row.inputs.map((v) => values[v]!);
    const target = (i: number): Operand => place.get(row.outputs[i]!) ?? writer.temporary(types[row.outputs[i]!]!);
    const outs = inline?.within(writer, row.application, ins) ?? lowerRow(writer, row.application, ins, target);
    row.outputs.forEach((v, i) => {
      values[v] = outs[i]!;
    });
  }
}

/** Rows that hold a program: its rows, in place. */
export const lowerInline: Inline = {
  alone(application) {
    const inputs = application.inputs.map((_, i) => i);
    const outputs = application.outputs.map((_, i) => inputs.length + i);
    const types = [...application.inputs, ...application.outputs];
    return lowerProgram({ types, inputs, captured: [], rows: [{ application, inputs, outputs }], outputs });
  },
  within(writer, { programs: [program] }, args) {
    const { types, inputs, captured, rows, outputs } = program!;
    const values: (Operand | undefined)[] = new Array(types.length);
    [...inputs, ...captured.map((c) => c.variable)].forEach((v, i) => {
      values[v] = args[i]!;
    });
    lowerRows(writer, rows, types, values, new Map());
    return outputs.map((v) => values[v]!);
  },
};

/** Slots that a kernel reads and writes. */
export const slotsOf = (kernel: Kernel): readonly number[] => [...readsOf(kernel), ...writesOf(kernel)];

/**
 * The memory plan: gives each temporary an offset in one arena, so that two share bytes only if their lives are apart.
 * First fit over the temporaries in the order of their first use. Unused ones are left without a place.
 */
export function placeTemporaries(plan: Plan): Plan {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  plan.steps.forEach((kernel, step) => {
    for (const slot of slotsOf(kernel)) {
      if (plan.slots[slot]!.role !== 'temporary') continue;
      if (!first.has(slot)) first.set(slot, step);
      last.set(slot, step);
    }
  });
  const live: { start: number; end: number; until: number }[] = [];
  const slots = plan.slots.map(({ offset: _, ...slot }): Slot => slot);
  let arenaBytes = 0;
  for (const [slot, step] of first) {
    const bytes = alignedBytes(slots[slot]!.dtype, slots[slot]!.length);
    for (let i = live.length - 1; i >= 0; i--) if (live[i]!.until < step) live.splice(i, 1);
    let start = 0;
    let at = 0;
    for (; at < live.length; at++) {
      if (live[at]!.start - start >= bytes) break;
      start = Math.max(start, live[at]!.end);
    }
    live.splice(at, 0, { start, end: start + bytes, until: last.get(slot)! });
    slots[slot] = { ...slots[slot]!, offset: start };
    arenaBytes = Math.max(arenaBytes, start + bytes);
  }
  return { ...plan, slots, arenaBytes };
}
