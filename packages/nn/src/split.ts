/** split: a layer as parameters and a pure function of them, for Jacobians with respect to parameters. */
import type { Tensor, TensorLike } from '@jacobi/tensor';
import { ArgumentError, ShapeError, Tensor as TensorClass, Variable } from '@jacobi/tensor';
import { asTensor, describe, formatType } from '@jacobi/tensor/internal';
import type { ApplyOptions, Tree } from './layer.ts';
import { checkApplyOptions, checkFloating, Layer, read } from './layer.ts';
import type { ParamsOf } from './sequential.ts';

/** A layer in two parts. */
export interface SplitLayer<Params> {
  /** The values of the trainable variables now: plain objects by name, arrays for layers in sequence. */
  readonly params: Params;
  /** The layer with other values in place of its variables'. Changes nothing. */
  apply(params: Params, x: TensorLike, options?: ApplyOptions): Tensor;
}

/**
 * Splits a layer into parameters and a pure function, which grad, jacobian, vmap and jit can take.
 *
 * What is not trainable (moving statistics) is not among the parameters: `apply` reads it from the layer on each call and never
 * assigns it. With `training: true` batch statistics are used and nothing is updated. Parameters and input may be float64 for
 * a layer of float32.
 * @throws ArgumentError for a layer that has no variables yet (apply it once, or call `build`), or for parameters of another
 *   structure; ShapeError for those of another shape.
 * @example
 * const layer = new Dense({ units: 1, kernelInitializer: 'ones' }).build([4, 3]);
 * const { params, apply } = split(layer);
 * grad((p: typeof params) => sum(apply(p, [[1, 2, 3]])))(params).kernel // → [[1], [2], [3]]
 */
export function split<L extends Layer>(layer: L): SplitLayer<ParamsOf<L>> {
  if (!(layer instanceof Layer)) throw new ArgumentError(`split: layer must be a layer, not ${describe(layer)}`);
  const { params, state } = layer.made('split');
  return {
    params: read(params) as ParamsOf<L>,
    apply: (given, x, options = {}) => {
      checkApplyOptions('split: apply', options);
      const input = checkFloating('split: apply', asTensor('split: apply', 'x', x));
      return layer.call(matching(params, given, 'params'), read(state), input, options).y;
    },
  };
}

/** The values of given parameters, which must have the structure and the shapes of the layer's. */
function matching(expected: Tree<Variable>, given: unknown, path: string): Tree<Tensor> {
  if (expected instanceof Variable) return matchingLeaf(expected, given, path);
  const names = Object.keys(expected);
  const like = Array.isArray(expected) === Array.isArray(given) && typeof given === 'object' && given !== null;
  if (!like || Object.keys(given).length !== names.length || names.some((name) => !Object.hasOwn(given, name))) {
    const shown = Array.isArray(expected) ? `an array of ${names.length}` : `{ ${names.join(', ')} }`;
    const found = !like || Array.isArray(given) ? describe(given) : `{ ${Object.keys(given).join(', ')} }`;
    throw new ArgumentError(`split: apply: ${path} must be ${shown}, as split(layer).params is, not ${found}`);
  }
  const child = (name: string): Tree<Tensor> =>
    matching(
      (expected as Record<string, Tree<Variable>>)[name]!,
      (given as Record<string, unknown>)[name],
      Array.isArray(expected) ? `${path}[${name}]` : `${path}.${name}`,
    );
  return Array.isArray(expected) ? names.map(child) : Object.fromEntries(names.map((name) => [name, child(name)]));
}

function matchingLeaf(expected: Variable, given: unknown, path: string): Tensor {
  const t = given instanceof Variable ? given.value : given;
  if (!(t instanceof TensorClass)) {
    throw new ArgumentError(`split: apply: ${path} must be a tensor, not ${describe(given)}; tensor(…) makes one`);
  }
  const { shape } = expected;
  if (t.shape.join() !== shape.join()) {
    throw new ShapeError(`split: apply: ${path} must have shape [${shape.join()}], but is ${formatType(t.type)}`);
  }
  return checkFloating('split: apply', t, path);
}
