/**
 * Functions that modules share, by name: compiled when first asked for, kept for the backend's life.
 * The one idea: a hot loop that exists once is optimised once by the engine, whatever plan or shape calls it. A function
 * imports others by name as well. Must not import plans.
 */
import type { Expr } from './assembler/expr.ts';
import type { Callee, FunctionBuilder, Signature } from './assembler/function.ts';
import { ModuleBuilder } from './assembler/module.ts';
import { ANGLE_SIGNATURE, writeAngle } from './math/angle.ts';
import type { Importer } from './math/lanes.ts';
import { REMAINDER_SIGNATURE, writeRemainder } from './math/remainder.ts';
import type { Memory, Module, NativeFunction } from './wasm-api.ts';
import { api } from './wasm-api.ts';

/** How a function is written, into a module that may import others. */
export interface Recipe extends Signature {
  readonly write: (f: FunctionBuilder, importer: Importer, module: ModuleBuilder) => Expr | void;
}

/** What the mathematics calls by name. */
const PARTS: Readonly<Record<string, Recipe>> = {
  angle: { ...ANGLE_SIGNATURE, write: writeAngle },
  remainder: { ...REMAINDER_SIGNATURE, write: writeRemainder },
};

/** Those of them that most programs never call: made at the first call. */
const RARE: readonly string[] = ['angle'];

/** A function's module, and the functions that it imports. */
export interface LibraryEntry {
  readonly module: Module;
  readonly imports: readonly string[];
}

interface Entry extends Signature, LibraryEntry {}

/** What modules cost so far. */
export interface ModuleStats {
  modules: number;
  moduleBytes: number;
}

export class Library {
  readonly stats: ModuleStats = { modules: 0, moduleBytes: 0 };
  readonly #entries = new Map<string, Entry>();
  readonly #functions = new Map<string, NativeFunction>();
  #memory: Memory | undefined;
  readonly #shared: boolean;

  /** `shared`: threads share the memory, each with an instance of its own. */
  constructor(shared = false) {
    this.#shared = shared;
  }

  /** A module in the making, for the memory that functions are bound to. */
  module(): ModuleBuilder {
    return new ModuleBuilder(this.#shared);
  }

  /** Binds the functions to a memory; those bound to another are forgotten, their modules kept. */
  attach(memory: Memory): void {
    if (memory === this.#memory) return;
    this.#functions.clear();
    this.#memory = memory;
  }

  /** Forgets memory and instances, so that they can be collected. */
  detach(): void {
    this.#functions.clear();
    this.#memory = undefined;
  }

  /** Makes sure that a function of this name exists; the recipe is used at most once. */
  define(name: string, recipe: () => Recipe): void {
    if (this.#entries.has(name)) return;
    const { write, params, results } = recipe();
    const module = this.module();
    const imports: string[] = [];
    const importer: Importer = (wanted, signature) => this.#import(module, imports, wanted, signature);
    module.export(
      'f',
      module.function({ params, results }, (f) => write(f, importer, module)),
    );
    this.#entries.set(name, { module: this.compile(module), imports, params, results });
  }

  /** Compiles a module and counts it. */
  compile(module: ModuleBuilder): Module {
    const bytes = module.encode();
    this.stats.modules++;
    this.stats.moduleBytes += bytes.length;
    return new api!.Module(bytes);
  }

  /** An import of a function of this library, noted in `imports`. */
  #import(module: ModuleBuilder, imports: string[], name: string, signature: Signature): Callee {
    if (!imports.includes(name)) imports.push(name);
    return module.import(name, signature);
  }

  importer(module: ModuleBuilder, imports: string[]): Importer {
    return (name, signature) => this.#import(module, imports, name, signature);
  }

  signature(name: string): Signature {
    return this.#entries.get(name)!;
  }

  /** All functions that these need, themselves among them, for another thread. */
  closure(names: readonly string[]): [string, LibraryEntry][] {
    const found = new Map<string, LibraryEntry>();
    const visit = (name: string): void => {
      if (found.has(name)) return;
      const { module, imports } = this.#entry(name);
      found.set(name, { module, imports });
      imports.forEach(visit);
    };
    names.forEach(visit);
    return [...found];
  }

  /** A function that was defined, on the memory attached last. */
  get(name: string): NativeFunction {
    const known = this.#functions.get(name);
    if (known) return known;
    const { module, imports } = this.#entry(name);
    const fn = this.instantiate(module, imports)['f']!;
    this.#functions.set(name, fn);
    return fn;
  }

  #entry(name: string): Entry {
    const part = PARTS[name];
    if (part) this.define(name, () => part);
    const entry = this.#entries.get(name);
    if (!entry) throw new Error(`the library has no function ${name}`);
    return entry;
  }

  instantiate(module: Module, imports: readonly string[]): Record<string, NativeFunction> {
    const e: Record<string, Memory | NativeFunction | number> = { m: this.#memory! };
    if (this.#shared) e['t'] = 0;
    for (const name of imports)
      e[name] = RARE.includes(name) ? (...args: number[]) => this.get(name)(...args) : this.get(name);
    return new api!.Instance(module, { e }).exports;
  }
}
