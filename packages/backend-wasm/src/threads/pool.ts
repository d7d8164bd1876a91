/**
 * Threads of one backend: workers, and the main thread, which takes part.
 * The one idea: a job is cut into parts before it starts, and threads take parts until none is left. A worker that comes
 * late, or never, takes none, so the main thread waits only for parts that a worker has begun. If one of those does not end,
 * the memory that it writes to is given up, and the plan runs again without threads. Must not import tiers.
 */
import type { Kernel, Plan } from '@jacobi/backend';
import type { Library, LibraryEntry } from '../library.ts';
import { GRAIN, type Part, partsOf } from '../split.ts';
import type { Memory, Module } from '../wasm-api.ts';
import { MOST_PARTS, PART_BITS } from './limits.ts';
import type { Helper, PoolOptions, Start } from './start.ts';
import { BOARD, workerSource } from './worker.ts';

/** A job was not finished: what it has written so far must not be used. */
export class Lost extends Error {
  override name = 'Lost';
}

/** What a job runs: a module's exports `segment.part`, or one function of the library on piece after piece. */
export type Job = { readonly module: Module; readonly imports: readonly string[] } | { readonly call: string };

/** Looks at the board before the main thread sleeps: some 10 µs. */
const SPINS = 500;

export class Pool {
  /** Threads that were asked for: each has a number below this. */
  readonly places: number;
  readonly #grain: number;
  readonly #board: Int32Array<SharedArrayBuffer>;
  readonly #patience: number;
  #helpers: readonly Helper[];
  #closed = false;
  #generation = 0;
  #jobs = 0;
  #ids = new WeakMap<object, number>();
  #calls = new Map<string, number>();
  readonly #sent = new Set<string>();
  readonly #gone: FinalizationRegistry<number> = new FinalizationRegistry((drop) => this.#post({ drop }));
  /** The longest that a part has taken here, in milliseconds. */
  #longest = 0;
  /** Parts of the job at work; 0: none. */
  #parts = 0;

  constructor(
    board: Int32Array<SharedArrayBuffer>,
    helpers: readonly Helper[],
    places: number,
    { patience = 10_000, grain = GRAIN }: PoolOptions,
  ) {
    this.#grain = grain;
    this.#board = board;
    this.#helpers = helpers;
    this.#patience = patience;
    this.places = places;
  }

  /** Threads that work: 1 when the pool is closed. */
  get threads(): number {
    return this.#helpers.length + 1;
  }

  /** The parts of a kernel; undefined: it is left whole. */
  cut(kernel: Kernel, plan: Plan): readonly Part[] | undefined {
    return this.#closed ? undefined : partsOf(kernel, plan, this.threads, MOST_PARTS, this.#grain);
  }

  /** The memory that jobs from now on work in. */
  attach(memory: Memory | undefined): void {
    this.#post({ memory });
  }

  /** The number of a job, which workers are told of the first time. `key` says whether it is the same job. */
  job(key: object | string, make: () => Job, library: Library): number {
    const known = typeof key === 'string' ? this.#calls.get(key) : this.#ids.get(key);
    if (known !== undefined) return known;
    const [id, job] = [this.#jobs++, make()];
    const wanted = library.closure('call' in job ? [job.call] : job.imports);
    const functions = wanted.filter(([name]: readonly [string, LibraryEntry]) => !this.#sent.has(name));
    for (const [name] of functions) this.#sent.add(name);
    this.#post({ id, job, functions });
    if (typeof key === 'string') this.#calls.set(key, id);
    else {
      this.#ids.set(key, id);
      this.#gone.register(key, id);
    }
    return id;
  }

  #post(message: object): void {
    if (this.#closed) return;
    for (const helper of this.#helpers) helper.post(message);
    Atomics.add(this.#board, BOARD.mail, 1);
    // Whoever sleeps has to look.
    this.#publish(0);
  }

  #publish(parts: number): void {
    this.#generation = (this.#generation + 1) & (2 ** (32 - PART_BITS) - 1);
    Atomics.store(this.#board, BOARD.state, (this.#generation << PART_BITS) | parts);
    Atomics.notify(this.#board, BOARD.state);
  }

  /** Offers a job's parts to the workers; `finish` has to follow. */
  start(job: number, parts: number, values: readonly number[]): void {
    this.#parts = parts;
    if (this.#closed) return;
    const board = this.#board;
    board[BOARD.job] = job;
    board[BOARD.parts] = parts;
    for (let i = 0; i < values.length; i++) board[BOARD.values + i] = values[i]!;
    Atomics.store(board, BOARD.done, 0);
    this.#publish(parts);
  }

  /** Takes part, and returns when all parts are finished. `run` runs one here. Throws Lost. */
  finish(run: (part: number) => void): void {
    const parts = this.#parts;
    if (this.#closed) {
      for (let part = 0; part < parts; part++) run(part);
      return;
    }
    try {
      for (;;) {
        const part = this.#take();
        if (part < 0) break;
        const start = Date.now();
        run(part);
        this.#longest = Math.max(this.#longest, Date.now() - start);
        Atomics.add(this.#board, BOARD.done, 1);
      }
    } catch (error) {
      this.close();
      throw error;
    }
    if (this.#wait(parts) && Atomics.load(this.#board, BOARD.failed) === 0) return;
    this.close('a worker has failed or does not answer');
    throw new Lost();
  }

  /** The number of a part that is now this thread's; −1 if none is left. */
  #take(): number {
    for (;;) {
      const state = Atomics.load(this.#board, BOARD.state);
      const left = state & MOST_PARTS;
      if (left === 0) return -1;
      if (Atomics.compareExchange(this.#board, BOARD.state, state, state - 1) === state) return left - 1;
    }
  }

  /** True when all parts are finished; false when nothing has happened for long. */
  #wait(parts: number): boolean {
    const board = this.#board;
    for (let i = 0; i < SPINS; i++) if (Atomics.load(board, BOARD.done) === parts) return true;
    // In slices: a computer that was asleep has only lost one.
    const slice = Math.max(this.#patience, 100 * this.#longest) / 10;
    let done = -1;
    for (let idle = 0; idle < 10; idle++) {
      const now = Atomics.load(board, BOARD.done);
      if (now === parts) return true;
      if (now !== done) idle = 0;
      done = now;
      sleep(board, BOARD.done, done, slice);
    }
    return Atomics.load(board, BOARD.done) === parts;
  }

  /** Ends the workers. From then on all parts run on the main thread. */
  close(why?: string): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const helper of this.#helpers) helper.end();
    this.#helpers = [];
    if (why !== undefined) console.warn(`jacobi: threads are switched off: ${why}`);
  }
}

/** Until the value is another, for a time; a page's main thread may not sleep, so it looks again and again. */
function sleep(board: Int32Array<SharedArrayBuffer>, at: number, value: number, time: number): void {
  if (canSleep()) {
    Atomics.wait(board, at, value, time);
    return;
  }
  const end = Date.now() + time;
  while (Atomics.load(board, at) === value && Date.now() < end);
}

let sleeps: boolean | undefined;
function canSleep(): boolean {
  if (sleeps !== undefined) return sleeps;
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return (sleeps = true);
  } catch {
    return (sleeps = false);
  }
}

/** A pool of so many threads, or of as many as start; undefined if none does. */
export async function startPool(threads: number, start: Start, options: PoolOptions = {}): Promise<Pool | undefined> {
  const board = new Int32Array(new SharedArrayBuffer(4 * BOARD.length));
  let pool: Pool | undefined;
  const close = (why: string): void => pool?.close(why);
  const starting = Array.from({ length: threads - 1 }, (_, i) =>
    startOne(start, { board, thread: i + 1 }, options.startup ?? 10_000, close),
  );
  const helpers = (await Promise.all(starting)).filter((helper) => helper !== undefined);
  if (helpers.length === 0) return undefined;
  for (const helper of helpers) helper.release();
  return (pool = new Pool(board, helpers, threads, options));
}

/** A worker that has answered; undefined if it does not. `gone` is called if it goes later. */
function startOne(
  start: Start,
  first: object,
  startup: number,
  gone: (why: string) => void,
): Promise<Helper | undefined> {
  return new Promise((resolve) => {
    let helper: Helper | undefined;
    let ready = false;
    const settle = (works: boolean): void => {
      timer.clear();
      ready = works;
      if (!works) helper?.end();
      resolve(works ? helper : undefined);
    };
    const timer = later(() => settle(false), startup);
    try {
      helper = start(workerSource(), {
        message: () => settle(true),
        gone: (why) => (ready ? gone(`a worker is gone: ${String(why)}`) : settle(false)),
      });
      helper.post(first);
    } catch {
      settle(false);
    }
  });
}

interface Timers {
  setTimeout(run: () => void, time: number): unknown;
  clearTimeout(timer: unknown): void;
}

function later(run: () => void, time: number): { clear(): void } {
  const timers = globalThis as unknown as Timers;
  const timer = timers.setTimeout(run, time);
  return { clear: () => timers.clearTimeout(timer) };
}
