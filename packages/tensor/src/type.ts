/**
 * Types of tensors: dtype and shape, interned.
 * The one idea: equal types are the same object, so comparing types is comparing pointers. Must not import tensors.
 */
import type { DType, Shape } from '@jacobi/backend';
import { sizeOf } from '@jacobi/backend';

/** What is known of a tensor without its values. Interned: two equal types are one object. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly size: number;
  /** Small and unique; keys of caches are made of it. */
  readonly id: number;
}

const interned: Map<string, TensorType> = /* @__PURE__ */ new Map();

/** The type with this dtype and shape. */
export function tensorType(dtype: DType, shape: Shape): TensorType {
  const key = `${dtype},${shape.join()}`;
  let type = interned.get(key);
  if (type === undefined) {
    type = { dtype, shape: Object.freeze([...shape]), size: sizeOf(shape), id: interned.size };
    interned.set(key, type);
  }
  return type;
}

/** A type as messages say it, with the dtype as the user writes it: float32[2,3]. */
export function formatType({ dtype, shape }: TensorType): string {
  return `${dtype}[${shape.join()}]`;
}
