/**
 * The row of random bits: a counter-based generator, so that a number depends on key and position and on nothing else.
 */
import { sizeOf } from '@jacobi/backend';
import { randomLoop } from '@jacobi/backend-cpu';
import type { Primitive } from '../primitive.ts';
import { tensorType } from '../type.ts';

/** `count` int32 words of Threefry-2x32 for each key of the last axis (two int32 words). */
export const randomBitsRow: Primitive<{ readonly count: number }> = {
  name: 'randomBits',
  type: ([key], { count }) => [tensorType('int32', [...key!.shape.slice(0, -1), count])],
  lower: (writer, [key], [out], { count }) => {
    const keys = writer.contiguous(key!);
    const batch = sizeOf(key!.view.shape.slice(0, -1));
    writer.emit({ kind: 'random', js: randomLoop, batch, count, keys: keys.slot, output: out!.slot });
  },
  derivative: { kind: 'none', reason: 'random bits are integers' },
  batching: { shift: (params) => params },
};
