/**
 * The first bytes of linear memory, which no tensor uses: tables and places to pass values through.
 * The one idea: they have fixed addresses, so modules name them as constants; where threads share the memory, each thread
 * has such a stretch of its own, and adds where it begins. Must not import anything.
 */

/** 2/π to 1280 bits behind one word of zeros, as words of 64 bits, the first the most significant. */
export const TWO_OVER_PI = 64;
/** Where the reduction of a huge angle leaves its two results. */
export const ANGLE = 256;
/** Where constants pass through, so that they are loaded once. */
export const OPAQUE = 512;
/** Accumulators of reductions: 8 rows of 64 float64, and one row for each power of two of blocks. */
export const SUMS = 2048;
export const LEVELS: number = SUMS + 8 * 64 * 8;
/** A tile of a matrix product that sticks out of the result. */
export const TILE: number = LEVELS + 40 * 64 * 8;
/** Its sums while they are made, in float64. */
export const TILE_SUMS: number = TILE + 256;
/** Where the heap begins; with threads, behind as many stretches of this length. */
export const HEAP = 32768;

const WORDS = [
  0x0000000000000000n,
  0xa2f9836e4e441529n,
  0xfc2757d1f534ddc0n,
  0xdb6295993c439041n,
  0xfe5163abdebbc561n,
  0xb7246e3a424dd2e0n,
  0x06492eea09d1921cn,
  0xfe1deb1cb129a73en,
  0xe88235f52ebb4484n,
  0xe99c7026b45f7e41n,
  0x3991d639835339f4n,
  0x9c845f8bbdf9283bn,
  0x1ff897ffde05980fn,
  0xef2f118b5a0a6d1fn,
  0x6d367ecf27cb09b7n,
  0x4f463f669e5fea2dn,
  0x7527bac7ebe5f17bn,
  0x3d0739f78a5292ean,
  0x6bfb5fb11f8d5d08n,
  0x56033046fc7b6babn,
  0xf0cfbc209af4361dn,
];

/** Writes the tables into a memory that is new. */
export function fillTables(memory: ArrayBufferLike): void {
  new BigUint64Array(memory, TWO_OVER_PI, WORDS.length).set(WORDS);
}
