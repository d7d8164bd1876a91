/* Each example runs as it stands and prints the right numbers. */
import type { Tensor } from 'jacobi';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let printed: unknown[][];

beforeEach(() => {
  printed = [];
  vi.resetModules();
  vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => void printed.push(values));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What was printed after `label`. */
function after(label: string): unknown {
  const values = printed.flat();
  const at = values.findIndex((value) => typeof value === 'string' && value.startsWith(label));
  expect(at, `prints '${label}'`).toBeGreaterThanOrEqual(0);
  return values[at + 1];
}
const all = (): string => printed.map((values) => values.join(' ')).join('\n');

test('scalar source', async () => {
  await import('./scalar-source.ts');
  expect((after('y =') as Tensor).toString()).toBe('[1, 0.84147096]');
  const jacobian = after('∂y/∂x =') as Tensor;
  expect(jacobian.shape).toEqual([2]);
  expect(jacobian.toString()).toBe('[2, 0.5403023]');
  expect(all()).toContain('mode:  forward');
});

test('tensor source', async () => {
  await import('./tensor-source.ts');
  expect((after('y =') as Tensor).arraySync()).toEqual([3, 8]);
  expect((after('∂y/∂x =') as Tensor).arraySync()).toEqual([
    [4, 0],
    [0, 6],
  ]);
  expect(all()).toContain('2 of 4 entries');
});

test('batch Jacobian', async () => {
  await import('./batch-jacobian.ts');
  expect(after('y has shape')).toEqual([5, 6]);
  expect(after('and the batch Jacobian')).toEqual([5, 6, 5]);
  expect(all()).toMatch(/examples: +mixed by/);
  // float32 against float64: relative to slopes of at most about 1.
  expect(Number(after('worst error against'))).toBeLessThan(1e-4);
});

test('robot arm', async () => {
  await import('./robot-arm.ts');
  // The published home pose: the flange 0.3069 m in front of the base and 0.5903 m above it.
  expect(after('flange at')).toBe('0.3069, ·, 0.5903');
  // About the first, upright axis the flange moves sideways by its distance from that axis.
  expect(all()).toMatch(/^y +0\.3069/m);
  expect(Number(after('worst error against'))).toBeLessThan(1e-8);
});

test('the tour shows the text of each program and runs it', async () => {
  await import('./tour.ts');
  for (const name of ['scalar-source', 'tensor-source', 'batch-jacobian', 'robot-arm'])
    expect(all()).toContain(`${name}.ts`);
  expect(all()).toContain('│ const tape = new GradientTape();');
  expect((after('∂y/∂x =') as Tensor).toString()).toBe('[2, 0.5403023]');
  expect(all().match(/worst error/g)).toHaveLength(4);
});
