/**
 * Loop nests over strided operands. The one idea: axes that all operands step through evenly are one axis.
 * Must not import anything but types.
 */

/** One axis: its size, and each operand's stride. */
export interface Axis {
  readonly size: number;
  readonly strides: readonly number[];
}

/** The axes of a shape without those of size 1, neighbours merged where every operand allows it. */
export function collapse(shape: readonly number[], strides: readonly (readonly number[])[]): Axis[] {
  const axes: Axis[] = [];
  for (const [i, size] of shape.entries()) {
    if (size === 1) continue;
    const own = strides.map((s) => s[i]!);
    const last = axes.at(-1);
    const merges = last?.strides.every((s, operand) => s === own[operand]! * size) ?? false;
    if (merges) axes.pop();
    axes.push({ size: merges ? last!.size * size : size, strides: own });
  }
  return axes;
}

/** Takes out the axis that a loop should run along: the last, or the longest if that is short. Size 1 if there is none. */
export function takeRow(axes: Axis[], operands: number): Axis {
  let row = axes.length - 1;
  if (row < 0) return { size: 1, strides: new Array<number>(operands).fill(0) };
  if (axes[row]!.size < 32) {
    for (const [i, axis] of axes.entries()) if (axis.size > axes[row]!.size) row = i;
  }
  return axes.splice(row, 1)[0]!;
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/** Σ index·stride for every index of a shape, row-major. */
export function positions(shape: readonly number[], strides: readonly number[]): Int32Array {
  const out = new Int32Array(product(shape));
  if (out.length === 0) return out;
  let filled = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [size, stride] = [shape[axis]!, strides[axis]!];
    // What is there, once more for each further index of this axis.
    for (let i = 1; i < size; i++) for (let j = 0; j < filled; j++) out[i * filled + j] = out[j]! + i * stride;
    filled *= size;
  }
  return out;
}
