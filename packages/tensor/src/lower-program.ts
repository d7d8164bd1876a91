/**
 * From programs to a backend's plan.
 * The one idea: rows are lowered one by one into the same plan, and what only rearranges stays a view of its source; then
 * temporaries that live at different times share memory. Must not import rows or operations.
 */
import type { Kernel, Plan, Slot } from '@jacobi/backend';
import { bytesPerElement, contiguousView, isContiguous, readsOf, sameShape, writesOf } from '@jacobi/backend';
import { Arena } from './arena.ts';
import { emitCopy, lowerRow, PlanWriter } from './lower.ts';
import type { Application, Inline, Operand } from './primitive.ts';
import type { Program, Var } from './program.ts';
import { interpret, operandsOf } from './program.ts';
import type { TensorType } from './type.ts';
import { tensorType } from './type.ts';

/** Writes the plan of a program, where a row may read what another only sees otherwise. */
export class ProgramWriter extends PlanWriter {
  readonly lives: Lives = { first: new Map(), end: new Map() };
  /** Copies that the row being written made for itself. */
  #copies: Operand[] = [];

  temporary(type: TensorType): Operand {
    const made = this.slot(type, 'temporary');
    this.lives.first.set(made.slot, this.steps.length);
    return made;
  }

  override contiguous(operand: Operand): Operand {
    const { view } = operand;
    const type = tensorType(operand.dtype, view.shape);
    if (isContiguous(view) && this.slots[operand.slot]!.length === type.size) return operand;
    const copy = this.temporary(type);
    this.#copies.push(copy);
    emitCopy(this, operand, copy);
    return copy;
  }

  /** The kernels so far were those that needed these operands, as far as is known. */
  needed(operands: readonly Operand[]): void {
    for (const { slot } of [...operands, ...this.#copies]) this.lives.end.set(slot, this.steps.length);
    this.#copies = [];
  }
}

/** By temporary, in the order of their first use: the kernel that writes it first, and the one after the last that needs it. */
interface Lives {
  readonly first: Map<number, number>;
  readonly end: Map<number, number>;
}

/** What of a program is lowered. */
type Lowered = Omit<Program, 'format' | 'id'>;

/**
 * The plan of a program. Its inputs are the program's inputs, then its captured values; temporaries share one
 * arena.
 */
export function lowerProgram(program: Lowered): Plan {
  const writer = new ProgramWriter();
  const slot = (v: Var, role: Slot['role']): Operand => writer.slot(program.types[v]!, role);
  const inputs = operandsOf(program).map((v) => slot(v, 'input'));
  const outputs = program.outputs.map((v) => slot(v, 'output'));
  const values = lowerRows(writer, program, inputs, outputs);
  const plan = writer.plan(inputs, values, outputs);
  writer.needed(values);
  return place(plan, writer.lives);
}

/** Writes the rows of a program; gives the values of its outputs, which are made in `targets` where that can be. */
function lowerRows(
  writer: ProgramWriter,
  program: Lowered,
  args: readonly Operand[],
  targets: readonly (Operand | undefined)[],
): Operand[] {
  const { types, rows, outputs } = program;
  const makers = new Map(rows.flatMap((row) => row.outputs.map((v) => [v, row])));
  const place = new Map<Var, Operand>();
  outputs.forEach((v, i) => {
    // Where an output is an earlier value under another type, that one is made there.
    let source = v;
    for (let row = makers.get(v); row?.application.alias; row = makers.get(source)) source = row.inputs[0]!;
    const target = targets[i];
    if (target !== undefined && !place.has(source))
      place.set(source, { ...target, view: contiguousView(types[source]!.shape) });
  });
  return interpret(program, args, ({ application, outputs }, ins) => {
    const wanted = outputs.map((v) => place.get(v));
    const outs =
      application.primitive.inline?.within(writer, application, ins, wanted) ??
      squeezed(application, ins[0]) ??
      lowerRow(writer, application, ins, (i) => wanted[i] ?? writer.temporary(application.outputs[i]!));
    writer.needed([...ins, ...outs]);
    return outs;
  });
}

/** The output of a reshape by which only axes of size 1 come or go: strides carry over, so that no element has to move. */
function squeezed({ alias, outputs: [type] }: Application, input: Operand | undefined): Operand[] | null {
  if (!alias) return null;
  const { view } = input!;
  const { shape } = type!;
  const isWide = (d: number): boolean => d !== 1;
  if (!sameShape(view.shape.filter(isWide), shape.filter(isWide))) return null;
  const own = view.strides.filter((_, i) => isWide(view.shape[i]!));
  return [{ ...input!, view: { ...view, shape, strides: shape.map((d) => (isWide(d) ? own.shift()! : 0)) } }];
}

/** Rows that hold a program: its rows, in place. */
export const lowerInline: Inline = {
  alone(application) {
    const inputs = application.inputs.map((_, i) => i);
    const outputs = application.outputs.map((_, i) => inputs.length + i);
    const types = [...application.inputs, ...application.outputs];
    return lowerProgram({ types, inputs, captured: [], rows: [{ application, inputs, outputs }], outputs });
  },
  within: (writer, { programs: [program] }, args, targets) => lowerRows(writer, program!, args, targets),
};

/** Slots that a kernel reads and writes. */
export const slotsOf = (kernel: Kernel): readonly number[] => [...readsOf(kernel), ...writesOf(kernel)];

/** Lays out the temporaries of a plan of any kernels. */
export function placeTemporaries(plan: Plan): Plan {
  const lives: Lives = { first: new Map(), end: new Map() };
  plan.steps.forEach((kernel, step) => {
    for (const slot of slotsOf(kernel)) {
      if (plan.slots[slot]!.role !== 'temporary') continue;
      if (!lives.first.has(slot)) lives.first.set(slot, step);
      lives.end.set(slot, step + 1);
    }
  });
  return place(plan, lives);
}

/**
 * The memory plan: gives each temporary an offset in one arena, so that two share bytes only if their lives are apart.
 * First fit over the temporaries in the order of their first use. Unused ones are left without a place.
 */
function place(plan: Plan, { first, end }: Lives): Plan {
  const ends: number[][] = [[], ...plan.steps.map(() => [])];
  for (const slot of first.keys()) ends[end.get(slot)!]!.push(slot);
  const arena = new Arena();
  const slots = plan.slots.map(({ offset: _, ...slot }): Slot => slot);
  const bytesOf = (slot: number): number =>
    Math.ceil((slots[slot]!.length * bytesPerElement(slots[slot]!.dtype)) / 16) * 16;
  let arenaBytes = 0;
  let past = 0;
  for (const [slot, step] of first) {
    for (; past <= step; past++) for (const done of ends[past]!) arena.give(slots[done]!.offset!, bytesOf(done));
    const offset = arena.take(bytesOf(slot));
    slots[slot] = { ...slots[slot]!, offset };
    arenaBytes = Math.max(arenaBytes, offset + bytesOf(slot));
  }
  return { ...plan, slots, arenaBytes };
}
