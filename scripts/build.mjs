/*
 * Builds the package in the current directory: empties dist, then JavaScript by rolldown (one ES module per entry, source
 * maps, everything outside the package left external, annotations kept) and declarations by tsc, both at once.
 * A library's entries are what its `exports` map names under the condition `@jacobi/source`; an app's are src/*.ts.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { rolldown } from 'rolldown';

const pkg = JSON.parse(readFileSync('package.json', 'utf8'));

/** Entry name (`node/files`) → source file (`./src/node/files.ts`). */
function entries() {
  if (pkg.exports === undefined) {
    const files = readdirSync('src').filter((file) => file.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(file));
    return Object.fromEntries(files.map((file) => [basename(file, '.ts'), `./src/${file}`]));
  }
  const sources = Object.values(pkg.exports).flatMap((entry) => entry['@jacobi/source'] ?? []);
  return Object.fromEntries(sources.map((source) => [source.replace(/^\.\/src\/|\.ts$/g, ''), source]));
}

/** The names of files that are entries wherever they exist: a forgotten `exports` line is an error here, not at a user's. */
const ENTRY_FILES = ['index', 'internal', 'conformance'];

function checkEntries(input) {
  for (const [name, source] of Object.entries(input)) {
    if (!existsSync(source)) throw new Error(`${pkg.name}: package.json exports ${name}, but ${source} does not exist`);
  }
  for (const name of pkg.exports === undefined ? [] : ENTRY_FILES) {
    if (existsSync(`src/${name}.ts`) && !(name in input)) {
      throw new Error(`${pkg.name}: src/${name}.ts exists, but package.json has no export for it`);
    }
  }
}

/** Only what package.json declares stays an import; rolldown's own helpers are bundled, anything else is an error. */
function isExternal(id) {
  const declared = Object.keys({ ...pkg.dependencies, ...pkg.peerDependencies });
  return id.startsWith('node:') || declared.some((name) => id === name || id.startsWith(`${name}/`));
}

/**
 * What stays an import. The packages above take what they need of a package from its `internal`, where its code is: each module
 * that a process has to find delays its start, by a millisecond or two. Users meet the same code behind index.js.
 */
const imports = {
  name: 'imports',
  resolveId: (id) => (isExternal(id) ? { id: offersInternal(id) ? `${id}/internal` : id, external: true } : null),
};

function offersInternal(id) {
  if (pkg.exports === undefined || !/^@jacobi\/[^/]+$/.test(id)) return false;
  const { exports } = JSON.parse(readFileSync(join('node_modules', id, 'package.json'), 'utf8'));
  return './internal' in exports;
}

const OUTPUT = {
  dir: 'dist',
  format: 'es',
  sourcemap: true,
  // Names stay as they are; lines are in the source maps, since a process starts sooner without blanks (2.5 ms of 60).
  // Constants and what is used once go where they are used, which some bundlers leave.
  minify: { compress: { joinVars: false, sequences: false }, mangle: false, codegen: { removeWhitespace: true } },
  minifyInternalExports: false,
  entryFileNames: '[name].js',
  // What entries share is one file: each file that a process has to find delays its start.
  chunkFileNames: '[name].js',
  codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
  comments: { legal: true, annotation: true, jsdoc: false },
};

/** Bundles entries by what `make` does with the build. */
async function bundled(input, make) {
  const warnings = [];
  const build = await rolldown({
    input,
    platform: 'neutral',
    plugins: [imports],
    transform: { target: 'es2023' },
    onwarn: (warning) => warnings.push(warning.message),
  });
  const { output } = await make(build);
  await build.close();
  if (warnings.length > 0) throw new Error(`${pkg.name}: rolldown warns\n${warnings.join('\n')}`);
  return output;
}

async function javascript(input) {
  if (input.internal === undefined) return bundled(input, (build) => build.write(OUTPUT));
  const { index, ...others } = input;
  // `internal` offers all that `index` does, so it is the one file of code, and index.js says what of it is public.
  const [[entry], written] = await Promise.all([
    bundled({ index }, (build) => build.generate(OUTPUT)),
    bundled(others, (build) => build.write(OUTPUT)),
  ]);
  const offered = new Set(written.find(({ name }) => name === 'internal').exports);
  const missing = entry.exports.filter((name) => !offered.has(name));
  if (missing.length > 0) throw new Error(`${pkg.name}: src/internal.ts does not export ${missing.join(', ')}`);
  writeFileSync('dist/index.js', `export { ${entry.exports.join(', ')} } from './internal.js';\n`);
}

/** Types of a library; for an app, whose tsconfig.build.json emits nothing, its type check. */
function declarations() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--pretty', 'false'], {
      stdio: 'inherit',
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${pkg.name}: tsc found errors`))));
  });
}

try {
  const input = entries();
  checkEntries(input);
  rmSync('dist', { recursive: true, force: true });
  await Promise.all([javascript(input), declarations()]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
