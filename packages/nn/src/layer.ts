/**
 * Layer: variables, and a pure call that reads them.
 * The one idea: `apply` reads the variables, calls, and assigns what the call says is the next state; nothing else has an
 * effect, so that the call alone is a function of parameters and input (split.ts). Must not import layers.
 */
import type { Shape, TensorLike } from '@jacobi/tensor';
import { ArgumentError, DTypeError, ShapeError, Tensor, TraceError, Variable, variable } from '@jacobi/tensor';
import {
  asTensor,
  checkDType,
  checkFlag,
  checkOptions,
  checkShape,
  currentTrace,
  describe,
  formatType,
  muted,
  withoutFrames,
} from '@jacobi/tensor/internal';
import type { CustomInitializer } from './initializers.ts';

/** What layers compute in. */
export type FloatingDType = 'float32' | 'float64';

/** Options of `layer.apply`. */
export interface ApplyOptions {
  /** True while fitting: batch statistics in place of moving ones. Default false. */
  readonly training?: boolean;
  /** For layers that draw random numbers. */
  readonly key?: Tensor;
}

/** Variables or their values, in plain objects and arrays. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [name: string]: Tree<T> };

/** The variables of a layer. */
export interface LayerVariables {
  /** What training changes. */
  readonly params: Tree<Variable>;
  /** What calls change: moving statistics. */
  readonly state: Tree<Variable>;
  readonly dtype: FloatingDType;
  /** Those of the layers inside, in their order. */
  readonly parts?: readonly LayerVariables[];
}

/** What a call gives. */
export interface LayerResult {
  readonly y: Tensor;
  /** Makes the next state: null, also in parts, for one that stays. Absent: all of it stays. */
  readonly nextState?: () => Tree<Tensor | null>;
}

const FLOATING = ['float32', 'float64'];
const counts: Map<string, number> = /* @__PURE__ */ new Map();

/** dense, dense_1, dense_2, … */
function nextName(kind: string): string {
  const base = `${kind[0]!.toLowerCase()}${kind.slice(1)}`;
  const count = counts.get(base) ?? 0;
  counts.set(base, count + 1);
  return count === 0 ? base : `${base}_${count}`;
}

/**
 * A function with variables. They are made on first use, from the shape and the dtype of the first input, and watched by
 * tapes when they are read. `Params` is the nest of values that `split` gives.
 */
export abstract class Layer<Params = unknown> {
  /** In messages, and in the names of its variables. */
  readonly name: string;
  /** What messages call it. */
  protected readonly kind: string;
  #made: LayerVariables | null = null;

  protected constructor(kind: string, name: string | undefined) {
    if (name !== undefined && (typeof name !== 'string' || name === '')) {
      throw new ArgumentError(`${kind}: name must be a non-empty string, not ${describe(name)}`);
    }
    this.kind = kind;
    this.name = name ?? nextName(kind);
  }

  /** True once the variables are made. */
  get built(): boolean {
    return this.#made !== null;
  }
  /** All variables: trainable ones first. None before the layer is built. */
  get variables(): Variable[] {
    return this.#made === null ? [] : [...leavesOf(this.#made.params), ...leavesOf(this.#made.state)];
  }
  /** The variables that training changes. None before the layer is built. */
  get trainableVariables(): Variable[] {
    return this.#made === null ? [] : leavesOf(this.#made.params);
  }

  /**
   * The layer on an input. The first one makes the variables; later ones must have its dtype and as many features.
   * @throws ShapeError, DTypeError for inputs that the layer does not take; nothing is changed then.
   */
  apply(x: TensorLike, options: ApplyOptions = {}): Tensor {
    checkApplyOptions(this.kind, options);
    const input = this.#input(x);
    const made = this.#made ?? withoutFrames(() => this.make(input.shape, input.dtype as FloatingDType));
    const { y, nextState } = this.call(read(made.params) as Params, read(made.state), input, options);
    if (nextState !== undefined) this.#checkAssignable();
    if (this.#made === null) this.adopt(made);
    // A gradient does not go through moving statistics: no tape sees their rows.
    if (nextState !== undefined) muted(() => assign(made.state, nextState()));
    return y;
  }

  /** Makes the variables for inputs of a shape (with its batch axis) and dtype; without effect where they are made. */
  build(shape: Shape, dtype: FloatingDType = 'float32'): this {
    checkShape(this.kind, 'shape', shape);
    checkDType(this.kind, dtype, FLOATING);
    if (this.#made === null) this.adopt(withoutFrames(() => this.make(shape, dtype)));
    return this;
  }

  /** The variables; an error that says what to do before there are any. @internal */
  made(operation: string): LayerVariables {
    if (this.#made !== null) return this.#made;
    throw new ArgumentError(
      `${operation}: ${this.kind} '${this.name}' has no variables yet, since they depend on its input; apply it to an input ` +
        'first, or call layer.build(inputShape)',
    );
  }

  /** A variable by its name in the layer; undefined where the options leave it out. @internal */
  protected named(name: string): Variable | undefined {
    const { params, state } = this.made(name);
    return ({ ...params, ...state } as { readonly [name: string]: Variable })[name];
  }

  /** The variables that are there, or else new ones, of which the layer does not know yet. @internal */
  madeFor(shape: Shape, dtype: FloatingDType): LayerVariables {
    return this.#made ?? this.make(shape, dtype);
  }

  /** Keeps variables. @internal */
  adopt(made: LayerVariables): void {
    this.#made = made;
  }

  /** Variables for inputs of a shape and dtype, on concrete values; nothing is kept. @internal */
  protected abstract make(shape: Shape, dtype: FloatingDType): LayerVariables;

  /** The layer as a function of the values of its variables. @internal */
  abstract call(params: Params, state: Tree<Tensor>, x: Tensor, options: ApplyOptions): LayerResult;

  #input(x: TensorLike): Tensor {
    const expected = this.#made?.dtype;
    const t = checkFloating(this.kind, asTensor(this.kind, 'x', x, expected));
    if (expected === undefined || t.dtype === expected) return t;
    throw new DTypeError(
      `${this.kind}: '${this.name}' was built for ${expected} inputs, but x is ${formatType(t.type)}; use cast(x, '${expected}'), or make ` +
        'another layer',
    );
  }

  /** Assignments of a jitted function are outputs of its program; other traces have no place for them. */
  #checkAssignable(): void {
    const trace = currentTrace();
    if (trace === null || trace.assigns) return;
    throw new TraceError(
      `${this.kind}: moving statistics cannot be updated inside ${trace.label}, which has no place for effects; use nn.split(layer).apply, which ` +
        'updates nothing, or leave out training: true',
    );
  }
}

/** Throws for options of `apply` that are none. */
export function checkApplyOptions(operation: string, options: ApplyOptions): void {
  checkOptions(operation, options, ['training', 'key']);
  const { training, key } = options;
  if (training !== undefined) checkFlag(operation, 'training', training);
  if (key !== undefined && !(key instanceof Tensor)) {
    throw new ArgumentError(`${operation}: key must be a key, as random.key(seed) gives, not ${describe(key)}`);
  }
}

/** The tensor, which must be float32 or float64. */
export function checkFloating(operation: string, t: Tensor, argument = 'x'): Tensor {
  if (FLOATING.includes(t.dtype)) return t;
  throw new DTypeError(
    `${operation}: ${argument} must be float32 or float64, but is ${formatType(t.type)}; cast it first: cast(${argument}, 'float32')`,
  );
}

/** A trainable variable of what an initialiser gives. */
export function makeVariable(
  operation: string,
  initializer: readonly [argument: string, CustomInitializer],
  name: string,
  type: { readonly shape: Shape; readonly dtype: FloatingDType },
): Variable {
  const [argument, initialize] = initializer;
  const { shape, dtype } = type;
  const t = asTensor(operation, `the result of ${argument}`, initialize(shape, dtype), dtype);
  if (t.shape.join() !== shape.join()) {
    throw new ShapeError(
      `${operation}: ${argument} must give a tensor of shape [${shape.join()}], but gave ${formatType(t.type)}`,
    );
  }
  if (t.dtype !== dtype) {
    throw new DTypeError(
      `${operation}: ${argument} must give ${dtype}, the dtype of the input and its second argument, but gave ${formatType(t.type)}`,
    );
  }
  return variable(t, { name });
}

function leavesOf(tree: Tree<Variable>): Variable[] {
  return tree instanceof Variable ? [tree] : Object.values(tree).flatMap(leavesOf);
}

/** The values of variables. */
export function read(tree: Tree<Variable>): Tree<Tensor> {
  if (tree instanceof Variable) return tree.value;
  if (Array.isArray(tree)) return (tree as readonly Tree<Variable>[]).map(read);
  const values: Record<string, Tree<Tensor>> = {};
  for (const name of Object.keys(tree))
    values[name] = read((tree as { readonly [name: string]: Tree<Variable> })[name]!);
  return values;
}

function assign(tree: Tree<Variable>, next: Tree<Tensor | null>): void {
  if (next === null) return;
  if (tree instanceof Variable) tree.assign(next as Tensor);
  else
    for (const [name, child] of Object.entries(tree))
      assign(child, (next as Record<string, Tree<Tensor | null>>)[name]!);
}
