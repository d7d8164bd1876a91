/**
 * From what seeds bring back to a Jacobian: target axes, then source axes, with a diagonal along each pair.
 * Must not know modes' reasons or programs.
 */

import type { DType } from '@jacobi/backend';
import { promoteTypes } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { cast, reshape, transpose } from '@jacobi/tensor';
import { bindOne, embedRow } from '@jacobi/tensor/internal';
import type { Mode, Pair } from './plan.ts';

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
  const seeded = mode === 'reverse' ? target : source;
  const carrying = mode === 'reverse' ? source : target;
  const side = mode === 'reverse' ? 'target' : 'source';
  const other = mode === 'reverse' ? 'source' : 'target';
  const free = seeded.map((_, i) => i).filter((i) => !pairs.some((p) => p[side] === i));
  const wide = reshape(block, [...free.map((i) => seeded[i]!), ...carrying]);
  // Where each axis of [target…, free source…] stands in `wide`; a paired target axis is the carrying side's.
  const ofTarget = target.map((_, t) => {
    const pair = pairs.find((p) => p.target === t);
    if (mode === 'forward') return free.length + t;
    return pair === undefined ? free.indexOf(t) : free.length + pair[other];
  });
  const freeSource = source.map((_, s) => s).filter((s) => !pairs.some((p) => p.source === s));
  const ofSource = freeSource.map((s) => (mode === 'forward' ? free.indexOf(s) : free.length + s));
  let result = cast(transpose(wide, [...ofTarget, ...ofSource]), promoteTypes(dtype, block.dtype));
  const embedded = [...pairs].filter((p) => !(batch && p.source === 0)).sort((a, b) => a.source - b.source);
  for (const { target: first, source: axis } of embedded) {
    const place = source.filter((_, s) => s < axis && !(batch && s === 0)).length;
    result = bindOne(embedRow, [result], { first, second: target.length + place });
  }
  return result;
}
