/**
 * Plain arrays of numbers with a shape: what oracles take and give.
 * The one idea: a value is a function of its index. Slow and obvious on purpose; must not import Jacobi's operations.
 */

/** Numbers in row-major order. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Number of elements of a shape. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The index of the element at a place in row-major order. */
function indexAt(shape: readonly number[], place: number): number[] {
  const index = new Array<number>(shape.length);
  let rest = place;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}

/** All indices of a shape, in row-major order. */
export function indices(shape: readonly number[]): number[][] {
  return Array.from({ length: countOf(shape) }, (_, place) => indexAt(shape, place));
}

/** The element at an index. */
export function at(x: NdArray, index: readonly number[]): number {
  let place = 0;
  index.forEach((i, axis) => {
    if (!(i >= 0 && i < x.shape[axis]!)) throw new Error(`index [${index.join()}] is outside of [${x.shape.join()}]`);
    place = place * x.shape[axis]! + i;
  });
  if (index.length !== x.shape.length)
    throw new Error(`index [${index.join()}] has not the rank of [${x.shape.join()}]`);
  return x.data[place]!;
}

/** The array whose element at each index is `value(index)`. */
export function build(shape: readonly number[], value: (index: number[]) => number): NdArray {
  return { shape, data: indices(shape).map(value) };
}

/** The element that an operand contributes to an index of the broadcast result. */
export function broadcastAt(x: NdArray, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return at(
    x,
    own.map((i, axis) => (x.shape[axis] === 1 ? 0 : i)),
  );
}

/** The shape to which shapes broadcast; 1 stretches, also to 0. */
function broadcastShape(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((s) => s[s.length - rank + axis] ?? 1);
    return sizes.find((d) => d !== 1) ?? 1;
  });
}

/** A function of numbers, element by element, over operands that broadcast. */
export function elementwiseOf(fn: (...values: number[]) => number): (...xs: NdArray[]) => NdArray {
  return (...xs) =>
    build(broadcastShape(xs.map((x) => x.shape)), (index) => fn(...xs.map((x) => broadcastAt(x, index))));
}

/** A function of the list of values along some axes, for each position on the others. */
export function alongAxes(
  x: NdArray,
  axes: readonly number[],
  keepDims: boolean,
  fn: (values: number[]) => number,
): NdArray {
  const reduced = axes.map((a) => x.shape[a]!);
  const keptAxes = x.shape.map((_, a) => a).filter((a) => !axes.includes(a));
  const kept = build(
    keptAxes.map((a) => x.shape[a]!),
    (outer) =>
      fn(
        indices(reduced).map((inner) => {
          const index = x.shape.map((_, a) =>
            axes.includes(a) ? inner[axes.indexOf(a)]! : outer[keptAxes.indexOf(a)]!,
          );
          return at(x, index);
        }),
      ),
  );
  return keepDims ? { ...kept, shape: x.shape.map((d, a) => (axes.includes(a) ? 1 : d)) } : kept;
}

/** A function from the line of values along an axis to another line, on each line. */
export function onLines(x: NdArray, axis: number, fn: (line: number[]) => readonly number[]): NdArray {
  return build(x.shape, (index) => {
    const line = Array.from({ length: x.shape[axis]! }, (_, i) =>
      at(
        x,
        index.map((v, a) => (a === axis ? i : v)),
      ),
    );
    return fn(line)[index[axis]!]!;
  });
}
