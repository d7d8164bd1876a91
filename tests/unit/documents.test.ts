/* What the documents point at exists: files that they name in backquotes, and the targets of their relative links. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const list = (directory: string): string[] =>
  readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map((file) => join(directory, file));

const packages = readdirSync(join(root, 'packages'));
const sources = packages.flatMap((name) => list(join('packages', name, 'src')));
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...packages.map((name) => join('packages', name, 'README.md')).filter((file) => existsSync(join(root, file))),
  ...list('docs').filter((file) => file.endsWith('.md')),
];

/** Written from the results of a test run. */
const GENERATED = 'COVERAGE.md';

/** `bind.ts`, `tensor/src/bind.ts` and `packages/tensor/src/bind.ts` all name a file; `x.test.ts` stands for any. */
const isThere = (name: string): boolean =>
  existsSync(join(root, name)) || sources.some((file) => file.endsWith(`/${name}`)) || name.startsWith('x.');

test.for(documents)('%s', (file) => {
  const text = readFileSync(join(root, file), 'utf8').replace(/^ *```[\s\S]*?^ *```$/gm, '');
  const named = [...text.matchAll(/`([\w./-]+\.(?:ts|mjs|md|json))`/g)].map((match) => match[1]!);
  const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map((match) => join(dirname(file), match[1]!));
  expect(named.filter((name) => !isThere(name))).toEqual([]);
  expect(linked.filter((path) => path !== GENERATED && !existsSync(join(root, path)))).toEqual([]);
});
