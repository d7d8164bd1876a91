/** The table of samples has every row there is, and samples tell each other apart. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { excess, expectClose } from './matchers.ts';
import { samples } from './samples.ts';
import { exact, tolerances } from './tolerances.ts';

const primitives = fileURLToPath(new URL('../../tensor/src/primitives', import.meta.url));

test('each exported row has samples', () => {
  const rows = readdirSync(primitives)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...readFileSync(`${primitives}/${file}`, 'utf8').matchAll(/^export const (\w+)Row\b/gm)].map((m) => m[1]!),
    );
  expect(rows.length).toBeGreaterThan(80);
  expect(Object.keys(samples).sort()).toEqual(rows.sort());
});

test.each(Object.entries(samples))('%s: names of samples differ', (_name, own) => {
  expect(own.length).toBeGreaterThan(0);
  expect(new Set(own.map((s) => s.name)).size).toBe(own.length);
});

test('NaN equals NaN alone, and infinities of one sign', () => {
  expect(excess(NaN, NaN, exact)).toBe(0);
  expect(excess(Infinity, Infinity, exact)).toBe(0);
  expect(excess(0, -0, exact)).toBe(0);
  for (const [a, b] of [
    [NaN, 0],
    [NaN, Infinity],
    [Infinity, -Infinity],
    [Infinity, 1e308],
    [1, NaN],
    [1, 1 + 1e-15],
  ]) {
    expect(excess(a!, b!, exact)).toBe(Infinity);
  }
});

test('a failure says where, both values and the worst error', () => {
  const expected = { shape: [2, 2], data: [1, 2, 3, 4] };
  const actual = { shape: [2, 2], data: [1, 2.5, 3, 4.001] };
  const compare = (): void => expectClose(actual, expected, tolerances.value.float64, 'sum');
  expect(compare).toThrow(
    /^sum: element \[0,1\] is 2\.5, expected 2; error 0\.5 is .* times what is allowed.*2 of 4 elements differ, this one most/,
  );
  expect(() => expectClose({ shape: [4], data: actual.data }, expected, exact, 'sum')).toThrow(
    /shape \[4\], expected \[2,2\]/,
  );
});
