/**
 * From JavaScript values to tensors: `tensor`, `constant`, and what operations do with their arguments.
 * The one idea: a tensor goes through unchanged and connected; numbers take the dtype of what they meet.
 */
import type { DType, Shape, TypedArray } from '@jacobi/backend';
import { allocate, dtypeOf, isFloating, promoteTypes, sameShape, sizeOf } from '@jacobi/backend';
import { bindOne } from './bind.ts';
import { checkDType, checkOptions, checkShape } from './checks.ts';
import { describe } from './describe.ts';
import { ArgumentError, DTypeError, ShapeError } from './errors.ts';
import { Printable } from './format.ts';
import type { Primitive } from './primitive.ts';
import { castRow } from './primitives/elementwise.ts';
import { broadcastRow, concatRow, fullRow, reshapeRow } from './primitives/movement.ts';
import { Tensor, tensorFromData } from './tensor.ts';
import { formatType } from './type.ts';
import type { Variable } from './variable.ts';
import { currentTrace } from './watch.ts';

/** Nested arrays of numbers, booleans or tensors. */
export type NestedLike = number | boolean | Tensor | Variable | readonly NestedLike[];
/** What operations take for a tensor: a tensor, a variable, a number, nested arrays, or a typed array. */
export type TensorLike = NestedLike | TypedArray;

/** Options of `tensor`. */
export interface TensorOptions {
  /** Element type; what the data says if absent. */
  readonly dtype?: DType;
  /** For as many elements as data has, or for one number, which fills it. */
  readonly shape?: Shape;
}

const NO_OPTIONS: TensorOptions = {};

/**
 * Makes a tensor of a number, a boolean, nested arrays or a typed array (copied, row-major, with `shape`).
 *
 * Default dtype float32; booleans give bool, Float64Array float64, Int32Array int32, Float32Array float32, and the bytes of a
 * Uint8Array int32 (`dtype: 'bool'` reads again what a bool tensor's `data()` gave).
 * A tensor goes through unchanged and stays connected to its history; arrays with tensors inside are stacked, connected. One
 * number fills any `shape`.
 * @throws ShapeError for ragged arrays or a shape that does not fit; DTypeError for a tensor with another dtype (use `cast`).
 * @example
 * tensor([[1, 2, 3], [4, 5, 6]]).shape // → [2, 3]
 */
export function tensor(data: TensorLike, options: TensorOptions = NO_OPTIONS): Tensor {
  if (options !== NO_OPTIONS) checkOptions('tensor', options, ['dtype', 'shape']);
  const { dtype, shape } = options;
  if (dtype !== undefined) checkDType('tensor', dtype);
  if (shape !== undefined) checkShape('tensor', 'shape', shape);
  return retyped('tensor', 'data', asTensor('tensor', 'data', data, dtype, shape), dtype, shape);
}

/** `tensor` under TensorFlow's name. A tensor goes through unchanged and stays connected. */
export const constant: typeof tensor = tensor;

/** Told by its method, so that programs without variables do not hold the class. */
export function isVariable(x: unknown): x is Variable {
  return x instanceof Printable && 'assignAdd' in x;
}

/** A tensor of the dtype that is asked for, under another shape; one number fills any shape. */
export function retyped(
  operation: string,
  argument: string,
  t: Tensor,
  dtype: DType | undefined,
  shape?: Shape,
): Tensor {
  if (dtype !== undefined && dtype !== t.dtype) {
    throw new DTypeError(`${operation}: ${argument} has dtype ${t.dtype}, not ${dtype}; use cast(x, '${dtype}')`);
  }
  if (shape === undefined) return t;
  const size = sizeOf(shape);
  if (size === t.size) return reshapeTo(t, shape);
  if (t.size === 1) return bindOne(broadcastRow, [reshapeTo(t, [])], { shape });
  throw new ShapeError(`tensor: shape [${shape.join()}] does not fit the ${t.size} elements of data`);
}

/** Lists in lists that data may have: more, and it is taken to hold itself. */
const MOST_NESTED = 99;

/** A tensor of anything but a tensor; under `shape`, where that has as many elements. */
function fromData(
  operation: string,
  argument: string,
  data: TensorLike,
  dtype: DType | undefined,
  shape: Shape | undefined,
): Tensor {
  if (typeof data === 'number') return scalarTensor(data, dtype ?? 'float32', operation, argument);
  const own: number[] = [];
  const values = ArrayBuffer.isView(data)
    ? copied(operation, argument, data, dtype, own)
    : flattened(operation, argument, data, dtype, own);
  if (values === null)
    return retyped(operation, argument, stackNested(operation, argument, data as readonly NestedLike[]), dtype);
  return tensorFromData(values, dtypeOf(values)!, shape && sizeOf(shape) === values.length ? shape : own);
}

/** The elements of a typed array; `own` becomes their shape. */
function copied(
  operation: string,
  argument: string,
  data: TypedArray,
  dtype: DType | undefined,
  own: number[],
): TypedArray {
  const type = data instanceof Uint8Array ? 'int32' : dtypeOf(data);
  if (type === undefined)
    throw new DTypeError(
      `${operation}: ${argument} is ${describe(data)}; copy it to a Float32Array, Float64Array, Int32Array or Uint8Array`,
    );
  const to = dtype ?? type;
  const copy = allocate(to, data.length);
  own.push(data.length);
  try {
    copy.set(data);
  } catch (cause) {
    // Sizes fit and elements are numbers: only the buffer itself can be gone.
    throw new ArgumentError(`${operation}: the buffer of ${argument} was transferred`, { cause });
  }
  if (to !== type && !isFloating(to))
    data.forEach((v, i) => {
      copy[i] = held(operation, argument, v, to);
    });
  return copy;
}

/** The elements of nested arrays; `own` becomes their shape. Null where there is a tensor inside. */
function flattened(
  operation: string,
  argument: string,
  data: NestedLike,
  dtype: DType | undefined,
  own: number[],
): TypedArray | null {
  const flat: (number | boolean)[] = [];
  // The first of each depth say what the shape is, and the others must agree.
  for (let first: unknown = data; Array.isArray(first); first = first[0]) {
    if (own.push(first.length) > MOST_NESTED)
      throw new ShapeError(`${operation}: ${argument} is nested too deep, or in itself`);
  }
  const hasTensor = (node: NestedLike, axis: number, path: string): boolean => {
    if (node instanceof Tensor || isVariable(node)) return true;
    const isArray = Array.isArray(node);
    if ((isArray ? node.length : undefined) !== own[axis])
      throw new ShapeError(
        `${operation}: ${path} has ${isArray ? `${node.length} elements` : describe(node)}, its neighbours ${own[axis] ?? 'none'}: arrays must be rectangular`,
      );
    if (isArray)
      // Holes count.
      return Array.from(node as readonly NestedLike[]).some((part, i) => hasTensor(part, axis + 1, `${path}[${i}]`));
    if (typeof node !== 'number' && typeof node !== 'boolean')
      throw new ArgumentError(
        `${operation}: ${path} must be a tensor, a variable, a number or nested arrays, not ${describe(node)}`,
      );
    flat.push(node);
    return false;
  };
  if (hasTensor(data, 0, argument)) return null;
  const type = dtype ?? (flat.length > 0 && flat.every((v) => typeof v === 'boolean') ? 'bool' : 'float32');
  const values = allocate(type, flat.length);
  flat.forEach((v, i) => (values[i] = held(operation, argument, Number(v), type)));
  return values;
}

/** A number as an element of `dtype`. */
function held(operation: string, argument: string, value: number, dtype: DType): number {
  if (dtype === 'bool') return Number(value !== 0);
  if (dtype === 'int32' && value !== (value | 0))
    throw new DTypeError(`${operation}: ${argument} ${value} is not an int32; round it, or use dtype 'float32'`);
  return value;
}

/** Arrays with tensors inside, stacked; connected to each of them. */
function stackNested(operation: string, argument: string, data: readonly NestedLike[]): Tensor {
  const beside = widestType(data);
  const parts = Array.from(data, (d, i) => asBeside(operation, `${argument}[${i}]`, d, beside));
  const dtype = widestType(parts)!;
  const { type } = parts[0]!;
  const rows = parts.map((part, i) => {
    if (!sameShape(part.shape, type.shape)) {
      throw new ShapeError(
        `${operation}: ${argument}[${i}] ${formatType(part.type)} and ${argument}[0] ${formatType(type)} differ in shape`,
      );
    }
    return reshapeTo(castTo(part, dtype), [1, ...type.shape]);
  });
  return bindOne(concatRow, rows, { axis: 0 });
}

/** A tensor of shape [] of one number: data where values are computed, a row where they are traced. */
export function scalarTensor(value: number, dtype: DType, operation = 'tensor', argument = 'data'): Tensor {
  const element = held(operation, argument, value, dtype);
  if (currentTrace() !== null) return bindOne(fullRow, [], { shape: [], dtype, value: element });
  const data = allocate(dtype, 1);
  data[0] = element;
  return tensorFromData(data, dtype, []);
}

/** An argument as a tensor; numbers and arrays become float32 (booleans bool) unless `dtype` says otherwise. */
export function asTensor(operation: string, argument: string, value: TensorLike, dtype?: DType, shape?: Shape): Tensor {
  if (value instanceof Tensor) return value;
  if (isVariable(value)) return value.value;
  return fromData(operation, argument, value, dtype, shape);
}

/** An argument as a floating tensor: int32 and bool become float32. */
export function asFloat(operation: string, argument: string, value: TensorLike): Tensor {
  return floating(asTensor(operation, argument, value));
}

/** A row of one floating operand, which has its name. */
export function bindFloat(row: Primitive, x: TensorLike): Tensor {
  return bindOne(row, [asFloat(row.name, 'x', x)]);
}

/** An argument as a tensor of numbers: bool becomes int32. */
export function asNumeric(operation: string, argument: string, value: TensorLike): Tensor {
  return numeric(asTensor(operation, argument, value));
}

const numeric = (t: Tensor): Tensor => (t.dtype === 'bool' ? castTo(t, 'int32') : t);
const floating = (t: Tensor): Tensor => (isFloating(t.dtype) ? t : castTo(t, 'float32'));

/** The tensor in another dtype. */
export function castTo(t: Tensor, dtype: DType): Tensor {
  return t.dtype === dtype ? t : bindOne(castRow, [t], { dtype });
}

/** The tensor's elements under another shape, which must have as many. */
export function reshapeTo(t: Tensor, shape: Shape): Tensor {
  return sameShape(t.shape, shape) ? t : bindOne(reshapeRow, [t], { shape });
}

/** True for a number and for nested lists of nothing but numbers: they have no dtype of their own. */
const isPlain = (value: unknown, depth = 0): boolean =>
  typeof value === 'number' ||
  (Array.isArray(value) && depth <= MOST_NESTED && value.every((part) => isPlain(part, depth + 1)));

/** The dtype that plain numbers take beside a tensor of `dtype`: that dtype, but whole numbers beside integers are int32. */
function plainType(value: TensorLike, dtype: DType): DType {
  if (isFloating(dtype)) return dtype;
  return Number.isInteger(value) && Math.abs(value as number) <= 2147483647 ? 'int32' : 'float32';
}

/** The widest dtype among values that have one (tensors, variables); undefined if none has. */
export function widestType(values: readonly unknown[]): DType | undefined {
  let widest: DType | undefined;
  for (const value of values) {
    const own = (value as { readonly dtype?: DType } | null | undefined)?.dtype;
    if (typeof own === 'string') widest = widest === undefined ? own : promoteTypes(widest, own);
  }
  return widest;
}

/** An argument as a tensor; plain numbers take the dtype that they take beside a tensor of `beside`. */
export function asBeside(operation: string, argument: string, value: TensorLike, beside: DType | undefined): Tensor {
  const dtype = beside !== undefined && isPlain(value) ? plainType(value, beside) : undefined;
  return asTensor(operation, argument, value, dtype);
}

/** Both arguments of a binary operation as tensors of their common dtype: bool < int32 < float32 < float64. */
export function asPair(
  operation: string,
  a: TensorLike,
  b: TensorLike,
  names: readonly [string, string] = ['a', 'b'],
): [Tensor, Tensor] {
  // Plain numbers take their dtype from the other side.
  const other = isPlain(a) && !isPlain(b) ? asTensor(operation, names[1], b) : undefined;
  const x = asBeside(operation, names[0], a, other?.dtype);
  const y = other ?? asBeside(operation, names[1], b, x.dtype);
  if (x.dtype === y.dtype) return [x, y];
  const dtype = promoteTypes(x.dtype, y.dtype);
  return [castTo(x, dtype), castTo(y, dtype)];
}

/** Both arguments of a binary operation as tensors of numbers, of one dtype. */
export function asNumericPair(
  operation: string,
  a: TensorLike,
  b: TensorLike,
  names?: readonly [string, string],
): [Tensor, Tensor] {
  const [x, y] = asPair(operation, a, b, names);
  return [numeric(x), numeric(y)];
}

/** Both arguments of a binary operation as floating tensors of one dtype. */
export function asFloatPair(
  operation: string,
  a: TensorLike,
  b: TensorLike,
  names?: readonly [string, string],
): [Tensor, Tensor] {
  const [x, y] = asPair(operation, a, b, names);
  return [floating(x), floating(y)];
}
