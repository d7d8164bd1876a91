/**
 * What kernels read and write.
 * The one idea: passes, memory plans and backends ask the same of every kernel, so it is answered once, by kind.
 * Must not import anything but the kernel IR.
 */
import type { DType } from './dtype.ts';
import type { Access, ContractKernel, Kernel, MapKernel, Prologue, ReduceKernel, ScalarStep, Slot } from './kernel.ts';
import { rowMajor } from './layout.ts';

/** A slot, or something that has one. */
type Place = number | { readonly slot: number };

/** Several places: a list, or what a body of a kernel's own reads. */
type Places = readonly Place[] | Pick<Prologue, 'inputs'>;

/** Where a kernel of each kind reads; a scatter adds to its output, so it reads that as well. */
const READS: {
  readonly [K in Kernel['kind']]: readonly (keyof Extract<Kernel, { readonly kind: K }>)[];
} = {
  map: ['inputs'],
  reduce: ['input', 'prologue'],
  argreduce: ['input'],
  contract: ['left', 'right', 'epilogue'],
  gather: ['source', 'indices'],
  scatter: ['updates', 'indices', 'output'],
  scan: ['values', 'factors'],
  random: ['keys'],
  straight: ['loads'],
};

const slotOf = (place: Place): number => (typeof place === 'number' ? place : place.slot);

/** Adds the slots of one place or several to a list. */
function addSlots(slots: number[], place: Place | Places | undefined): number[] {
  if (place === undefined) return slots;
  const all: Place | readonly Place[] = (place as Prologue).inputs ?? place;
  if (typeof all === 'object' && 'length' in all) for (const each of all) slots.push(slotOf(each));
  else slots.push(slotOf(all));
  return slots;
}

/** Slots that a kernel reads. */
export function readsOf(kernel: Kernel): readonly number[] {
  const places = kernel as unknown as Readonly<Record<string, Place | Places | undefined>>;
  const slots: number[] = [];
  for (const name of READS[kernel.kind]) addSlots(slots, places[name]);
  return slots;
}

/** Slots that a kernel writes. */
export function writesOf(kernel: Kernel): readonly number[] {
  return addSlots([], kernel.kind === 'straight' ? kernel.stores : kernel.output);
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

/** A contraction with an epilogue as two kernels: the sums to where the results belong, and what is made of them there. */
export function resultsApart({ epilogue, ...kernel }: ContractKernel): readonly [ContractKernel, MapKernel] {
  const { js: _, ...sums } = kernel;
  const { batch, m, n, output } = sums;
  const inputs = [output, ...(epilogue?.inputs ?? [])];
  return [sums, { kind: 'map', shape: [...batch, ...m, ...n], inputs, output, body: epilogue?.body ?? [] }];
}
