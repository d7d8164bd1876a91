/**
 * What kernels read and write.
 * The one idea: passes, memory plans and backends ask the same of every kernel, so it is answered once, by kind.
 * Must not import anything but the kernel IR.
 */
import type { DType } from './dtype.ts';
import type { Access, Kernel, MapKernel, ReduceKernel, ScalarStep, Slot } from './kernel.ts';
import { rowMajor } from './layout.ts';

/** Slots that a kernel reads; a scatter adds to its output, so it reads that as well. */
export function readsOf(kernel: Kernel): readonly number[] {
  switch (kernel.kind) {
    case 'map':
      return kernel.inputs.map((access) => access.slot);
    case 'reduce':
      return inputsOf(kernel).map((access) => access.slot);
    case 'argreduce':
      return [kernel.input.slot];
    case 'contract':
      return [kernel.left.slot, kernel.right.slot];
    case 'gather':
      return [kernel.source, kernel.indices];
    case 'scatter':
      return [kernel.updates, kernel.indices, kernel.output];
    case 'scan':
      return kernel.factors === undefined ? [kernel.values] : [kernel.values, kernel.factors];
    case 'random':
      return [kernel.keys];
    case 'straight':
      return kernel.loads.map((lane) => lane.slot);
    default:
      return kernel satisfies never;
  }
}

/** Slots that a kernel writes. */
export function writesOf(kernel: Kernel): readonly number[] {
  if (kernel.kind === 'straight') return kernel.stores.map((lane) => lane.slot);
  return [typeof kernel.output === 'number' ? kernel.output : kernel.output.slot];
}

/** What a reduction reads: all operands of its prologue, if it has one. */
export function inputsOf({ input, prologue }: ReduceKernel): readonly Access[] {
  return prologue === undefined ? [input] : [input, ...prologue.inputs];
}

/** The dtype of what a reduction combines. */
export function termType({ input, prologue }: ReduceKernel, slots: readonly Slot[]): DType {
  const last = prologue?.body.at(-1) as Extract<ScalarStep, { fn: unknown }> | undefined;
  return last === undefined ? slots[input.slot]!.dtype : last.dtype;
}

/** A reduction with a prologue as two kernels: the terms into a slot, in order, and the reduction of these. */
export function termsApart(kernel: ReduceKernel, slot: number): readonly [MapKernel, ReduceKernel] {
  const { prologue, ...rest } = kernel;
  const shape = [...kernel.kept, ...kernel.reduced];
  const terms: Access = { slot, offset: 0, strides: rowMajor(shape) };
  const { js: _, ...reduction } = rest;
  return [
    { kind: 'map', shape, inputs: inputsOf(kernel), output: terms, body: prologue?.body ?? [] },
    { ...reduction, input: terms },
  ];
}
