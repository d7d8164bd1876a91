/**
 * Element types: their names, their storage, and the order in which they promote.
 * The one idea: a dtype is a string; everything else about it is a lookup here. Imports nothing.
 */

/** Element type of a tensor. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool';

/** Storage of a tensor's elements on the host: one class for each dtype (bool is stored as 0 and 1 in bytes). */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Bytes that one element takes. */
export function bytesPerElement(dtype: DType): number {
  switch (dtype) {
    case 'float32':
    case 'int32':
      return 4;
    case 'float64':
      return 8;
    case 'bool':
      return 1;
  }
}

/** A zeroed array of `length` elements. */
export function allocate(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'bool':
      return new Uint8Array(length);
  }
}

/** A typed view of `length` elements of `buffer` from `byteOffset`, which must be a multiple of the element size. */
export function viewBytes(dtype: DType, buffer: ArrayBuffer, byteOffset: number, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, length);
    case 'float64':
      return new Float64Array(buffer, byteOffset, length);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length);
    case 'bool':
      return new Uint8Array(buffer, byteOffset, length);
  }
}

/** True for the dtypes that carry derivatives. */
export function isFloating(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

const RANK: Record<DType, number> = { bool: 0, int32: 1, float32: 2, float64: 3 };

/** The wider of two dtypes: bool < int32 < float32 < float64. */
export function promoteTypes(a: DType, b: DType): DType {
  return RANK[a] >= RANK[b] ? a : b;
}

/** The dtype that a host array stands for; undefined where it stands for none. */
export function dtypeOf(array: unknown): DType | undefined {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Uint8Array) return 'bool';
  return undefined;
}
