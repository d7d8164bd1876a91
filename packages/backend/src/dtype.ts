/**
 * Element types: their names, their storage, and the order in which they promote.
 * The one idea: a dtype is a string; everything else about it is a lookup here. Imports nothing.
 */

/** Element type of a tensor. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool';

/** Storage of a tensor's elements on the host: one class for each dtype (bool is stored as 0 and 1 in bytes). */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** All dtypes, in the order in which they promote. */
export const DTYPES: readonly DType[] = ['bool', 'int32', 'float32', 'float64'];

/** Bytes that one element takes. */
export function bytesPerElement(dtype: DType): number {
  return dtype === 'bool' ? 1 : dtype === 'float64' ? 8 : 4;
}

/** What the class of a dtype makes of a length, or of a buffer; each class by its name, which V8 makes faster than one in a table. */
function make(dtype: DType, from: number | ArrayBuffer, byteOffset?: number, length?: number): TypedArray {
  const source = from as ArrayBuffer;
  switch (dtype) {
    case 'float32':
      return new Float32Array(source, byteOffset, length);
    case 'float64':
      return new Float64Array(source, byteOffset, length);
    case 'int32':
      return new Int32Array(source, byteOffset, length);
    case 'bool':
      return new Uint8Array(source, byteOffset, length);
  }
}

/** A zeroed array of `length` elements. */
export function allocate(dtype: DType, length: number): TypedArray {
  return make(dtype, length);
}

/** A typed view of `length` elements of `buffer` from `byteOffset`, which must be a multiple of the element size. */
export function viewBytes(dtype: DType, buffer: ArrayBuffer, byteOffset: number, length: number): TypedArray {
  return make(dtype, buffer, byteOffset, length);
}

/** True for the dtypes that carry derivatives. */
export function isFloating(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

/** The wider of two dtypes: bool < int32 < float32 < float64. */
export function promoteTypes(a: DType, b: DType): DType {
  return DTYPES.indexOf(a) >= DTYPES.indexOf(b) ? a : b;
}

/** The dtype that a host array stands for; undefined where it stands for none. */
export function dtypeOf(array: unknown): DType | undefined {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Uint8Array) return 'bool';
  return undefined;
}
