/**
 * From rows to a backend's plan.
 * The one idea: every value is an operand, a slot seen through a view, so rows that only rearrange cost nothing until
 * somebody needs their elements in order. Must not import rows or operations.
 */
import type { Access, DType, Kernel, Plan, ScalarFunction, ScalarStep, Slot, TypedArray } from '@jacobi/backend';
import { allocate, broadcastStrides, bytesPerElement, contiguousView, isContiguous, sizeOf } from '@jacobi/backend';
import type { Application, KernelWriter, Operand, Params, Primitive } from './primitive.ts';
import type { Program, Row, Var } from './program.ts';
import type { TensorType } from './type.ts';

/** True if the row's view of a row-major input is row-major again, so that the result is the input's own buffer. */
export function isAlias(primitive: Primitive, input: TensorType, params: Params, output: TensorType): boolean {
  if (input.size !== output.size || input.dtype !== output.dtype) return false;
  const view = primitive.view!(contiguousView(input.shape), params, output, 0);
  return view !== null && isContiguous(view);
}

/** Reads an operand over a (wider) iteration space, as NumPy broadcasts. */
export function accessOver(operand: Operand, shape: readonly number[]): Access {
  return { slot: operand.slot, offset: operand.view.offset, strides: broadcastStrides(operand.view, shape) };
}

/** Reads or writes an operand over its own shape. */
export function access(operand: Operand): Access {
  return { slot: operand.slot, offset: operand.view.offset, strides: operand.view.strides };
}

/** Writes one kernel that computes `output` elementwise; operands broadcast. */
export function emitMap(writer: KernelWriter, inputs: readonly Operand[], output: Operand, body: readonly ScalarStep[]): void {
  const { shape } = output.view;
  writer.emit({ kind: 'map', shape, inputs: inputs.map((o) => accessOver(o, shape)), output: access(output), body });
}

/** A body of one function over all operands, then constants. */
export function call(fn: ScalarFunction, operands: number, dtype: DType, ...constants: readonly number[]): ScalarStep[] {
  const args: number[] = [];
  for (let i = 0; i < operands; i++) args.push(i);
  const body: ScalarStep[] = constants.map((constant, i) => {
    args.push(operands + i);
    return { constant };
  });
  body.push({ fn, args, dtype });
  return body;
}

/** Copies an operand, in order, into a window of the same shape. */
export function emitCopy(writer: KernelWriter, from: Operand, to: Operand): void {
  emitMap(writer, [from], to, []);
}

/** Fills an operand with one value. */
export function emitFill(writer: KernelWriter, to: Operand, constant: number): void {
  emitMap(writer, [], to, [{ constant }]);
}

/** Writes a plan: slots and kernels in order. */
class PlanWriter implements KernelWriter {
  readonly slots: Slot[] = [];
  readonly steps: Kernel[] = [];

  slot(type: TensorType, role: Slot['role'], data?: TypedArray): Operand {
    this.slots.push({ dtype: type.dtype, length: type.size, role, ...(data === undefined ? {} : { data }) });
    return { slot: this.slots.length - 1, dtype: type.dtype, view: contiguousView(type.shape) };
  }

  /** One number in every place: a slot of one element, read with strides of 0. */
  constant(type: TensorType, value: number): Operand {
    const data = allocate(type.dtype, 1);
    data[0] = type.dtype === 'bool' ? Number(value !== 0) : value;
    const { shape } = type;
    this.slots.push({ dtype: type.dtype, length: 1, role: 'constant', data });
    return { slot: this.slots.length - 1, dtype: type.dtype, view: { offset: 0, shape, strides: shape.map(() => 0) } };
  }

  emit(kernel: Kernel): void {
    this.steps.push(kernel);
  }

  temporary(type: TensorType): Operand {
    return this.slot(type, 'temporary');
  }

  contiguous(operand: Operand): Operand {
    const { view, dtype } = operand;
    const size = sizeOf(view.shape);
    if (isContiguous(view) && this.slots[operand.slot]!.length === size) return operand;
    const copy = this.temporary({ dtype, shape: view.shape, size, id: -1 });
    emitCopy(this, operand, copy);
    return copy;
  }
}

/** The plan of one application: what an eager operation runs. */
export function lowerApplication(application: Application): Plan {
  const { inputs, outputs } = application;
  const types = [...inputs, ...outputs];
  const row: Row = {
    application,
    inputs: inputs.map((_, i) => i),
    outputs: outputs.map((_, i) => inputs.length + i),
  };
  return lowerProgram({ types, inputs: row.inputs, captured: [], rows: [row], outputs: row.outputs });
}

/**
 * The plan of a program. Its inputs are the program's inputs, then its captured values; temporaries are not placed yet
 * unless there are few: `placeTemporaries` does it.
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
  program.outputs.forEach((v, i) => {
    const value = values[v]!;
    if (value.slot !== outputs[i]!.slot && program.types[v]!.size > 0) emitCopy(writer, value, outputs[i]!);
  });
  return placeTemporaries({
    format: 1,
    slots: writer.slots,
    inputs: inputs.map((v) => values[v]!.slot),
    outputs: outputs.map((o) => o.slot),
    steps: writer.steps,
    arenaBytes: 0,
  });
}

function lowerRows(
  writer: PlanWriter,
  rows: readonly Row[],
  types: readonly TensorType[],
  values: (Operand | undefined)[],
  place: ReadonlyMap<Var, Operand>,
): void {
  for (const row of rows) {
    const { primitive, params, outputs: outTypes, programs } = row.application;
    const ins = row.inputs.map((v) => values[v]!);
    if (primitive.inline) {
      lowerCall(writer, programs[0]!, ins, row.outputs, values);
      continue;
    }
    if (primitive.fill !== undefined) {
      values[row.outputs[0]!] = writer.constant(outTypes[0]!, primitive.fill(params));
      continue;
    }
    if (primitive.view !== undefined) {
      let source = ins[0]!;
      if (primitive.view(source.view, params, outTypes[0]!, 0) === null) source = writer.contiguous(source);
      outTypes.forEach((out, i) => {
        values[row.outputs[i]!] = { slot: source.slot, dtype: source.dtype, view: primitive.view!(source.view, params, out, i)! };
      });
      continue;
    }
    const outs = row.outputs.map((v) => place.get(v) ?? writer.temporary(types[v]!));
    row.outputs.forEach((v, i) => {
      values[v] = outs[i]!;
    });
    if (outTypes.some((t) => t.size > 0)) primitive.lower!(writer, ins, outs, params);
  }
}

/** A row that holds a program: its rows, in place. */
function lowerCall(
  writer: PlanWriter,
  program: Program,
  args: readonly Operand[],
  outputs: readonly Var[],
  values: (Operand | undefined)[],
): void {
  const inner: (Operand | undefined)[] = new Array(program.types.length);
  program.inputs.forEach((v, i) => {
    inner[v] = args[i]!;
  });
  program.captured.forEach((c, i) => {
    inner[c.variable] = args[program.inputs.length + i]!;
  });
  lowerRows(writer, program.rows, program.types, inner, new Map());
  outputs.forEach((v, i) => {
    values[v] = inner[program.outputs[i]!]!;
  });
}

/** Slots that a kernel reads and writes. */
export function slotsOf(kernel: Kernel): readonly number[] {
  switch (kernel.kind) {
    case 'map':
      return [...kernel.inputs.map((a) => a.slot), kernel.output.slot];
    case 'reduce':
    case 'argreduce':
      return [kernel.input.slot, kernel.output.slot];
    case 'contract':
      return [kernel.left.slot, kernel.right.slot, kernel.output.slot];
    case 'gather':
      return [kernel.source, kernel.indices, kernel.output];
    case 'scatter':
      return [kernel.updates, kernel.indices, kernel.output];
    case 'scan':
      return kernel.factors === undefined ? [kernel.values, kernel.output] : [kernel.values, kernel.factors, kernel.output];
    case 'random':
      return [kernel.keys, kernel.output];
    default:
      return kernel satisfies never;
  }
}

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
  if (first.size === 0) return plan;
  const live: { start: number; end: number; until: number }[] = [];
  const slots = [...plan.slots];
  let arenaBytes = 0;
  for (const [slot, step] of first) {
    const { dtype, length } = slots[slot]!;
    const bytes = Math.ceil((length * bytesPerElement(dtype)) / 16) * 16;
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
