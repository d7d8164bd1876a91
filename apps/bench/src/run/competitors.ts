/*
 * Who runs: Jacobi's backends, libraries, and code without a library as a measure. Each is a command that takes a job.
 */
import { join } from 'node:path';
import type { DType } from '../inputs/workloads.ts';
import { type Job, jobWords } from '../measure/protocol.ts';
import { place } from './places.ts';
import type { Engine, Library, Tools } from './tools.ts';

/**
 * jacobi; javascript and python, what a user would pick instead; bare, code without a library; limit, no computation of
 * the workload but what the engine can do at most.
 */
export type Kind = 'jacobi' | 'javascript' | 'python' | 'bare' | 'limit';

export interface Competitor {
  /** `tfjs-wasm`, with `@26` for an engine that is not the runner's. */
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  /** The engine's version, if one runs it. */
  readonly engine: string | undefined;
  readonly dtypes: readonly DType[];
  readonly command: (job: Job) => readonly string[];
  /** A program that prints the first Jacobian of its process. */
  readonly first?: readonly string[];
}

export interface Skipped {
  readonly title: string;
  readonly reason: string;
}

const SINGLE: readonly DType[] = ['float32'];
const BOTH: readonly DType[] = ['float32', 'float64'];

/** In which dtype a competitor runs a workload. */
export const dtypeFor = ({ dtypes }: Competitor, wanted: DType): DType =>
  dtypes.includes(wanted) ? wanted : dtypes[0]!;

const major = (version: string): string => version.slice(1).split('.')[0]!;

/** Those that are modules of programs for worker.ts, on one engine. */
function onEngine({ path, version }: Engine, suffix: string): Competitor[] {
  const make = (
    id: string,
    title: string,
    kind: Kind,
    dtypes: readonly DType[],
    module: string,
    options: string[],
    first?: string[],
  ): Competitor => ({
    id: `${id}${suffix}`,
    title: suffix ? `${title}, Node ${major(version)}` : title,
    kind,
    engine: version,
    dtypes,
    command: (job) => [path, place('dist/worker.js'), place(module), ...jobWords(job), ...options],
    ...(first && { first: [path, ...first] }),
  });
  const jacobi = (backend: string, title: string): Competitor =>
    make(
      `jacobi-${backend}`,
      title,
      'jacobi',
      BOTH,
      'dist/jacobi.js',
      [`backend=${backend}`],
      [place('first/jacobi.mjs'), backend],
    );
  const tfjs = (backend: string): Competitor =>
    make(
      `tfjs-${backend}`,
      `TensorFlow.js ${backend}`,
      'javascript',
      SINGLE,
      'peers/tfjs.mjs',
      [`backend=${backend}`],
      [place('peers/first-tfjs.mjs'), backend],
    );
  return [
    jacobi('wasm', 'Jacobi wasm'),
    jacobi('cpu', 'Jacobi cpu'),
    jacobi('wasm-threads', 'Jacobi wasm, threads'),
    jacobi('wasm-unfused', 'Jacobi wasm, nothing fused'),
    tfjs('wasm'),
    tfjs('cpu'),
    make('jaxjs', 'jax-js', 'javascript', SINGLE, 'peers/jaxjs.mjs', ['device=wasm'], [place('peers/first-jaxjs.mjs')]),
    make('js', 'JavaScript, straight-line', 'bare', BOTH, 'dist/straight-line.js', []),
    make('limit', 'WebAssembly at most', 'limit', SINGLE, 'peers/limit.mjs', []),
  ];
}

function inPython(pythons: ReadonlyMap<Library, string>): { competitors: Competitor[]; skipped: Skipped[] } {
  const variants: readonly (readonly [string, string, Library, readonly string[]])[] = [
    ['torch-1', 'PyTorch, one thread', 'torch', ['threads=1']],
    ['torch', 'PyTorch', 'torch', ['threads=all']],
    ['jax', 'JAX', 'jax', []],
    ['tensorflow', 'TensorFlow', 'tensorflow', []],
  ];
  const here = variants.filter(([, , library]) => pythons.has(library));
  return {
    competitors: here.map(([id, title, library, options]) => ({
      id,
      title,
      kind: 'python',
      engine: undefined,
      dtypes: BOTH,
      command: (job) => [pythons.get(library)!, place(`native/with_${library}.py`), ...jobWords(job), ...options],
      first: [pythons.get(library)!, place(`native/first_${library}.py`)],
    })),
    skipped: variants
      .filter((variant) => !here.includes(variant))
      .map(([, title, library]) => ({ title, reason: `no Python here has ${library}` })),
  };
}

const native = (directory: string): Competitor[] =>
  [
    ['cpp-duals', 'C++ dual numbers', 'duals'],
    ['cpp', 'C++, straight-line', 'generated'],
  ].map(([id, title, kind]) => ({
    id: id!,
    title: title!,
    kind: 'bare',
    engine: undefined,
    dtypes: BOTH,
    command: (job) => [join(directory, 'native'), ...jobWords(job), `kind=${kind}`],
  }));

/** All that this machine can run, `built` being where the C++ programs were built, and why the others are left out. */
export function findCompetitors(
  tools: Tools,
  built: string | undefined,
): { competitors: Competitor[]; skipped: Skipped[] } {
  const [own, other] = tools.engines;
  const python = inPython(tools.pythons);
  const skipped = [...python.skipped];
  if (built === undefined) {
    const reason = tools.compiler === undefined ? 'no g++ here' : 'g++ could not build it';
    skipped.push({ title: 'C++ dual numbers', reason }, { title: 'C++, straight-line', reason });
  }
  if (!other) skipped.push({ title: 'another Node', reason: 'none asked for, or none of another version is here' });
  return {
    competitors: [
      ...onEngine(own!, ''),
      ...(other ? onEngine(other, `@${major(other.version)}`) : []),
      ...python.competitors,
      ...(built === undefined ? [] : native(built)),
    ],
    skipped,
  };
}
