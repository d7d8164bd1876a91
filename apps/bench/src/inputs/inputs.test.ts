/* Inputs are the same for everyone: in every run, and through the files that other languages read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeInput, readInput, writeInput } from './inputs.ts';
import { uniform } from './random.ts';
import { WORKLOADS } from './workloads.ts';

test('values depend on seed and place alone, and are float32', () => {
  expect(Array.from(uniform(20, 2))).toEqual(Array.from(uniform(20, 5)).slice(0, 2));
  const values = uniform(7, 1000, 0.5, 3);
  expect(values.every((v) => v === Math.fround(v) && v >= 2.5 && v < 3.5)).toBe(true);
  expect(Math.abs(values.reduce((a, b) => a + b, 0) / 1000 - 3)).toBeLessThan(0.05);
});

test('what is written is what is read', () => {
  const directory = mkdtempSync(join(tmpdir(), 'jacobi-bench-test-'));
  try {
    for (const family of ['arm', 'gmm', 'seed3'] as const) {
      const input = makeInput(family, 3);
      writeInput(join(directory, family), input);
      expect(readInput(join(directory, family))).toEqual(input);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('names of workloads are unique', () => {
  expect(new Set(WORKLOADS.map(({ id }) => id)).size).toBe(WORKLOADS.length);
});
