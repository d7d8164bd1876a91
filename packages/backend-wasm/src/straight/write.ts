/**
 * A straight line's steps as code.
 * The one idea: a value that is read once, soon, stands on the operand stack where it is read; any other takes a local,
 * which it gives back behind its last reader. What is long is called. Must not import plans.
 */
import type { DType } from '@jacobi/backend';
import type { Code } from '../assembler/bytes.ts';
import type { Expr } from '../assembler/expr.ts';
import { choose, f32, f64, i32 } from '../assembler/expr.ts';
import type { FunctionBuilder } from '../assembler/function.ts';
import { isLocal } from '../assembler/function.ts';
import { f32x4, f64x2, v128 } from '../assembler/simd.ts';
import type { Call, Known, Target } from '../body.ts';
import { as, writeStep } from '../body.ts';
import type { Lowering } from '../lowering.ts';
import { F32, F32X4, F64, F64X2 } from '../math/form.ts';
import type { Value, Width } from '../value.ts';
import { constantValue, convert } from '../value.ts';
import { callee } from './calls.ts';
import type { Ledger } from './ledger.ts';
import { Rows } from './memory.ts';
import type { Line, Pack, Unit } from './order.ts';
import { readsOf } from './order.ts';

type V = Expr<'v128'>;

/** Units between a value and its only reader, and instructions inside of one another, at most. */
const FAR = 12;
const DEEP = 8;

/** What a line's code is written with. */
export interface Writing {
  readonly l: Lowering;
  readonly line: Line;
  readonly width: Width;
  /** Loads that are read together, by operand. */
  readonly windows: ReadonlyMap<number, readonly number[]>;
  /** Constants: where they lie, behind the second parameter. */
  readonly constants: ReadonlyMap<number, number>;
  /** Offsets in the frame of values that pass from function to function, by operand. */
  readonly spilled: ReadonlyMap<number, number>;
  /** One for all functions: a line has many, and more operands. */
  readonly ledger: Ledger;
}

/** One of a line's functions. */
export class Writer {
  readonly #w: Writing;
  readonly #f: FunctionBuilder;
  readonly #target: Target;
  readonly #rows: Rows;
  readonly #units: readonly Unit[];
  readonly #values: Ledger['values'];
  readonly #pending: Ledger['pending'];
  readonly #left: Int32Array;
  readonly #reader: Int32Array;

  constructor(writing: Writing, f: FunctionBuilder, units: readonly Unit[], row: Expr<'i32'> | undefined) {
    const { l, line, width } = writing;
    this.#w = writing;
    this.#f = f;
    this.#units = units;
    this.#rows = new Rows(l, f, width, row);
    const constant = (value: number, dtype: DType): Value => this.#constant(value, dtype);
    this.#target = { f, width, import: l.importer, loop: false, constant };
    const { values, pending, left, reader } = writing.ledger;
    this.#values = values;
    this.#pending = pending;
    this.#left = left;
    this.#reader = reader;
    units.forEach((unit, at) => {
      for (const read of readsOf(line, unit)) {
        this.#left[read]!++;
        this.#reader[read] = at;
      }
    });
  }

  write(): void {
    this.#units.forEach((unit, at) => {
      if (unit.kind === 'step') this.#step(unit.operand, at);
      else if (unit.kind === 'pack') this.#pack(unit);
      else this.#store(unit.stores);
    });
  }

  #constant(value: number, dtype: DType): Value {
    const { width, constants } = this.#w;
    const at = constants.get(value);
    if (width === 1 || value === 0 || at === undefined || dtype === 'int32' || dtype === 'bool')
      return constantValue(value, dtype, width);
    const base = this.#f.param(1, 'i32');
    if (dtype === 'float32') return { dtype, parts: [v128.splat32(base, at + 8)] };
    const part = v128.splat64(base, at);
    return { dtype, parts: width === 4 ? [part, part] : [part] };
  }

  /** An operand as it is needed: a constant, or a value, whose parts are to be read once each. */
  #known(operand: number): Known {
    const kind = this.#w.line.operands.kinds[operand]!;
    if (typeof kind === 'object') return kind;
    return this.#values[operand] ?? this.#bring(operand, kind);
  }

  /** The same with parts that can be read any number of times. */
  #held(operand: number): Known {
    const known = this.#known(operand);
    if ('constant' in known || known.parts.every(isLocal)) return known;
    const value = { dtype: known.dtype, parts: known.parts.map((part) => this.#f.let(part)) };
    this.#settle(operand);
    this.#values[operand] = value;
    return value;
  }

  /** A load, or a value from an earlier function. */
  #bring(operand: number, dtype: DType): Value {
    const { width, windows, line, spilled } = this.#w;
    const { loads } = line.kernel;
    if (operand >= loads.length) {
      const parts = loadParts(this.#f.param(this.#w.l.spaceParam, 'i32'), dtype, width, spilled.get(operand)!);
      return this.#set(operand, { dtype, parts: parts.map((part) => this.#f.let(part)) });
    }
    const window = windows.get(operand);
    if (!window) {
      const value = this.#rows.load(loads[operand]!);
      // Alone, reading memory twice costs less than keeping what was read.
      if (width === 1 && this.#left[operand]! <= 2) return value;
      return this.#set(operand, {
        dtype,
        parts: value.parts.map((part) => (isLocal(part) ? part : this.#f.let(part))),
      });
    }
    const needed = window.filter((each) => this.#left[each]! > 0);
    const values = this.#rows.loadWindow(needed.map((each) => loads[each]!));
    needed.forEach((each, i) => (this.#values[each] = values[i]!));
    return this.#values[operand]!;
  }

  #set(operand: number, value: Value): Value {
    this.#values[operand] = value;
    return value;
  }

  /** What a reader has read is read. */
  #done(reads: readonly number[]): void {
    for (let i = 0; i < reads.length; i++) {
      const read = reads[i]!;
      if (this.#pending[read]) {
        this.#values[read] = undefined;
        this.#settle(read);
        continue;
      }
      const left = --this.#left[read]!;
      const value = left === 0 ? this.#values[read] : undefined;
      if (!value) continue;
      this.#values[read] = undefined;
      this.#f.release(...value.parts);
    }
  }

  /** A pending value has been written. */
  #settle(operand: number): void {
    const pending = this.#pending[operand];
    if (!pending) return;
    this.#pending[operand] = undefined;
    this.#done(pending.reads);
  }

  /** Puts a value where its readers find it; `reads` is what its code has read. */
  #define(operand: number, value: Value, reads: readonly number[], at: number): void {
    let depth = 1;
    for (const read of reads) depth = Math.max(depth, 1 + (this.#pending[read]?.depth ?? 0));
    if (depth < DEEP && !isLocal(value.parts[0]!) && this.#takes(operand, value.dtype, at)) {
      this.#values[operand] = value;
      this.#pending[operand] = { reads, depth };
      return;
    }
    const parts = value.parts.map((part) => (isLocal(part) ? part : this.#f.let(part)));
    this.#done(reads);
    this.#keep(operand, { dtype: value.dtype, parts });
  }

  /** Holds a value in locals, and leaves it for later functions. */
  #keep(operand: number, value: Value): void {
    const at = this.#w.spilled.get(operand);
    if (at !== undefined) storeParts(this.#f, this.#f.param(this.#w.l.spaceParam, 'i32'), value, at);
    if (this.#left[operand] === 0) this.#f.release(...value.parts);
    else this.#values[operand] = value;
  }

  /** True if the only reader comes soon, and reads each part of a value once. */
  #takes(operand: number, dtype: DType, at: number): boolean {
    const reader = this.#reader[operand]!;
    if (this.#left[operand] !== 1 || reader - at > FAR || this.#w.spilled.has(operand)) return false;
    const unit = this.#units[reader]!;
    if (unit.kind === 'store')
      return this.#w.width === 1 || (unit.stores.length === 1 && this.#isUnit(unit.stores[0]!));
    if (unit.kind === 'pack') return unit.domain === dtype;
    const { rows, domains, args, kinds } = this.#w.line.operands;
    const row = rows[unit.operand]!;
    const domain = domains[unit.operand];
    switch (row.kind) {
      case 'numeric':
        return domain === dtype && domain !== 'int32' && row.single !== undefined;
      case 'select':
        if (args[unit.operand]![0] !== operand) return kinds[unit.operand] === dtype;
        return kinds[unit.operand] !== 'float64' || this.#w.width < 4;
      case 'compare':
        return row.int !== null && domain === dtype && domain !== 'int32';
      default:
        return false;
    }
  }

  #isUnit(store: number): boolean {
    const { stride, slot } = this.#w.line.kernel.stores[store]!;
    return stride === 1 && this.#w.l.dtype(slot) !== 'bool';
  }

  #stepOf(operand: number): Call {
    const { body, loads } = this.#w.line.kernel;
    return body[operand - loads.length] as Call;
  }

  #step(operand: number, at: number): void {
    const { rows, domains, args: all, kinds } = this.#w.line.operands;
    const [row, domain, args] = [rows[operand]!, domains[operand]!, all[operand]!];
    const dtype = kinds[operand] as DType;
    let value: Value | undefined;
    if (row.kind === 'select') value = this.#select(args, dtype);
    else if (domain === 'float32' || domain === 'float64') value = this.#single(operand, args, domain);
    if (value?.dtype === dtype) return this.#define(operand, value, args, at);
    if (value) {
      const parts = value.parts.map((part) => this.#f.let(part));
      const converted = convert(this.#f, { dtype: value.dtype, parts }, dtype, this.#w.width);
      this.#f.release(...parts);
      return this.#define(operand, converted, args, at);
    }
    const held = args.map((arg) => this.#held(arg));
    const parts = this.#f.scope(() => writeStep(this.#target, this.#stepOf(operand), held).parts);
    this.#define(operand, { dtype, parts }, args, at);
  }

  /** A choice between numbers of which each is one part. */
  #select(args: readonly number[], dtype: DType): Value | undefined {
    const { width } = this.#w;
    if (width === 4 && dtype === 'float64') return undefined;
    const mask = this.#in(args[0]!, 'bool');
    const [a, b] = [this.#in(args[1]!, dtype), this.#in(args[2]!, dtype)];
    if (!mask || !a || !b) return undefined;
    const [by, x, y] = [mask.parts[0]!, a.parts[0]!, b.parts[0]!];
    const part =
      width > 1 ? v128.select(by as V, x as V, y as V) : choose(by as Expr<'i32'>, x as Expr<'f64'>, y as Expr<'f64'>);
    return { dtype, parts: [part] };
  }

  /** An operand in the lanes of a dtype, if it is there without conversion. */
  #in(operand: number, dtype: DType): Value | undefined {
    const known = this.#known(operand);
    if ('constant' in known) return as(this.#target, known, dtype);
    return known.dtype === dtype ? known : undefined;
  }

  /** A function of one instruction; a comparison only where a mask is one part. */
  #single(operand: number, args: readonly number[], domain: 'float32' | 'float64'): Value | undefined {
    const row = this.#w.line.operands.rows[operand]!;
    const { width } = this.#w;
    const compared = row.kind === 'compare' && (width < 4 || domain === 'float32') ? row.int : null;
    const single = row.kind === 'numeric' ? row.single : undefined;
    if (!single && !compared) return undefined;
    const a = this.#in(args[0]!, domain);
    const b = args.length > 1 ? this.#in(args[1]!, domain) : a;
    if (!a || !b) return undefined;
    const form = domain === 'float32' ? (width === 1 ? F32 : F32X4) : width === 1 ? F64 : F64X2;
    const parts = a.parts.map((part, i) =>
      single ? single(form, part, b.parts[i]!) : form.compare[compared!](part, b.parts[i]!),
    );
    return { dtype: compared ? 'bool' : domain, parts };
  }

  /** Calls of a function: part by part, or several numbers in the lanes of one. */
  #pack(pack: Pack): void {
    const { l, width } = this.#w;
    const f = this.#f;
    const { domain, members, dtype } = pack;
    const wanted = wantedOf(pack);
    const function_ = callee(l, pack, wanted);
    const known = members.map(({ args }) => args.map((arg) => this.#in(arg, domain) ?? this.#held(arg)));
    const together = width === 1 && l.mode.simd;
    const parts = f.scope(() => {
      const values = known.map((args) => args.map((arg) => as(this.#target, arg, domain)));
      const args = together
        ? [joined(values, domain)]
        : values[0]![0]!.parts.map((_, i) => values[0]!.map((v) => v.parts[i]!));
      const results = args.map((each) => f.callForAll(function_, ...each));
      return wanted.flatMap((_, r) =>
        together ? separate(f, results[0]![r]!, members.length, domain, dtype) : results.map((each) => each[r]!),
      );
    });
    for (const { args } of members) this.#done(args);
    const count = parts.length / wanted.length;
    wanted.forEach((result, r) => {
      const own = parts.slice(r * count, (r + 1) * count);
      if (together)
        return members.forEach((member, i) => this.#result(member.results[result], { dtype, parts: [own[i]!] }));
      const value = { dtype: domain, parts: own };
      const converted = convert(f, value, dtype, width);
      if (converted !== value) f.release(...own);
      this.#result(members[0]!.results[result], converted);
    });
  }

  #result(operand: number | undefined, value: Value): void {
    if (operand === undefined) this.#f.release(...value.parts);
    else this.#keep(operand, value);
  }

  #store(stores: readonly number[]): void {
    const { line, width, l } = this.#w;
    const lanes = stores.map((store) => line.kernel.stores[store]!);
    const operands = lanes.map(({ value }) => line.operands.same[value]!);
    const once = stores.length === 1 && (width === 1 || this.#isUnit(stores[0]!));
    const values = operands.map((operand, i): Value => {
      const known = once ? this.#known(operand) : this.#held(operand);
      if (!('constant' in known)) return known;
      const value = as(this.#target, known, l.dtype(lanes[i]!.slot));
      return once ? value : { dtype: value.dtype, parts: value.parts.map((part) => this.#f.let(part)) };
    });
    if (stores.length === 1) this.#rows.store(lanes[0]!, values[0]!);
    else this.#rows.storeWindow(lanes, values);
    operands.forEach((operand, i) => {
      if (typeof line.operands.kinds[operand] === 'object') this.#f.release(...values[i]!.parts);
    });
    this.#done(operands);
  }
}

/** The results of a pack that somebody reads. */
function wantedOf({ members }: Pack): number[] {
  return [0, 1].filter((r) => members.some(({ results }) => results[r] !== undefined));
}

/** The arguments of all members as vectors; lanes that are left over hold the first. */
function joined(values: readonly (readonly Value[])[], domain: 'float32' | 'float64'): V[] {
  const [splat, replace] = (domain === 'float32' ? [f32x4.splat, f32x4.replace] : [f64x2.splat, f64x2.replace]) as [
    (a: Expr) => V,
    (v: V, i: number, a: Expr) => V,
  ];
  return values[0]!.map((_, arg) => {
    const [first, ...rest] = values.map((each) => each[arg]!.parts[0]!);
    return rest.reduce<V>((v, part, i) => replace(v, i + 1, part), splat(first!));
  });
}

/** The lanes of a result, rounded to the steps' dtype. */
function separate(f: FunctionBuilder, v: Expr, count: number, domain: DType, dtype: DType): Expr[] {
  return Array.from({ length: count }, (_, i) => {
    if (domain === 'float32') return f.let(f32.lane(v as V, i));
    const part = f64.lane(v as V, i);
    return f.let(dtype === 'float32' ? f32.demote(part) : part);
  });
}

const typeOf = (dtype: DType): 'f32' | 'f64' | 'i32' =>
  dtype === 'float32' ? 'f32' : dtype === 'float64' ? 'f64' : 'i32';

/** The parts of a value that an earlier function has left in the frame. */
function loadParts(frame: Expr<'i32'>, dtype: DType, width: Width, at: number): Expr[] {
  if (width === 1) return [{ f32, f64, i32 }[typeOf(dtype)].load(frame, at)];
  return Array.from({ length: width === 4 && dtype === 'float64' ? 2 : 1 }, (_, i) => v128.load(frame, at + 16 * i));
}

function storeParts(f: FunctionBuilder, frame: Expr<'i32'>, { dtype, parts }: Value, at: number): void {
  parts.forEach((part, i) => {
    if (part.type === 'v128') f.do(v128.store(frame, part as V, at + 16 * i));
    else f.do(({ f32, f64, i32 }[typeOf(dtype)].store as (a: Expr, v: Expr, o: number) => Code)(frame, part, at));
  });
}
