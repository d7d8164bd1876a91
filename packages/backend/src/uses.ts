/**
 * Which slots a kernel reads and writes.
 * The one idea: passes, memory plans and backends ask the same of every kernel, so it is answered once, by kind.
 * Must not import anything but the kernel IR.
 */
import type { Kernel } from './kernel.ts';

/** A slot, or something that has one. */
type Place = number | { readonly slot: number };

/** Where a kernel of each kind reads; a scatter adds to its output, so it reads that as well. */
const READS: {
  readonly [K in Kernel['kind']]: readonly (keyof Extract<Kernel, { readonly kind: K }>)[];
} = {
  map: ['inputs'],
  reduce: ['input'],
  argreduce: ['input'],
  contract: ['left', 'right'],
  gather: ['source', 'indices'],
  scatter: ['updates', 'indices', 'output'],
  scan: ['values', 'factors'],
  random: ['keys'],
  straight: ['loads'],
};

const slotsIn = (...places: readonly (Place | readonly Place[])[]): number[] =>
  places.flat().map((place) => (typeof place === 'number' ? place : place.slot));

/** Slots that a kernel reads. */
export function readsOf(kernel: Kernel): readonly number[] {
  const places = kernel as unknown as Readonly<Record<string, Place | readonly Place[] | undefined>>;
  return slotsIn(...READS[kernel.kind].map((name) => places[name] ?? []));
}

/** Slots that a kernel writes. */
export function writesOf(kernel: Kernel): readonly number[] {
  return slotsIn(kernel.kind === 'straight' ? kernel.stores : kernel.output);
}
