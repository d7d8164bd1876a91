/**
 * Shapes, strides and views, and the axes of loop nests over them.
 * The one idea: a view is offset + Σ index·stride over a flat buffer, so moving data is arithmetic on strides, and axes that
 * every operand steps through evenly are one axis. Imports nothing.
 */

/** The size of one axis: a whole number, until sizes may be affine in a symbol, such as the batch. */
export type Dim = number;

/** Sizes by axis, outermost first. */
export type Shape = readonly Dim[];

/** An affine window on a flat buffer, in elements. A stride of 0 repeats, a negative stride runs backwards. */
export interface View {
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** Number of elements of a shape; 1 for []. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const d of shape) size *= d;
  return size;
}

/** Row-major strides of a shape. */
export function rowMajor(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/** The whole of a row-major buffer. */
export function contiguousView(shape: Shape): View {
  return { offset: 0, shape, strides: rowMajor(shape) };
}

/** True if the view reads its elements one after the other from offset 0. Axes of size 1, and of empty views, may have any stride. */
export function isContiguous(view: View): boolean {
  const { offset, shape, strides } = view;
  const steps = rowMajor(shape);
  return offset === 0 && (shape.includes(0) || shape.every((d, i) => d === 1 || strides[i] === steps[i]));
}

/** True if two shapes have the same sizes. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** NumPy's common shape, aligned at the last axis; undefined if the shapes do not broadcast. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const p = a[a.length - i] ?? 1;
    const q = b[b.length - i] ?? 1;
    if (p !== q && p !== 1 && q !== 1) return undefined;
    out[rank - i] = p === 1 ? q : p;
  }
  return out;
}

/** Strides that read `view` over the wider `shape`, aligned at the last axis: 0 on every axis that repeats. */
export function broadcastStrides(view: View, shape: Shape): number[] {
  const lead = shape.length - view.shape.length;
  return shape.map((d, i) => {
    if (i < lead) return 0;
    const own = view.shape[i - lead]!;
    return own === 1 && d !== 1 ? 0 : view.strides[i - lead]!;
  });
}

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
