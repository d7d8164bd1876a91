/**
 * One function of a module, written statement by statement.
 * The one idea: control flow is nested callbacks, so blocks close by themselves and branches need no labels.
 * Must not import anything but the encoding and the instructions.
 */
import type { Code, FunctionRef } from './bytes.ts';
import { Bytes, unsigned } from './bytes.ts';
import type { Expr, ValueType } from './expr.ts';
import { expr, i32 } from './expr.ts';

/** A local variable: reading it is an expression. */
export interface Local<T extends ValueType = ValueType> extends Expr<T> {
  readonly index: number;
  /** Code that takes a value from the stack. */
  readonly set: Code;
}

function local<T extends ValueType>(type: T, index: number): Local<T> {
  const number = unsigned(index);
  return { type, index, code: [0x20, number], set: [0x21, number] };
}

export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

const TYPE_CODE: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export function typeCode(type: ValueType): number {
  return TYPE_CODE[type];
}

export function isLocal(value: Expr): value is Local {
  return 'index' in value;
}

/** A function that can be called. */
export interface Callee extends FunctionRef, Signature {}

/** The body of a function while it is written. */
export class FunctionBuilder implements Callee {
  index = -1;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Where this thread's scratch memory begins; absent where there is one thread, whose begins at 0. */
  readonly #base: Expr<'i32'> | undefined;
  readonly #types: ValueType[] = [];
  readonly #prologue = new Bytes(64);
  readonly #body = new Bytes();
  readonly #hoisted = new Map<string, Local>();
  /** Locals that may be overwritten, by type. */
  readonly #free = new Map<ValueType, Local[]>();
  /** Locals that the scope being written has taken. */
  #taken: Local[] | undefined;

  constructor({ params, results }: Signature, base?: Expr<'i32'>) {
    this.params = params;
    this.results = results;
    this.#base = base;
  }

  /** The address of a place in scratch memory: a number, or an offset made when it runs. */
  scratch(at: number | Expr<'i32'>): Expr<'i32'> {
    if (typeof at !== 'number') return this.#base ? i32.add(this.#base, at) : at;
    return this.#base ? i32.add(this.#base, i32.const(at)) : i32.const(at);
  }

  /** The i-th parameter. */
  param<T extends ValueType>(i: number, type: T): Local<T> {
    if (this.params[i] !== type) throw new Error(`parameter ${i} is ${this.params[i]}, not ${type}`);
    return local(type, i);
  }

  /** A new local, 0 at first. */
  local<T extends ValueType>(type: T): Local<T> {
    return local(type, this.params.length + this.#types.push(type) - 1);
  }

  /** A local that holds the value: a new one, or one that was given back. */
  let<T extends ValueType>(value: Expr<T>): Local<T> {
    const to = this.#take(value.type);
    this.set(to, value);
    return to;
  }

  #take<T extends ValueType>(type: T): Local<T> {
    const taken = (this.#free.get(type)?.pop() as Local<T> | undefined) ?? this.local(type);
    this.#taken?.push(taken);
    return taken;
  }

  /** Gives locals back: nothing will read them any more. Other expressions are passed over. */
  release(...values: readonly Expr[]): void {
    for (const value of values) {
      if (!isLocal(value)) continue;
      const free = this.#free.get(value.type);
      if (free) free.push(value);
      else this.#free.set(value.type, [value]);
    }
  }

  /** Runs `body`, and gives back the locals that it has taken, but for those that it returns. */
  scope<T extends readonly Expr[]>(body: () => T): T {
    const outer = this.#taken;
    this.#taken = [];
    const kept = body();
    this.release(...new Set(this.#taken.filter((taken) => !kept.includes(taken))));
    this.#taken = outer;
    return kept;
  }

  set<T extends ValueType>(to: Local<T>, value: Expr<T>): void {
    if (value.type !== to.type) throw new Error(`a local is ${to.type}, not ${value.type}`);
    this.do([value.code, to.set]);
  }

  /** Adds to an i32 local. */
  increment(local: Local<'i32'>, by: number | Expr<'i32'>): void {
    this.set(local, i32.add(local, typeof by === 'number' ? i32.const(by) : by));
  }

  /** A statement: a store, or code that leaves nothing. */
  do(code: Code): void {
    this.#body.add(code);
  }

  /** A local that is set before anything else is done; the same for the same key. */
  hoist<T extends ValueType>(key: string, make: () => { readonly value: Expr<T>; readonly before: Code }): Local<T> {
    const known = this.#hoisted.get(key) as Local<T> | undefined;
    if (known) return known;
    const { value, before } = make();
    const to = this.local(value.type);
    this.#prologue.add([before, value.code, to.set]);
    this.#hoisted.set(key, to);
    return to;
  }

  /** Calls a function that has no result. */
  call(callee: Callee, ...args: readonly Expr[]): void {
    check(callee, args, 0);
    this.do([...args.map((a) => a.code), 0x10, callee]);
  }

  /** The result of a function with one. */
  callFor<T extends ValueType>(type: T, callee: Callee, ...args: readonly Expr[]): Expr<T> {
    check(callee, args, 1);
    if (callee.results[0] !== type) throw new Error(`the result is ${callee.results[0]}, not ${type}`);
    return expr(type, [...args.map((a) => a.code), 0x10, callee]);
  }

  /** The results of a function with several, in locals. */
  callForAll(callee: Callee, ...args: readonly Expr[]): Local[] {
    check(callee, args, callee.results.length);
    const results = callee.results.map((type) => this.#take(type));
    this.do([...args.map((a) => a.code), 0x10, callee, ...results.map(({ set }) => set).reverse()]);
    return results;
  }

  if(condition: Expr<'i32'>, then: () => void, otherwise?: () => void): void {
    this.do([condition.code, 0x04, 0x40]);
    then();
    if (otherwise) {
      this.do([0x05]);
      otherwise();
    }
    this.do([0x0b]);
  }

  /** Runs `body` at least once, and again while the condition that it returns holds. */
  repeat(body: () => Expr<'i32'>): void {
    this.do([0x03, 0x40]);
    this.do([body().code, 0x0d, 0x00, 0x0b]);
  }

  /** Runs `body` while `condition` holds. */
  while(condition: Expr<'i32'>, body: () => void): void {
    this.do([0x02, 0x40, 0x03, 0x40, condition.code, 0x45, 0x0d, 0x01]);
    body();
    this.do([0x0c, 0x00, 0x0b, 0x0b]);
  }

  /** Counts a new local from 0 up to `count` by `step`. */
  for(count: Expr<'i32'>, body: (i: Local<'i32'>) => void, step = 1): void {
    const i = this.local('i32');
    this.set(i, i32.const(0));
    this.while(i32.lt(i, count), () => {
      body(i);
      this.increment(i, step);
    });
  }

  return(value?: Expr): void {
    this.do([...(value ? [value.code] : []), 0x0f]);
  }

  /** The body as the code section has it, without its length. */
  encode(): Bytes {
    const groups: [number, ValueType][] = [];
    for (const type of this.#types) {
      const last = groups.at(-1);
      if (last?.[1] === type) last[0]++;
      else groups.push([1, type]);
    }
    const all = new Bytes();
    all.add([unsigned(groups.length), ...groups.map(([count, type]) => [unsigned(count), typeCode(type)])]);
    all.join(this.#prologue);
    all.join(this.#body);
    all.add([0x0b]);
    return all;
  }
}

function check({ params, results }: Callee, args: readonly Expr[], count: number): void {
  if (results.length !== count) throw new Error(`the function has ${results.length} results, not ${count}`);
  const given = args.map((a) => a.type).join();
  if (given !== params.join()) throw new Error(`the function takes (${params.join()}), not (${given})`);
}
