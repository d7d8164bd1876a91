/** GradientTape with jacobian, batchJacobian and explain. */
import type { LikeSources, MaybeNull, Source, SourcesLike, Unconnected } from '@jacobi/autograd';
import { GradientTape as AutogradTape } from '@jacobi/autograd';
import { explainUnconnected, isSource } from '@jacobi/autograd/internal';
import type { Tensor } from '@jacobi/tensor';
import { ArgumentError } from '@jacobi/tensor';
import { checkFlag, describe } from '@jacobi/tensor/internal';
import { MixedRowsError } from './errors.ts';
import { explainPlan, mixedMessage } from './explain.ts';
import type { JacobianOptions } from './options.ts';
import { checkBatch, checkOptions } from './options.ts';
import { chunkFor, planFor } from './plan.ts';
import { jacobianLike, runJacobian } from './run.ts';

/** Options of `tape.jacobian`. */
export interface TapeJacobianOptions<U extends Unconnected = Unconnected> extends JacobianOptions {
  /** Where the target does not depend on a source: an error that says why (default), null, or zeros. */
  readonly unconnected?: U;
}

/** Options of `tape.batchJacobian`. */
export interface BatchJacobianOptions<U extends Unconnected = Unconnected> extends TapeJacobianOptions<U> {
  /** Prove that examples are independent, or throw with the operation that mixes them. Default false. */
  readonly check?: boolean;
}

/**
 * A tape that gives gradients and Jacobians.
 * @example
 * const x = tensor([1, 2]);
 * const tape = new GradientTape();
 * const y = tape.record(() => { tape.watch(x); return square(x); });
 * tape.jacobian(y, x) // → [[2, 0], [0, 4]]
 */
export class GradientTape extends AutogradTape {
  /**
   * The Jacobian of one target with respect to each source, in the structure of the sources.
   *
   * Shape: `target.shape ++ source.shape`; scalars add no axis. dtype: the wider of the two. The mode is chosen from
   * structure and sizes unless given.
   * @throws UnconnectedError with the reason, unless `unconnected` says otherwise; TapeConsumedError on the second call of a
   *   tape that is not persistent.
   */
  jacobian<const S extends SourcesLike<S>, U extends Unconnected = 'error'>(
    target: Source,
    sources: S,
    options: TapeJacobianOptions<U> = {},
  ): NoInfer<LikeSources<S, MaybeNull<U>>> {
    const y = this.#target('jacobian', target, options, 'unconnected');
    return this.#jacobians('jacobian', y, sources, false, options) as never;
  }

  /**
   * The Jacobian of each example: `[b, …target.shape[1:], …source.shape[1:]]` for a target and a source that share their
   * first axis, the batch.
   *
   * For independent examples this is the diagonal of the full Jacobian's blocks. Where examples mix (BatchNormalization in
   * training mode), entry b is TensorFlow's: the sum over all b' of ∂target[b']/∂source[b]. `check: true` refuses then, and
   * where the program does not show that they do not: where it cuts the batch up (`unstack`) or moves it about (`flip`).
   * Without that proof forward mode takes seeds for each example, as many times as there are examples.
   * @throws ShapeError unless both have rank ≥ 2 and equal first sizes; MixedRowsError as said.
   */
  batchJacobian<U extends Unconnected = 'error'>(
    target: Source,
    source: Source,
    options: BatchJacobianOptions<U> = {},
  ): MaybeNull<U> {
    const y = this.#target('batchJacobian', target, options, 'unconnected', 'check');
    if (!isSource(source)) {
      throw new ArgumentError(`batchJacobian: source must be a single tensor or variable, not ${describe(source)}`);
    }
    checkFlag('batchJacobian', 'check', options.check ?? false);
    checkBatch('batchJacobian', y, this.targetTensor(source));
    return this.#jacobians('batchJacobian', y, source, true, options) as MaybeNull<U>;
  }

  /**
   * The plan of `jacobian` (or `batchJacobian`) in words: mode, why, seeds, structure, cost. Does not use up the tape.
   */
  explain<const S extends SourcesLike<S>>(
    target: Source,
    sources: S,
    options: JacobianOptions & { readonly batch?: boolean } = {},
  ): string {
    const y = this.#target('explain', target, options, 'batch');
    const { batch = false, mode = 'auto' } = options;
    checkFlag('explain', 'batch', batch);
    const cut = this.cut('explain', [y], sources);
    const { leaves } = cut.sources;
    if (batch) for (const { leaf } of leaves) checkBatch('explain', y, this.targetTensor(leaf));
    const lines = leaves
      .filter((source) => source.places.length === 0)
      .map((source) => `  ${source.name}: not connected, ${explainUnconnected(cut.recording, y, source)}`);
    if (lines.length === leaves.length) return ['Jacobian: nothing to compute', ...lines].join('\n');
    const plan = planFor(cut.slice, batch, mode);
    return [explainPlan(plan, cut.slice.rows.length, chunkFor(plan, options)), ...lines].join('\n');
  }

  /** The target as the tensor that was recorded, checked, with the options (`names`: those that are not every Jacobian's). */
  #target(operation: string, target: Source, options: JacobianOptions, ...names: readonly string[]): Tensor {
    if (!isSource(target))
      throw new ArgumentError(
        `${operation}: target must be ONE tensor, not ${describe(target)}; call ${operation} for each, or concat them`,
      );
    checkOptions(operation, options, ...names);
    return this.targetTensor(target);
  }

  #jacobians(operation: string, y: Tensor, sources: unknown, batch: boolean, options: BatchJacobianOptions): unknown {
    return this.answer(
      operation,
      [y],
      sources,
      options.unconnected,
      ({ slice }) => {
        const mixing = options.check ? planFor(slice, batch, 'auto').mixing : null;
        if (mixing !== null) throw new MixedRowsError(mixedMessage(`${operation}: check`, mixing));
        return runJacobian(slice, batch, options);
      },
      (source) => jacobianLike(y, source, batch),
    );
  }
}
