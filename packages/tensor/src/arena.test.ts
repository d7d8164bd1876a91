/** Room in an arena: first fit, nothing twice, as a search through all that lives finds it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arena } from './arena.ts';

interface Taken {
  readonly start: number;
  readonly bytes: number;
}

/** The lowest place that nothing alive is in the way of. */
function firstFit(live: readonly Taken[], bytes: number): number {
  let start = 0;
  for (const other of live.toSorted((a, b) => a.start - b.start)) {
    if (other.start - start >= bytes) break;
    start = Math.max(start, other.start + other.bytes);
  }
  return start;
}

test('what is taken lies where it fits first, whatever ended before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(30)), { maxLength: 60 }), (wishes) => {
      const arena = new Arena();
      const live: Taken[] = [];
      for (const [bytes, choice] of wishes) {
        if (choice % 2 === 1 && live.length > 0) {
          const [gone] = live.splice(choice % live.length, 1);
          arena.give(gone!.start, gone!.bytes);
        }
        const start = arena.take(bytes);
        expect(start).toBe(firstFit(live, bytes));
        live.push({ start, bytes });
      }
      for (const { start, bytes } of live) arena.give(start, bytes);
      expect(arena.take(1e6)).toBe(0);
    }),
    { numRuns: 500, seed: 11 },
  );
});

test('nothing takes no room', () => {
  const arena = new Arena();
  arena.take(16);
  arena.give(arena.take(0), 0);
  expect(arena.take(32)).toBe(16);
});
