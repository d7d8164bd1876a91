/* What a terminal shows of an error that nobody caught: Node prints the line of the build that threw. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const PROGRAM = `import { add, tensor } from 'jacobi'; add(tensor([1, 2, 3]), tensor([1, 2]));`;
const run = (...flags: string[]): string =>
  spawnSync(process.execPath, [...flags, '--input-type=module', '--eval', PROGRAM], { encoding: 'utf8' }).stderr;

test('an error that nobody caught is short', () => {
  const shown = run();
  expect(shown).toContain('ShapeError: add: shapes [3] and [2] do not broadcast');
  expect(shown.length).toBeLessThan(4000);
});

test('stack traces name functions, and with source maps files and lines', () => {
  expect(run()).toMatch(/at add \(/);
  expect(run('--enable-source-maps')).toMatch(/at add \(.*src[\\/]ops[\\/]arithmetic\.ts:\d+/);
});
