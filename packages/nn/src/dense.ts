/** Dense: activation(x · kernel + bias). */
import type { Shape, Tensor, Variable } from '@jacobi/tensor';
import { ArgumentError, add, matmul, ShapeError, Tensor as TensorClass } from '@jacobi/tensor';
import { checkFlag, checkInteger, checkOptions, describe, formatType } from '@jacobi/tensor/internal';
import type { Activation, ActivationName } from './activations.ts';
import { activationOf } from './activations.ts';
import type { CustomInitializer, InitializerName } from './initializers.ts';
import { initializerOf } from './initializers.ts';
import type { FloatingDType, LayerResult, LayerVariables, Tree } from './layer.ts';
import { Layer, makeVariable } from './layer.ts';

/** Options of `Dense`; defaults are those of Keras. */
export interface DenseOptions<UseBias extends boolean = boolean> {
  /** Features of the output: a whole number ≥ 1. */
  readonly units: number;
  /** A name or a function. Default 'linear'. */
  readonly activation?: ActivationName | Activation;
  /** Default true. */
  readonly useBias?: UseBias;
  /** A name or a function (shape, dtype) => tensor. Default 'glorotUniform'. */
  readonly kernelInitializer?: InitializerName | CustomInitializer;
  /** A name or a function (shape, dtype) => tensor. Default 'zeros'. */
  readonly biasInitializer?: InitializerName | CustomInitializer;
  /** Default dense, dense_1, … */
  readonly name?: string;
}

/** Parameters of a Dense layer: kernel [in, units], and bias [units] unless `useBias` is false. */
export type DenseParams<UseBias extends boolean = boolean> = UseBias extends false
  ? { readonly kernel: Tensor }
  : { readonly kernel: Tensor; readonly bias: Tensor };

const OPTIONS = ['units', 'activation', 'useBias', 'kernelInitializer', 'biasInitializer', 'name'];

/**
 * A fully connected layer: y = activation(x · kernel + bias).
 *
 * x is float32 or float64 of shape [..., in], y of shape [..., units] and the same dtype; one example [in] will do, as vmap has
 * it. Variables: `name/kernel` [in, units], `name/bias` [units].
 * @throws ArgumentError for options that are none; ShapeError for a scalar, or another number of features than at first.
 * @example
 * const layer = new Dense({ units: 2, activation: 'relu', kernelInitializer: () => [[1, -1], [2, -2]] });
 * layer.apply(tensor([[1, 1], [0, 3]])) // → [[3, 0], [6, 0]]
 * layer.trainableVariables.map((v) => v.shape) // → [[2, 2], [2]]
 * layer.bias // → dense…/bias = [0, 0]
 */
export class Dense<UseBias extends boolean = true> extends Layer<DenseParams<UseBias>> {
  /** Outputs of an example. */
  readonly units: number;
  readonly #activation: Activation;
  readonly #kernel: CustomInitializer;
  readonly #bias: CustomInitializer | null;

  constructor(options: DenseOptions<UseBias>) {
    checkOptions('Dense', options, OPTIONS);
    const {
      units,
      activation = 'linear',
      useBias = true,
      kernelInitializer = 'glorotUniform',
      biasInitializer = 'zeros',
    } = options;
    checkInteger('Dense', 'units', units, 1);
    checkFlag('Dense', 'useBias', useBias);
    const resolved = activationOf('Dense', activation);
    const kernel = initializerOf('Dense', 'kernelInitializer', kernelInitializer);
    const bias = initializerOf('Dense', 'biasInitializer', biasInitializer);
    super('Dense', options.name);
    this.units = units;
    this.#activation = resolved;
    this.#kernel = kernel;
    this.#bias = useBias ? bias : null;
  }

  /** The variable [in, units]. @throws ArgumentError before the layer is built. */
  get kernel(): Variable {
    return this.named('kernel')!;
  }
  /** The variable [units]; undefined without bias. @throws ArgumentError before the layer is built. */
  get bias(): UseBias extends false ? undefined : Variable {
    return this.named('bias') as UseBias extends false ? undefined : Variable;
  }

  /** @internal */
  protected override make(shape: Shape, dtype: FloatingDType): LayerVariables {
    const features = shape.at(-1);
    if (features === undefined) throw noFeatures(`${dtype}[]`);
    const make = (argument: string, initializer: CustomInitializer, name: string, own: Shape) =>
      makeVariable('Dense', [argument, initializer], `${this.name}/${name}`, { shape: own, dtype });
    const kernel = make('kernelInitializer', this.#kernel, 'kernel', [features, this.units]);
    if (this.#bias === null) return { params: { kernel }, state: {}, dtype };
    return { params: { kernel, bias: make('biasInitializer', this.#bias, 'bias', [this.units]) }, state: {}, dtype };
  }

  /** @internal */
  override call(params: DenseParams<UseBias>, _state: Tree<Tensor>, x: Tensor): LayerResult {
    const { kernel, bias } = params as { kernel: Tensor; bias?: Tensor };
    if (x.rank === 0) throw noFeatures(formatType(x.type));
    const features = x.shape.at(-1)!;
    if (features !== kernel.shape[0]) {
      throw new ShapeError(
        `Dense: '${this.name}' was built for ${kernel.shape[0]} features, but x ${formatType(x.type)} has ${features} along its last axis; ` +
          'reshape x, or make another layer',
      );
    }
    const product = matmul(x, kernel);
    const y: unknown = this.#activation(bias === undefined ? product : add(product, bias));
    if (!(y instanceof TensorClass))
      throw new ArgumentError(`Dense: activation must return a tensor, not ${describe(y)}`);
    return { y };
  }
}

function noFeatures(given: string): ShapeError {
  return new ShapeError(
    `Dense: x must have features along its last axis, but is a scalar ${given}; use reshape(x, [1]), or [n, 1] for a batch`,
  );
}
