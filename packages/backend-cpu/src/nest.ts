/**
 * Loop nests over strided operands. The one idea: what is left of a nest is walked by an odometer whose state was allocated once.
 * Must not import anything but types.
 */
import type { Axis, TypedArray } from '@jacobi/backend';

/** The arrays of a plan by slot number, and after them what its kernels need for themselves. */
export type Slots = TypedArray[];

/** A piece of a compiled plan: reads and writes slots. */
export type Visit = (slots: Slots) => void;

/**
 * A function that calls `visit` once for each index of `axes`, row-major, with the operands' positions (`starts` plus
 * index times strides) in `positions`. Allocates nothing when it runs.
 */
export function walk(axes: readonly Axis[], starts: readonly number[], positions: number[], visit: Visit): Visit {
  const index = axes.map(() => 0);
  const operands = starts.length;
  if (axes.some((axis) => axis.size === 0)) return () => {};
  return (slots) => {
    for (let o = 0; o < operands; o++) positions[o] = starts[o]!;
    for (;;) {
      visit(slots);
      let i = axes.length - 1;
      for (; i >= 0; i--) {
        const { size, strides } = axes[i]!;
        const more = ++index[i]! < size;
        const by = more ? 1 : 1 - size;
        for (let o = 0; o < operands; o++) positions[o]! += by * strides[o]!;
        if (more) break;
        index[i] = 0;
      }
      if (i < 0) return;
    }
  };
}
