/**
 * Arguments of prepared functions, checked against what they were prepared for.
 * The one idea: a call takes what tracing saw, or says what differs. Must not import plans.
 */
import type { DType, TypedArray } from '@jacobi/backend';
import { dtypeOf } from '@jacobi/backend';
import { ArgumentError, DTypeError, ShapeError, Tensor, tensor } from '@jacobi/tensor';
import type { Flat, TensorType } from '@jacobi/tensor/internal';
import { asTensor, flattenNest } from '@jacobi/tensor/internal';

const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;

/** The leaves of a call's arguments, checked against what was prepared. */
export function argumentTensors(flats: readonly Flat<TensorType>[], args: readonly unknown[]): Tensor[] {
  if (args.length !== flats.length)
    throw new ArgumentError(
      `prepared Jacobian: called with ${args.length} arguments, but prepared for ${flats.length}`,
    );
  const out: Tensor[] = [];
  for (let i = 0; i < flats.length; i++) {
    const flat = flats[i]!;
    const arg = args[i];
    if (flat.structure === '*') {
      out.push(argumentTensor(arg, flat.leaves[0]!, `argument ${i}`));
      continue;
    }
    const given = flattenNest(`prepared Jacobian: argument ${i}`, arg, isValue, 'tensors or typed arrays', flat);
    if (given.structure !== flat.structure)
      throw new ArgumentError(
        `prepared Jacobian: argument ${i} must have the structure ${flat.structure}, not ${given.structure}`,
      );
    given.leaves.forEach((leaf, k) =>
      out.push(argumentTensor(leaf, flat.leaves[k]!, `argument ${i}${given.paths[k]}`)),
    );
  }
  return out;
}

const isValue = (x: unknown): x is Tensor | number | TypedArray =>
  x instanceof Tensor || typeof x === 'number' || dtypeOf(x) !== undefined;

function argumentTensor(value: unknown, type: TensorType, path: string): Tensor {
  if (value instanceof Tensor && value.type === type) return value;
  if (dtypeOf(value) === undefined) {
    const t = asTensor('prepared Jacobian', path, value as Tensor, isTensor(value) ? undefined : type.dtype);
    if (t.type !== type) refuse(type, path, t.shape, t.dtype);
    return t;
  }
  const array = value as TypedArray;
  const dtype = dtypeOf(array)!;
  if (array.length !== type.size) refuse(type, path, [array.length], dtype);
  if (dtype !== type.dtype) refuse(type, path, type.shape, dtype);
  return tensor(array, { shape: type.shape, dtype });
}

function refuse(type: TensorType, path: string, shape: readonly number[], dtype: DType): never {
  const mark = (ok: boolean): string => (ok ? '✓' : '✗');
  const sameShape = shape.join() === type.shape.join();
  throw new (sameShape ? DTypeError : ShapeError)(
    `prepared Jacobian: ${path} differs from what was prepared: shape [${shape.join()}] for [${type.shape.join()}] ${mark(sameShape)}, ` +
      `dtype ${dtype} for ${type.dtype} ${mark(dtype === type.dtype)}; prepare again for other shapes and dtypes`,
  );
}
