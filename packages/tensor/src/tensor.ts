/**
 * Tensor: an immutable array on a backend, or a value of a program that is being traced.
 * The one idea: a tensor is a type and a buffer; everything else is a function. Methods are few, because methods are never
 * tree-shaken. Must not import interpreters.
 */
import type { Backend, BufferRef, DType, Shape, TypedArray } from '@jacobi/backend';
import { allocate } from '@jacobi/backend';
import type { TensorLike } from './convert.ts';
import { getBackend } from './device.ts';
import { ArgumentError, DeviceError } from './errors.ts';
import { formatTensor, Printable } from './format.ts';
import { add, div, mul, neg, sub } from './ops/arithmetic.ts';
import { matmul } from './ops/contraction.ts';
import { pow } from './ops/power.ts';
import { mean, sum } from './ops/reduction.ts';
import { cast, reshape, slice, transpose } from './ops/shape.ts';
import { debugging } from './program.ts';
import type { Trace } from './trace.ts';
import type { TensorType } from './type.ts';
import { formatType, tensorType } from './type.ts';
import { watch } from './watch.ts';

/** Numbers (or booleans) nested as deep as the tensor's rank; a bare number for a scalar. */
export type NestedArray = number | boolean | NestedArray[];

let tensors = 0;
/** How many tensors were made so far: the id of the last. @internal */
export const tensorsMade = (): number => tensors;

/** An immutable n-dimensional array of float32, float64, int32 or bool. Nobody has to dispose of it. */
export class Tensor extends Printable {
  /** Unique; recorders know tensors by it, so that they keep none alive. */
  readonly id: number = ++tensors;
  /** @internal */
  declare readonly type: TensorType;
  /** @internal The elements, row-major; null for a value of a trace. */
  declare readonly buffer: BufferRef | null;
  /** @internal */
  declare readonly backend: Backend | null;
  /** @internal The trace that this abstract value belongs to; null for a value with elements. */
  declare readonly trace: Trace | null;

  /** @internal Use `tensor()`. */
  constructor(type: TensorType, buffer: BufferRef | null, backend: Backend | null, trace: Trace | null = null) {
    super();
    this.type = type;
    this.buffer = buffer;
    this.backend = backend;
    this.trace = trace;
  }

  /** Sizes by axis. */
  get shape(): number[] {
    return this.type.shape as number[];
  }
  /** Element type. */
  get dtype(): DType {
    return this.type.dtype;
  }
  /** Number of elements. */
  get size(): number {
    return this.type.size;
  }
  /** Number of axes. */
  get rank(): number {
    return this.type.shape.length;
  }

  /** The elements in row-major order, read-only by contract. Works on every device. */
  async data(): Promise<TypedArray> {
    const buffer = concrete(this, 'data');
    return handOut(this.size === 0 ? allocate(this.dtype, 0) : await this.backend!.read(buffer));
  }
  /** The elements in row-major order, at once; read-only by contract. Throws on devices without synchronous reads. */
  dataSync(): TypedArray {
    return readNow(this, 'dataSync');
  }
  /** The elements as nested arrays, whose type may be said: `await x.array<number[][]>()`. */
  async array<T extends NestedArray = NestedArray>(): Promise<T> {
    return nested(await this.data(), this.type) as T;
  }
  /** The elements as nested arrays, at once, whose type may be said: `x.arraySync<number[]>()`. Throws on devices without synchronous reads. */
  arraySync<T extends NestedArray = NestedArray>(): T {
    return nested(readNow(this, 'arraySync'), this.type) as T;
  }
  /** The one element of a tensor of size 1: a number (true or false for a bool tensor). */
  item<T extends number | boolean = number>(): T {
    if (this.size !== 1)
      throw new ArgumentError(
        `item: the tensor must have one element, not ${formatType(this.type)}; use arraySync(), add(a, b) for a + b`,
      );
    return plain(readNow(this, 'item')[0]!, this.dtype) as T;
  }

  /** Readable as NumPy prints: `[[1, 2], [3, 4]]`. */
  override toString(): string {
    if (this.trace !== null) return `traced(${formatType(this.type)})`;
    if (this.backend!.readSync === undefined) return `tensor(${formatType(this.type)} on ${this.backend!.name})`;
    return formatTensor(readAtOnce(this, 'toString'), this.type);
  }
  /** The nested arrays, for `JSON.stringify`; `tensor(JSON.parse(text))` reads them again. NaN and infinities become null there. */
  toJSON(): NestedArray {
    return this.arraySync();
  }

  /** this + other, elementwise, broadcast: `add`. */
  add(other: TensorLike): Tensor {
    return add(this, other);
  }
  /** this − other, elementwise, broadcast: `sub`. */
  sub(other: TensorLike): Tensor {
    return sub(this, other);
  }
  /** this · other, elementwise, broadcast: `mul`. The matrix product is `matmul`. */
  mul(other: TensorLike): Tensor {
    return mul(this, other);
  }
  /** this / other, elementwise, broadcast: `div`. */
  div(other: TensorLike): Tensor {
    return div(this, other);
  }
  /** this to the power of exponent, elementwise, broadcast: `pow`. */
  pow(exponent: TensorLike): Tensor {
    return pow(this, exponent);
  }
  /** −this: `neg`. */
  neg(): Tensor {
    return neg(this);
  }
  /** The matrix product [..., m, k] · [..., k, n], batch axes broadcast: `matmul`. */
  matmul(other: TensorLike): Tensor {
    return matmul(this, other);
  }
  /** The sum over some axes, of all without `axis`; they stay with size 1 where `keepDims`: `sum`. */
  sum(axis?: number | readonly number[], keepDims?: boolean): Tensor {
    return sum(this, axis, keepDims);
  }
  /** The mean over some axes, of all without `axis`; they stay with size 1 where `keepDims`: `mean`. */
  mean(axis?: number | readonly number[], keepDims?: boolean): Tensor {
    return mean(this, axis, keepDims);
  }
  /** The same elements under another shape, which is an array; one size may be −1: `reshape`. */
  reshape(shape: Shape): Tensor {
    return reshape(this, shape);
  }
  /** Axes in another order, in the reverse one without `permutation`: `transpose`. */
  transpose(permutation?: readonly number[]): Tensor {
    return transpose(this, permutation);
  }
  /** The block from `begin` on, of `size` (−1: to the end): `slice`. One row is `gather(x, i)`, steps are `stridedSlice`. */
  slice(begin: readonly number[] | number, size?: readonly number[] | number): Tensor {
    return slice(this, begin, size);
  }
  /** The same numbers in another dtype: `cast`. */
  cast(dtype: DType): Tensor {
    return cast(this, dtype);
  }
}

/** The buffer of a tensor with elements; an error that says what to do for a traced one. */
function concrete(t: Tensor, method: string): BufferRef {
  if (t.buffer === null) return t.trace!.refuseRead(t, method);
  watch?.noteRead(t, `${method}()`);
  return t.buffer;
}

function readNow(t: Tensor, method: string): TypedArray {
  concrete(t, method);
  return handOut(readAtOnce(t, method));
}

/** The elements, from a device that can read at once. @internal */
export function readAtOnce({ size, dtype, backend, buffer }: Tensor, operation: string): TypedArray {
  if (size === 0) return allocate(dtype, 0);
  if (backend!.readSync === undefined) {
    throw new DeviceError(`${operation}: the ${backend!.name} backend cannot read at once; await data() or array()`);
  }
  return backend!.readSync(buffer!);
}

/** In debug mode a copy. */
const handOut = (data: TypedArray): TypedArray => (debugging() ? data.slice() : data);

/** An element as a number, or as true or false. */
const plain = (value: number, dtype: DType): number | boolean => (dtype === 'bool' ? value !== 0 : value);

function nested(data: TypedArray, type: TensorType): NestedArray {
  const { shape, dtype } = type;
  let at = 0;
  const build = (axis: number): NestedArray =>
    axis < shape.length ? Array.from({ length: shape[axis]! }, () => build(axis + 1)) : plain(data[at++]!, dtype);
  return build(0);
}

/** A tensor that owns `data` (not copied), on the default backend unless told otherwise. @internal */
export function tensorFromData(data: TypedArray, dtype: DType, shape: Shape, backend: Backend = getBackend()): Tensor {
  const type = tensorType(dtype, shape);
  if (!backend.traits.float64 && dtype === 'float64') {
    throw new DeviceError(`tensor: the ${backend.name} backend has no float64; use float32 or another backend`);
  }
  const buffer = backend.alloc(dtype, type.size);
  if (type.size > 0) backend.write(buffer, data);
  return new Tensor(type, buffer, backend);
}
