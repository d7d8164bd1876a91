/** Results lie in memory that the process has touched before: page faults are counted, not time. */
import { expect, test } from 'vitest';
import { createWasmBackend } from './index.ts';

interface Report {
  readonly header: { readonly glibcVersionRuntime?: string };
}
const glibc = (process.report?.getReport() as Report | undefined)?.header.glibcVersionRuntime;

test.skipIf(glibc === undefined)('results of a megabyte do not fault page by page', () => {
  const length = 300_000;
  const pages = (4 * length) / 4096;
  const backend = createWasmBackend();
  /** Page faults of a result. */
  const faults = (results: number): number => {
    const before = process.resourceUsage().minorPageFault;
    for (let i = 0; i < results; i++) (backend.alloc('float32', length) as Float32Array).fill(1);
    return (process.resourceUsage().minorPageFault - before) / results;
  };
  faults(100);
  global.gc!();
  global.gc!();
  faults(100);
  expect(faults(300)).toBeLessThan(pages / 4);
});
