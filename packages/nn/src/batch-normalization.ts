/**
 * BatchNormalization: features with mean 0 and variance 1 over the batch.
 * The one idea: in training the statistics are those of the batch, and moving averages of them are the next state; else they
 * are the moving averages.
 */
import type { Shape, Tensor, Variable } from '@jacobi/tensor';
import {
  ArgumentError,
  add,
  full,
  mean,
  mul,
  reshape,
  rsqrt,
  ShapeError,
  square,
  stopGradient,
  sub,
  variable,
} from '@jacobi/tensor';
import { checkAxis, checkFlag, checkInteger, checkNumber, checkOptions, formatType } from '@jacobi/tensor/internal';
import type { ApplyOptions, FloatingDType, LayerResult, LayerVariables, Tree } from './layer.ts';
import { Layer } from './layer.ts';

/** Options of `BatchNormalization`; defaults are those of Keras. */
export interface BatchNormalizationOptions<Center extends boolean = boolean, Scale extends boolean = boolean> {
  /** The axis of the features; statistics are taken over all others. Default −1. */
  readonly axis?: number;
  /** How much of the old moving averages stays: from 0 to 1. Default 0.99. */
  readonly momentum?: number;
  /** Added to the variance: a number ≥ 0. Default 0.001. */
  readonly epsilon?: number;
  /** Learn an offset beta. Default true. */
  readonly center?: Center;
  /** Learn a factor gamma. Default true. */
  readonly scale?: Scale;
  /** Default batchNormalization, batchNormalization_1, … */
  readonly name?: string;
}

/** Parameters of a BatchNormalization: gamma [features] if it scales, beta [features] if it centers. */
export type BatchNormalizationParams<
  Center extends boolean = boolean,
  Scale extends boolean = boolean,
> = (Scale extends false ? unknown : { readonly gamma: Tensor }) &
  (Center extends false ? unknown : { readonly beta: Tensor });

interface MovingStatistics {
  readonly movingMean: Tensor;
  readonly movingVariance: Tensor;
}

const OPTIONS = ['axis', 'momentum', 'epsilon', 'center', 'scale', 'name'];

/**
 * Batch normalization (Ioffe & Szegedy, 2015): y = gamma · (x − mean) / √(variance + epsilon) + beta, feature by feature.
 *
 * With `training: true`, mean and variance are those of the batch over all axes but the feature axis; the variance is biased
 * (divided by n) and computed in two passes. The moving averages then become momentum · old + (1 − momentum) · batch (of an
 * empty batch: stay as they are). Without it, mean and variance are the moving averages, which begin at 0 and 1.
 *
 * No gradient goes through the update, and jitted functions carry it out on each call. vmap and prepareJacobian have no place
 * for it: there `training: true` is an error that points to `split`. In training mode the rows of a batch depend on each
 * other, so a batchJacobian through it is not that of each row for itself.
 *
 * Variables: `name/gamma`, `name/beta`, and, not trainable, `name/movingMean`, `name/movingVariance`; all [features].
 * @throws ArgumentError for options that are none, or an axis that x does not have; ShapeError in training for an x without a
 *   batch axis, or for another number of features than at first.
 * @example
 * const layer = new BatchNormalization({ epsilon: 0 });
 * layer.apply(tensor([[1, 10], [3, 30]]), { training: true }) // → [[-1, -1], [1, 1]]
 * layer.movingMean // → batchNormalization…/movingMean = [0.02, 0.2]
 */
export class BatchNormalization<Center extends boolean = true, Scale extends boolean = true> extends Layer<
  BatchNormalizationParams<Center, Scale>
> {
  readonly #axis: number;
  readonly #momentum: number;
  readonly #epsilon: number;
  readonly #center: boolean;
  readonly #scale: boolean;

  constructor(options: BatchNormalizationOptions<Center, Scale> = {}) {
    const operation = 'BatchNormalization';
    checkOptions(operation, options, OPTIONS);
    const { axis = -1, momentum = 0.99, epsilon = 1e-3, center = true, scale = true } = options;
    checkInteger(operation, 'axis', axis);
    checkNumber(operation, 'momentum', momentum);
    if (momentum < 0 || momentum > 1)
      throw new ArgumentError(`${operation}: momentum must be from 0 to 1, not ${momentum}`);
    checkNumber(operation, 'epsilon', epsilon);
    if (epsilon < 0) throw new ArgumentError(`${operation}: epsilon must not be below 0, but is ${epsilon}`);
    checkFlag(operation, 'center', center);
    checkFlag(operation, 'scale', scale);
    super(operation, options.name);
    this.#axis = axis;
    this.#momentum = momentum;
    this.#epsilon = epsilon;
    this.#center = center;
    this.#scale = scale;
  }

  /** The factor [features]; undefined without scale. @throws ArgumentError before the layer is built. */
  get gamma(): Scale extends false ? undefined : Variable {
    return this.named('gamma') as Scale extends false ? undefined : Variable;
  }
  /** The offset [features]; undefined without center. @throws ArgumentError before the layer is built. */
  get beta(): Center extends false ? undefined : Variable {
    return this.named('beta') as Center extends false ? undefined : Variable;
  }
  /** The moving average [features] of means, not trainable. @throws ArgumentError before the layer is built. */
  get movingMean(): Variable {
    return this.named('movingMean')!;
  }
  /** The moving average [features] of variances, not trainable. @throws ArgumentError before the layer is built. */
  get movingVariance(): Variable {
    return this.named('movingVariance')!;
  }

  /** @internal */
  protected override make(shape: Shape, dtype: FloatingDType): LayerVariables {
    const features = shape[checkAxis('BatchNormalization', this.#axis, shape.length)]!;
    const make = (name: string, first: number, trainable: boolean): Variable =>
      variable(full([features], first, { dtype }), { name: `${this.name}/${name}`, trainable });
    const params = {
      ...(this.#scale ? { gamma: make('gamma', 1, true) } : {}),
      ...(this.#center ? { beta: make('beta', 0, true) } : {}),
    };
    const state = { movingMean: make('movingMean', 0, false), movingVariance: make('movingVariance', 1, false) };
    return { params, state, dtype };
  }

  /** @internal */
  override call(
    params: BatchNormalizationParams<Center, Scale>,
    state: Tree<Tensor>,
    x: Tensor,
    options: ApplyOptions,
  ): LayerResult {
    const moving = state as unknown as MovingStatistics;
    const axis = checkAxis('BatchNormalization', this.#axis, x.rank);
    this.#checkFeatures(x, axis, moving.movingMean.shape[0]!);
    const { gamma, beta } = params as { gamma?: Tensor; beta?: Tensor };
    const normal = (centered: Tensor, spread: Tensor): Tensor => {
      const inverse = rsqrt(add(spread, this.#epsilon));
      const scaled = mul(centered, gamma === undefined ? inverse : mul(inverse, along(gamma, x.rank, axis)));
      return beta === undefined ? scaled : add(scaled, along(beta, x.rank, axis));
    };
    if (options.training !== true) {
      const y = normal(sub(x, along(moving.movingMean, x.rank, axis)), along(moving.movingVariance, x.rank, axis));
      return { y };
    }
    const others = [...x.shape.keys()].filter((a) => a !== axis);
    if (others.length === 0) throw noBatch(x);
    const center = mean(x, others, true);
    const centered = sub(x, center);
    const spread = mean(square(centered), others, true);
    const y = normal(centered, spread);
    if (x.size === 0) return { y };
    return { y, nextState: () => this.#next(moving, center, spread) };
  }

  /** Moving averages after a batch. Nothing before them is differentiated. */
  #next({ movingMean, movingVariance }: MovingStatistics, center: Tensor, spread: Tensor): { [name: string]: Tensor } {
    const blend = (old: Tensor, batch: Tensor): Tensor =>
      add(mul(old, this.#momentum), mul(stopGradient(reshape(batch, old.shape)), 1 - this.#momentum));
    return { movingMean: blend(movingMean, center), movingVariance: blend(movingVariance, spread) };
  }

  #checkFeatures(x: Tensor, axis: number, expected: number): void {
    const features = x.shape[axis]!;
    if (features === expected) return;
    throw new ShapeError(
      `BatchNormalization: '${this.name}' was built for ${expected} features, but x ${formatType(x.type)} has ${features} along axis ` +
        `${this.#axis}; transpose or reshape x, or make another layer`,
    );
  }
}

/** A value for each feature, so that it broadcasts along its axis. */
function along(v: Tensor, rank: number, axis: number): Tensor {
  return axis === rank - 1
    ? v
    : reshape(
        v,
        Array.from({ length: rank }, (_, a) => (a === axis ? v.size : 1)),
      );
}

function noBatch(x: Tensor): ShapeError {
  return new ShapeError(
    `BatchNormalization: x ${formatType(x.type)} has no axis but the features' to take statistics over; with training: true give a batch ` +
      `[n,${x.size}] (inside vmap an example is alone: leave out training: true)`,
  );
}
