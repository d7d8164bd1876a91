/**
 * Which slots a kernel reads and writes.
 * The one idea: passes, memory plans and backends ask the same of every kernel, so it is answered once, by kind.
 * Must not import anything but the kernel IR.
 */
import type { Kernel } from './kernel.ts';

/** Slots that a kernel reads; a scatter adds to its output, so it reads that as well. */
export function readsOf(kernel: Kernel): readonly number[] {
  switch (kernel.kind) {
    case 'map':
      return kernel.inputs.map((access) => access.slot);
    case 'reduce':
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
