/**
 * Activations by name: what `activation: 'elu'` means.
 * The one idea: a table from names to functions. A layer that is given a function needs no row of it, but a bundle holds the
 * table all the same, since names are looked up while the program runs.
 */
import type { Tensor } from '@jacobi/tensor';
import {
  ArgumentError,
  elu,
  exp,
  gelu,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  swish,
  tanh,
} from '@jacobi/tensor';
import { describe } from '@jacobi/tensor/internal';

/** A function from a tensor to a tensor of the same shape. */
export type Activation = (x: Tensor) => Tensor;

/** Names of activations: those of Keras, in JavaScript's spelling. */
export type ActivationName =
  | 'linear'
  | 'elu'
  | 'exponential'
  | 'gelu'
  | 'leakyRelu'
  | 'logSigmoid'
  | 'logSoftmax'
  | 'relu'
  | 'relu6'
  | 'selu'
  | 'sigmoid'
  | 'silu'
  | 'softmax'
  | 'softplus'
  | 'softsign'
  | 'swish'
  | 'tanh';

/**
 * Activations by name, with the defaults of Keras: alpha 1 for `elu`, slope 0.2 for `leakyRelu`, the exact `gelu`; `softmax` and
 * `logSoftmax` go along the last axis. For others give the layer a function: `(x) => leakyRelu(x, 0.01)`.
 * @example
 * activations.elu(tensor([-1, 2])) // → [-0.6321206, 2]
 */
export const activations: Readonly<Record<ActivationName, Activation>> = {
  linear: (x) => x,
  elu: (x) => elu(x),
  exponential: exp,
  gelu: (x) => gelu(x),
  leakyRelu: (x) => leakyRelu(x),
  logSigmoid,
  logSoftmax: (x) => logSoftmax(x),
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax: (x) => softmax(x),
  softplus,
  softsign,
  swish,
  tanh,
};

/** The function that a layer's option names or is. */
export function activationOf(operation: string, given: unknown): Activation {
  if (typeof given === 'function') return given as Activation;
  if (typeof given === 'string' && Object.hasOwn(activations, given)) return activations[given as ActivationName];
  throw new ArgumentError(
    `${operation}: activation must be a function or one of ${Object.keys(activations).join(', ')}; not ${describe(given)}`,
  );
}
