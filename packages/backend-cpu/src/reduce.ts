/**
 * Reductions. The one idea: partial results in blocks, combined in an order that depends on the shape alone.
 * Must not import anything that knows operations by name.
 */
import type { ArgReduceKernel, DType, ReduceKernel, Slot } from '@jacobi/backend';
import { collapse, walker } from './nest.ts';
import type { Visit } from './nest.ts';

const BLOCK = 256;

/** The identity of a reducer as a number that the dtype can hold. */
export function identityOf(identity: number, dtype: DType): number {
  switch (dtype) {
    case 'float32':
    case 'float64':
      return identity;
    case 'int32':
      return Math.min(Math.max(identity, -2147483648), 2147483647);
    case 'bool':
      return Math.min(Math.max(identity, 0), 1);
  }
}

export function compileReduce(kernel: ReduceKernel, slots: readonly Slot[]): Visit {
  const { input, output, kept, reduced, reducer } = kernel;
  const dtype = slots[output.slot]!.dtype;
  const identity = identityOf(reducer.identity, dtype);
  const combine = dtype === 'int32' ? (reducer.int ?? reducer.js) : reducer.js;
  const outerPositions = [0, 0];
  const inner = collapse(reduced, [input.strides.slice(kept.length)]);
  const innerPositions = [0];
  let total = identity;
  let block = identity;
  let filled = 0;
  const reduceOne = walker(inner, [0], innerPositions, (arrays) => {
    block = combine(block, arrays[input.slot]![outerPositions[1]! + innerPositions[0]!]!);
    if (++filled === BLOCK) flush();
  });
  const flush = (): void => {
    total = combine(total, block);
    block = identity;
    filled = 0;
  };
  const outer = collapse(kept, [output.strides, input.strides.slice(0, kept.length)]);
  return walker(outer, [output.offset, input.offset], outerPositions, (arrays) => {
    total = identity;
    reduceOne(arrays);
    flush();
    arrays[output.slot]![outerPositions[0]!] = total;
  });
}

export function compileArgReduce(kernel: ArgReduceKernel): Visit {
  const { input, output, kept, length, largest } = kernel;
  const rank = kept.length;
  const stride = input.strides[rank]!;
  const positions = [0, 0];
  const nest = collapse(kept, [output.strides, input.strides.slice(0, rank)]);
  return walker(nest, [output.offset, input.offset], positions, (slots) => {
    const source = slots[input.slot]!;
    let at = positions[1]!;
    let best = source[at]!;
    let first = 0;
    for (let i = 1; i < length && best === best; i++) {
      at += stride;
      const value = source[at]!;
      if (value !== value || (largest ? value > best : value < best)) {
        best = value;
        first = i;
      }
    }
    slots[output.slot]![positions[0]!] = first;
  });
}
