/*
 * Builds the package in the current directory: empties dist, then JavaScript by rolldown and terser (one ES module per entry,
 * source maps, everything outside the package left external, annotations kept) and declarations by tsc, both at once.
 * A library's entries are what its `exports` map names under the condition `@jacobi/source`; an app's are src/*.ts.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { minify } from 'terser';

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
  resolveId: (id) => (isExternal(id) ? { id: codeOf(id), external: true } : null),
};

/** What is written for an entry that offers nothing of its own, and how such a file is known again. */
const doorTo = (names) => `export { ${names.join(', ')} } from './internal.js';\n`;
const DOOR = /^export \{[^}]*\} from '\.\/internal\.js';\n$/;

/** The module that has the code of a module of a package built before. */
function codeOf(id) {
  const [, name, entry = ''] = /^(@jacobi\/[^/]+)(\/.+)?$/.exec(id) ?? [];
  if (pkg.exports === undefined || name === undefined) return id;
  const folder = join('node_modules', name);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readFileSync(join(folder, exports[`.${entry}`].default), 'utf8');
  return DOOR.test(file) ? `${name}/internal` : id;
}

const OUTPUT = {
  dir: 'dist',
  format: 'es',
  sourcemap: true,
  // A process starts sooner with short names of variables (1.7 ms of 60). Functions and classes, which stack traces and profiles
  // show, keep theirs; variables are in the source maps.
  // Constants and what is used once go where they are used, which some bundlers leave.
  minify: {
    compress: { joinVars: false, sequences: false },
    mangle: { toplevel: false, keepNames: true },
    codegen: { removeWhitespace: false },
  },
  minifyInternalExports: false,
  entryFileNames: '[name].js',
  // What entries share is one file: each file that a process has to find delays its start.
  chunkFileNames: '[name].js',
  codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
  comments: { legal: true, annotation: true, jsdoc: false },
};

/** What rolldown makes of entries. */
async function bundled(input, plugins = [imports]) {
  const warnings = [];
  const build = await rolldown({
    input,
    platform: 'neutral',
    plugins,
    transform: { target: 'es2023' },
    onwarn: (warning) => warnings.push(warning.message),
  });
  const { output } = await build.generate(OUTPUT);
  await build.close();
  if (warnings.length > 0) throw new Error(`${pkg.name}: rolldown warns\n${warnings.join('\n')}`);
  return output.filter(({ type }) => type === 'chunk');
}

/**
 * Writes without blanks (2.5 ms of 60 at the start of a process), in lines that end: Node prints the line that threw, for errors
 * that nobody caught.
 */
async function write(chunks) {
  for (const { fileName, code, map } of chunks) {
    const short = await minify(code, {
      compress: false,
      mangle: false,
      module: true,
      format: { max_line_len: 160, preserve_annotations: true, comments: 'some' },
      sourceMap: { content: map, url: `${fileName}.map` },
    });
    writeFileSync(`dist/${fileName}`, short.code);
    writeFileSync(`dist/${fileName}.map`, short.map);
  }
}

/** Where a package has `internal`, all that other entries share with it is there, and those that offer nothing else say so. */
async function javascript({ internal, ...others }) {
  if (internal === undefined) return write(await bundled(others));
  const [code] = await bundled({ internal });
  const offered = new Set(code.exports);
  const files = new Set(Object.values(others).map((source) => resolve(source)));
  const entries = {
    name: 'entries',
    resolveId: (id, importer) => {
      const source = importer && resolve(dirname(importer), id);
      return files.has(source) ? { id: `./${basename(source, '.ts')}.js`, external: true } : null;
    },
  };
  await write([code]);
  for (const [name, source] of Object.entries(others)) {
    const [entry] = await bundled({ [name]: source }, [entries, imports]);
    const own = entry.exports.filter((given) => !offered.has(given));
    if (own.length === 0) writeFileSync(`dist/${name}.js`, doorTo(entry.exports));
    else if (name === 'index') throw new Error(`${pkg.name}: src/internal.ts does not export ${own.join(', ')}`);
    else await write([entry]);
  }
}

/** Types of a library; for an app, whose tsconfig.build.json emits nothing, its type check. */
function declarations() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--pretty', 'false'], {
      stdio: 'inherit',
    });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? done() : reject(new Error(`${pkg.name}: tsc found errors`))));
  });
}

try {
  const input = entries();
  checkEntries(input);
  rmSync('dist', { recursive: true, force: true });
  mkdirSync('dist');
  await Promise.all([javascript(input), declarations()]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
