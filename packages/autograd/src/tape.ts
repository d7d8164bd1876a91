/**
 * GradientTape: records what is computed from watched values and gives gradients of it, as TensorFlow's does.
 * The one idea: the tape is a program; a gradient is a program derived from the part of it between sources and target.
 */
import type { DType } from '@jacobi/backend';
import { isFloating } from '@jacobi/backend';
import type { Variable } from '@jacobi/tensor';
import { ArgumentError, ShapeError, Tensor } from '@jacobi/tensor';
import type { Flat, Var } from '@jacobi/tensor/internal';
import {
  asTensor,
  checkFlag,
  checkOptions,
  flattenNest,
  formatType,
  isLive,
  isVariable,
  refusePromise,
  withFrame,
  zerosOf,
} from '@jacobi/tensor/internal';
import type { AnyFunction } from './call.ts';
import { checkFunction } from './call.ts';
import { TapeConsumedError, TapeStateError, UnconnectedError } from './errors.ts';
import { runGradient } from './gradient.ts';
import { carriesTangent } from './pushforward.ts';
import { Recording } from './recording.ts';
import type { Slice } from './slice.ts';
import { sliceRecording } from './slice.ts';
import type { LikeNest, Source, Sources } from './types.ts';
import type { Unconnected } from './unconnected.ts';
import { checkUnconnected, explainUnconnected } from './unconnected.ts';

/** What a nest of sources must be like: an interface is one by its properties, though it has no index signature. */
export type SourcesLike<S> = Sources | (object & { readonly [K in keyof S]: PartLike<S[K]> });
type PartLike<S> = [Source] extends [S] ? S : S extends AnyFunction ? never : S extends object ? SourcesLike<S> : never;
/** Leaves in the structure of the sources. */
export type LikeSources<S, Leaf> = LikeNest<S, Leaf>;

/** Options of `new GradientTape`. */
export interface TapeOptions {
  /** May be asked more than once. Default false. */
  readonly persistent?: boolean;
  /** Trainable variables are watched when they are read. Default true. */
  readonly watchAccessedVariables?: boolean;
}

/** Options of `tape.gradient`. */
export interface GradientOptions<U extends Unconnected = Unconnected> {
  /** Cotangents of the targets, in their structure; null stands for ones. */
  readonly outputGradients?: unknown;
  /** Where a target does not depend on a source: an error that says why (default), null, or zeros. */
  readonly unconnected?: U;
}

/** A leaf of a result: null may occur only with `unconnected: 'none'`. */
export type MaybeNull<U extends Unconnected> = 'none' extends U ? Tensor | null : Tensor;

/** A source of the user's. */
export interface CutSource {
  readonly leaf: Source;
  readonly name: string;
  /** Its first recorded value, if it has one. */
  readonly tensor: Tensor | undefined;
  /** Places of its recorded values among the slice's sources (a variable may have been read several times): of those to which a derivative leads. */
  readonly places: readonly number[];
}

/** What derivatives are taken with respect to. */
export const isSource = (x: unknown): x is Source => x instanceof Tensor || isVariable(x);

/**
 * Records operations for differentiation.
 * @example
 * const tape = new GradientTape();
 * const x = tensor(3);
 * const y = tape.record(() => { tape.watch(x); return mul(x, x); });
 * tape.gradient(y, x) // → 6
 */
export class GradientTape {
  readonly #recording: Recording;
  #consumed = false;
  /** By variable what was read of it. */
  readonly #variables = new Map<Variable, Tensor[]>();

  constructor(options: TapeOptions = {}) {
    checkOptions('GradientTape', options, ['persistent', 'watchAccessedVariables']);
    const { persistent = false, watchAccessedVariables = true } = options;
    checkFlag('GradientTape', 'persistent', persistent);
    checkFlag('GradientTape', 'watchAccessedVariables', watchAccessedVariables);
    const recording = new Recording(persistent);
    this.#recording = recording;
    recording.noteVariable = (read, value) => {
      const variable = read as Variable;
      if (!recording.paused && ((watchAccessedVariables && variable.trainable) || this.#variables.has(variable)))
        this.#noteVariable(variable, value);
    };
  }

  /** Runs `fn`, recording what it computes from watched values; returns what it returns. May be called again, to go on. */
  record<T>(fn: () => T): T {
    checkFunction('record', fn, 'fn');
    if (isLive(this.#recording)) {
      throw new TapeStateError('record: Tape is still recording; use another tape, or call record again afterwards');
    }
    this.#renew();
    return withFrame(this.#recording, () => refusePromise('record', fn()));
  }

  /** Follows what is computed from a tensor, a variable, or any nest of them, from now on. */
  watch<const S extends SourcesLike<S>>(sources: S): void {
    this.#renew();
    for (const leaf of flattenNest('watch: sources', sources, isSource, 'tensors or variables').leaves) {
      if (isVariable(leaf)) {
        this.#noteVariable(leaf, leaf.current());
        continue;
      }
      if (!isFloating(leaf.dtype)) {
        console.warn(`The dtype of the watched tensor must be floating, got ${leaf.dtype}; use cast(x, 'float32')`);
      }
      this.#recording.watch(leaf);
    }
  }

  /** Runs `fn` without recording. Only inside of `record`. */
  stopRecording<T>(fn: () => T): T {
    checkFunction('stopRecording', fn, 'fn');
    const recording = this.#recording;
    if (!isLive(recording) || recording.paused) {
      throw new TapeStateError(
        'stopRecording: Trying to stop recording a tape which is not recording; call it inside of record',
      );
    }
    recording.paused = true;
    try {
      return refusePromise('stopRecording', fn());
    } finally {
      recording.paused = false;
    }
  }

  /** Forgets all that was recorded and watched. */
  reset(): void {
    this.#recording.clear();
    this.#consumed = false;
    this.#variables.clear();
  }

  /** The variables watched so far, in the order in which they were made. */
  watchedVariables(): Variable[] {
    return [...this.#variables.keys()].sort((a, b) => a.id - b.id);
  }

  /**
   * The gradient of the sum of all elements of all targets with respect to each source, in the structure of the sources.
   * Shapes and dtypes are those of the sources.
   * @throws UnconnectedError with the reason, unless `unconnected` says otherwise; TapeConsumedError on the second call of a
   *   tape that is not persistent.
   */
  // NoInfer: where a caller says `as [Tensor, null]`, the compiler would look for S in the result, without end.
  gradient<const S extends SourcesLike<S>, U extends Unconnected = 'error'>(
    target: unknown,
    sources: S,
    options: GradientOptions<U> = {},
  ): NoInfer<LikeSources<S, MaybeNull<U>>> {
    checkOptions('gradient', options, ['outputGradients', 'unconnected']);
    const nest = flattenNest('gradient: target', target, isSource, 'tensors');
    const targets = nest.leaves.map((t) => this.targetTensor(t));
    const given = cotangentsFor(targets, nest, options.outputGradients);
    if (targets.length === 0) throw new ArgumentError('gradient: target has no tensor in it');
    return this.answer(
      'gradient',
      targets,
      sources,
      options.unconnected,
      ({ slice, known }) =>
        runGradient(
          slice,
          given?.filter((_, i) => known[i] !== undefined),
        ),
      (source) => source,
    ) as never;
  }

  /**
   * @internal What a tape is asked for, in the structure of the sources: what `compute` gives for the slice's sources, or what
   * stands for being unconnected, zeros of `zeroType`. The one computation of a tape that is not persistent; where it throws,
   * the tape is as it was. What the tape computes of itself meanwhile, and later, is not its own input.
   */
  protected answer(
    operation: string,
    targets: readonly Tensor[],
    sources: unknown,
    option: unknown,
    compute: (cut: Cut) => readonly Tensor[],
    zeroType: (source: Source) => { readonly shape: readonly number[]; readonly dtype: DType },
  ): unknown {
    const unconnected = checkUnconnected(operation, option);
    const cut = this.cut(operation, targets, sources);
    const { paused, persistent } = this.#recording;
    if (this.#consumed) {
      throw new TapeConsumedError(
        `${operation}: A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians); make it { persistent: true }`,
      );
    }
    if (!persistent) this.#consumed = this.#recording.paused = true;
    try {
      const { leaves, rebuild } = cut.sources;
      const parts = leaves.some((source) => source.places.length > 0) ? compute(cut) : [];
      const results = leaves.map((source) => {
        const [first, ...others] = source.places.map((p) => parts[p]!);
        if (first) return others.reduce((a, b) => a.add(b), first);
        if (unconnected === 'none') return null;
        if (unconnected === 'zero') return zerosOf(zeroType(source.leaf));
        const target = targets.find((_, i) => cut.known[i] !== undefined) ?? targets[0]!;
        throw new UnconnectedError(
          `${operation}: ${explainUnconnected(cut.recording, target, source)} (unconnected: 'none' gives null, 'zero' zeros)`,
        );
      });
      return rebuild<unknown>(results);
    } catch (error) {
      this.#consumed = false;
      this.#recording.paused = paused;
      throw error;
    }
  }

  /** The recorded values of a source. */
  #values(source: Source): Tensor[] {
    return source instanceof Tensor ? [source] : (this.#variables.get(source) ?? []);
  }

  /** @internal A target as the tensor that was recorded. */
  protected targetTensor(target: Source): Tensor {
    return this.#values(target).at(-1) ?? (target as Variable).current();
  }

  /** @internal What lies between sources and targets. */
  protected cut(operation: string, targets: readonly Tensor[], sources: unknown): Cut {
    const recording = this.#recording;
    const flat = flattenNest(`${operation}: sources`, sources, isSource, 'tensors or variables');
    const recorded = flat.leaves.map((leaf) =>
      this.#values(leaf)
        .flatMap((t) => recording.find(t) ?? [])
        .filter((v) => recording.isActive(v)),
    );
    const all = [...new Set(recorded.flat())];
    const known = targets.map((t) => (carriesTangent(t.type) ? recording.find(t) : undefined));
    const { slice, connected } = sliceRecording(
      recording,
      all,
      known.filter((v) => v !== undefined),
    );
    const leaves = flat.leaves.map((leaf, i) => ({
      leaf,
      name: isVariable(leaf) ? leaf.name : flat.paths[i] === '' ? 'source' : `source ${flat.paths[i]}`,
      tensor: this.#values(leaf)[0],
      places: [...all.keys()].filter((p) => connected[p] && recorded[i]!.includes(all[p]!)),
    }));
    return { recording, slice, known, sources: { ...flat, leaves } };
  }

  /** A tape that has given its gradients begins anew with what is watched or recorded next. */
  #renew(): void {
    if (this.#consumed && !isLive(this.#recording)) this.reset();
  }

  #noteVariable(variable: Variable, value: Tensor): void {
    const reads = this.#values(variable);
    const last = reads.at(-1);
    if (last?.buffer && last.buffer === value.buffer) return this.#recording.alias(value, last);
    reads.push(value);
    this.#variables.set(variable, reads);
    this.#recording.watch(value);
  }
}

/** A slice, and which of its sources belong to which of the user's. */
export interface Cut {
  readonly recording: Recording;
  readonly slice: Slice;
  /** By target: what the recording knows it as, if it does, with a derivative. Only those are targets of the slice. */
  readonly known: readonly (Var | undefined)[];
  /** The user's. */
  readonly sources: Flat<CutSource>;
}

function cotangentsFor(targets: readonly Tensor[], like: Flat<unknown>, given: unknown): (Tensor | null)[] | undefined {
  if (given === undefined || given === null) return undefined;
  const isEntry = (x: unknown): x is Tensor | number | null => x === null || typeof x === 'number' || isSource(x);
  const flat = flattenNest('gradient: outputGradients', given, isEntry, 'tensors or null', like);
  if (flat.structure !== like.structure) {
    throw new ArgumentError('gradient: outputGradients must have the structure of target');
  }
  return flat.leaves.map((g, i) => {
    if (g === null) return null;
    const t = asTensor('gradient', `outputGradients${flat.paths[i]}`, g, targets[i]!.dtype);
    if (t.type !== targets[i]!.type) {
      throw new ShapeError(
        `gradient: outputGradients${flat.paths[i]} is ${formatType(t.type)}, but its target is ${formatType(targets[i]!.type)}`,
      );
    }
    return t;
  });
}
