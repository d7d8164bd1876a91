/**
 * Workers of Node and of browsers as one thing.
 * The one idea: Node's built-in is asked for by name from `process`, where there is one, so nothing imports it.
 * Must not import anything.
 */

/** A started worker. */
export interface Helper {
  post(message: unknown): void;
  /** Lets the process end without it. */
  release(): void;
  end(): void;
}

/** What a worker tells: a message, or that it is gone. */
export interface Listener {
  message(data: unknown): void;
  gone(why: unknown): void;
}

export type Start = (source: string, listener: Listener) => Helper;

interface NodeWorker {
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): void;
  postMessage(message: unknown, transfer: readonly never[]): void;
  unref(): void;
  terminate(): Promise<unknown>;
}
interface WebWorker {
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
  postMessage(message: unknown, transfer: readonly never[]): void;
  terminate(): void;
}
interface Runtime {
  readonly process?: {
    readonly versions?: { readonly node?: string };
    getBuiltinModule?(name: string): unknown;
  };
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly Worker?: new (url: string) => WebWorker;
  readonly Blob?: new (parts: readonly string[], options: { readonly type: string }) => object;
  readonly URL?: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
}

const runtime = (): Runtime => globalThis as unknown as Runtime;

function builtin<T>(name: string): T | undefined {
  const { process } = runtime();
  return process?.versions?.node ? (process.getBuiltinModule?.(name) as T | undefined) : undefined;
}

export interface PoolOptions {
  /** Milliseconds without a sign of life after which a worker is given up. */
  readonly patience?: number;
  /** Milliseconds that a worker may take to start. */
  readonly startup?: number;
  /** Nanoseconds that a part takes at least: 0 for tests. */
  readonly grain?: number | undefined;
}

/** How workers are started here; undefined where they cannot share memory. */
export function starter(): Start | undefined {
  if (typeof SharedArrayBuffer === 'undefined' || typeof Atomics === 'undefined') return undefined;
  const node = builtin<{ Worker?: new (source: string, options: object) => NodeWorker }>('node:worker_threads');
  if (node?.Worker) return startIn(node.Worker);
  const { crossOriginIsolated, Worker, Blob, URL } = runtime();
  return crossOriginIsolated && Worker && Blob && URL ? startOnPage(Worker, Blob, URL) : undefined;
}

const startIn =
  (Worker: new (source: string, options: object) => NodeWorker): Start =>
  (source, listener) => {
    // Without the options of this process: they may load things that have nothing to do here.
    const worker = new Worker(source, { eval: true, execArgv: [], name: 'jacobi' });
    worker.on('message', (data) => listener.message(data));
    worker.on('error', (error) => listener.gone(error));
    worker.on('exit', () => listener.gone('it has ended'));
    return {
      post: (message) => worker.postMessage(message, []),
      release: () => worker.unref(),
      end: () => void worker.terminate(),
    };
  };

const startOnPage =
  (
    Worker: NonNullable<Runtime['Worker']>,
    Blob: NonNullable<Runtime['Blob']>,
    URL: NonNullable<Runtime['URL']>,
  ): Start =>
  (source, listener) => {
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.addEventListener('message', ({ data }) => {
      URL.revokeObjectURL(url);
      listener.message(data);
    });
    worker.addEventListener('error', (event) => listener.gone(event.message ?? 'it could not start'));
    return {
      post: (message) => worker.postMessage(message, []),
      release: () => undefined,
      end: () => worker.terminate(),
    };
  };

/** Threads that the machine offers. */
export function available(): number {
  const os = builtin<{ availableParallelism?(): number }>('node:os');
  return os?.availableParallelism?.() ?? runtime().navigator?.hardwareConcurrency ?? 1;
}
