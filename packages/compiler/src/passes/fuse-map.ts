/**
 * One kernel put into another.
 * The one idea: where a reader's index gives a writer's index by an affine function, the writer's body can stand in the
 * reader in place of the element that it would have written. Must not import passes.
 */
import type { Access, ContractKernel, Kernel, MapKernel, ReduceKernel, Slot } from '@jacobi/backend';
import { prologueLoop } from '@jacobi/backend-cpu';
import { held } from './exact.ts';
import type { Correspondence, Numbering } from './fuse-access.ts';
import { compose, correspond, numberPositions, splitMap } from './fuse-access.ts';
import type { Ref, Zeros } from './fuse-body.ts';
import { BodyWriter } from './fuse-body.ts';
import { coversAll } from './fuse-uses.ts';

/** What a kernel may grow to. */
const MOST_INPUTS = 20;
const MOST_STEPS = 60;
/** How often a reader's axes are split before it is given up. */
const MOST_SPLITS = 6;

/** What passes agree on. */
export interface Setting {
  readonly slots: readonly Slot[];
  readonly zeros: Zeros;
}

/** A writer of the whole of a slot, ready to be put into readers. */
export interface Source {
  readonly kernel: MapKernel;
  readonly numbering: Numbering;
}

/** The source that a map is; undefined if what it writes cannot be computed elsewhere with the same bits. */
export function sourceOf(kernel: MapKernel, slots: readonly Slot[]): Source | undefined {
  const { dtype, length } = slots[kernel.output.slot]!;
  const last = kernel.body.at(-1);
  if (last !== undefined && 'fn' in last && last.dtype !== dtype) return undefined;
  if (!coversAll(kernel.shape, kernel.output, length)) return undefined;
  const numbering = numberPositions(kernel.shape, kernel.output);
  return numbering && { kernel, numbering };
}

/** An operand of a body: a number where a constant is the same everywhere. */
export function read(writer: BodyWriter, access: Access, slots: readonly Slot[]): Ref {
  const { data, dtype } = slots[access.slot]!;
  if (data !== undefined && access.strides.every((stride) => stride === 0)) {
    return writer.constant(data[access.offset]!);
  }
  return writer.input(access, dtype);
}

/** The map with the source's body in place of reads of its slot. */
export function inlineInMap(source: Source, reader: MapKernel, { slots, zeros }: Setting): MapKernel | undefined {
  const slot = source.kernel.output.slot;
  if (source.kernel.body.length + reader.body.length > MOST_STEPS) return undefined;
  let kernel = reader;
  for (let splits = 0; splits < MOST_SPLITS; splits++) {
    const found = correspondAll(source, slot, kernel);
    if (found === undefined) return undefined;
    if ('axis' in found) {
      kernel = splitMap(kernel, found);
      continue;
    }
    const writer = new BodyWriter(zeros);
    const operands: Ref[] = [];
    for (let i = 0; i < kernel.inputs.length; i++) {
      const operand = found[i]
        ? evaluate(writer, source, found[i]!, kernel.shape.length, slots)
        : read(writer, kernel.inputs[i]!, slots);
      if (operand === undefined) return undefined;
      operands.push(operand);
    }
    return finishMap(writer, kernel, operands, slots);
  }
  return undefined;
}

/** Correspondences for the reader's accesses to a slot, by input; or an axis to split first. */
function correspondAll(
  { numbering, kernel: { shape } }: Source,
  slot: number,
  reader: MapKernel,
): (Correspondence | undefined)[] | { readonly axis: number; readonly inner: number } | undefined {
  const all: (Correspondence | undefined)[] = [];
  for (const access of reader.inputs) {
    if (access.slot !== slot) {
      all.push(undefined);
      continue;
    }
    const found = correspond(numbering, shape.length, reader.shape, access);
    if (found === undefined || 'axis' in found) return found;
    all.push(found);
  }
  return all;
}

/** The value that a source writes, seen from a reader. */
function evaluate(
  writer: BodyWriter,
  { kernel: { inputs, body, output } }: Source,
  at: Correspondence,
  rank: number,
  slots: readonly Slot[],
): Ref | undefined {
  const operands = inputs.map((access) => read(writer, compose(access, at, rank), slots));
  return writer.stored(writer.append(body, operands), slots[output.slot]!.dtype);
}

/** The map with its own body on operands; undefined if it has grown too large. */
export function finishMap(
  writer: BodyWriter,
  kernel: MapKernel,
  operands: readonly Ref[],
  slots: readonly Slot[],
): MapKernel | undefined {
  let result: Ref | undefined = writer.append(kernel.body, operands);
  if (kernel.body.length === 0) result = writer.stored(result, slots[kernel.output.slot]!.dtype);
  if (result === undefined) return undefined;
  const { inputs, body } = writer.finish(result);
  if (inputs.length > MOST_INPUTS || body.length > MOST_STEPS) return undefined;
  return { ...kernel, inputs, body };
}

/** A reader of another kind, reading what a copy reads; undefined if that is no access of its own. */
export function readThrough(source: Source, reader: Kernel, slots: readonly Slot[]): Kernel | undefined {
  const { kernel } = source;
  const [from] = kernel.inputs;
  if (kernel.body.length > 0 || slots[from!.slot]!.dtype !== slots[kernel.output.slot]!.dtype) return undefined;
  const through = (access: Access, shape: readonly number[]): Access | undefined => {
    if (access.slot !== kernel.output.slot) return access;
    const found = correspond(source.numbering, kernel.shape.length, shape, access);
    return found === undefined || 'axis' in found ? undefined : compose(from!, found, shape.length);
  };
  switch (reader.kind) {
    case 'reduce': {
      const input = through(reader.input, [...reader.kept, ...reader.reduced]);
      return input && ({ ...reader, input } satisfies ReduceKernel);
    }
    case 'argreduce': {
      const input = through(reader.input, [...reader.kept, reader.length]);
      return input && { ...reader, input };
    }
    case 'contract': {
      const { batch, m, n, k } = reader;
      const left = through(reader.left, [...batch, ...m, ...k]);
      const right = through(reader.right, [...batch, ...n, ...k]);
      return left && right && ({ ...reader, left, right } satisfies ContractKernel);
    }
    default:
      return undefined;
  }
}

/** Accesses of a source's kernel over the shape of a reader; none if that reads what the source writes in no such order. */
export function seenFrom(
  { kernel, numbering }: Source,
  accesses: readonly Access[],
  shape: readonly number[],
  by: Access,
): readonly Access[] {
  const found = correspond(numbering, kernel.shape.length, shape, by);
  return found === undefined || 'axis' in found ? [] : accesses.map((access) => compose(access, found, shape.length));
}

/** A reduction of what a source writes, computed as it is combined; undefined if it is read in no such order. */
export function prologueFrom(source: Source, reader: ReduceKernel): ReduceKernel | undefined {
  const { kernel } = source;
  const shape = [...reader.kept, ...reader.reduced];
  const [input, ...inputs] = seenFrom(source, kernel.inputs, shape, reader.input);
  return input && { ...reader, js: prologueLoop, input, prologue: { inputs, body: kernel.body } };
}

/** The map with its constants as numbers, and its body simplified. */
export function simplifyMap(kernel: MapKernel, { slots, zeros }: Setting): MapKernel {
  const writer = new BodyWriter(zeros);
  const operands = kernel.inputs.map((access) => read(writer, access, slots));
  const last = kernel.body.at(-1);
  if (last !== undefined && 'constant' in last) {
    return { ...kernel, inputs: [], body: [{ constant: held(last.constant, slots[kernel.output.slot]!.dtype) }] };
  }
  return finishMap(writer, kernel, operands, slots) ?? kernel;
}
