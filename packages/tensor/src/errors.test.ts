/**
 * Every error text of the package: the call that provokes it, its class, what it says. Each says operation, argument, what
 * was expected and what was given. After all of them the library works as if nothing had been.
 */
import { afterAll, describe, expect, test } from 'vitest';
import * as api from './index.ts';
import { ArgumentError, DeviceError, DTypeError, ShapeError, TraceError, tensor, variable } from './index.ts';
import { flattenNest, Trace, tensorType, withFrame } from './internal.ts';

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const v = tensor([1, 2, 3]);
const ints = tensor([1, 2], { dtype: 'int32' });
const endless = ((a: unknown[]) => {
  a.push(a);
  return a as never;
})([]);
/** An array whose buffer was given away. */
const transferred = <T extends api.TypedArray>(array: T): T => {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
};
/** [first, a hole, last]. */
const holed = (first: unknown, last: unknown): unknown[] => Object.assign([], { 0: first, 2: last });
const any = <T>(value: unknown): T => value as T;
const { random } = api;

/** Runs `f` with a value of a trace that has begun. */
function traced(f: (t: api.Tensor) => unknown): unknown {
  const trace = new Trace('jit');
  return withFrame(trace, () => f(trace.input(tensorType('float32', [2]))));
}

function closed(): api.Tensor {
  const trace = new Trace('jit');
  const t = trace.input(tensorType('float32', [2]));
  trace.finish([t]);
  return t;
}

type Case = readonly [call: () => unknown, error: new (message: string) => Error, message: string];

const VALUES: readonly Case[] = [
  [
    () => tensor(any('1')),
    ArgumentError,
    'tensor: data must be a tensor, a variable, a number or nested arrays, not "1"',
  ],
  [
    () => tensor(any([1, null])),
    ArgumentError,
    'tensor: data[1] must be a tensor, a variable, a number or nested arrays, not null',
  ],
  [
    () => tensor([[1, 2], [3]]),
    ShapeError,
    'tensor: data[1] has 1 elements, its neighbours 2: arrays must be rectangular',
  ],
  [() => tensor(any([[1], 2])), ShapeError, 'tensor: data[1] has 2, its neighbours 1: arrays must be rectangular'],
  [
    () => tensor(any([1, [2]])),
    ShapeError,
    'tensor: data[1] has 1 elements, its neighbours none: arrays must be rectangular',
  ],
  [
    () => tensor([1.5], { dtype: 'int32' }),
    DTypeError,
    "tensor: data 1.5 is not an int32; round it, or use dtype 'float32'",
  ],
  [() => api.sum(tensor([1]), any(2n)), ArgumentError, 'sum: axis 2n is no axis of a tensor of rank'],
  [() => api.sum(tensor([1]), any({ axis: 0 })), ArgumentError, 'sum: axis an object'],
  [
    () => tensor(1, { dtype: any('float16') }),
    DTypeError,
    'tensor: dtype must be bool or int32 or float32 or float64, not "float16"',
  ],
  [() => tensor(1, any('float64')), ArgumentError, 'tensor: options must be an object { dtype, shape }, not "float64"'],
  [() => tensor(1, any({ type: 'int32' })), ArgumentError, 'tensor: there is no option "type", only dtype, shape'],
  [() => tensor([1, 2, 3], { shape: [2, 2] }), ShapeError, 'tensor: shape [2,2] does not fit the 3 elements of data'],
  [
    () => api.tensor(api.ones([2, 3]), { shape: [4] }),
    ShapeError,
    'tensor: shape [4] does not fit the 6 elements of data',
  ],
  [
    () => tensor(Float32Array.of(1, 2, 3), { shape: [2] }),
    ShapeError,
    'tensor: shape [2] does not fit the 3 elements of data',
  ],
  [() => tensor([1], { shape: any(1) }), ArgumentError, 'tensor: shape must be an array of whole numbers ≥ 0, not 1'],
  [
    () => tensor(v, { dtype: 'float64' }),
    DTypeError,
    "tensor: data has dtype float32, not float64; use cast(x, 'float64')",
  ],
  [
    () => tensor(any(new Int16Array(1))),
    DTypeError,
    'tensor: data is a Int16Array; copy it to a Float32Array, Float64Array, Int32Array or Uint8Array',
  ],
  [() => x.item(), ArgumentError, 'item: the tensor must have one element, not float32[2,3]; use arraySync'],
  [
    () => tensor(any(holed(v, v))),
    ArgumentError,
    'tensor: data[1] must be a tensor, a variable, a number or nested arrays, not undefined',
  ],
  [
    () => tensor(any([[v, 1], 2])),
    ShapeError,
    'tensor: data[0][1] float32[] and data[0][0] float32[3] differ in shape',
  ],
  [() => tensor(transferred(new Float32Array(3))), ArgumentError, 'tensor: the buffer of data was transferred'],
  [() => tensor(transferred(new Uint8Array(3))), ArgumentError, 'tensor: the buffer of data was transferred'],
  [() => api.add(transferred(new Float64Array(3)), 1), ArgumentError, 'add: the buffer of a was transferred'],
  [() => variable([1]).assign(transferred(new Int32Array(1))), ArgumentError, 'the buffer of value was transferred'],
  [() => tensor(endless), ShapeError, 'tensor: data is nested too deep, or in itself'],
  [() => tensor(3e9, { dtype: 'int32' }), DTypeError, 'tensor: data 3000000000 is not an int32'],
  [() => variable(1, { name: any(1) }), ArgumentError, 'variable: name must be a string, not 1'],
  [
    () => variable(1, any({ foo: 1 })),
    ArgumentError,
    'variable: there is no option "foo", only trainable, name, dtype',
  ],
  [
    () => variable(1, any(null)),
    ArgumentError,
    'variable: options must be an object { trainable, name, dtype }, not null',
  ],
  [() => variable(1, { trainable: any('no') }), ArgumentError, 'variable: trainable must be true or false, not "no"'],
  [
    () => variable(1, { dtype: any('f32') }),
    DTypeError,
    'variable: dtype must be bool or int32 or float32 or float64, not "f32"',
  ],
  [
    () => variable(any('1')),
    ArgumentError,
    'variable: initial must be a tensor, a variable, a number or nested arrays, not "1"',
  ],
  [
    () => variable(v, { dtype: 'int32' }),
    DTypeError,
    "variable: initial has dtype float32, not int32; use cast(x, 'int32')",
  ],
  [
    () => Object.assign(variable(1, { name: 'v' }), { value: 3 }),
    ArgumentError,
    'value: v is set with assign: v.assign(3) in place of v.value = 3',
  ],
  [
    () => variable([1, 2]).assign(any(null)),
    ArgumentError,
    'assign: value must be a tensor, a variable, a number or nested arrays, not null',
  ],
  [
    () => variable([1, 2]).assignAdd(any(null)),
    ArgumentError,
    'assignAdd: value must be a tensor, a variable, a number or nested arrays, not null',
  ],
  [() => variable([1, 2]).assignAdd(v), ShapeError, 'assignAdd: shapes [2] and [3] do not broadcast'],
  [
    () => variable([1], { name: 'one' }).assignSub([1, 2]),
    ShapeError,
    'assignSub: one holds float32[1], not float32[2]',
  ],
  [
    () => variable(1, { name: 'n', dtype: 'int32' }).assignSub(0.5),
    DTypeError,
    'assignSub: n holds int32[], not float32[]; use cast',
  ],
  [() => variable([1, 2]).assign([1, 2, 3]), ShapeError, 'holds float32[2], not float32[3]'],
  [() => variable([1, 2]).assign(ints), DTypeError, 'holds float32[2], not int32[2]; use cast'],
  [() => api.setDefaultBackend(any({})), ArgumentError, 'setDefaultBackend: backend must be a Backend'],
  [() => api.setDefaultBackend(any(/x/)), ArgumentError, 'setDefaultBackend: backend must be a Backend'],
  [() => api.withBackend(any(/x/), () => 1), ArgumentError, 'withBackend: backend must be a Backend'],
  [() => api.withBackend(any(null), () => 1), ArgumentError, 'withBackend: backend must be a Backend'],
  [() => api.withBackend(any(undefined), () => 1), ArgumentError, 'withBackend: backend must be a Backend'],
  [
    () => api.withBackend(api.getBackend(), async () => 1),
    ArgumentError,
    'withBackend: the callback returned a Promise',
  ],
];

const HUGE: readonly Case[] = [
  [() => api.zeros([1e6, 1e6]), ShapeError, 'zeros: 1000000000000 elements are more than the 2147483647 of a tensor'],
  [() => api.ones([2 ** 40, 2 ** 40]), ShapeError, 'ones: 1.2089258196146292e+24 elements are more'],
  [() => api.full([3e9], 1), ShapeError, 'full: 3000000000 elements are more'],
  [() => api.eye(1e6), ShapeError, 'eye: 1000000000000 elements are more'],
  [() => api.arange(1e12), ShapeError, 'arange: 1000000000000 elements are more'],
  [() => api.arange(0, 1, 1e-12), ShapeError, 'arange: 1000000000000 elements are more'],
  [() => api.linspace(0, 1, 1e12), ShapeError, 'linspace: 1000000000000 elements are more'],
  [() => api.oneHot([0, 1], 2e9), ShapeError, 'oneHot: 4000000000 elements are more'],
  [() => api.broadcastTo(1, [1e5, 1e5]), ShapeError, 'broadcastTo: 10000000000 elements are more'],
  [() => random.uniform([1e10]), ShapeError, 'random.uniform: 10000000000 elements are more'],
  [() => api.pad(v, [[1e10, 0]]), ShapeError, 'pad: 10000000003 elements are more'],
  [() => api.outer(api.zeros([1e5]), api.zeros([1e5])), ShapeError, '10000000000 elements are more'],
];

const TRACES: readonly Case[] = [
  [() => traced((t) => t.dataSync()), TraceError, 'dataSync: float32[2] is a traced value, without numbers: use where'],
  [() => traced((t) => t.arraySync()), TraceError, 'arraySync: float32[2] is a traced value'],
  [
    () => traced((t) => variable(t)),
    TraceError,
    'variable: the initial value is traced; make variables outside of jit, vmap and prepareJacobian',
  ],
  [
    () => traced(() => random.uniform([2])),
    TraceError,
    'random.uniform: inside jit numbers without a key would be drawn once for all runs of what is traced; pass { key }',
  ],
  [
    () => api.sin(closed()),
    TraceError,
    'a value traced by jit was used after that: return it from the traced function',
  ],
];

const CREATION: readonly Case[] = [
  [() => api.zeros(any(3)), ArgumentError, 'zeros: shape must be an array of whole numbers ≥ 0, not 3'],
  [() => api.ones([-1]), ArgumentError, 'ones: shape must be an array of whole numbers ≥ 0, not [-1]'],
  [() => api.zeros([1], any('int32')), ArgumentError, 'zeros: options must be an object { dtype }, not "int32"'],
  [() => api.full([1], any('a')), ArgumentError, 'full: value must be a number, not "a"'],
  [
    () => api.full([1], 0.5, { dtype: 'int32' }),
    DTypeError,
    "full: value 0.5 is not an int32; use dtype 'float32', or round it first",
  ],
  [
    () => api.full([1], 1, { dtype: any('int8') }),
    DTypeError,
    'full: dtype must be bool or int32 or float32 or float64, not "int8"',
  ],
  [() => api.eye(1.5), ArgumentError, 'eye: n must be a whole number ≥ 0, not 1.5'],
  [() => api.eye(1, { columns: -1 }), ArgumentError, 'eye: columns must be a whole number ≥ 0, not -1'],
  [() => api.arange(0, 1, 0), ArgumentError, 'arange: step must not be 0'],
  [() => api.arange(NaN), ArgumentError, 'arange: stop must be a finite number, not NaN'],
  [
    () => api.arange(3, undefined, 1, { dtype: 'bool' }),
    DTypeError,
    'arange: dtype must be float32 or float64 or int32, not "bool"',
  ],
  [() => api.linspace(0, 1, -1), ArgumentError, 'linspace: count must be a whole number ≥ 0, not -1'],
  [() => api.linspace(any('0'), 1), ArgumentError, 'linspace: start must be a finite number, not "0"'],
  [() => api.oneHot([0], -1), ArgumentError, 'oneHot: depth must be a whole number ≥ 0, not -1'],
  [
    () => api.oneHot(tensor([0]), 2),
    DTypeError,
    "oneHot: indices must be int32, not float32; use cast(indices, 'int32')",
  ],
  [
    () => api.oneHot([0], 2, any({ onValue: 1 })),
    ArgumentError,
    'oneHot: there is no option "onValue", only axis, dtype',
  ],
];

const ELEMENTWISE: readonly Case[] = [
  [
    () => api.add(v, ints),
    ShapeError,
    'add: shapes [3] and [2] do not broadcast: aligned at the last axis, sizes must be equal or 1',
  ],
  [() => api.mod(v, ints), ShapeError, 'mod: shapes [3] and [2] do not broadcast'],
  [() => api.where(ints, v, 0), ShapeError, 'where: shapes [2] and [3] and [] do not broadcast'],
  [
    () => api.hypot(any(null), 1),
    ArgumentError,
    'hypot: a must be a tensor, a variable, a number or nested arrays, not null',
  ],
  [
    () => api.atan2(1, any({})),
    ArgumentError,
    'atan2: x must be a tensor, a variable, a number or nested arrays, not an object { }',
  ],
  [
    () => api.clip(v, 2, 1),
    ArgumentError,
    'clip: low must not be above high, but low is 2 and high is 1: exchange them',
  ],
  [
    () => api.clip(v, any(null), 1),
    ArgumentError,
    'clip: low must be a tensor, a variable, a number or nested arrays, not null',
  ],
  [
    () => api.clip(v, 0, any('1')),
    ArgumentError,
    'clip: high must be a tensor, a variable, a number or nested arrays, not "1"',
  ],
  [() => api.clip(v, ints, 1), ShapeError, 'clip: shapes [3] and [2] and [] do not broadcast'],
  [() => api.clip(v, 0, ints), ShapeError, 'clip: shapes [3] and [] and [2] do not broadcast'],
  [() => api.logAddExp(v, ints), ShapeError, 'logAddExp: shapes [3] and [2] do not broadcast'],
  [() => api.xlogy(v, ints), ShapeError, 'xlogy: shapes [3] and [2] do not broadcast'],
  [
    () => api.abs(any([1, 'a'])),
    ArgumentError,
    'abs: x[1] must be a tensor, a variable, a number or nested arrays, not "a"',
  ],
  [() => api.mul(v, [[1], [2, 3]]), ShapeError, 'mul: b[1] has 2 elements, its neighbours 1'],
  [() => api.sin(any(new BigInt64Array(1))), DTypeError, 'sin: x is a BigInt64Array'],
  [() => api.elu(v, any('1')), ArgumentError, 'elu: alpha must be a finite number, not "1"'],
  [() => api.leakyRelu(v, NaN), ArgumentError, 'leakyRelu: alpha must be a finite number, not NaN'],
  [() => api.gelu(v, any(true)), ArgumentError, 'gelu: options must be an object { approximate }, not true'],
  [() => api.gelu(v, { approximate: any(1) }), ArgumentError, 'gelu: approximate must be true or false, not 1'],
  [() => api.cast(v, any('int')), DTypeError, 'cast: dtype must be bool or int32 or float32 or float64, not "int"'],
];

const REDUCTIONS: readonly Case[] = [
  [() => api.sum(v, 1), ArgumentError, 'sum: axis 1 is no axis of a tensor of rank 1'],
  [() => api.sum(tensor(1), 0), ArgumentError, 'sum: axis 0 is no axis of a tensor of rank 0'],
  [() => api.mean(x, 0.5), ArgumentError, 'mean: axis 0.5 is no axis of a tensor of rank 2'],
  [() => api.max(x, any('0')), ArgumentError, 'max: axis "0" is no axis of a tensor of rank'],
  [() => api.prod(x, [0, -2]), ArgumentError, 'prod: axis [0,-2] names an axis twice'],
  [
    () => api.sum(x, 0, any({ keepDims: true })),
    ArgumentError,
    'sum: keepDims must be true or false, not an object { keepDims }',
  ],
  [() => api.any(x, 0, any(1)), ArgumentError, 'any: keepDims must be true or false, not 1'],
  [
    () => api.min(api.zeros([2, 0]), 1),
    ArgumentError,
    'min: x float32[2,0] has no elements along axis 1, so there is no min',
  ],
  [
    () => api.argmax(api.zeros([0])),
    ArgumentError,
    'argmax: x float32[0] has no elements along axis 0, so there is no argmax',
  ],
  [() => api.argmin(x, any([0])), ArgumentError, 'argmin: axis [0] is no axis of a tensor of rank'],
  [() => api.variance(x, 0, false, any({ dof: 1 })), ArgumentError, 'variance: there is no option "dof", only ddof'],
  [() => api.std(x, 0, false, { ddof: -1 }), ArgumentError, 'std: ddof must be a whole number ≥ 0, not -1'],
  [
    () => api.norm(api.zeros([0]), Infinity),
    ArgumentError,
    'norm: x float32[0] has no elements along axis 0, so there is no norm',
  ],
  [() => api.norm(api.zeros([2, 0]), -Infinity, 1), ArgumentError, 'norm: x float32[2,0] has no elements along axis 1'],
  [
    () => api.norm(api.zeros([0, 2]), Infinity, [0, 1]),
    ArgumentError,
    'norm: x float32[0,2] has no elements along axis 0',
  ],
  [
    () => api.norm(x, any('nuc')),
    ArgumentError,
    `norm: ord must be 'euclidean', 'fro', Infinity, -Infinity or a number > 0, not "nuc"`,
  ],
  [
    () => api.norm(x, 2, [0, 1]),
    ArgumentError,
    "norm: over 2 axes ord must be 'fro', 1 or Infinity, not 2; the 2-norm of a matrix is its largest singular value (linalg)",
  ],
  [
    () => api.norm(api.zeros([1, 1, 1]), 1, [0, 1, 2]),
    ArgumentError,
    "norm: over 3 axes ord must be 'euclidean', not 1",
  ],
  [() => api.softmax(tensor(1)), ArgumentError, 'softmax: axis -1 is no axis of a tensor of rank 0'],
  [
    () => api.cumsum(v, 0, any({ backward: true })),
    ArgumentError,
    'cumsum: there is no option "backward", only exclusive, reverse',
  ],
  [() => api.cumprod(v, 0, { reverse: any(1) }), ArgumentError, 'cumprod: reverse must be true or false, not 1'],
];

const SHAPES: readonly Case[] = [
  [() => api.reshape(x, [4]), ShapeError, 'reshape: shape [4] does not fit the 6 elements of x float32[2,3]'],
  [() => api.reshape(x, [-1, 4]), ShapeError, 'reshape: shape [-1,4] does not fit the 6 elements of x float32[2,3]'],
  [
    () => api.reshape(x, [-1, -1]),
    ShapeError,
    'reshape: shape [-1,-1] does not fit the 6 elements of x float32[2,3]; one size may be -1',
  ],
  [() => api.reshape(x, any(6)), ArgumentError, 'reshape: shape must be an array of whole numbers ≥ -1, not 6'],
  [() => api.transpose(x, [0]), ShapeError, 'transpose: permutation has 1 entries, but x has 2 axes'],
  [() => api.transpose(x, [0, 0]), ArgumentError, 'transpose: permutation [0,0] names an axis twice'],
  [() => api.transpose(x, any(1)), ArgumentError, 'transpose: permutation must be an array of whole numbers, not 1'],
  [() => api.transpose(x, [0, 2]), ArgumentError, 'transpose: permutation 2 is no axis of a tensor of rank 2'],
  [() => api.squeeze(x, 0), ShapeError, 'squeeze: axis 0 of x float32[2,3] has size 2, not 1'],
  [() => api.expandDims(x, 3), ArgumentError, 'expandDims: axis 3 is no axis of a tensor of rank 3'],
  [
    () => api.broadcastTo(x, [3, 3]),
    ShapeError,
    'broadcastTo: x float32[2,3] does not broadcast to [3,3]: aligned at the last axis, sizes must be equal or 1',
  ],
  [() => api.flip(x, 2), ArgumentError, 'flip: axis 2 is no axis'],
  [() => api.slice(x, [0, 2], [1, 2]), ShapeError, 'slice: begin [0,2] and size [1,2] leave x float32[2,3]'],
  [() => api.slice(x, [0, 0, 0]), ShapeError, 'slice: begin has 3 entries, but x has 2 axes'],
  [() => api.slice(x, any('0')), ArgumentError, 'slice: begin must be an array of whole numbers, not "0"'],
  [() => api.stridedSlice(x, [0], [1], [0]), ArgumentError, 'stridedSlice: strides must not be 0'],
  [
    () => api.stridedSlice(v, [0, 0], null),
    ArgumentError,
    'stridedSlice: begin must be at most 1 whole numbers or nulls, for x float32[3], not [0, 0]',
  ],
  [
    () => api.stridedSlice(v, null, any(['a'])),
    ArgumentError,
    'stridedSlice: end must be at most 1 whole numbers or nulls, for x float32[3], not ["a"]',
  ],
  [
    () => api.pad(x, [[1, 1]]),
    ArgumentError,
    'pad: paddings must be one [before, after] for each of the 2 axes of x, not [[…]]',
  ],
  [() => api.pad(v, [[-1, 0]]), ArgumentError, 'pad: paddings must be a whole number ≥ 0, not -1'],
  [() => api.pad(v, [[0, 1]], any('0')), ArgumentError, 'pad: value must be a number, not "0"'],
  [() => api.tile(x, [2]), ShapeError, 'tile: repeats has 1 entries, but x has 2 axes'],
  [() => api.tile(v, [-1]), ArgumentError, 'tile: repeats must be a whole number ≥ 0, not -1'],
  [() => api.roll(v, 0.5), ArgumentError, 'roll: shift must be a whole number or an array of them, not 0.5'],
  [() => api.roll(v, [1, 2]), ArgumentError, 'roll: shift [1, 2] needs axis, one axis for each'],
  [() => api.roll(x, [1, 2], 0), ArgumentError, 'roll: shift [1, 2] and axis 0 must be equally many'],
  [() => api.concat([]), ArgumentError, 'concat: tensors must be a non-empty array of tensors, not []'],
  [
    () => api.concat(any(x)),
    ArgumentError,
    'concat: tensors must be a non-empty array of tensors, not a tensor float32[2,3]',
  ],
  [() => api.concat([1, 2]), ShapeError, 'concat: scalars have no axis to be joined along; use stack'],
  [
    () => api.concat([x, v]),
    ShapeError,
    'concat: tensors[1] float32[3] and tensors[0] float32[2,3] differ outside of axis 0',
  ],
  [
    () => api.concat([v, any('a')]),
    ArgumentError,
    'concat: tensors[1] must be a tensor, a variable, a number or nested arrays, not "a"',
  ],
  [
    () => api.concat(any(holed(v, v))),
    ArgumentError,
    'concat: tensors[1] must be a tensor, a variable, a number or nested arrays, not undefined',
  ],
  [
    () => api.stack(any([v, undefined])),
    ArgumentError,
    'stack: tensors[1] must be a tensor, a variable, a number or nested arrays, not undefined',
  ],
  [() => api.stack([v, 1]), ShapeError, 'stack: tensors[1] float32[] and tensors[0] float32[3] differ in shape'],
  [() => api.split(v, 2), ShapeError, 'split: axis 0 of x float32[3] does not split into 2 equal pieces'],
  [
    () => api.split(v, [1, 1]),
    ShapeError,
    'split: sizes [1, 1] do not add up to the 3 elements of axis 0 of x float32[3]',
  ],
  [() => api.split(v, any([Symbol('a')])), ShapeError, 'split: sizes [Symbol(a)] do not add up'],
  [() => api.split(v, any('a')), ArgumentError, 'split: sizes must be a count or an array of sizes, not "a"'],
  [() => api.unstack(tensor(1)), ArgumentError, 'unstack: axis 0 is no axis of a tensor of rank 0'],
  [() => api.diag(tensor(1)), ShapeError, 'diag: x must have at least one axis, not float32[]'],
  [() => api.diag(v, 1e15), ShapeError, 'diag: 1.000000000000006e+30 elements'],
  [() => api.diag(api.zeros([0]), -(2 ** 20)), ShapeError, 'diag: 1099511627776 elements are more'],
  [() => api.diagPart(v), ShapeError, 'diagPart: x must have at least two axes, not float32[3]'],
  [() => api.triu(v), ShapeError, 'triu: x must have at least two axes, not float32[3]'],
  [() => api.diag(v, 1e15), ShapeError, 'diag: 1.000000000000006e+30 elements'],
  [() => api.diag(api.zeros([0]), -(2 ** 20)), ShapeError, 'diag: 1099511627776 elements are more'],
  [() => api.tril(x, 0.5), ArgumentError, 'tril: k must be a whole number, not 0.5'],
];

const INDICES: readonly Case[] = [
  [
    () => api.gather(v, [0, 3]),
    ArgumentError,
    'gather: index 3 is out of range on axis 0 of x float32[3], which has 3 elements',
  ],
  [
    () => api.gather(x, [-1], 1),
    ArgumentError,
    'gather: index -1 is out of range on axis 1 of x float32[2,3], which has 3 elements; count from the end as 2',
  ],
  [
    () => api.gather(v, tensor([0])),
    DTypeError,
    "gather: indices must be int32, not float32; use cast(indices, 'int32')",
  ],
  [() => api.gather(v, [0, NaN]), DTypeError, 'gather: indices NaN is not an int32; round it'],
  [() => api.gather(v, [v, v]), DTypeError, "gather: indices has dtype float32, not int32; use cast(x, 'int32')"],
  [() => api.gather(v, 0.5), DTypeError, 'gather: indices 0.5 is not an int32; round it'],
  [() => api.oneHot([1.5], 3), DTypeError, 'oneHot: indices 1.5 is not an int32; round it'],
  [() => api.scatterAdd(v, NaN, 1), DTypeError, 'scatterAdd: indices NaN is not an int32; round it'],
  [() => api.gather(v, [0], 1), ArgumentError, 'gather: axis 1 is no axis of a tensor of rank 1'],
  [() => api.gather(tensor(1), [0]), ArgumentError, 'gather: axis 0 is no axis of a tensor of rank 0'],
  [
    () => api.scatterAdd(v, [5], [1]),
    ArgumentError,
    'scatterAdd: index 5 is out of range on axis 0 of x float32[3], which has 3 elements',
  ],
  [
    () => api.scatterAdd(v, [0, 1], v),
    ShapeError,
    'scatterAdd: updates float32[3] do not broadcast to [2], the shape of gather(x, indices, axis)',
  ],
];

const PRODUCTS: readonly Case[] = [
  [() => api.matmul(x, x), ShapeError, 'matmul: inner sizes differ: a [2,3] · b [2,3] (3 ≠ 2)'],
  [() => api.matmul(x, 2), ShapeError, 'matmul: scalars have no rows; use mul: a [2,3] · b []'],
  [
    () => api.matmul(api.zeros([2, 1, 3]), api.zeros([4, 3, 1])),
    ShapeError,
    'matmul: leading axes do not broadcast: a [2,1,3] · b [4,3,1]',
  ],
  [() => api.dot(v, ints), ShapeError, 'dot: inner sizes differ: a [3] · b [2] (3 ≠ 2)'],
  [
    () => api.outer(x, v),
    ShapeError,
    'outer: a and b must be vectors: a [2,3] · b [3]; for other ranks use tensordot(a, b, 0)',
  ],
  [
    () => api.tensordot(x, v, 2),
    ArgumentError,
    'tensordot: axes must be 0 … 1 for a float32[2,3] and b float32[3], not 2',
  ],
  [
    () => api.tensordot(x, v, any('1')),
    ArgumentError,
    'tensordot: axes must be a count or [axes of a, axes of b], equally many, not "1"',
  ],
  [
    () => api.tensordot(x, v, [0, 0]),
    ShapeError,
    'tensordot: axis 0 of a and axis 0 of b differ in size: a [2,3] · b [3] (2 ≠ 3)',
  ],
  [
    () =>
      api.tensordot(x, x, [
        [0, 0],
        [0, 1],
      ]),
    ArgumentError,
    'tensordot: axes names an axis twice',
  ],
  [() => api.tensordot(x, v, [2, 0]), ArgumentError, 'tensordot: axes[0] 2 is no axis of a tensor of rank 2'],
  [
    () => api.tensordot(x, v, any([holed(1, 1).slice(1), [0, 1]])),
    ArgumentError,
    'tensordot: axes[0] undefined is no axis of a tensor of rank',
  ],
  [
    () => api.tensordot(x, v, any(holed(0, [0]).slice(1))),
    ArgumentError,
    'tensordot: axes[0] undefined is no axis of a tensor of rank',
  ],
  [
    () => api.einsum(any(x), x),
    ArgumentError,
    "einsum: equation must be a string such as 'ij,jk->ik', not a tensor float32[2,3]",
  ],
  [
    () => api.einsum('i1', v),
    ArgumentError,
    "einsum: 'i1' is not an equation: operands are letters and at most one ..., divided by commas, then -> and the output",
  ],
  [() => api.einsum('i->j->k', v), ArgumentError, "einsum: 'i->j->k' is not an equation"],
  [() => api.einsum('i,j', v), ArgumentError, "einsum: 'i,j' has 2 operand(s), but 1 were given"],
  [() => api.einsum('ij', v), ArgumentError, "einsum: 'ij' of 'ij' names 2 axes, but operand 0 is float32[3]"],
  [
    () => api.einsum('i', x),
    ArgumentError,
    "einsum: 'i' of 'i' names 1 axes, but operand 0 is float32[2,3]; name all of them, or write ...",
  ],
  [() => api.einsum('i,i->', v, ints), ShapeError, "einsum: label 'i' of 'i,i->' stands for sizes 3 and 2"],
  [() => api.einsum('...,...', v, ints), ShapeError, "einsum: an axis of ... of '...,...' stands for sizes 3 and 2"],
  [() => api.einsum('i->j', v), ArgumentError, "einsum: output label 'j' of 'i->j' is in no operand"],
  [() => api.einsum('i->ii', v), ArgumentError, "einsum: output label 'i' of 'i->ii' stands twice"],
];

const RANDOM: readonly Case[] = [
  [() => random.key(0.5), ArgumentError, 'random.key: seed must be a whole number, not 0.5'],
  [() => random.split(random.key(1), 1e15), ShapeError, 'random.split: 2000000000000000 elements are more'],
  [() => random.split(random.key(1), 0), ArgumentError, 'random.split: n must be a whole number ≥ 1, not 0'],
  [
    () => random.split(tensor([1, 2])),
    DTypeError,
    'random.split: key must be int32, not float32[2]; make one with random.key(seed)',
  ],
  [
    () => random.uniform([1], { key: random.split(random.key(1)) }),
    ArgumentError,
    'random.uniform: key must be one key of shape [2], not int32[2,2]; take one with unstack or gather',
  ],
  [
    () => random.uniform([1], { key: random.key(1), seed: 2 }),
    ArgumentError,
    'random.uniform: give key or seed, not both',
  ],
  [() => random.uniform([1], { seed: 0.1 }), ArgumentError, 'random.uniform: seed must be a whole number, not 0.1'],
  [() => random.uniform(any(2)), ArgumentError, 'random.uniform: shape must be an array of whole numbers ≥ 0, not 2'],
  [
    () => random.uniform([1], any({ min: 0 })),
    ArgumentError,
    'random.uniform: there is no option "min", only minval, maxval, dtype, key, seed',
  ],
  [
    () => random.uniform([1], { dtype: 'bool' }),
    DTypeError,
    'random.uniform: dtype must be float32 or float64 or int32, not "bool"',
  ],
  [
    () => random.uniform([1], { dtype: 'int32' }),
    ArgumentError,
    'random.uniform: maxval must be given for dtype int32: numbers are drawn from [minval, maxval)',
  ],
  [
    () => random.uniform([1], { dtype: 'int32', maxval: 0.5 }),
    ArgumentError,
    'random.uniform: maxval must be a whole number, not 0.5',
  ],
  [
    () => random.uniform([1], { dtype: 'int32', maxval: 3e9 }),
    ArgumentError,
    'random.uniform: maxval 3000000000 is out of the range of int32',
  ],
  [
    () => random.uniform([1], { minval: 1 }),
    ArgumentError,
    'random.uniform: minval must be below maxval, but they are 1 and 1',
  ],
  [
    () => random.uniform([1], { maxval: Infinity }),
    ArgumentError,
    'random.uniform: maxval must be a finite number, not Infinity',
  ],
  [
    () => random.normal([1], { dtype: 'int32' }),
    DTypeError,
    'random.normal: dtype must be float32 or float64, not "int32"',
  ],
  [() => random.normal([1], { stddev: -1 }), ArgumentError, 'random.normal: stddev must not be below 0, but is -1'],
  [() => random.normal([1], { mean: any('0') }), ArgumentError, 'random.normal: mean must be a finite number, not "0"'],
];

const isNumber = (value: unknown): value is number => typeof value === 'number';
const NESTS: readonly Case[] = [
  [
    () => flattenNest('f: x', { a: [1, new Map()] }, isNumber, 'numbers'),
    ArgumentError,
    'f: x.a[1] must be a nest of numbers (plain objects and arrays), not a Map',
  ],
  [
    () => flattenNest('f: x', null, isNumber),
    ArgumentError,
    'f: x must be a nest of tensors (plain objects and arrays), not null',
  ],
];

const ALL = { VALUES, HUGE, TRACES, CREATION, ELEMENTWISE, REDUCTIONS, SHAPES, INDICES, PRODUCTS, RANDOM, NESTS };
for (const [group, cases] of Object.entries(ALL)) {
  describe(group.toLowerCase(), () => {
    test.each(cases.map(([call, error, message]) => [message, call, error] as const))('%s', (message, call, error) => {
      let thrown: unknown;
      try {
        call();
      } catch (e) {
        thrown = e;
      }
      expect(thrown).toBeInstanceOf(error);
      expect(thrown).toBeInstanceOf(api.JacobiError);
      expect((thrown as Error).message).toContain(message);
      expect((thrown as Error).name).toBe(error.name);
    });
  });
}

test('reading is refused on a device that cannot read at once', () => {
  const backend = { ...api.getBackend(), name: 'far' };
  delete (backend as { readSync?: unknown }).readSync;
  const t = api.withBackend(backend, () => tensor([1, 2]));
  expect(() => t.dataSync()).toThrow(DeviceError);
  expect(() => t.dataSync()).toThrow('dataSync: the far backend cannot read at once; await data() or array()');
  expect(() => t.arraySync()).toThrow('arraySync: the far backend cannot read at once; await data() or array()');
  expect(() => api.add(tensor([1, 2]), t)).toThrow(
    'moving a tensor to cpu: the far backend cannot read at once; await data() or array()',
  );
  const single = { ...api.getBackend(), name: 'narrow', traits: { ...api.getBackend().traits, float64: false } };
  expect(() => api.withBackend(single, () => tensor(1, { dtype: 'float64' }))).toThrow(
    'tensor: the narrow backend has no float64',
  );
});

// Every function of tensors refuses what is no tensor, and says which argument it was.
const UNARY =
  'abs acos acosh all any argmax argmin asin asinh atan atanh ceil cos cosh cumprod cumsum diag diagPart elu erf erfc exp exp2 expm1 flip floor gelu isFinite isNaN leakyRelu log log10 log1p log2 logicalNot logSigmoid logSoftmax logSumExp max mean min neg norm onesLike prod reciprocal relu relu6 round rsqrt selu sigmoid sign silu sin sinh softmax softplus softsign sqrt square squeeze std stopGradient sum tan tanh transpose tril triu unstack variance zerosLike'.split(
    ' ',
  );
const BINARY =
  'add atan2 div dot equal floorDiv greater greaterEqual hypot less lessEqual logAddExp logicalAnd logicalOr logicalXor matmul maximum minimum mod mul notEqual outer pow sub tensordot xlogy'.split(
    ' ',
  );
const functions = api as unknown as Record<string, (...args: unknown[]) => unknown>;
const REFUSED = [undefined, null, 'text', {}, new Map(), () => 1];

test.each(UNARY)('%s refuses what is no tensor', (name) => {
  for (const bad of REFUSED) {
    expect(() => functions[name]!(bad)).toThrow(ArgumentError);
    expect(() => functions[name]!(bad)).toThrow(
      new RegExp(`^${name}: x must be a tensor, a variable, a number or nested arrays, not `),
    );
  }
});
test.each(BINARY)('%s refuses what is no tensor, on either side', (name) => {
  for (const bad of REFUSED) {
    expect(() => functions[name]!(bad, v)).toThrow(
      new RegExp(`^${name}: \\w+ must be a tensor, a variable, a number or nested arrays, not `),
    );
    expect(() => functions[name]!(v, bad)).toThrow(
      new RegExp(`^${name}: \\w+ must be a tensor, a variable, a number or nested arrays, not `),
    );
  }
});

afterAll(() => {
  expect(api.sin(api.add(v, 0)).shape).toEqual([3]);
});
