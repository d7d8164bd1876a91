/**
 * Random numbers from keys.
 * The one idea: Threefry-2x32, a function of key and position: equal keys give equal numbers on every device, in every
 * order, and inside of traces. Only calls without key and seed have state, a counter that begins at random.
 */
import type { DType, Shape } from '@jacobi/backend';
import { sizeOf } from '@jacobi/backend';
import { bindOne } from './bind.ts';
import { checkCount, checkDType, checkInteger, checkNumber, checkOptions, checkShape } from './checks.ts';
import type { TensorLike } from './convert.ts';
import { asTensor, castTo, scalarTensor } from './convert.ts';
import { ArgumentError, DTypeError, TraceError } from './errors.ts';
import { add, minimum, mul, neg } from './ops/arithmetic.ts';
import { log1p } from './ops/exponential.ts';
import { concat, unstack } from './ops/joining.ts';
import { sqrt } from './ops/power.ts';
import { floor } from './ops/rounding.ts';
import { reshape, slice } from './ops/shape.ts';
import { cos, sin } from './ops/trigonometry.ts';
import { bitsToRangeRow, bitsToUnit64Row, bitsToUnitRow } from './primitives/elementwise.ts';
import { randomBitsRow } from './primitives/random.ts';
import type { Tensor } from './tensor.ts';
import { tensorFromData } from './tensor.ts';
import { formatType } from './type.ts';
import { currentTrace } from './watch.ts';

/** Where random numbers come from: a key, or a seed that a key is made of. */
interface Source {
  /** int32 [2], from `random.key` or `random.split`. */
  readonly key?: TensorLike;
  /** A whole number; the same as `key: random.key(seed)`. */
  readonly seed?: number;
}

/** Options of `random.uniform`. */
export interface UniformOptions extends Source {
  /** Default 0. */
  readonly minval?: number;
  /** Default 1; must be given for int32. */
  readonly maxval?: number;
  /** Default float32. */
  readonly dtype?: DType;
}

/** Options of `random.normal`. */
export interface NormalOptions extends Source {
  /** Default 0. */
  readonly mean?: number;
  /** Default 1. */
  readonly stddev?: number;
  /** Default float32. */
  readonly dtype?: DType;
}

/**
 * A key: int32 [2], the high and the low word of a whole number.
 * @throws ArgumentError for a seed that is no whole number up to 2⁵³.
 * @example
 * random.key(42) // → [0, 42]
 */
function key(seed: number): Tensor {
  checkInteger('random.key', 'seed', seed);
  return tensorFromData(Int32Array.of(Math.floor(seed / 4294967296), seed >>> 0), 'int32', [2]);
}

/**
 * New keys from one, which must not be used again: int32 [n, 2], to be taken apart by iteration or to be mapped over by
 * vmap. Their numbers are independent of each other.
 * @throws ArgumentError for a key that is none, or n < 1.
 * @example
 * const [first, second] = random.split(random.key(0));
 * first // → [1797259609, -1715843330]
 * random.split(random.key(0), 5).shape // → [5, 2]
 */
function split(source: TensorLike, n = 2): Tensor & Iterable<Tensor> {
  checkInteger('random.split', 'n', n, 1);
  checkCount('random.split', 2 * n);
  const keys = reshape(words(asKey('random.split', source), 2 * n), [n, 2]);
  return Object.assign(keys, { [Symbol.iterator]: () => unstack(keys)[Symbol.iterator]() });
}

/**
 * Numbers drawn evenly from [minval, maxval), float32 unless said otherwise; for int32, whole ones, and maxval must be
 * given.
 *
 * Without key and seed each call gives other numbers. Inside jit, vmap and prepareJacobian it must have one of them, since
 * a trace runs once.
 * @throws ArgumentError for bounds that are no numbers or of wrong order; DTypeError for bool; TraceError in a trace without key.
 * @example
 * random.uniform([2], { minval: 5, maxval: 6, dtype: 'int32' }) // → [5, 5]
 * random.uniform([2, 3], { key: random.key(1) }).shape // → [2, 3]
 */
function uniform(shape: Shape, options: UniformOptions = {}): Tensor {
  const operation = 'random.uniform';
  checkShape(operation, 'shape', shape);
  checkOptions(operation, options, ['minval', 'maxval', 'dtype', 'key', 'seed']);
  const { minval = 0, maxval = 1, dtype = 'float32' } = options;
  checkDType(operation, dtype, ['float32', 'float64', 'int32']);
  if (dtype === 'int32' && options.maxval === undefined) {
    throw new ArgumentError(
      `${operation}: maxval must be given for dtype int32: numbers are drawn from [minval, maxval)`,
    );
  }
  checkBound(operation, 'minval', minval, dtype);
  checkBound(operation, 'maxval', maxval, dtype);
  if (!(minval < maxval)) {
    throw new ArgumentError(`${operation}: minval must be below maxval, but they are ${minval} and ${maxval}`);
  }
  const from = sourceKey(operation, options);
  const count = sizeOf(shape);
  const drawn = dtype === 'int32' ? whole(from, count, minval, maxval) : fractions(from, count, minval, maxval, dtype);
  return reshape(drawn, shape);
}

/**
 * Normally distributed numbers of a mean and a standard deviation, float32 unless said otherwise (Box and Muller, 1958).
 *
 * Without key and seed each call gives other numbers. Inside jit, vmap and prepareJacobian it must have one of them, since
 * a trace runs once.
 * @throws ArgumentError for a mean or stddev that is no number, or stddev < 0; DTypeError for int32 and bool; TraceError in a
 * trace without key.
 * @example
 * random.normal([2, 3], { mean: 10, seed: 1 }).shape // → [2, 3]
 */
function normal(shape: Shape, options: NormalOptions = {}): Tensor {
  const operation = 'random.normal';
  checkShape(operation, 'shape', shape);
  checkOptions(operation, options, ['mean', 'stddev', 'dtype', 'key', 'seed']);
  const { mean = 0, stddev = 1, dtype = 'float32' } = options;
  checkDType(operation, dtype, ['float32', 'float64']);
  checkNumber(operation, 'mean', mean);
  checkNumber(operation, 'stddev', stddev);
  if (stddev < 0) throw new ArgumentError(`${operation}: stddev must not be below 0, but is ${stddev}`);
  const standard = reshape(bell(sourceKey(operation, options), sizeOf(shape), dtype), shape);
  const scaled = stddev === 1 ? standard : mul(standard, stddev);
  return mean === 0 ? scaled : add(scaled, mean);
}

function checkBound(operation: string, argument: string, value: number, dtype: DType): void {
  if (dtype !== 'int32') return checkNumber(operation, argument, value);
  checkInteger(operation, argument, value);
  if (value !== (value | 0) && value !== 2147483648) {
    throw new ArgumentError(`${operation}: ${argument} ${value} is out of the range of int32`);
  }
}

function asKey(operation: string, value: TensorLike): Tensor {
  const t = asTensor(operation, 'key', value);
  if (t.dtype !== 'int32')
    throw new DTypeError(`${operation}: key must be int32, not ${formatType(t.type)}; make one with random.key(seed)`);
  if (t.rank !== 1 || t.size !== 2) {
    throw new ArgumentError(
      `${operation}: key must be one key of shape [2], not ${formatType(t.type)}; take one with unstack or gather`,
    );
  }
  return t;
}

function sourceKey(operation: string, { key: given, seed }: Source): Tensor {
  if (given !== undefined && seed !== undefined) throw new ArgumentError(`${operation}: give key or seed, not both`);
  if (given !== undefined) return asKey(operation, given);
  if (seed !== undefined) {
    checkInteger(operation, 'seed', seed);
    return key(seed);
  }
  const trace = currentTrace();
  if (trace !== null) {
    throw new TraceError(
      `${operation}: inside ${trace.label} numbers without a key would be drawn once for all runs of what is traced; pass { key }`,
    );
  }
  return nextKey();
}

let state: { readonly high: number; low: number } | undefined;

/** A key that no other call has: a random number, counted up. */
function nextKey(): Tensor {
  state ??= { high: entropy(), low: entropy() };
  state.low = (state.low + 1) | 0;
  return tensorFromData(Int32Array.of(state.high, state.low), 'int32', [2]);
}

function entropy(): number {
  const { crypto } = globalThis as { crypto?: { getRandomValues?: (array: Int32Array) => Int32Array } };
  return crypto?.getRandomValues?.(new Int32Array(1))[0] ?? (Math.random() * 4294967296) | 0;
}

/** int32 words of a key. */
function words(from: Tensor, count: number): Tensor {
  return bindOne(randomBitsRow, [from], { count });
}

/** Evenly drawn from [0, 1): 24 bits in float32, 53 in float64. */
function unit(from: Tensor, count: number, dtype: DType): Tensor {
  if (dtype === 'float32') return bindOne(bitsToUnitRow, [words(from, count)]);
  const both = words(from, 2 * count);
  return bindOne(bitsToUnit64Row, [slice(both, 0, count), slice(both, count, count)]);
}

function fractions(from: Tensor, count: number, minval: number, maxval: number, dtype: DType): Tensor {
  const u = unit(from, count, dtype);
  if (minval === 0 && maxval === 1) return u;
  // A range that is wider than numbers go is drawn at half its size.
  const most = dtype === 'float32' ? 3.4028234663852886e38 : Number.MAX_VALUE;
  const scale = maxval - minval > most ? 2 : 1;
  const drawn = add(mul(u, maxval / scale - minval / scale), minval / scale);
  // Rounding may reach maxval, which does not belong to the range.
  return minimum(scale === 1 ? drawn : mul(drawn, scale), below(maxval, dtype));
}

/** The largest number of the dtype below x. */
function below(x: number, dtype: DType): number {
  const bits = dtype === 'float32' ? 24 : 53;
  if (x === 0) return dtype === 'float32' ? -(2 ** -149) : -Number.MIN_VALUE;
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  const ulp = 2 ** (exponent - bits + 1);
  const near = dtype === 'float32' ? Math.fround(x) : x;
  return near < x ? near : near - (x > 0 && near === 2 ** exponent ? ulp / 2 : ulp);
}

function whole(from: Tensor, count: number, minval: number, maxval: number): Tensor {
  const span = maxval - minval;
  if (span <= 2147483647) {
    return add(bindOne(bitsToRangeRow, [words(from, count), scalarTensor(span, 'int32')]), minval);
  }
  return castTo(floor(add(mul(unit(from, count, 'float64'), span), minval)), 'int32');
}

/** Standard normal numbers: a radius and an angle give two. The radius is finite, since u < 1. */
function bell(from: Tensor, count: number, dtype: DType): Tensor {
  const half = Math.ceil(count / 2);
  const u = unit(from, 2 * half, dtype);
  const radius = sqrt(mul(log1p(neg(slice(u, 0, half))), -2));
  const angle = mul(slice(u, half, half), 2 * Math.PI);
  return slice(concat([mul(radius, cos(angle)), mul(radius, sin(angle))]), 0, count);
}

/** Random numbers: `random.key`, `random.split`, `random.uniform`, `random.normal`. */
export const random: {
  readonly key: typeof key;
  readonly split: typeof split;
  readonly uniform: typeof uniform;
  readonly normal: typeof normal;
} = /* @__PURE__ */ Object.freeze({ key, split, uniform, normal });
