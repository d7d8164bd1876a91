/*
 * Every example that a reader can copy runs, type-checks, and gives what its comments say: the fences of README.md, docs/
 * and packages/<name>/README.md, and the @example blocks of the sources. Each becomes a module of its own in
 * reports/examples, with the docstring's missing imports and with assertions; it stays there to be looked at.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { docstringExamples, type Example, markdownExamples } from './examples/extract.ts';
import { instrument } from './examples/instrument.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'reports', 'examples');

const list = (directory: string): string[] =>
  existsSync(join(root, directory))
    ? readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map((file) => join(directory, file))
    : [];
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

function examples(): Example[] {
  const packages = readdirSync(join(root, 'packages'));
  const readmes = ['README.md', ...packages.map((name) => `packages/${name}/README.md`)].filter((file) =>
    existsSync(join(root, file)),
  );
  const prose = [...readmes, ...list('docs').filter((file) => file.endsWith('.md'))];
  const sources = packages
    .flatMap((name) => list(`packages/${name}/src`))
    .filter((file) => /(?<!\.test|\.test-d|\.d)\.ts$/.test(file));
  return [
    ...prose.flatMap((file) => markdownExamples(file, read(file))),
    ...sources.flatMap((file) => docstringExamples(file, read(file))),
  ];
}

/** The imports that a docstring left out: from its own package where that exports the name, else from the umbrella. */
async function missingImports(example: Example, names: ReadonlySet<string>): Promise<string> {
  const directory = /^packages\/([^/]+)\//.exec(example.file)?.[1];
  const candidates = [
    ...new Set([directory === 'jacobi' || directory === undefined ? 'jacobi' : `@jacobi/${directory}`, 'jacobi']),
  ];
  const lines: string[] = [];
  const left = new Set(names);
  for (const name of candidates) {
    const namespace = (await import(name)) as object;
    const taken = [...left].filter((each) => each in namespace);
    for (const each of taken) left.delete(each);
    if (taken.length > 0) lines.push(`import { ${taken.join(', ')} } from '${name}';`);
  }
  return lines.join(' ');
}

/** Writes the example's module; its second line is the example's first. */
async function write(example: Example): Promise<string> {
  const { code, hasImports, freeNames, checks } = instrument(
    example.code,
    (line) => `${example.file}:${example.line + line - 1}`,
  );
  const imports = example.docstring && !hasImports ? await missingImports(example, freeNames) : '';
  const helpers = checks > 0 ? `import { __check, __checkNow, __printed } from '../../tests/examples/check.ts';` : '';
  const file = join(out, `${example.place.replace(/[^\w.-]+/g, '_')}.ts`);
  writeFileSync(file, `${helpers} ${imports}\n${code}\nexport {};\n`);
  return file;
}

const TSCONFIG = {
  extends: '../../tsconfig.base.json',
  compilerOptions: { noEmit: true, declaration: false, isolatedDeclarations: false, types: ['node'] },
  include: ['*.ts'],
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'tsconfig.json'), JSON.stringify(TSCONFIG));

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const all = examples();
test.for(all.map((example) => [example.place, example] as const))('%s', async ([, example]) => {
  await import(/* @vite-ignore */ await write(example));
});

test('examples type-check', { timeout: 60_000 }, async () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const checked = promisify(execFile)(process.execPath, [tsc, '-p', out, '--pretty', 'false'], { cwd: out });
  const errors =
    all.length === 0
      ? ''
      : await checked.then(
          () => '',
          (error: { stdout: string }) => error.stdout,
        );
  expect(errors).toBe('');
});
