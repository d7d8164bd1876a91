import { expect, test } from 'vitest';
import { BLOCK, createPartial } from './partial.ts';

/** Reduces the numbers 0 … length − 1 to a text that shows how they were put together. */
function order(length: number): string {
  const parts: string[] = [];
  // Numbers stand for texts: every combination gets the next number.
  const combine = (a: number, b: number): number => parts.push(`(${parts[a]}${parts[b]})`) - 1;
  const empty = parts.push('') - 1;
  const partial = createPartial(combine, empty, 1, length);
  partial.start();
  for (let block = 0; block * BLOCK < length; block++) {
    partial.accumulators[0] = parts.push(String.fromCharCode(97 + block)) - 1;
    partial.advance(Math.min(BLOCK, length - block * BLOCK));
  }
  partial.finish();
  return parts[partial.accumulators[0]!]!;
}

test('blocks are combined in pairs, and pairs in pairs, in order', () => {
  expect(order(BLOCK)).toBe('(a)');
  expect(order(3 * BLOCK + 1)).toBe('((ab)(cd))');
});
