/**
 * From one row to a backend's plan; programs are in lower-program.ts.
 * The one idea: every value is an operand, a slot seen through a view, so rows that only rearrange cost nothing until
 * somebody needs their elements in order. Must not import rows or operations.
 */
import type { Access, DType, Kernel, Plan, RunnableKernel, ScalarFunction, ScalarStep, Slot } from '@jacobi/backend';
import { allocate, broadcastStrides, contiguousView, isContiguous } from '@jacobi/backend';
import { mapLoop } from '@jacobi/backend-cpu';
import type { Application, KernelWriter, Operand, Params, Primitive } from './primitive.ts';
import type { TensorType } from './type.ts';

/** True if the row's view of a row-major input is row-major again, so that the result is the input's own buffer. */
export function isAlias(
  { view }: Primitive,
  [input]: readonly TensorType[],
  params: Params,
  [output, ...more]: readonly TensorType[],
): boolean {
  if (view === undefined || more.length > 0 || input!.size !== output!.size) return false;
  const seen = view(contiguousView(input!.shape), params, output!, 0);
  return seen !== null && isContiguous(seen);
}

/** Reads or writes an operand over its own shape, or a wider one, as NumPy broadcasts. */
export function accessOver({ slot, view }: Operand, shape: readonly number[] = view.shape): Access {
  return { slot, offset: view.offset, strides: broadcastStrides(view, shape) };
}

/** Writes one kernel that computes `output` elementwise, if it has elements; operands broadcast. */
export function emitMap(
  writer: KernelWriter,
  inputs: readonly Operand[],
  output: Operand,
  body: readonly ScalarStep[],
): void {
  const { shape } = output.view;
  if (shape.includes(0)) return;
  writer.emit({
    kind: 'map',
    js: mapLoop,
    shape,
    inputs: inputs.map((o) => accessOver(o, shape)),
    output: accessOver(output),
    body,
  });
}

/** A body of one function over all operands, then constants. */
export function call(fn: ScalarFunction, dtype: DType, constants: readonly number[] = []): ScalarStep[] {
  return [...constants.map((constant) => ({ constant })), { fn, args: [...Array(fn.arity).keys()], dtype }];
}

/** Copies an operand, in order, into a window of the same shape. */
export function emitCopy(writer: KernelWriter, from: Operand, to: Operand): void {
  emitMap(writer, [from], to, []);
}

/** Fills an operand with one value. */
export function emitFill(writer: KernelWriter, to: Operand, constant: number): void {
  emitMap(writer, [], to, [{ constant }]);
}

/** Writes a plan: slots and kernels in order. Where temporaries lie is left open. */
export class PlanWriter implements KernelWriter {
  protected readonly slots: Slot[] = [];
  protected readonly steps: Kernel[] = [];

  slot(type: TensorType, role: Slot['role'], more?: Partial<Slot>): Operand {
    const { dtype, size, shape } = type;
    const slot = this.slots.push({ dtype, length: size, role, ...more }) - 1;
    return { slot, dtype, view: contiguousView(shape) };
  }

  /** One number in every place: a slot of one element, read with strides of 0. */
  constant(type: TensorType, value: number): Operand {
    const data = allocate(type.dtype, 1).fill(value);
    const made = this.slot(type, 'constant', { data, length: 1 });
    return { ...made, view: { ...made.view, strides: type.shape.map(() => 0) } };
  }

  emit(kernel: RunnableKernel): void {
    this.steps.push(kernel);
  }

  /** What a row alone reads is in order: an input. */
  contiguous(operand: Operand): Operand {
    return operand;
  }

  /** The plan that leaves `values` in `outputs`. */
  plan(inputs: readonly Operand[], values: readonly Operand[], outputs: readonly Operand[]): Plan {
    outputs.forEach((to, i) => {
      if (values[i]!.slot !== to.slot) emitCopy(this, values[i]!, to);
    });
    return {
      format: 1,
      slots: this.slots,
      inputs: inputs.map((o) => o.slot),
      outputs: outputs.map((o) => o.slot),
      steps: this.steps,
      arenaBytes: 0,
    };
  }
}

/**
 * Writes one row. `target(i)` is where output i goes if it has to be computed; what is only seen otherwise, or is one
 * number, goes nowhere.
 */
export function lowerRow(
  writer: PlanWriter,
  application: Application,
  inputs: readonly Operand[],
  target: (index: number) => Operand,
): readonly Operand[] {
  const { primitive, params, outputs } = application;
  if (primitive.fill !== undefined) return [writer.constant(outputs[0]!, primitive.fill(params))];
  if (primitive.view !== undefined) {
    let source = inputs[0]!;
    if (primitive.view(source.view, params, outputs[0]!, 0) === null) source = writer.contiguous(source);
    return outputs.map((type, i) => ({ ...source, view: primitive.view!(source.view, params, type, i)! }));
  }
  const outs = outputs.map((_, i) => target(i));
  if (outputs.some((type) => type.size > 0)) primitive.lower!(writer, inputs, outs, params);
  return outs;
}

/** The plan of one application: what an eager operation runs. */
export function lowerApplication(application: Application): Plan {
  const { primitive, inputs, outputs } = application;
  if (primitive.inline !== undefined) return primitive.inline.alone(application);
  const writer = new PlanWriter();
  const ins = inputs.map((type) => writer.slot(type, 'input'));
  const outs = outputs.map((type) => writer.slot(type, 'output'));
  return writer.plan(
    ins,
    lowerRow(writer, application, ins, (i) => outs[i]!),
    outs,
  );
}
