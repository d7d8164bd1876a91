/**
 * Tensors as text, as NumPy prints them: rows aligned, long axes cut in the middle.
 * Must not import tensors, but for their type.
 */
import type { TypedArray } from '@jacobi/backend';
import { rowMajor } from '@jacobi/backend';
import type { Tensor } from './tensor.ts';
import type { TensorType } from './type.ts';
import { watch } from './watch.ts';

/** How a tensor was read that became a number where none was asked for. */
export const OPERATORS = "JavaScript's operators";

/** A class whose instances convert to text and numbers with care, and show themselves in Node's console.log as their toString says. */
export const Printable: abstract new () => object = /* @__PURE__ */ (() => {
  const inspect = Symbol.for('nodejs.util.inspect.custom');
  type Item = Tensor & { readonly value?: Tensor };
  return class {
    [inspect](): string {
      return (this as { toString(): string }).toString();
    }
    /** As a number it is its one element, read out like by `item()`: never text, never NaN. */
    [Symbol.toPrimitive](hint: string): string | number | boolean {
      if (hint === 'string') return (this as { toString(): string }).toString();
      const self = this as unknown as Item;
      const tensor = self.value ?? self;
      tensor.trace?.refuseRead(tensor, OPERATORS);
      const number = tensor.item();
      watch?.noteRead(tensor, OPERATORS);
      return number;
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
  let width = 0;
  const visit = (axis: number, at: number): string => {
    if (axis === shape.length) {
      const text = dtype === 'bool' ? String(data[at] !== 0) : formatNumber(data[at]!, dtype === 'float32');
      if (shape.length > 1) width = Math.max(width, text.length);
      return text.padStart(width);
    }
    const n = shape[axis]!;
    const depth = shape.length - axis - 1;
    const part = (i: number): string => visit(axis + 1, at + i * strides[axis]!);
    const parts =
      cut && n > 6
        ? [part(0), part(1), part(2), '...', part(n - 3), part(n - 2), part(n - 1)]
        : Array.from({ length: n }, (_, i) => part(i));
    return `[${parts.join(`,${'\n'.repeat(depth)}${' '.repeat(depth > 0 ? axis + 1 : 1)}`)}]`;
  };
  // Rows stand under one another: the first time finds how wide.
  visit(0, 0);
  return visit(0, 0);
}

/** The shortest digits that tell a float32 (or float64) from its neighbours. */
export function formatNumber(value: number, single: boolean): string {
  if (Object.is(value, -0)) return '-0';
  if (!single) return String(value);
  for (let digits = 6; ; digits++) {
    const short = Number(value.toPrecision(digits));
    if (digits === 9 || Math.fround(short) === value) return String(short);
  }
}
