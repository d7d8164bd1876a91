/**
 * Loop nests over strided operands. The one idea: axes that every operand steps through evenly are one axis, so that most
 * kernels become a single flat loop; what remains is walked by an odometer whose state was allocated once.
 * Must not import anything but types.
 */
import type { TypedArray } from '@jacobi/backend';

/** The arrays of a plan by slot number, and after them what its kernels need for themselves. */
export type Slots = TypedArray[];

/** A piece of a compiled plan: reads and writes slots. */
export type Visit = (slots: Slots) => void;

/** One axis: its size, and each operand's stride. */
export interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/** The axes of a shape without those of size 1, neighbours merged where every operand allows it. */
export function collapse(shape: readonly number[], strides: readonly (readonly number[])[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const own = strides.map((s) => s[i] ?? 0);
    const last = axes.at(-1);
    const merges = last?.strides.every((s, operand) => s === own[operand]! * size);
    if (merges) axes.pop();
    axes.push({ size: merges ? last!.size * size : size, strides: own });
  });
  return axes;
}

/** Takes out the axis that a loop should run along: the last, or the longest if that is short. Size 1 if there is none. */
export function takeRow(axes: Axis[], operands: number): Axis {
  let row = axes.length - 1;
  if (row < 0) return { size: 1, strides: new Array<number>(operands).fill(0) };
  if (axes[row]!.size < 32) axes.forEach((axis, i) => (row = axis.size > axes[row]!.size ? i : row));
  return axes.splice(row, 1)[0]!;
}

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
