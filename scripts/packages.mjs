/*
 * Checks what would be published: packs every public package, looks into each tarball, runs publint and
 * are-the-types-wrong on it, then installs all tarballs into a project outside the repository, which must run under Node
 * and compile under each TypeScript that tests/consumers lists.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, run } from './steps.mjs';

const exec = promisify(execFile);
const tarballs = join(root, 'reports', 'tarballs');
const consumers = join(root, 'tests', 'consumers');
const problems = [];

/** Runs a command; resolves to its output, and notes it as a problem where the command fails. */
async function attempt(what, command, args, cwd = root) {
  try {
    const { stdout } = await exec(command, args, { cwd, env: { ...process.env, FORCE_COLOR: '0' }, maxBuffer: 1e8 });
    return stdout;
  } catch (error) {
    problems.push(`${what}:\n${`${error.stdout ?? ''}${error.stderr ?? ''}`.trim() || error.message}`);
    return '';
  }
}

const packages = readdirSync(join(root, 'packages'))
  .map((directory) => join('packages', directory))
  .filter((directory) => existsSync(join(root, directory, 'package.json')))
  .map((directory) => ({ directory, ...JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8')) }))
  .filter((manifest) => manifest.private !== true);

/** Turbo restores outputs without removing what was there, so what is packed is put back into an empty dist. */
async function rebuild() {
  for (const { directory } of packages) rmSync(join(root, directory, 'dist'), { recursive: true, force: true });
  if ((await run('turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream'], { stdio: 'ignore' })) !== 0) {
    throw new Error('packages: the build fails');
  }
}

/** Packs one package; resolves to its tarball. */
async function pack(manifest) {
  const output = await attempt(
    `${manifest.name}: pack`,
    'pnpm',
    ['pack', '--json', '--pack-destination', tarballs],
    manifest.directory,
  );
  return output === '' ? undefined : { name: manifest.name, ...JSON.parse(output) };
}

const MUST_HOLD = [/^LICENSE$/, /^README\.md$/, /^dist\/index\.js$/, /^dist\/.*\.js\.map$/, /^dist\/index\.d\.ts$/];
/** A package of re-exports alone has no code, and so no source map. */
const WITHOUT_CODE = ['jacobi'];
const MUST_NOT_HOLD = /\.test(-d)?\.|\.turbo|tsconfig/;

async function inspect({ name, filename, files }) {
  const paths = files.map((file) => file.path);
  for (const each of MUST_HOLD) {
    if (WITHOUT_CODE.includes(name) && each.source.includes('map')) continue;
    if (!paths.some((path) => each.test(path))) problems.push(`${name}: the tarball has nothing like ${each.source}`);
  }
  for (const path of paths) if (MUST_NOT_HOLD.test(path)) problems.push(`${name}: the tarball holds ${path}`);
  await attempt(`${name}: publint`, 'publint', ['run', filename, '--strict']);
  await attempt(`${name}: are-the-types-wrong`, 'attw', [filename, '--profile', 'esm-only']);
}

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022'],
    types: [],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    skipLibCheck: false,
  },
  include: ['*.ts'],
};

/** A user's project: all tarballs in one install, then Node and every TypeScript. */
async function consume(packed) {
  const project = mkdtempSync(join(tmpdir(), 'jacobi-consumer-'));
  try {
    writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    for (const file of readdirSync(consumers))
      if (/\.m?ts$/.test(file)) cpSync(join(consumers, file), join(project, file));
    const names = packed.map(({ filename }) => filename);
    await attempt(
      'npm install of all tarballs',
      'npm',
      ['install', '--offline', '--ignore-scripts', '--no-audit', ...names],
      project,
    );
    const imports = packed.map(({ name }) => `await import('${name}');`).join('\n');
    const output = await attempt('import under Node', 'node', ['--input-type=module', '-e', imports], project);
    if (output !== '') problems.push(`importing the packages prints:\n${output}`);
    const compilers = Object.keys(JSON.parse(readFileSync(join(consumers, 'package.json'), 'utf8')).devDependencies);
    for (const compiler of compilers) {
      const tsc = join(consumers, 'node_modules', compiler, 'bin', 'tsc');
      await attempt(`types under ${compiler}`, 'node', [tsc, '-p', '.', '--pretty', 'false'], project);
    }
    return compilers;
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

await rebuild();
rmSync(tarballs, { recursive: true, force: true });
mkdirSync(tarballs, { recursive: true });
const packed = (await Promise.all(packages.map(pack))).filter((result) => result !== undefined);
console.log(`packages: ${packed.length} packed, now publint, are-the-types-wrong and a user's project`);
const [compilers] = await Promise.all([consume(packed), ...packed.map(inspect)]);
if (problems.length > 0) {
  console.error(problems.join('\n\n'));
  console.error(`packages: ${problems.length} problem(s)`);
  process.exit(1);
}
console.log(
  `packages: ${packed.length} tarballs are good, run under Node ${process.versions.node} and compile under ${compilers.join(', ')}`,
);
