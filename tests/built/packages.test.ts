/* What users import: every public package, by name, resolved by Node to its build. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

interface Manifest {
  name: string;
  private?: boolean;
  exports: Record<string, string | Record<string, string>>;
}

const packages = new URL('../../packages/', import.meta.url);
const entries = readdirSync(packages)
  .map((directory) => new URL(`${directory}/package.json`, packages))
  .filter((url) => existsSync(url))
  .map((url) => JSON.parse(readFileSync(url, 'utf8')) as Manifest)
  .filter((manifest) => manifest.private !== true)
  .flatMap(({ name, exports }) =>
    Object.entries(exports)
      .filter(([, target]) => typeof target !== 'string')
      .map(([entry]) => name + entry.slice(1)),
  );

test.for(entries)('%s resolves to its build and loads', async (entry) => {
  expect(fileURLToPath(import.meta.resolve(entry))).toMatch(/[\\/]dist[\\/]/);
  expect(await import(/* @vite-ignore */ entry)).toBeTypeOf('object');
});
