/**
 * Random words. The one idea: Threefry-2x32 with 20 rounds, a pure function of key and counter, so that any word can be
 * computed by itself and all devices agree bit for bit. Must not import scalar functions.
 * Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
 */
import type { RandomKernel } from '@jacobi/backend';
import type { Visit } from './nest.ts';

const PARITY = 0x1bd11bda;

/** The block of the counter (x, y) under the key (k0, k1): two words, written to `out`. */
export function threefry(k0: number, k1: number, x: number, y: number, out: Int32Array): void {
  let k2 = k0 ^ k1 ^ PARITY;
  x = (x + k0) | 0;
  y = (y + k1) | 0;
  for (let injection = 1; injection <= 5; injection++) {
    const odd = injection & 1;
    x = (x + y) | 0;
    y = rotate(y, odd ? 13 : 17) ^ x;
    x = (x + y) | 0;
    y = rotate(y, odd ? 15 : 29) ^ x;
    x = (x + y) | 0;
    y = rotate(y, odd ? 26 : 16) ^ x;
    x = (x + y) | 0;
    y = rotate(y, odd ? 6 : 24) ^ x;
    const first = k0;
    k0 = k1;
    k1 = k2;
    k2 = first;
    x = (x + k0) | 0;
    y = (y + k1 + injection) | 0;
  }
  out[0] = x;
  out[1] = y;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

export function randomLoop({ batch, count, keys, output }: RandomKernel): Visit {
  const block = new Int32Array(2);
  return (slots) => {
    const words = slots[keys]!;
    const out = slots[output]!;
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < count; i++) {
        if ((i & 1) === 0) threefry(words[2 * b]!, words[2 * b + 1]!, 0, i >> 1, block);
        out[b * count + i] = block[i & 1]!;
      }
    }
  };
}
