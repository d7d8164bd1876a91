/**
 * Initialisers: first values of a layer's variables.
 * The one idea: a function of shape and dtype; the random ones differ in one number, the variance that they aim at, which
 * comes from the sizes of input and output ("fans"), as in Keras.
 */
import type { DType, Shape, Tensor, TensorLike } from '@jacobi/tensor';
import { ArgumentError, add, eye, full, log, mul, neg, ones, random, square, sub, zeros } from '@jacobi/tensor';
import { checkInteger, checkNumber, checkOptions, describe, ShapeError } from '@jacobi/tensor/internal';

/** Makes first values of a shape and a dtype (float32 or float64); the same for the same key. */
export type Initializer = (shape: Shape, dtype: DType, key?: Tensor) => Tensor;
/** What a user may write for one: nested arrays of numbers take the dtype. */
export type CustomInitializer = (shape: Shape, dtype: DType, key?: Tensor) => TensorLike;

/** Options of random initialisers. */
export interface SeedOptions {
  /** A whole number: the same values on each call. Without it (and without a key) each call gives others. */
  readonly seed?: number;
}
/** Options of `randomNormal` and `truncatedNormal`. */
export interface NormalInitializerOptions extends SeedOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Default 0.05. */
  readonly stddev?: number;
}
/** Options of `randomUniform`. */
export interface UniformInitializerOptions extends SeedOptions {
  /** Default −0.05. */
  readonly minval?: number;
  /** Default 0.05. */
  readonly maxval?: number;
}

/** Makers of initialisers. Fans: [in, out] of a matrix; a kernel [...window, in, out] counts each times the window's size. */
export interface Initializers {
  /** 0 everywhere. The biases' default. */
  readonly zeros: () => Initializer;
  /** 1 everywhere. */
  readonly ones: () => Initializer;
  /** One value everywhere; default 0. */
  readonly constant: (value?: number) => Initializer;
  /** gain on the diagonal of a matrix, 0 elsewhere; default 1. */
  readonly identity: (gain?: number) => Initializer;
  /** Uniform on [minval, maxval), ±0.05 by default. */
  readonly randomUniform: (options?: UniformInitializerOptions) => Initializer;
  /** Normal, of mean 0 and standard deviation 0.05 by default. */
  readonly randomNormal: (options?: NormalInitializerOptions) => Initializer;
  /** Normal, without what is further than two standard deviations from the mean. */
  readonly truncatedNormal: (options?: NormalInitializerOptions) => Initializer;
  /** Uniform on ±√(6 / (in + out)) (Glorot & Bengio, 2010). The kernels' default. */
  readonly glorotUniform: (options?: SeedOptions) => Initializer;
  /** Truncated normal of variance 2 / (in + out). */
  readonly glorotNormal: (options?: SeedOptions) => Initializer;
  /** Uniform on ±√(6 / in) (He et al., 2015): for relu. */
  readonly heUniform: (options?: SeedOptions) => Initializer;
  /** Truncated normal of variance 2 / in. */
  readonly heNormal: (options?: SeedOptions) => Initializer;
  /** Uniform on ±√(3 / in) (LeCun et al., 1998): for selu. */
  readonly lecunUniform: (options?: SeedOptions) => Initializer;
  /** Truncated normal of variance 1 / in. */
  readonly lecunNormal: (options?: SeedOptions) => Initializer;
}

/** Names of initialisers: those of Keras, in JavaScript's spelling. */
export type InitializerName = keyof Initializers;

/**
 * Makers of initialisers, by name, with the defaults of Keras. A layer takes the name, or what a maker gives:
 * `kernelInitializer: 'heNormal'` or `initializers.heNormal({ seed: 1 })`.
 * @example
 * initializers.constant(2)([2], 'float32') // → [2, 2]
 * initializers.glorotUniform({ seed: 1 })([3, 4], 'float64').shape // → [3, 4]
 */
export const initializers: Initializers = {
  zeros: () => (shape, dtype) => zeros(shape, { dtype }),
  ones: () => (shape, dtype) => ones(shape, { dtype }),
  constant: (value = 0) => {
    checkNumber('constant', 'value', value);
    return (shape, dtype) => full(shape, value, { dtype });
  },
  identity,
  randomUniform,
  randomNormal: (options) => {
    const { mean, stddev, seed } = normalOptions('randomNormal', options);
    return (shape, dtype, key) => random.normal(shape, { mean, stddev, dtype, ...sourceOf(key, seed) });
  },
  truncatedNormal: (options) => {
    const { mean, stddev, seed } = normalOptions('truncatedNormal', options);
    return (shape, dtype, key) => add(mul(truncated(shape, dtype, key, seed), stddev), mean);
  },
  glorotUniform: (options) => scaled('glorotUniform', options, averageFan, 1, uniformOf),
  glorotNormal: (options) => scaled('glorotNormal', options, averageFan, 1, normalOf),
  heUniform: (options) => scaled('heUniform', options, inputFan, 2, uniformOf),
  heNormal: (options) => scaled('heNormal', options, inputFan, 2, normalOf),
  lecunUniform: (options) => scaled('lecunUniform', options, inputFan, 1, uniformOf),
  lecunNormal: (options) => scaled('lecunNormal', options, inputFan, 1, normalOf),
};

/** The initialiser that a layer's option names or is. */
export function initializerOf(operation: string, argument: string, given: unknown): CustomInitializer {
  if (typeof given === 'string' && Object.hasOwn(initializers, given)) return initializers[given as InitializerName]();
  const maker = Object.entries(initializers).find(([, make]) => make === given)?.[0];
  if (maker !== undefined) {
    throw new ArgumentError(
      `${operation}: ${argument} is the maker of an initializer: call it, initializers.${maker}()`,
    );
  }
  if (typeof given === 'function') return given as CustomInitializer;
  throw new ArgumentError(
    `${operation}: ${argument} must be a function (shape, dtype) => tensor or one of ${Object.keys(initializers).join(', ')}; ` +
      `not ${describe(given)}`,
  );
}

type Source = { readonly key?: Tensor; readonly seed?: number };
type Draw = (shape: Shape, dtype: DType, variance: number, key: Tensor | undefined, seed: number | undefined) => Tensor;

function sourceOf(key: Tensor | undefined, seed: number | undefined): Source {
  return key !== undefined ? { key } : seed !== undefined ? { seed } : {};
}

function checkSeed(operation: string, options: object, names: readonly string[]): void {
  checkOptions(operation, options, [...names, 'seed']);
  const { seed } = options as SeedOptions;
  if (seed !== undefined) checkInteger(operation, 'seed', seed);
}

function identity(gain = 1): Initializer {
  checkNumber('identity', 'gain', gain);
  return (shape, dtype) => {
    const [rows, columns] = shape;
    if (shape.length !== 2)
      throw new ShapeError(`identity: only matrices have a diagonal, but the shape is [${shape.join()}]`);
    return mul(eye(rows!, { columns: columns!, dtype }), gain);
  };
}

function randomUniform(options: UniformInitializerOptions = {}): Initializer {
  checkSeed('randomUniform', options, ['minval', 'maxval']);
  const { minval = -0.05, maxval = 0.05, seed } = options;
  checkNumber('randomUniform', 'minval', minval);
  checkNumber('randomUniform', 'maxval', maxval);
  if (!(minval < maxval))
    throw new ArgumentError(`randomUniform: minval must be below maxval, but they are ${minval} and ${maxval}`);
  return (shape, dtype, key) => random.uniform(shape, { minval, maxval, dtype, ...sourceOf(key, seed) });
}

function normalOptions(
  operation: string,
  options: NormalInitializerOptions = {},
): { mean: number; stddev: number; seed: number | undefined } {
  checkSeed(operation, options, ['mean', 'stddev']);
  const { mean = 0, stddev = 0.05, seed } = options;
  checkNumber(operation, 'mean', mean);
  checkNumber(operation, 'stddev', stddev);
  if (stddev < 0) throw new ArgumentError(`${operation}: stddev must not be below 0, but is ${stddev}`);
  return { mean, stddev, seed };
}

/** Numbers of mean 0 and variance scale / fan. */
function scaled(
  operation: string,
  options: SeedOptions = {},
  fan: (shape: Shape) => number,
  scale: number,
  draw: Draw,
): Initializer {
  checkSeed(operation, options, []);
  return (shape, dtype, key) => draw(shape, dtype, scale / Math.max(1, fan(shape)), key, options.seed);
}

/** How many inputs feed an output, and outputs an input; a shape of rank 1 counts as both. */
function fans(shape: Shape): readonly [number, number] {
  const window = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return [window * (shape.at(-2) ?? shape[0] ?? 1), window * (shape.at(-1) ?? 1)];
}

const inputFan = (shape: Shape): number => fans(shape)[0];
const averageFan = (shape: Shape): number => (fans(shape)[0] + fans(shape)[1]) / 2;

const uniformOf: Draw = (shape, dtype, variance, key, seed) => {
  const limit = Math.sqrt(3 * variance);
  return random.uniform(shape, { minval: -limit, maxval: limit, dtype, ...sourceOf(key, seed) });
};

/** The standard deviation of the standard normal distribution cut off at ±2. */
const TRUNCATED_STDDEV = 0.8796256610342398;

const normalOf: Draw = (shape, dtype, variance, key, seed) =>
  mul(truncated(shape, dtype, key, seed), Math.sqrt(variance) / TRUNCATED_STDDEV);

/** erf(√2): so much of the normal distribution lies within ±2. */
const WITHIN_TWO = 0.9544997361036416;
/** From the highest power to the lowest. */
const ERFINV = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];

/**
 * The standard normal distribution cut off at ±2: √2 · erf⁻¹ of even numbers, by the polynomial of M. Giles, "Approximating
 * the erfinv function" (GPU Computing Gems, 2011), whose relative error of 2e-7 is that of float32.
 */
function truncated(shape: Shape, dtype: DType, key: Tensor | undefined, seed: number | undefined): Tensor {
  const u = random.uniform(shape, { minval: -WITHIN_TWO, maxval: WITHIN_TWO, dtype, ...sourceOf(key, seed) });
  const w = sub(neg(log(sub(1, square(u)))), 2.5);
  const [first, ...rest] = ERFINV;
  const series = rest.reduce((sum, c) => add(mul(sum, w), c), full(shape, first!, { dtype }));
  return mul(mul(series, u), Math.SQRT2);
}
