/** Sequential: layers one after the other. */
import type { Shape, Tensor } from '@jacobi/tensor';
import { ArgumentError, zeros } from '@jacobi/tensor';
import { checkOptions, describe } from '@jacobi/tensor/internal';
import type { ApplyOptions, FloatingDType, LayerResult, LayerVariables, Tree } from './layer.ts';
import { Layer, read } from './layer.ts';

/** The nest of parameters of a layer, as `split` gives it. */
export type ParamsOf<L> = L extends Layer<infer Params> ? Params : never;

/** Options of `Sequential`. */
export interface SequentialOptions {
  /** Default sequential, sequential_1, … */
  readonly name?: string;
}

/**
 * Layers one after the other: y = last(… second(first(x))). Options of `apply` go to each of them.
 *
 * Either all that a call changes is changed or, if a layer throws, nothing. First use runs the layers once more, on zeros,
 * for their shapes.
 * @throws ArgumentError unless layers is a non-empty array of layers, each of them once.
 * @example
 * const net = new Sequential([new Dense({ units: 8, activation: 'elu' }), new BatchNormalization(), new Dense({ units: 6 })]);
 * net.apply(random.normal([5, 4])).shape // → [5, 6]
 * net.trainableVariables.length // → 6
 */
export class SequentialLayer<const Layers extends readonly Layer[]> extends Layer<{
  readonly [K in keyof Layers]: ParamsOf<Layers[K]>;
}> {
  /** In the order in which they are called. */
  readonly layers: Layers;

  constructor(layers: Layers, options: SequentialOptions = {}) {
    checkOptions('Sequential', options, ['name']);
    if (!Array.isArray(layers) || layers.length === 0) {
      throw new ArgumentError(`Sequential: layers must be a non-empty array of layers, not ${describe(layers)}`);
    }
    // Holes count.
    Array.from(layers as readonly unknown[]).forEach((layer, i) => {
      if (!(layer instanceof Layer))
        throw new ArgumentError(`Sequential: layers[${i}] must be a layer, not ${describe(layer)}`);
      const first = layers.indexOf(layer as Layer);
      if (first < i) throw new ArgumentError(`Sequential: layers[${i}] is layers[${first}] again; make another layer`);
    });
    super('Sequential', options.name);
    this.layers = Object.freeze([...layers]) as unknown as Layers;
  }

  /** @internal */
  override adopt(made: LayerVariables): void {
    this.layers.forEach((layer, i) => layer.adopt(made.parts![i]!));
    super.adopt(made);
  }

  /** @internal */
  protected override make(shape: Shape, dtype: FloatingDType): LayerVariables {
    let x = zeros(shape, { dtype });
    const parts = this.layers.map((layer) => {
      const part = layer.madeFor(x.shape, x.dtype as FloatingDType);
      x = layer.call(read(part.params), read(part.state), x, {}).y;
      return part;
    });
    return { params: parts.map((p) => p.params), state: parts.map((p) => p.state), dtype, parts };
  }

  /** @internal */
  override call(
    params: { readonly [K in keyof Layers]: ParamsOf<Layers[K]> },
    state: Tree<Tensor>,
    x: Tensor,
    options: ApplyOptions,
  ): LayerResult {
    let y = x;
    const results = this.layers.map((layer, i) => {
      const result = layer.call(params[i], (state as readonly Tree<Tensor>[])[i]!, y, options);
      y = result.y;
      return result;
    });
    if (results.every((r) => r.nextState === undefined)) return { y };
    return { y, nextState: () => results.map((r) => r.nextState?.() ?? null) };
  }
}

/** Makes a Sequential, with or without `new`. */
export interface SequentialConstructor {
  new <const Layers extends readonly Layer[]>(layers: Layers, options?: SequentialOptions): SequentialLayer<Layers>;
  <const Layers extends readonly Layer[]>(layers: Layers, options?: SequentialOptions): SequentialLayer<Layers>;
}

/** Layers one after the other: `Sequential([first, second])`. See `SequentialLayer`. */
export type Sequential<Layers extends readonly Layer[]> = SequentialLayer<Layers>;
export const Sequential: SequentialConstructor = /* @__PURE__ */ new Proxy(SequentialLayer, {
  apply: (Target, _self, [layers, options]: [readonly Layer[], SequentialOptions?]) => new Target(layers, options),
}) as never;
