/**
 * Tensors as text, as NumPy prints them: rows aligned, long axes cut in the middle.
 * Must not import tensors.
 */
import type { TypedArray } from '@jacobi/backend';
import { rowMajor } from '@jacobi/backend';
import type { TensorType } from './type.ts';

/** A class whose instances convert to text and numbers with care, and show themselves in Node's console.log as their toString says. */
export const Printable: abstract new () => object = /* @__PURE__ */ (() => {
  const inspect = Symbol.for('nodejs.util.inspect.custom');
  return class {
    [inspect](): string {
      return (this as { toString(): string }).toString();
    }
    /** As a number it is its one element, read out like by `item()`: never text, never NaN. */
    [Symbol.toPrimitive](hint: string): string | number | boolean {
      if (hint === 'string') return (this as { toString(): string }).toString();
      const self = this as unknown as { readonly item?: () => number; readonly value: { item(): number } };
      return self.item === undefined ? self.value.item() : self.item();
    }
  };
})();

/** Tensors with more elements are cut: their long axes to the first and last three entries. */
const THRESHOLD = 1000;

/** The elements as nested brackets, numbers aligned. */
export function formatTensor(data: TypedArray, type: TensorType): string {
  const { shape, dtype } = type;
  const cut = type.size > THRESHOLD;
  const strides = rowMajor(shape);
  const texts: string[] = [];
  const indices = (n: number): (number | null)[] =>
    cut && n > 6 ? [0, 1, 2, null, n - 3, n - 2, n - 1] : [...Array(n).keys()];
  const visit = (axis: number, at: number, leaf: (index: number) => string): string => {
    if (axis === shape.length) return leaf(at);
    const last = axis === shape.length - 1;
    const parts = indices(shape[axis]!).map((i) =>
      i === null ? '...' : visit(axis + 1, at + i * strides[axis]!, leaf),
    );
    return `[${parts.join(last ? ', ' : `,${'\n'.repeat(shape.length - axis - 1)}${' '.repeat(axis + 1)}`)}]`;
  };
  const text = (i: number): string =>
    dtype === 'bool' ? String(data[i] !== 0) : formatNumber(data[i]!, dtype === 'float32');
  visit(0, 0, (i) => {
    texts.push(text(i));
    return '';
  });
  const width = shape.length > 1 ? Math.max(0, ...texts.map((t) => t.length)) : 0;
  return visit(0, 0, (i) => text(i).padStart(width));
}

/** The shortest digits that tell a float32 (or float64) from its neighbours. */
export function formatNumber(value: number, single: boolean): string {
  if (Object.is(value, -0)) return '-0';
  if (!single) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}
