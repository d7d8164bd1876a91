/**
 * Random words. The one idea: Threefry-2x32 with 20 rounds, a pure function of key and counter, so that any word can be
 * computed by itself and all devices agree bit for bit.
 * Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Must not import anything but the kernel.
 */
import type { RandomKernel } from '@jacobi/backend';
import type { Visit } from './nest.ts';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];
const PARITY = 0x1bd11bda;

/** The block of the counter (c0, c1) under the key (k0, k1), written to out[0] and out[1]. */
export function threefry(k0: number, k1: number, c0: number, c1: number, out: Int32Array): void {
  const keys = [k0, k1, k0 ^ k1 ^ PARITY];
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const by = ROTATIONS[round & 7]!;
    x = (x + y) | 0;
    y = ((y << by) | (y >>> (32 - by))) ^ x;
    if ((round & 3) === 3) {
      const s = (round >> 2) + 1;
      x = (x + keys[s % 3]!) | 0;
      y = (y + keys[(s + 1) % 3]! + s) | 0;
    }
  }
  out[0] = x;
  out[1] = y;
}

export function compileRandom(kernel: RandomKernel): Visit {
  const { batch, count } = kernel;
  const block = new Int32Array(2);
  return (slots) => {
    const keys = slots[kernel.keys]!;
    const out = slots[kernel.output]!;
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < count; i++) {
        if ((i & 1) === 0) threefry(keys[2 * b]!, keys[2 * b + 1]!, 0, i >> 1, block);
        out[b * count + i] = block[i & 1]!;
      }
    }
  };
}
