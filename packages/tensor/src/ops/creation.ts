/** New tensors of constants. The one idea: equal elements are a row of the program and never an array of it. */
import type { DType, Shape } from '@jacobi/backend';
import { allocate } from '@jacobi/backend';
import { bindOne } from '../bind.ts';
import { checkCount, checkDType, checkInteger, checkNumber, checkOptions, checkShape } from '../checks.ts';
import type { TensorLike } from '../convert.ts';
import { asTensor } from '../convert.ts';
import { describe } from '../describe.ts';
import { ArgumentError, DTypeError } from '../errors.ts';
import { eyeRow, fullRow } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { tensorFromData } from '../tensor.ts';
import type { TensorType } from '../type.ts';

/** Options of functions that make tensors. */
export interface CreationOptions {
  /** Element type of the result; each function says its default. */
  readonly dtype?: DType;
}

const DTYPE_ONLY = ['dtype'];
const NUMERIC = ['float32', 'float64', 'int32'];

function dtypeFrom(operation: string, options: CreationOptions, otherwise: DType, allowed?: readonly string[]): DType {
  checkOptions(operation, options, DTYPE_ONLY);
  const { dtype = otherwise } = options;
  checkDType(operation, dtype, allowed);
  return dtype;
}

function filled(operation: string, shape: Shape, value: number, dtype: DType): Tensor {
  checkShape(operation, 'shape', shape);
  return constantOf({ shape, dtype }, value);
}

/**
 * A tensor of a shape with one value in all places; float32 unless said otherwise, bool for true and false.
 * @throws ArgumentError for a shape or a value that is none; DTypeError for a fraction with dtype int32.
 * @example
 * full([2, 2], 7) // → [[7, 7], [7, 7]]
 */
export function full(shape: Shape, value: number | boolean, options: CreationOptions = {}): Tensor {
  const dtype = dtypeFrom('full', options, typeof value === 'boolean' ? 'bool' : 'float32');
  if (typeof value !== 'boolean') checkNumber('full', 'value', value, true);
  const number = Number(value);
  if (dtype === 'int32' && number !== (number | 0)) {
    throw new DTypeError(`full: value ${describe(value)} is not an int32; use dtype 'float32', or round it first`);
  }
  return filled('full', shape, dtype === 'bool' && number !== 0 ? 1 : number, dtype);
}

/**
 * Zeros of a shape, float32 unless said otherwise.
 * @throws ArgumentError for a shape that is none.
 * @example
 * zeros([2, 3]) // → [[0, 0, 0], [0, 0, 0]]
 */
export function zeros(shape: Shape, options: CreationOptions = {}): Tensor {
  return filled('zeros', shape, 0, dtypeFrom('zeros', options, 'float32'));
}

/**
 * Ones of a shape, float32 unless said otherwise.
 * @throws ArgumentError for a shape that is none.
 * @example
 * ones([3], { dtype: 'int32' }) // → [1, 1, 1]
 */
export function ones(shape: Shape, options: CreationOptions = {}): Tensor {
  return filled('ones', shape, 1, dtypeFrom('ones', options, 'float32'));
}

/**
 * Zeros of the shape and dtype of x. No derivative passes.
 * @example
 * zerosLike(tensor([1, 2])) // → [0, 0]
 */
export function zerosLike(x: TensorLike): Tensor {
  return zerosOf(asTensor('zerosLike', 'x', x).type);
}

/**
 * Ones of the shape and dtype of x. No derivative passes.
 * @example
 * onesLike(tensor([1, 2])) // → [1, 1]
 */
export function onesLike(x: TensorLike): Tensor {
  return onesOf(asTensor('onesLike', 'x', x).type);
}

const constantOf = ({ shape, dtype }: Pick<TensorType, 'shape' | 'dtype'>, value: number): Tensor =>
  bindOne(fullRow, [], { shape, dtype, value });

/** Zeros of a type. @internal */
export function zerosOf(type: Pick<TensorType, 'shape' | 'dtype'>): Tensor {
  return constantOf(type, 0);
}

/** Ones of a type. @internal */
export function onesOf(type: TensorType): Tensor {
  return constantOf(type, 1);
}

/**
 * The identity matrix of n rows (and `columns` columns): ones on the diagonal, zeros elsewhere.
 * @throws ArgumentError unless n and columns are whole numbers ≥ 0.
 * @example
 * eye(2) // → [[1, 0], [0, 1]]
 */
export function eye(n: number, options: CreationOptions & { readonly columns?: number } = {}): Tensor {
  checkOptions('eye', options, ['dtype', 'columns']);
  const { dtype = 'float32', columns = n } = options;
  checkDType('eye', dtype);
  checkInteger('eye', 'n', n, 0);
  checkInteger('eye', 'columns', columns, 0);
  return bindOne(eyeRow, [], { rows: n, columns, offset: 0, dtype });
}

/**
 * The numbers start, start + step, … before stop; `arange(n)` is 0 … n − 1. int32 if all three are whole, else float32.
 * @throws ArgumentError unless all three are finite and step is not 0.
 * @example
 * arange(4) // → [0, 1, 2, 3]
 * arange(1, 2, 0.25) // → [1, 1.25, 1.5, 1.75]
 */
export function arange(start: number, stop?: number, step = 1, options: CreationOptions = {}): Tensor {
  const from = stop === undefined ? 0 : start;
  const to = stop ?? start;
  checkNumber('arange', 'start', from);
  checkNumber('arange', 'stop', to);
  checkNumber('arange', 'step', step);
  if (step === 0) throw new ArgumentError('arange: step must not be 0');
  const n = Math.max(0, Math.ceil((to - from) / step));
  checkCount('arange', n);
  const fits = (x: number): boolean => Number.isInteger(x) && x === (x | 0);
  const whole = Number.isInteger(step) && Number.isInteger(to) && fits(from) && fits(from + Math.max(0, n - 1) * step);
  const dtype = dtypeFrom('arange', options, whole ? 'int32' : 'float32', NUMERIC);
  if (dtype === 'int32' && !whole)
    throw new DTypeError(
      `arange: start ${from}, stop ${to} and step ${step} do not give whole numbers within ±2³¹, as int32 needs; use float32 or float64`,
    );
  const data = allocate(dtype, n);
  for (let i = 0; i < n; i++) data[i] = from + i * step;
  return tensorFromData(data, dtype, [n]);
}

/**
 * `count` numbers from start to stop, both included, evenly spaced; float32 unless said otherwise.
 * @throws ArgumentError unless start and stop are finite and count is a whole number ≥ 0.
 * @example
 * linspace(0, 1, 5) // → [0, 0.25, 0.5, 0.75, 1]
 */
export function linspace(start: number, stop: number, count = 50, options: CreationOptions = {}): Tensor {
  checkNumber('linspace', 'start', start);
  checkNumber('linspace', 'stop', stop);
  checkInteger('linspace', 'count', count, 0);
  checkCount('linspace', count);
  const dtype = dtypeFrom('linspace', options, 'float32', NUMERIC);
  const data = allocate(dtype, count);
  const last = count - 1;
  const step = Number.isFinite(stop - start) ? (stop - start) / last : stop / last - start / last;
  for (let i = 0; i < count; i++) data[i] = i === 0 ? start : i === last ? stop : start + step * i;
  return tensorFromData(data, dtype, [count]);
}
