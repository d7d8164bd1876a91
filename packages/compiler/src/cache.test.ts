import { expect, test } from 'vitest';
import { StructureCache } from './cache.ts';

/** Two structures with one hash. */
const [ONE, OTHER] = [
  [0, 31],
  [1, 0],
] as const;

test('structures of one hash are told apart', () => {
  const cache = new StructureCache<string>(1000);
  cache.set('t', ONE, 'one', 1);
  cache.set('t', OTHER, 'other', 1);
  cache.set('t', ONE, 'again', 1);
  expect([cache.get('t', ONE), cache.get('t', OTHER), cache.get('u', ONE)]).toEqual(['again', 'other', undefined]);
});

test('the least recently used go first, and what stays is found', () => {
  const cache = new StructureCache<string>(30);
  cache.set('t', ONE, 'one', 10);
  cache.set('t', [7], 'seven', 10);
  cache.set('t', OTHER, 'other', 10);
  cache.set('t', [8], 'eight', 10);
  expect([cache.get('t', [7]), cache.get('t', ONE), cache.get('t', OTHER), cache.get('t', [8])]).toEqual([
    undefined,
    'one',
    'other',
    'eight',
  ]);
  cache.get('t', ONE);
  cache.set('t', [9], 'nine', 10);
  const left = [ONE, [7], OTHER, [8], [9]].map((structure) => cache.get('t', structure));
  expect(left).toEqual(['one', undefined, 'other', undefined, 'nine']);
});

test('a value heavier than the limit is kept alone', () => {
  const cache = new StructureCache<string>(30);
  cache.set('t', [1], 'light', 10);
  cache.set('t', [2], 'heavy', 100);
  expect([cache.get('t', [1]), cache.get('t', [2])]).toEqual([undefined, 'heavy']);
});
