/**
 * Shapes counted out: how many indices there are, and where each of them lies. Must not import anything.
 */

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
