/**
 * Loop nests over strided operands. The one idea: axes that every operand steps through evenly are one axis, so that most
 * kernels become a single flat loop; what remains is walked by an odometer whose state was allocated once.
 * Must not import anything.
 */

/** A collapsed iteration space: `sizes` by axis, and for each operand its strides by axis. */
export interface Nest {
  readonly sizes: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** Drops axes of size 1 and merges neighbours where every operand allows it. */
export function collapse(shape: readonly number[], strides: readonly (readonly number[])[]): Nest {
  const sizes: number[] = [];
  const out: number[][] = strides.map(() => []);
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    const merges = last >= 0 && strides.every((s, o) => out[o]![last] === s[axis]! * size);
    if (merges) sizes[last]! *= size;
    else sizes.push(size);
    const at = sizes.length - 1;
    strides.forEach((s, o) => {
      out[o]![at] = s[axis]!;
    });
  });
  return { sizes, strides: out };
}

/**
 * A function that calls `visit` once for each index of `nest`, with the operands' positions in the array it was given:
 * `starts` plus index times strides. Allocates nothing when it runs.
 */
export function walker(nest: Nest, starts: readonly number[], positions: number[], visit: Visit): Visit {
  const { sizes, strides } = nest;
  const rank = sizes.length;
  const operands = starts.length;
  const index = sizes.map(() => 0);
  const empty = sizes.includes(0);
  return (slots) => {
    if (empty) return;
    for (let o = 0; o < operands; o++) positions[o] = starts[o]!;
    for (;;) {
      visit(slots);
      let axis = rank - 1;
      for (; axis >= 0; axis--) {
        const size = sizes[axis]!;
        const more = ++index[axis]! < size;
        const by = more ? 1 : 1 - size;
        for (let o = 0; o < operands; o++) positions[o]! += by * strides[o]![axis]!;
        if (more) break;
        index[axis] = 0;
      }
      if (axis < 0) return;
    }
  };
}

/** A piece of a compiled plan: reads and writes the slots. */
export type Visit = (slots: Slots) => void;

/** The arrays of a plan, by slot number. */
export type Slots = (Float32Array | Float64Array | Int32Array | Uint8Array)[];
