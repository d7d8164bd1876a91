/**
 * Gather and its transpose, scatter-add. The one idea: rows of `inner` elements are moved whole; indices outside the axis
 * read as NaN (0 for integers) and write nothing. Must not import scalar functions.
 */
import type { GatherKernel, ScatterKernel, TypedArray } from '@jacobi/backend';
import { copyLoop } from '@jacobi/backend';
import type { Visit } from './nest.ts';

export function gatherLoop(kernel: GatherKernel): Visit {
  const { inner, source, indices, output } = kernel;
  return (slots) => {
    const from = slots[source]!;
    const out = slots[output]!;
    forEachIndex(kernel, slots[indices]!, (at, to, inside) => {
      if (inside) copyLoop(inner, out, to, 1, from, at, 1);
      else out.fill(NaN, to, to + inner);
    });
  };
}

export function scatterLoop(kernel: ScatterKernel): Visit {
  const { inner, updates, indices, output } = kernel;
  return (slots) => {
    const from = slots[updates]!;
    const out = slots[output]!;
    forEachIndex(kernel, slots[indices]!, (to, at, inside) => {
      if (inside) addRow(inner, out, to, from, at);
    });
  };
}

function addRow(n: number, out: TypedArray, o: number, from: TypedArray, i: number): void {
  for (; n-- > 0; o++, i++) out[o]! += from[i]!;
}

/** Calls `visit` for each index: where its row is along the axis, where it is in order, whether it is on the axis. */
function forEachIndex(
  { batch, outer, size, count, inner }: GatherKernel | ScatterKernel,
  indices: TypedArray,
  visit: (row: number, position: number, inside: boolean) => void,
): void {
  let position = 0;
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < count; i++) {
        const index = indices[b * count + i]!;
        visit(((b * outer + o) * size + index) * inner, position, index >= 0 && index < size);
        position += inner;
      }
    }
  }
}
