/**
 * The axes of a loop nest over strided operands. The one idea: axes that every operand steps through evenly are one axis, so
 * that most kernels become a single flat loop. Must not import anything.
 */

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
