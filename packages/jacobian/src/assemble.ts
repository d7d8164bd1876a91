/**
 * From what seeds bring back to a Jacobian: target axes, then source axes, with a diagonal along each pair.
 * Must not know modes' reasons or programs.
 */

import type { DType } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { cast, reshape, sum, transpose } from '@jacobi/tensor';
import { bindOne, embedRow } from '@jacobi/tensor/internal';
import type { Mode } from './options.ts';
import type { Pair } from './pairs.ts';

/**
 * Puts the axes of a block in order. In reverse mode the block is [free target axes…, source axes…], in forward mode
 * [free source axes…, target axes…]; both arrive with their leading free axes as one. The result is
 * [target axes…, source axes…]; in batch form without the source's batch axis.
 */
export function assemble(
  block: Tensor,
  mode: Mode,
  target: readonly number[],
  source: readonly number[],
  pairs: readonly Pair[],
  batch: boolean,
  dtype: DType,
): Tensor {
  // Axes have labels: 0 … those of the target, then those of the source; a carried axis of the source is the target's.
  const rank = target.length;
  const ofTarget = [...target.keys()];
  const ofSource = source.map((_, s) => pairs.find((p) => p.source === s)?.target ?? rank + s);
  const [seeded, carrying] = mode === 'reverse' ? [ofTarget, ofSource] : [ofSource, ofTarget];
  const labels = [...seeded.filter((l) => !carrying.includes(l)), ...carrying];
  const sizes = [...target, ...source];
  const shape = labels.map((l) => sizes[l]!);
  const order = [...ofTarget, ...ofSource.filter((l) => l >= rank)].map((l) => labels.indexOf(l));
  let result = cast(transpose(reshape(block, shape), order), dtype);
  ofSource.slice(batch ? 1 : 0).forEach((first, i) => {
    if (first < rank) result = bindOne(embedRow, [result], { first, second: rank + i });
  });
  return result;
}

/** The batch form of a whole Jacobian: its sum over the examples of a target of this rank, with those of the source first. */
export function sumExamples(jacobian: Tensor, rank: number): Tensor {
  const summed = sum(jacobian, 0);
  const others = [...summed.shape.keys()].toSpliced(rank - 1, 1);
  return transpose(summed, [rank - 1, ...others]);
}
