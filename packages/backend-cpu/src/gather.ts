/**
 * Gather and its transpose, scatter-add. The one idea: rows of `inner` elements are moved whole; indices outside the axis
 * read as NaN (0 for integers) and write nothing. Must not import anything that knows operations by name.
 */
import type { GatherKernel, ScatterKernel } from '@jacobi/backend';
import type { Visit } from './nest.ts';

export function compileGather(kernel: GatherKernel): Visit {
  const { batch, outer, size, count, inner } = kernel;
  return (slots) => {
    const source = slots[kernel.source]!;
    const indices = slots[kernel.indices]!;
    const out = slots[kernel.output]!;
    let to = 0;
    for (let b = 0; b < batch; b++) {
      for (let o = 0; o < outer; o++) {
        const from = (b * outer + o) * size;
        for (let i = 0; i < count; i++) {
          const index = indices[b * count + i]!;
          if (index >= 0 && index < size) {
            const start = (from + index) * inner;
            for (let r = 0; r < inner; r++) out[to + r] = source[start + r]!;
          } else {
            out.fill(NaN, to, to + inner);
          }
          to += inner;
        }
      }
    }
  };
}

export function compileScatter(kernel: ScatterKernel): Visit {
  const { batch, outer, size, count, inner } = kernel;
  return (slots) => {
    const updates = slots[kernel.updates]!;
    const indices = slots[kernel.indices]!;
    const out = slots[kernel.output]!;
    let from = 0;
    for (let b = 0; b < batch; b++) {
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < count; i++) {
          const index = indices[b * count + i]!;
          if (index >= 0 && index < size) {
            const start = ((b * outer + o) * size + index) * inner;
            for (let r = 0; r < inner; r++) out[start + r] = out[start + r]! + updates[from + r]!;
          }
          from += inner;
        }
      }
    }
  };
}
