/**
 * What passes ask of kernels: how one looks with other slots, what it covers, whether it moves or computes.
 * The one idea: the answer goes by kind and is given once. Must not import passes.
 */
import type { Access, Kernel, MapKernel, Prologue } from '@jacobi/backend';
import { sizeOf } from '@jacobi/backend';

/** The kernel with other slots in place of those that it reads, or also of those that it writes. */
export function withSlots(
  kernel: Kernel,
  reads: (slot: number) => number,
  writes = (slot: number): number => slot,
): Kernel {
  const at = <A extends { readonly slot: number }>(access: A): A => ({ ...access, slot: reads(access.slot) });
  const to = <A extends { readonly slot: number }>(access: A): A => ({ ...access, slot: writes(access.slot) });
  switch (kernel.kind) {
    case 'map':
      return { ...kernel, inputs: kernel.inputs.map(at), output: to(kernel.output) };
    case 'reduce':
      return {
        ...kernel,
        input: at(kernel.input),
        output: to(kernel.output),
        ...(kernel.prologue && { prologue: withInputs(kernel.prologue, at) }),
      };
    case 'argreduce':
      return { ...kernel, input: at(kernel.input), output: to(kernel.output) };
    case 'contract':
      return {
        ...kernel,
        left: at(kernel.left),
        right: at(kernel.right),
        output: to(kernel.output),
        ...(kernel.epilogue && { epilogue: withInputs(kernel.epilogue, at) }),
      };
    case 'gather':
      return { ...kernel, source: reads(kernel.source), indices: reads(kernel.indices), output: writes(kernel.output) };
    case 'scatter': {
      const { updates, indices, output } = kernel;
      return { ...kernel, updates: reads(updates), indices: reads(indices), output: writes(output) };
    }
    case 'scan': {
      const { values, factors, output } = kernel;
      const renamed = { ...kernel, values: reads(values), output: writes(output) };
      return factors === undefined ? renamed : { ...renamed, factors: reads(factors) };
    }
    case 'random':
      return { ...kernel, keys: reads(kernel.keys), output: writes(kernel.output) };
    case 'straight':
      return { ...kernel, loads: kernel.loads.map(at), stores: kernel.stores.map(to) };
    default:
      return kernel satisfies never;
  }
}

/** A kernel's own body, with other accesses. */
const withInputs = (own: Prologue, change: (access: Access) => Access): Prologue => ({
  ...own,
  inputs: own.inputs.map(change),
});

/** True if the kernel writes nothing: there is no element to write. */
export function isEmpty(kernel: Kernel): boolean {
  switch (kernel.kind) {
    case 'map':
      return kernel.shape.includes(0);
    case 'reduce':
    case 'argreduce':
      return kernel.kept.includes(0);
    case 'contract':
      return kernel.batch.includes(0) || kernel.m.includes(0) || kernel.n.includes(0);
    case 'straight':
      return kernel.rows === 0 || kernel.stores.length === 0;
    case 'gather':
      return sizeOf([kernel.batch, kernel.outer, kernel.count, kernel.inner]) === 0;
    case 'scatter':
      return sizeOf([kernel.batch, kernel.outer, kernel.size, kernel.count, kernel.inner]) === 0;
    case 'scan':
      return sizeOf([kernel.outer, kernel.length, kernel.inner]) === 0;
    case 'random':
      return sizeOf([kernel.batch, kernel.count]) === 0;
    default:
      return kernel satisfies never;
  }
}

/** The access with which a kernel writes, and the shape that it goes over; undefined for kernels over whole slots. */
export function outputOf(kernel: Kernel): { readonly shape: readonly number[]; readonly access: Access } | undefined {
  switch (kernel.kind) {
    case 'map':
      return { shape: kernel.shape, access: kernel.output };
    case 'reduce':
    case 'argreduce':
      return { shape: kernel.kept, access: kernel.output };
    case 'contract':
      return { shape: [...kernel.batch, ...kernel.m, ...kernel.n], access: kernel.output };
    default:
      return undefined;
  }
}

/** True if every element of the slot is written (and, for accesses, each of them once). */
export function writesWhole(kernel: Kernel, slot: number, length: number): boolean {
  const output = outputOf(kernel);
  if (output !== undefined) return output.access.slot === slot && coversAll(output.shape, output.access, length);
  switch (kernel.kind) {
    case 'gather':
    case 'scan':
    case 'random':
      return kernel.output === slot;
    default:
      return false;
  }
}

/** True if an access meets every position from 0 to `length` − 1 once. */
export function coversAll(shape: readonly number[], access: Access, length: number): boolean {
  if (sizeOf(shape) !== length) return false;
  const axes = shape.map((size, i) => ({ size, stride: access.strides[i]! })).filter(({ size }) => size !== 1);
  axes.sort((a, b) => Math.abs(a.stride) - Math.abs(b.stride));
  let step = 1;
  let first = access.offset;
  for (const { size, stride } of axes) {
    if (Math.abs(stride) !== step) return false;
    if (stride < 0) first += (size - 1) * stride;
    step *= size;
  }
  return first === 0;
}

/** A map that only moves elements: a copy, or a fill. */
export function isMove({ body }: MapKernel): boolean {
  return body.length === 0 || (body.length === 1 && 'constant' in body[0]!);
}
