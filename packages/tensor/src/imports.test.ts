/**
 * Modules refer to each other in circles (a derivative is written with operations, operations bind rows), so any of them may
 * be the first to be loaded: then none may need another one's constants while it loads.
 */
import { readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';

const files = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.test|\.test-d)\.ts$/.test(file),
);

test.each(files)('%s can be loaded first', async (file) => {
  vi.resetModules();
  await expect(import(/* @vite-ignore */ new URL(file, import.meta.url).href)).resolves.toBeDefined();
});

test('public and internal names are functions, constants and classes that exist', async () => {
  for (const entry of ['./index.ts', './internal.ts']) {
    const names = Object.entries((await import(/* @vite-ignore */ entry)) as object);
    expect(names.length).toBeGreaterThan(100);
    for (const [name, value] of names) expect(value, name).toBeDefined();
  }
});
