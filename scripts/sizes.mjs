/*
 * What a user's bundle costs: bundles each program below with esbuild, Rollup and webpack against the built packages,
 * minifies it, compares its gzipped size with a budget, looks for what must have been left out, and runs it.
 * With JACOBI_SIZES_LENIENT=1 a program whose imports do not exist yet is skipped, with a notice.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import webpack from 'webpack';
import { root } from './steps.mjs';

/**
 * `goal` and `limit` are in bytes after gzip: the goal is the budget that was set, the limit what must not be passed today.
 * Where they differ the goal is not reached yet, and every run says so. `without` lists words that the bundle must not hold; `needs` what is imported. */
const PROGRAMS = [
  {
    name: 'one-operation',
    needs: { '@jacobi/tensor': ['tensor', 'sin'] },
    code: `
      import { sin, tensor } from '@jacobi/tensor';
      console.log(sin(tensor(1)).item().toFixed(6));`,
    prints: '0.841471',
    goal: 12_000,
    limit: 12_000,
    without: ['einsum', 'softmax', 'scatterAdd', 'argmax', 'cumsum'],
  },
  {
    name: 'one-jacobian',
    needs: { '@jacobi/tensor': ['tensor', 'sin'], '@jacobi/jacobian': ['GradientTape'] },
    code: `
      import { GradientTape } from '@jacobi/jacobian';
      import { sin, tensor } from '@jacobi/tensor';
      const x = tensor([1, 2]);
      const tape = new GradientTape();
      const y = tape.record(() => {
        tape.watch(x);
        return sin(x);
      });
      const rows = tape.jacobian(y, x).arraySync();
      console.log(rows.map((row) => row.map((value) => (value + 0).toFixed(4)).join(' ')).join('; '));`,
    prints: '0.5403 0.0000; 0.0000 -0.4161',
    goal: 25_000,
    limit: 25_000,
    without: ['einsum', 'softmax'],
  },
  {
    name: 'everything',
    needs: { jacobi: ['GradientTape', 'pow', 'sin', 'stack', 'tensor'] },
    code: `
      import * as jacobi from 'jacobi';
      globalThis.everything = { ...jacobi };
      const x = jacobi.tensor(1);
      const tape = new jacobi.GradientTape();
      const y = tape.record(() => {
        tape.watch(x);
        return jacobi.stack([jacobi.pow(x, 2), jacobi.sin(x)]);
      });
      console.log(tape.jacobian(y, x).arraySync().map((value) => value.toFixed(4)).join(' '));`,
    prints: '2.0000 0.5403',
    goal: 60_000,
    limit: 132_750,
    without: [],
  },
];

const work = join(root, 'reports', 'sizes');
const exec = promisify(execFile);

/** Each bundler: entry file and output file → written, minified ES module. */
const BUNDLERS = {
  async esbuild(entry, outfile) {
    await esbuild.build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2023',
    });
  },
  async rollup(entry, outfile) {
    const bundle = await rollup({ input: entry, plugins: [nodeResolve({ browser: true })] });
    const { output } = await bundle.generate({ format: 'es' });
    const { code } = await esbuild.transform(output[0].code, { minify: true, format: 'esm', target: 'es2023' });
    writeFileSync(outfile, code);
  },
  async webpack(entry, outfile) {
    const stats = await promisify(webpack)({
      mode: 'production',
      context: root,
      entry,
      target: ['web', 'es2023'],
      experiments: { outputModule: true },
      output: { path: work, filename: outfile.slice(work.length + 1), module: true, library: { type: 'module' } },
      performance: false,
    });
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  },
};

/** Where the bytes of a bundle that is too large come from: the largest source files, minified, before gzip. */
async function largest(program) {
  const { metafile } = await esbuild.build({
    stdin: { contents: program.code, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    conditions: ['@jacobi/source'],
    metafile: true,
    write: false,
  });
  const inputs = Object.entries(Object.values(metafile.outputs)[0].inputs);
  const ordered = inputs.map(([path, { bytesInOutput }]) => [path, bytesInOutput]).sort((a, b) => b[1] - a[1]);
  return ordered
    .slice(0, 15)
    .map(([path, bytes]) => `  ${String(bytes).padStart(7)}  ${path}`)
    .join('\n');
}

/** The names that `program` imports and that its packages do not export (yet). */
async function missing({ needs }) {
  const absent = [];
  for (const [name, exports] of Object.entries(needs)) {
    const namespace = await import(name);
    absent.push(...exports.filter((each) => !(each in namespace)).map((each) => `${each} of ${name}`));
  }
  return absent;
}

/** Bundles, measures, searches and runs one program with one bundler; returns a line of the table and the problems. */
async function measure(program, bundler) {
  const outfile = join(work, `${program.name}.${bundler}.mjs`);
  await BUNDLERS[bundler](join(work, `${program.name}.js`), outfile);
  const code = readFileSync(outfile);
  const size = gzipSync(code, { level: 9 }).length;
  const { stdout } = await exec(process.execPath, [outfile]);
  const problems = [];
  if (size > program.limit) problems.push(`${size} bytes, the limit is ${program.limit}`);
  for (const word of program.without) if (code.includes(word)) problems.push(`holds '${word}', which it does not use`);
  if (stdout.trim() !== program.prints)
    problems.push(`prints ${JSON.stringify(stdout.trim())}, expected '${program.prints}'`);
  return { size, problems: problems.map((problem) => `${program.name} by ${bundler}: ${problem}`) };
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const problems = [];
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const program of PROGRAMS) {
  const absent = await missing(program);
  if (absent.length > 0) {
    if (process.env.JACOBI_SIZES_LENIENT === '1')
      console.log(`sizes: ${program.name} skipped, not there yet: ${absent.join(', ')}`);
    else problems.push(`${program.name}: there is no ${absent.join(', ')}`);
    continue;
  }
  writeFileSync(join(work, `${program.name}.js`), program.code);
  const sizes = [];
  let over = false;
  for (const bundler of Object.keys(BUNDLERS)) {
    const result = await measure(program, bundler);
    sizes.push(`${bundler} ${kilobytes(result.size)}`);
    problems.push(...result.problems);
    over ||= result.size > program.limit;
  }
  if (over) problems.push(`${program.name}: its largest sources, in bytes before gzip\n${await largest(program)}`);
  const note = program.goal < program.limit ? ` (goal ${kilobytes(program.goal)}, not reached yet)` : '';
  console.log(`sizes: ${program.name}, at most ${kilobytes(program.limit)}${note}: ${sizes.join(', ')}`);
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  console.error(`sizes: ${problems.length} problem(s)`);
  process.exit(1);
}
