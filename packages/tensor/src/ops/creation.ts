/** New tensors of constants. */
import type { DType, Shape } from '@jacobi/backend';
import { allocate } from '@jacobi/backend';
import { bindOne } from '../bind.ts';
import { asTensor, checkShape } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import { ArgumentError } from '../errors.ts';
import { eyeRow, fullRow } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { tensorFromData } from '../tensor.ts';
import type { TensorType } from '../type.ts';

export function full(shape: Shape, value: number, options: { readonly dtype?: DType } = {}): Tensor {
  checkShape('full', 'shape', shape);
  return bindOne(fullRow, [], { shape, dtype: options.dtype ?? 'float32', value });
}
export function zeros(shape: Shape, options: { readonly dtype?: DType } = {}): Tensor {
  return full(shape, 0, options);
}
export function ones(shape: Shape, options: { readonly dtype?: DType } = {}): Tensor {
  return full(shape, 1, options);
}
export function zerosLike(x: TensorLike): Tensor {
  return zerosOf(asTensor('zerosLike', 'x', x).type);
}
export function onesLike(x: TensorLike): Tensor {
  const { shape, dtype } = asTensor('onesLike', 'x', x);
  return full(shape, 1, { dtype });
}
/** Zeros of a type. @internal */
export function zerosOf(type: TensorType): Tensor {
  return bindOne(fullRow, [], { shape: type.shape, dtype: type.dtype, value: 0 });
}

export function eye(n: number, options: { readonly dtype?: DType; readonly columns?: number } = {}): Tensor {
  const columns = options.columns ?? n;
  checkShape('eye', 'n', [n, columns]);
  return bindOne(eyeRow, [], { rows: n, columns, offset: 0, dtype: options.dtype ?? 'float32' });
}

export function arange(start: number, stop?: number, step = 1, options: { readonly dtype?: DType } = {}): Tensor {
  const from = stop === undefined ? 0 : start;
  const to = stop ?? start;
  if (![from, to, step].every(Number.isFinite) || step === 0) {
    throw new ArgumentError(`arange: start, stop and step must be finite and step not 0, not ${from}, ${to}, ${step}`);
  }
  const n = Math.max(0, Math.ceil((to - from) / step));
  const dtype = options.dtype ?? ([from, to, step].every(Number.isInteger) ? 'int32' : 'float32');
  const data = allocate(dtype, n);
  for (let i = 0; i < n; i++) data[i] = from + i * step;
  return tensorFromData(data, dtype, [n]);
}

export function linspace(start: number, stop: number, count = 50, options: { readonly dtype?: DType } = {}): Tensor {
  checkShape('linspace', 'count', [count]);
  const dtype = options.dtype ?? 'float32';
  const data = allocate(dtype, count);
  for (let i = 0; i < count; i++) data[i] = count === 1 ? start : i === count - 1 ? stop : start + ((stop - start) * i) / (count - 1);
  return tensorFromData(data, dtype, [count]);
}
