/**
 * A straight line put into order: which steps are written one by one, which become calls of shared functions, where
 * results are stored, and where a long line is cut into functions.
 * The one idea: calls of one function that do not need each other go together in the lanes of one call, and sin and cos of
 * one angle are one call. Must not import the assembler.
 */
import type { DType, ScalarFunction, Slot, StraightKernel } from '@jacobi/backend';
import type { Call, Domain, Operand } from '../body.ts';
import { domainOf } from '../body.ts';
import type { Numeric, Row } from '../functions.ts';
import { isLong, rowOf } from '../functions.ts';
import type { Width } from '../value.ts';

/** A call for one argument, or pair of them; the results of sin and cos may be missing. */
export interface Member {
  readonly args: readonly number[];
  readonly results: (number | undefined)[];
}

/** Calls of a shared function that go together. */
export interface Pack {
  readonly kind: 'pack';
  /** The function; undefined: sin and cos. */
  readonly fn: ScalarFunction | undefined;
  readonly domain: 'float32' | 'float64';
  /** The steps' dtype. */
  readonly dtype: DType;
  readonly members: Member[];
}

type Kind = Pick<Pack, 'fn' | 'domain' | 'dtype'>;

/** What is written next; steps and values by operand number, stores by their positions. */
export type Unit =
  | { readonly kind: 'step'; readonly operand: number }
  | Pack
  | { readonly kind: 'store'; readonly stores: readonly number[] };

/** What is known of a line's operands, by number. */
export interface Operands {
  /** Dtypes, or constants. */
  readonly kinds: readonly Operand[];
  /** The operand that an operand is the same as. */
  readonly same: readonly number[];
  /** Of steps: how they are computed, in which lanes, from what. */
  readonly rows: readonly (Row | undefined)[];
  readonly domains: readonly (Domain | undefined)[];
  readonly args: readonly (readonly number[])[];
}

/** A line in order. */
export interface Line {
  readonly kernel: StraightKernel;
  readonly operands: Operands;
  readonly units: readonly Unit[];
}

const NONE: readonly number[] = [];

/** Undefined where a step has no form. */
export function operandsOf({ loads, body }: StraightKernel, slots: readonly Slot[]): Operands | undefined {
  const kinds: Operand[] = [];
  const same: number[] = [];
  const rows: (Row | undefined)[] = [];
  const domains: (Domain | undefined)[] = [];
  const args: (readonly number[])[] = [];
  const push = (kind: Operand, as: number, row?: Row, domain?: Domain, own: readonly number[] = NONE): void => {
    kinds.push(kind);
    same.push(as);
    rows.push(row);
    domains.push(domain);
    args.push(own);
  };
  const lanes = new Map<string, number>();
  loads.forEach(({ slot, offset, stride }, i) => {
    const key = `${slot}:${offset}:${stride}`;
    const known = lanes.get(key) ?? i;
    lanes.set(key, known);
    push(slots[slot]!.dtype, known);
  });
  for (const step of body) {
    if ('constant' in step) {
      push(step, kinds.length);
      continue;
    }
    const row = rowOf(step.fn);
    if (!row) return undefined;
    const own = step.args.map((arg) => same[arg]!);
    const of = own.map((arg) => kinds[arg]!);
    const domain = row.kind === 'numeric' && step.dtype === 'float64' ? 'float64' : domainOf(step, of);
    if (!domain) return undefined;
    // A cast to the dtype that is there already is no step.
    const idle = row.kind === 'cast' && of[0] === step.dtype && (row.to === 'own' || row.to === step.dtype);
    push(step.dtype, idle ? own[0]! : kinds.length, row, domain, own);
  }
  return { kinds, same, rows, domains, args };
}

/** `groups`: stores that are written together. */
export function orderLine(
  kernel: StraightKernel,
  operands: Operands,
  width: Width,
  simd: boolean,
  groups: readonly (readonly number[])[],
): Line {
  const { same, rows, domains, args } = operands;
  const live = alive(kernel, operands);
  const first = kernel.loads.length;
  const packs = width === 1 && simd;
  const levels = new Levels(packs);
  const level = new Int32Array(same.length);
  for (let operand = first; operand < same.length; operand++) {
    const row = rows[operand];
    if (!row || !live[operand]) continue;
    const own = args[operand]!;
    let at = 0;
    for (let i = 0; i < own.length; i++) at = Math.max(at, level[own[i]!]!);
    const step = kernel.body[operand - first] as Call;
    const domain = domains[operand];
    if (row.kind === 'numeric' && !row.short && domain !== 'int32' && isLong(step.fn)) {
      levels.call(operand, own, row, { fn: step.fn, dtype: step.dtype, domain: domain as Pack['domain'] }, at);
      level[operand] = packs ? at + 1 : at;
    } else {
      levels.step(operand, at);
      level[operand] = at;
    }
  }
  return { kernel, operands, units: withStores(kernel, levels.units(), same, groups) };
}

/**
 * The units of a line by level: what a call gives is read on a later one, so that the calls of one level can go together.
 * Without packs one level is enough.
 */
class Levels {
  readonly #packs: boolean;
  readonly #steps: Unit[][] = [];
  readonly #calls: Pack[][] = [];
  /** The last pack of each kind. */
  readonly #open = new Map<string, Pack>();
  readonly #angles = new Map<string, Member>();

  constructor(packs: boolean) {
    this.#packs = packs;
  }

  units(): Unit[] {
    const levels = Math.max(this.#steps.length, this.#calls.length);
    return Array.from({ length: levels }, (_, i) => [...(this.#steps[i] ?? []), ...(this.#calls[i] ?? [])]).flat();
  }

  step(operand: number, at: number): void {
    (this.#steps[at] ??= []).push({ kind: 'step', operand });
  }

  call(operand: number, args: readonly number[], { turn }: Numeric, kind: Kind, at: number): void {
    if (turn === undefined) return this.#pack({ args, results: [operand] }, kind, at);
    const angle = `${args[0]}:${kind.dtype}`;
    const twin = this.#angles.get(angle);
    // A line may compute the same twice.
    if (twin && twin.results[turn] === undefined) {
      twin.results[turn] = operand;
      return;
    }
    const member: Member = { args, results: turn === 1 ? [undefined, operand] : [operand] };
    this.#angles.set(angle, member);
    this.#pack(member, { ...kind, fn: undefined }, at);
  }

  /** Into a pack that has room, or one of its own. */
  #pack(member: Member, { fn, domain, dtype }: Kind, at: number): void {
    const key = `${at}:${fn?.name}:${domain}:${dtype}`;
    const open = this.#packs ? this.#open.get(key) : undefined;
    if (open && open.members.length < (domain === 'float32' ? 4 : 2)) {
      open.members.push(member);
      return;
    }
    const pack: Pack = { kind: 'pack', fn, domain, dtype, members: [member] };
    this.#open.set(key, pack);
    ((this.#packs ? this.#calls : this.#steps)[at] ??= []).push(pack);
  }
}

/** The operands that stores need, but for those that are the same as others. */
function alive({ loads, stores }: StraightKernel, { same, args }: Operands): Uint8Array {
  const live = new Uint8Array(same.length);
  for (const { value } of stores) live[same[value]!] = 1;
  for (let i = same.length - 1; i >= loads.length; i--) if (live[i]) for (const arg of args[i]!) live[arg] = 1;
  return live;
}

/** Each group of stores right behind the unit that computes the last of what it writes. */
function withStores(
  { stores }: StraightKernel,
  units: readonly Unit[],
  same: readonly number[],
  groups: readonly (readonly number[])[],
): Unit[] {
  const where = new Int32Array(same.length).fill(-1);
  units.forEach((unit, i) => {
    for (const operand of writesOf(unit)) where[operand] = i;
  });
  const behind: Unit[][] = [];
  for (const group of groups) {
    let at = -1;
    for (const store of group) at = Math.max(at, where[same[stores[store]!.value]!]!);
    const unit: Unit = { kind: 'store', stores: group };
    if (behind[at + 1]) behind[at + 1]!.push(unit);
    else behind[at + 1] = [unit];
  }
  const all = [...(behind[0] ?? [])];
  units.forEach((unit, i) => {
    all.push(unit);
    const next = behind[i + 1];
    if (next) all.push(...next);
  });
  return all;
}

/** The operands that a unit computes. */
export function writesOf(unit: Unit): number[] {
  if (unit.kind === 'step') return [unit.operand];
  if (unit.kind === 'store') return [];
  return unit.members.flatMap(({ results }) => results.filter((result) => result !== undefined));
}

/** The operands that a unit reads, as often as it reads them. */
export function readsOf({ kernel, operands: { same, args } }: Line, unit: Unit): readonly number[] {
  switch (unit.kind) {
    case 'step':
      return args[unit.operand]!;
    case 'pack':
      return unit.members.flatMap((member) => member.args);
    case 'store':
      return unit.stores.map((store) => same[kernel.stores[store]!.value]!);
    default:
      return unit satisfies never;
  }
}

/** Units of a function at most, calls counted more. */
const LONGEST = 2000;

/** The line cut into functions of bearable length. */
export function cut({ units }: Line, parts: number): Unit[][] {
  const pieces: Unit[][] = [[]];
  let length = 0;
  for (const unit of units) {
    const cost = parts * (unit.kind === 'pack' ? 4 : unit.kind === 'store' ? unit.stores.length : 1);
    if (length + cost > LONGEST) {
      pieces.push([]);
      length = 0;
    }
    length += cost;
    pieces.at(-1)!.push(unit);
  }
  return pieces;
}
