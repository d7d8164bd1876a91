/**
 * The WebAssembly backend. The one idea: tensors live in ordinary typed arrays, which the garbage collector knows and frees;
 * linear memory is a workshop that plans are carried into, and that may be torn down whenever nothing runs.
 * Must not import anything above the kernel IR.
 */
import type { Backend, BackendStats, BufferRef, Executable, Plan, TypedArray } from '@jacobi/backend';
import { ArgumentError } from '@jacobi/backend';
import { createCpuBackend } from '@jacobi/backend-cpu';
import { createCalls } from './calls.ts';
import { canCompile, compilePlan, type PlanModule } from './compile.ts';
import { costOf } from './cost.ts';
import { Engine, type Ready } from './engine.ts';
import { NoWebAssemblyError } from './errors.ts';
import { canShare, detect, type Features } from './features.ts';
import { Library } from './library.ts';
import { contractionKind, isLong } from './lower-contract.ts';
import type { Mode } from './lowering.ts';
import { LANES } from './recipes/fold.ts';
import { unclearedArray } from './result-memory.ts';
import { compileSteps, type Run } from './steps.ts';
import { type Stream, streamOf } from './stream.ts';
import { MOST_THREADS } from './threads/limits.ts';
import { Lost, type Pool, startPool } from './threads/pool.ts';
import { available, type PoolOptions, type Start, starter } from './threads/start.ts';

/** How a plan is run: by cost, or always in one way (for tests). */
export type Tier = 'auto' | 'steps' | 'module';

/** Options of `wasm`. */
export interface WasmOptions {
  /** Use vectors: where the engine has them, unless this is false. */
  readonly simd?: boolean;
  /**
   * Use relaxed SIMD's fused multiply-add in products of more than 128 terms: where the engine has it, unless this is false.
   * It is faster, but rounds once where other devices round twice, so results differ from theirs in the last bits.
   */
  readonly fused?: boolean;
  /** Which tier runs plans: `'auto'` unless a test wants one. */
  readonly tier?: Tier;
  /**
   * Threads for large plans, the one that asks among them: a number, or true for as many as the machine offers, 32 at most.
   * They are started by `await wasm({ threads })`, in Node and on pages that are cross-origin isolated; `traits.threads` says
   * how many there are. Where there can be none, there is one thread. Results are the same to the last bit. Workers keep no
   * process alive, and `[Symbol.dispose]()` ends them. One thread unless this is said.
   */
  readonly threads?: number | boolean;
}

/** Counts of the WebAssembly backend: the modules made so far and the time that took, and what linear memory holds now. */
export interface WasmStats extends BackendStats {
  /** WebAssembly modules made. */
  readonly modules: number;
  /** Bytes of code in them. */
  readonly moduleBytes: number;
  /** Milliseconds spent on making modules of plans. */
  readonly compileTime: number;
  /** Bytes of linear memory held now. */
  readonly memoryBytes: number;
  /** Bytes of inputs that stay there between calls. */
  readonly residentBytes: number;
}

/** The WebAssembly backend: a `Backend` that reads at once and gives its memory back. */
export interface WasmBackend extends Backend {
  readSync(buffer: BufferRef): TypedArray;
  /** What it made and holds. */
  stats(): WasmStats;
  /** Gives linear memory back now; it is taken again when it is needed. Happens by itself when the backend is idle. */
  release(): void;
}

/** Elements from which on the backend remembers what becomes of a buffer. */
const LARGE = 8192;

interface WasmExecutable extends Executable {
  run: Run;
}

const TIERS: readonly unknown[] = ['auto', 'steps', 'module'];
/** What each option may be. */
const OPTIONS: Readonly<Record<keyof WasmOptions, readonly [is: (value: unknown) => boolean, text: string]>> = {
  simd: [isFlag, 'true or false'],
  fused: [isFlag, 'true or false'],
  tier: [(value) => TIERS.includes(value), "'auto', 'steps' or 'module'"],
  threads: [
    (value) => isFlag(value) || (Number.isInteger(value) && (value as number) >= 1),
    'a whole number from 1 up, or true for as many as the machine offers',
  ],
};

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}

/** Throws an error that names what an option is and may be. */
function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError(`wasm: options must be an object like { simd: true }, not ${String(options)}`);
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(OPTIONS, name) ? OPTIONS[name as keyof WasmOptions] : undefined;
    if (!rule) throw new ArgumentError(`wasm: there is no option "${name}", only ${Object.keys(OPTIONS).join(', ')}`);
    const [is, text] = rule;
    if (value !== undefined && !is(value))
      throw new ArgumentError(`wasm: ${name} must be ${text}, not ${String(value)}`);
  }
}

/** A WebAssembly backend, ready at once. Throws NoWebAssemblyError where there is no WebAssembly. */
export function createWasmBackend(options: Omit<WasmOptions, 'threads'> = {}): WasmBackend {
  checkOptions(options);
  const features = detect();
  if (!features) throw new NoWebAssemblyError('the engine has none, or a content security policy forbids it');
  return new Tiers(options, features).backend();
}

/**
 * A WebAssembly backend; with threads, if they are asked for. `jacobi` has one without threads as its default.
 * @throws NoWebAssemblyError where there is no WebAssembly, or a content security policy forbids it.
 * @example
 * const backend = await wasm({ threads: 2 });
 * withBackend(backend, () => tensor([1, 2]).mul(2)) // → [2, 4]
 */
export async function wasm(options: WasmOptions = {}): Promise<WasmBackend> {
  checkOptions(options);
  const { threads = 1 } = options;
  const wanted = threads === true ? available() : Number(threads);
  const start = starter();
  if (wanted < 2 || !start) return createWasmBackend(options);
  return threadedBackend(options, Math.min(wanted, MOST_THREADS), start);
}

/** Backends that are gone need no workers. */
let forgotten: FinalizationRegistry<Pool> | undefined;

/** With workers that are started in this way; without any, if none starts or memory cannot be shared. */
export async function threadedBackend(
  options: WasmOptions,
  threads: number,
  start: Start,
  poolOptions?: PoolOptions,
): Promise<WasmBackend> {
  const features = detect();
  const pool = features && canShare() ? await startPool(threads, start, poolOptions) : undefined;
  if (!features || !pool) return createWasmBackend(options);
  const tiers = new Tiers(options, features, pool);
  forgotten ??= new FinalizationRegistry((gone) => gone.close());
  forgotten.register(tiers, pool);
  return tiers.backend();
}

class Tiers {
  readonly #cpu: Backend = createCpuBackend();
  readonly #library: Library;
  readonly #pool: Pool | undefined;
  readonly #mode: Mode;
  readonly #tier: Tier;
  readonly #calls: ReturnType<typeof createCalls>;
  /** Large buffers of zeros that nobody has written to. */
  readonly #fresh = new WeakSet<object>();
  #engine: Engine | undefined;
  #used = false;
  #compiles = 0;
  #compileTime = 0;
  #runs = 0;
  #buffers = 0;
  #bytes = 0;
  /** Calls back when garbage was collected: a sign that time has passed, which keeps no process alive. */
  readonly #ticks: FinalizationRegistry<undefined> = new FinalizationRegistry(() => this.#tick());

  constructor({ simd = true, fused = true, tier = 'auto' }: WasmOptions, features: Features, pool?: Pool) {
    this.#pool = pool;
    this.#library = new Library(pool !== undefined);
    const vectors = simd && features.simd;
    this.#mode = { simd: vectors, fused: fused && vectors && features.relaxed };
    this.#tier = tier;
    this.#calls = createCalls(vectors);
  }

  backend(): WasmBackend {
    const cpu = this.#cpu;
    const pool = this.#pool;
    return {
      name: 'wasm',
      traits: {
        float64: true,
        syncRead: true,
        simdLanes: this.#mode.simd ? 4 : 1,
        reductionLanes: LANES,
        doubleSums: false,
        get threads() {
          return pool?.threads ?? 1;
        },
      },
      compile: (plan) => this.#compile(plan),
      run: (executable, inputs, outputs) => {
        this.#runs++;
        (executable as WasmExecutable).run(inputs as TypedArray[], outputs as TypedArray[]);
        for (const out of outputs) if (out.length >= LARGE) this.#written(out as TypedArray);
      },
      alloc: (dtype, length) => {
        const uncleared = length < LARGE ? undefined : unclearedArray(dtype, length);
        if (uncleared) return this.#counted(uncleared);
        const buffer = cpu.alloc(dtype, length);
        if (length >= LARGE) this.#fresh.add(buffer);
        return buffer;
      },
      free: (buffer) => cpu.free(buffer),
      write: (buffer, data) => {
        cpu.write(buffer, data);
        this.#written(buffer as TypedArray);
      },
      read: (buffer) => Promise.resolve(buffer as TypedArray),
      readSync: (buffer) => buffer as TypedArray,
      stats: () => this.#stats(),
      release: () => this.#release(),
      [Symbol.dispose]: () => {
        this.#release();
        pool?.close();
      },
    };
  }

  /** What is written may have been resident as an input of others, and holds zeros no more. */
  #written(buffer: TypedArray): void {
    this.#fresh.delete(buffer);
    this.#engine?.residents.forget(buffer);
  }

  /** Counts an array among the buffers; freed like the others. */
  #counted(array: TypedArray): TypedArray {
    this.#buffers++;
    this.#bytes += array.byteLength;
    return array;
  }

  #stats(): WasmStats {
    const { buffers, bytes } = this.#cpu.stats();
    return {
      buffers: buffers + this.#buffers,
      bytes: bytes + this.#bytes,
      compiles: this.#compiles,
      runs: this.#runs,
      modules: this.#library.stats.modules + this.#calls.stats.modules,
      moduleBytes: this.#library.stats.moduleBytes + this.#calls.stats.moduleBytes,
      compileTime: this.#compileTime,
      memoryBytes: this.#engine?.heap.bytes ?? 0,
      residentBytes: this.#engine?.residents.bytes ?? 0,
    };
  }

  /** The engine, made if there is none. */
  #use(): Engine {
    this.#used = true;
    if (!this.#engine) {
      this.#engine = new Engine(this.#library, this.#pool);
      this.#ticks.register({}, undefined);
    }
    return this.#engine;
  }

  /** Nothing ran between two collections: let go of memory. */
  #tick(): void {
    if (!this.#used) return this.#release();
    this.#used = false;
    if (this.#engine) this.#ticks.register({}, undefined);
  }

  #release(): void {
    if (this.#engine) this.#pool?.attach(undefined);
    this.#engine = undefined;
    this.#library.detach();
  }

  #compile(plan: Plan): WasmExecutable {
    this.#compiles++;
    const executable: WasmExecutable = { plan, run: () => {} };
    executable.run = this.#choose(executable);
    return executable;
  }

  #choose(executable: WasmExecutable): Run {
    const { plan } = executable;
    const cost = costOf(plan);
    const possible = this.#tier !== 'steps' && canCompile(plan);
    if (possible && (this.#tier === 'module' || this.#needsModule(plan))) return this.#module(plan);
    const steps = (): Run => compileSteps(plan, this.#cpu, this.#calls.of);
    if (!possible) return steps();
    const stream = cost.stream < cost.steps ? streamOf(plan, this.#mode.simd) : undefined;
    if (stream) return this.#stream(stream);
    const gain = cost.steps - cost.module;
    if (gain <= 0) return steps();
    return gain > cost.compile / 2 ? this.#module(plan) : this.#upgrade(executable, steps(), gain, cost.compile);
  }

  /** Straight lines; and JavaScript has no fused multiply-add: a plan with a contraction must not change tiers then. */
  #needsModule({ steps, slots }: Plan): boolean {
    // Who writes a straight line has said that it pays.
    if (steps.some((k) => k.kind === 'straight' && k.rows * k.body.length >= 8)) return true;
    return (
      this.#mode.fused &&
      steps.some((k) => k.kind === 'contract' && isLong(k.k) && contractionKind(k, slots) === 'sums')
    );
  }

  /** Steps, until a module would have paid for itself. */
  #upgrade(executable: WasmExecutable, steps: Run, gain: number, compile: number): Run {
    let lost = 0;
    return (inputs, outputs) => {
      steps(inputs, outputs);
      lost += gain;
      if (lost > compile) executable.run = this.#module(executable.plan);
    };
  }

  #stream(stream: Stream): Run {
    return this.#again((inputs, outputs) => stream(this.#use(), this.#library, inputs, outputs));
  }

  #module(plan: Plan): Run {
    const start = performance.now();
    const compiled: PlanModule = compilePlan(plan, this.#library, this.#mode, this.#pool);
    this.#compileTime += performance.now() - start;
    let ready: Ready | undefined;
    const run: Run = (inputs, outputs) => {
      const engine = this.#use();
      if (ready?.heap !== engine.heap) ready = engine.prepare(compiled, this.#library);
      engine.run(compiled, ready, inputs, outputs, this.#fresh);
    };
    return compiled.fork ? this.#again(run) : run;
  }

  /**
   * With threads: if a worker is lost, memory that it may still write to is dropped, and all is run once more, without
   * threads. Inputs are as they were, since results leave linear memory last.
   */
  #again(run: Run): Run {
    const pool = this.#pool;
    if (!pool) return run;
    return (inputs, outputs) => {
      const { threads } = pool;
      try {
        run(inputs, outputs);
      } catch (error) {
        if (threads > 1 && pool.threads === 1) this.#release();
        if (!(error instanceof Lost)) throw error;
        run(inputs, outputs);
      }
    };
  }
}
