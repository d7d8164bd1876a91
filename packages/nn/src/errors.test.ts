/* Every message that a user can meet: layer or function, what was given, what to do. */
import { jit, vmap } from '@jacobi/autograd';
import { ArgumentError, DTypeError, ones, relu, ShapeError, stack, TraceError, tensor, zeros } from '@jacobi/tensor';
import { afterEach, expect, test } from 'vitest';
import { activations, BatchNormalization, Dense, initializers, Sequential, split } from './index.ts';

// biome-ignore lint/suspicious/noExplicitAny: wrong on purpose.
type Wrong = any;
const dense = (options: Wrong) => () => new Dense(options);
const norm = (options: Wrong) => () => new BatchNormalization(options);
const built = () => new Dense({ units: 2, name: 'd' }).build([1, 3]);
const builtNorm = () => new BatchNormalization({ name: 'n' }).build([1, 3]);
const names =
  'linear, elu, exponential, gelu, leakyRelu, logSigmoid, logSoftmax, relu, relu6, selu, sigmoid, silu, softmax, softplus, softsign, swish, tanh';
const makers =
  'zeros, ones, constant, identity, randomUniform, randomNormal, truncatedNormal, glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal';

const CASES: readonly (readonly [string, () => unknown, new (message: string) => Error])[] = [
  // Dense: options
  [
    'Dense: options must be an object { units, activation, useBias, kernelInitializer, biasInitializer, name }, not 3',
    dense(3),
    ArgumentError,
  ],
  [
    'Dense: there is no option "unit", only units, activation, useBias, kernelInitializer, biasInitializer, name',
    dense({ unit: 3 }),
    ArgumentError,
  ],
  ['Dense: units must be a whole number ≥ 1, not undefined', dense({}), ArgumentError],
  ['Dense: units must be a whole number ≥ 1, not 0', dense({ units: 0 }), ArgumentError],
  ['Dense: units must be a whole number ≥ 1, not 2.5', dense({ units: 2.5 }), ArgumentError],
  ['Dense: units must be a whole number ≥ 1, not "3"', dense({ units: '3' }), ArgumentError],
  [
    `Dense: activation must be a function or one of ${names}; not "rleu"`,
    dense({ units: 1, activation: 'rleu' }),
    ArgumentError,
  ],
  [
    `Dense: activation must be a function or one of ${names}; not "toString"`,
    dense({ units: 1, activation: 'toString' }),
    ArgumentError,
  ],
  [
    `Dense: activation must be a function or one of ${names}; not null`,
    dense({ units: 1, activation: null }),
    ArgumentError,
  ],
  ['Dense: useBias must be true or false, not 1', dense({ units: 1, useBias: 1 }), ArgumentError],
  [
    `Dense: kernelInitializer must be a function (shape, dtype) => tensor or one of ${makers}; not "glorot"`,
    dense({ units: 1, kernelInitializer: 'glorot' }),
    ArgumentError,
  ],
  [
    `Dense: biasInitializer must be a function (shape, dtype) => tensor or one of ${makers}; not a tensor float32[1]`,
    dense({ units: 1, biasInitializer: tensor([1]) }),
    ArgumentError,
  ],
  [
    'Dense: kernelInitializer is the maker of an initializer: call it, initializers.heNormal()',
    dense({ units: 1, kernelInitializer: initializers.heNormal }),
    ArgumentError,
  ],
  ['Dense: name must be a non-empty string, not 7', dense({ units: 1, name: 7 }), ArgumentError],
  ['Dense: name must be a non-empty string, not ""', dense({ units: 1, name: '' }), ArgumentError],
  // Dense: inputs
  [
    "Dense: x must be float32 or float64, but is int32[2,3]; cast it first: cast(x, 'float32')",
    () => built().apply(ones([2, 3], { dtype: 'int32' })),
    DTypeError,
  ],
  [
    "Dense: x must be float32 or float64, but is bool[1]; cast it first: cast(x, 'float32')",
    () => new Dense({ units: 1 }).apply([true]),
    DTypeError,
  ],
  [
    "Dense: 'd' was built for float32 inputs, but x is float64[2,3]; use cast(x, 'float32'), or make another layer",
    () => built().apply(ones([2, 3], { dtype: 'float64' })),
    DTypeError,
  ],
  [
    "Dense: 'd' was built for 3 features, but x float32[2,4] has 4 along its last axis; reshape x, or make another layer",
    () => built().apply(ones([2, 4])),
    ShapeError,
  ],
  [
    'Dense: x must have features along its last axis, but is a scalar float32[]; use reshape(x, [1]), or [n, 1] for a batch',
    () => new Dense({ units: 1 }).apply(3),
    ShapeError,
  ],
  [
    'Dense: x must have features along its last axis, but is a scalar float32[]; use reshape(x, [1]), or [n, 1] for a batch',
    () => built().apply(3),
    ShapeError,
  ],
  [
    'Dense: x must be a tensor, a variable, a number or nested arrays, not undefined',
    () => built().apply(undefined as Wrong),
    ArgumentError,
  ],
  // apply: options
  [
    'Dense: options must be an object { training, key }, not true',
    () => built().apply(ones([1, 3]), true as Wrong),
    ArgumentError,
  ],
  [
    'Dense: there is no option "train", only training, key',
    () => built().apply(ones([1, 3]), { train: true } as Wrong),
    ArgumentError,
  ],
  [
    'Dense: training must be true or false, not 1',
    () => built().apply(ones([1, 3]), { training: 1 } as Wrong),
    ArgumentError,
  ],
  [
    'Dense: key must be a key, as random.key(seed) gives, not 5',
    () => built().apply(ones([1, 3]), { key: 5 } as Wrong),
    ArgumentError,
  ],
  [
    'Dense: activation must return a tensor, not 3',
    () => new Dense({ units: 1, activation: (() => 3) as Wrong }).apply([[1]]),
    ArgumentError,
  ],
  [
    'Dense: kernelInitializer must give a tensor of shape [3,2], but gave float32[2,3]',
    () => new Dense({ units: 2, kernelInitializer: () => ones([2, 3]) }).apply(ones([1, 3])),
    ShapeError,
  ],
  [
    'Dense: biasInitializer must give float64, the dtype of the input and its second argument, but gave float32[2]',
    () => new Dense({ units: 2, biasInitializer: () => ones([2]) }).build([1, 3], 'float64'),
    DTypeError,
  ],
  [
    'Dense: the result of kernelInitializer must be a tensor, a variable, a number or nested arrays, not undefined',
    () => new Dense({ units: 2, kernelInitializer: (() => undefined) as Wrong }).build([1, 3]),
    ArgumentError,
  ],
  [
    'variable: the initial value is traced; make variables outside of jit, vmap and prepareJacobian',
    () => jit((x) => new Dense({ units: 1, biasInitializer: () => x }).apply([[1]]))(ones([1])),
    TraceError,
  ],
  // build
  [
    'Dense: dtype must be float32 or float64, not "int32"',
    () => new Dense({ units: 1 }).build([1, 3], 'int32' as Wrong),
    DTypeError,
  ],
  [
    'Dense: shape must be an array of whole numbers ≥ 0, not [1, -3]',
    () => new Dense({ units: 1 }).build([1, -3]),
    ArgumentError,
  ],
  // BatchNormalization
  [
    'BatchNormalization: there is no option "renorm", only axis, momentum, epsilon, center, scale, name',
    norm({ renorm: true }),
    ArgumentError,
  ],
  ['BatchNormalization: axis must be a whole number, not 0.5', norm({ axis: 0.5 }), ArgumentError],
  ['BatchNormalization: axis must be a whole number, not [1, 2]', norm({ axis: [1, 2] }), ArgumentError],
  ['BatchNormalization: momentum must be a finite number, not NaN', norm({ momentum: Number.NaN }), ArgumentError],
  ['BatchNormalization: momentum must be from 0 to 1, not 1.5', norm({ momentum: 1.5 }), ArgumentError],
  ['BatchNormalization: epsilon must be a finite number, not "small"', norm({ epsilon: 'small' }), ArgumentError],
  ['BatchNormalization: epsilon must not be below 0, but is -1', norm({ epsilon: -1 }), ArgumentError],
  ['BatchNormalization: center must be true or false, not 0', norm({ center: 0 }), ArgumentError],
  ['BatchNormalization: scale must be true or false, not null', norm({ scale: null }), ArgumentError],
  [
    'BatchNormalization: axis 3 is no axis of a tensor of rank 2',
    () => new BatchNormalization({ axis: 3 }).apply(ones([2, 2])),
    ArgumentError,
  ],
  [
    'BatchNormalization: axis -1 is no axis of a tensor of rank 0',
    () => new BatchNormalization().apply(1),
    ArgumentError,
  ],
  [
    "BatchNormalization: 'n' was built for 3 features, but x float32[2,4] has 4 along axis -1; transpose or reshape x, or make another layer",
    () => builtNorm().apply(ones([2, 4])),
    ShapeError,
  ],
  [
    "BatchNormalization: x must be float32 or float64, but is int32[2]; cast it first: cast(x, 'float32')",
    () => builtNorm().apply(tensor(Int32Array.of(1, 2))),
    DTypeError,
  ],
  [
    "BatchNormalization: x float32[3] has no axis but the features' to take statistics over; with training: true give a batch [n,3] (inside vmap an example is alone: leave out training: true)",
    () => builtNorm().apply(ones([3]), { training: true }),
    ShapeError,
  ],
  [
    'BatchNormalization: moving statistics cannot be updated inside vmap, which has no place for effects; use nn.split(layer).apply, which updates nothing, or leave out training: true',
    () => vmap((x) => new BatchNormalization().apply(x, { training: true }))(ones([2, 4, 3])),
    TraceError,
  ],
  // Sequential
  ['Sequential: layers must be a non-empty array of layers, not []', () => new Sequential([]), ArgumentError],
  [
    'Sequential: layers must be a non-empty array of layers, not a Dense',
    () => new Sequential(new Dense({ units: 1 }) as Wrong),
    ArgumentError,
  ],
  ['Sequential: layers[0] must be a layer, not a function', () => new Sequential([relu as Wrong]), ArgumentError],
  [
    'Sequential: layers[2] is layers[0] again; make another layer',
    () => {
      const d = new Dense({ units: 1 });
      return new Sequential([d, new BatchNormalization(), d]);
    },
    ArgumentError,
  ],
  [
    'Sequential: there is no option "nam", only name',
    () => new Sequential([new Dense({ units: 1 })], { nam: 'x' } as Wrong),
    ArgumentError,
  ],
  [
    "Dense: 'd' was built for 3 features, but x float32[1,4] has 4 along its last axis; reshape x, or make another layer",
    () => new Sequential([new Dense({ units: 4 }), built()]).apply([[1, 2]]),
    ShapeError,
  ],
  [
    'Sequential: moving statistics cannot be updated inside vmap',
    () => vmap((x) => new Sequential([new BatchNormalization()]).apply(x, { training: true }))(ones([2, 4, 3])),
    TraceError,
  ],
  // split
  ['split: layer must be a layer, not a function', () => split(relu as Wrong), ArgumentError],
  [
    "split: Dense 'late' has no variables yet, since they depend on its input; apply it to an input first, or call layer.build(inputShape)",
    () => split(new Dense({ units: 1, name: 'late' })),
    ArgumentError,
  ],
  [
    'split: apply: params must be { kernel, bias }, as split(layer).params is, not { kernel }',
    () => split(built()).apply({ kernel: zeros([3, 2]) } as Wrong, ones([1, 3])),
    ArgumentError,
  ],
  [
    'split: apply: params must be { kernel, bias }, as split(layer).params is, not undefined',
    () => split(built()).apply(undefined as Wrong, ones([1, 3])),
    ArgumentError,
  ],
  [
    'split: apply: params[0] must be { kernel, bias }, as split(layer).params is, not [a tensor float32[2]]',
    () => split(new Sequential([built()]).build([1, 3])).apply([[zeros([2])]] as Wrong, ones([1, 3])),
    ArgumentError,
  ],
  [
    'split: apply: params must be an array of 1, as split(layer).params is, not []',
    () => split(new Sequential([built()]).build([1, 3])).apply([] as Wrong, ones([1, 3])),
    ArgumentError,
  ],
  [
    'split: apply: params.bias must be a tensor, not 3; tensor(…) makes one',
    () => split(built()).apply({ kernel: zeros([3, 2]), bias: 3 } as Wrong, ones([1, 3])),
    ArgumentError,
  ],
  [
    'split: apply: params.bias must have shape [2], but is float32[3]',
    () => split(built()).apply({ kernel: zeros([3, 2]), bias: zeros([3]) }, ones([1, 3])),
    ShapeError,
  ],
  [
    "split: apply: params.bias must be float32 or float64, but is int32[2]; cast it first: cast(params.bias, 'float32')",
    () => split(built()).apply({ kernel: zeros([3, 2]), bias: zeros([2], { dtype: 'int32' }) }, ones([1, 3])),
    DTypeError,
  ],
  [
    "split: apply: x must be float32 or float64, but is int32[1,3]; cast it first: cast(x, 'float32')",
    () => {
      const s = split(built());
      return s.apply(s.params, ones([1, 3], { dtype: 'int32' }));
    },
    DTypeError,
  ],
  [
    'split: apply: training must be true or false, not "yes"',
    () => {
      const s = split(built());
      return s.apply(s.params, ones([1, 3]), { training: 'yes' } as Wrong);
    },
    ArgumentError,
  ],
  [
    'swish: x must be a tensor, a variable, a number or nested arrays, not null',
    () => activations.swish(null as Wrong),
    ArgumentError,
  ],
  // Initialisers
  [
    'glorotUniform: options must be an object { seed }, not 1',
    () => initializers.glorotUniform(1 as Wrong),
    ArgumentError,
  ],
  [
    'heNormal: there is no option "scale", only seed',
    () => initializers.heNormal({ scale: 1 } as Wrong),
    ArgumentError,
  ],
  ['lecunNormal: seed must be a whole number, not 0.5', () => initializers.lecunNormal({ seed: 0.5 }), ArgumentError],
  ['constant: value must be a finite number, not "1"', () => initializers.constant('1' as Wrong), ArgumentError],
  ['identity: gain must be a finite number, not null', () => initializers.identity(null as Wrong), ArgumentError],
  [
    'identity: only matrices have a diagonal, but the shape is [2,2,2]',
    () => initializers.identity()([2, 2, 2], 'float32'),
    ShapeError,
  ],
  [
    'randomUniform: minval must be below maxval, but they are 1 and 1',
    () => initializers.randomUniform({ minval: 1, maxval: 1 }),
    ArgumentError,
  ],
  [
    'randomUniform: maxval must be a finite number, not Infinity',
    () => initializers.randomUniform({ maxval: Infinity }),
    ArgumentError,
  ],
  [
    'randomNormal: stddev must not be below 0, but is -1',
    () => initializers.randomNormal({ stddev: -1 }),
    ArgumentError,
  ],
  [
    'truncatedNormal: mean must be a finite number, not "0"',
    () => initializers.truncatedNormal({ mean: '0' as Wrong }),
    ArgumentError,
  ],
];

afterEach(() => {
  // Whatever was thrown, the library works on.
  const layer = new Sequential([
    new Dense({ units: 1, kernelInitializer: 'ones' }),
    new BatchNormalization({ epsilon: 0 }),
  ]);
  expect(layer.apply([[1], [3]], { training: true }).arraySync()).toEqual([[-1], [1]]);
});

test.each(CASES)('%s', (message, run, kind) => {
  let error: unknown;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(kind);
  expect((error as Error).message).toContain(message);
});

test('an error inside vmap builds nothing', () => {
  const layer = new BatchNormalization();
  expect(() => vmap((x) => layer.apply(x, { training: true }))(stack([ones([2, 3]), ones([2, 3])]))).toThrow(
    TraceError,
  );
  expect(layer.built).toBe(false);
});

test('tables have no other names than their types', () => {
  expect(Object.keys(activations).join(', ')).toBe(names);
  expect(Object.keys(initializers).join(', ')).toBe(makers);
});
