/**
 * Outputs of which little is written: Jacobians with structure, filled with zeros first.
 * The one idea: where kernels write is known when a plan is compiled, so only those elements are carried out of linear
 * memory; the rest is filled in place, or not at all in an array that is new. Must not import modules.
 */
import type { Access, Kernel, Plan, TypedArray } from '@jacobi/backend';
import { rowMajor } from '@jacobi/backend';
import { positions, product } from './axes.ts';

/** What an output holds: a number, but at these positions. */
export interface Sparse {
  readonly fill: number;
  readonly positions: Int32Array;
}

/** Elements of an output that are worth the trouble, and how many of them may be written. */
const LEAST = 2048;
const SHARE = 8;

/** The kernel that fills an output, and what is left of the output then; undefined where most of it is written. */
export function sparseOutput({ steps, slots }: Plan, slot: number): { kernel: Kernel; sparse: Sparse } | undefined {
  const { length } = slots[slot]!;
  if (length < LEAST) return undefined;
  const [kernel, ...others] = steps.filter((each) => writtenBy(each).some((lane) => lane.slot === slot));
  if (kernel?.kind !== 'map' || kernel.inputs.length > 0 || kernel.body.length !== 1) return undefined;
  const [step] = kernel.body;
  const { offset, strides } = kernel.output;
  const whole = offset === 0 && product(kernel.shape) === length && isRowMajor(kernel.shape, strides);
  if (!whole || !('constant' in step!)) return undefined;
  const lists: Int32Array[] = [];
  let count = 0;
  for (const other of others) {
    for (const access of writtenBy(other)) {
      if (access.slot !== slot) continue;
      if (!access.shape) return undefined;
      count += product(access.shape);
      if (count > length / SHARE) return undefined;
      lists.push(positions(access.shape, access.strides).map((at) => at + access.offset));
    }
  }
  const all = new Int32Array(count);
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return { kernel, sparse: { fill: step.constant, positions: all } };
}

/** Where a kernel writes; without a shape: all of the slot. */
function writtenBy(kernel: Kernel): (Access & { readonly shape?: readonly number[] })[] {
  switch (kernel.kind) {
    case 'map':
      return [{ ...kernel.output, shape: kernel.shape }];
    case 'reduce':
    case 'argreduce':
      return [{ ...kernel.output, shape: kernel.kept }];
    case 'contract':
      return [{ ...kernel.output, shape: [...kernel.batch, ...kernel.m, ...kernel.n] }];
    case 'straight':
      return kernel.stores.map(({ slot, offset, stride }) => ({
        slot,
        offset,
        strides: [stride],
        shape: [kernel.rows],
      }));
    case 'gather':
    case 'scatter':
    case 'scan':
    case 'random':
      return [{ slot: kernel.output, offset: 0, strides: [] }];
    default:
      return kernel satisfies never;
  }
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const own = rowMajor(shape);
  return shape.every((size, i) => size === 1 || strides[i] === own[i]);
}

/** Carries out what was written. `fresh`: all elements of `to` are 0. */
export function carry({ fill, positions: all }: Sparse, from: TypedArray, to: TypedArray, fresh: boolean): void {
  if (!fresh || !Object.is(fill, 0)) to.fill(fill);
  // One loop for each dtype: a loop over arrays of several kinds is slower.
  if (from instanceof Float32Array) for (let i = 0; i < all.length; i++) to[all[i]!] = from[all[i]!]!;
  else for (let i = 0; i < all.length; i++) to[all[i]!] = from[all[i]!]!;
}
