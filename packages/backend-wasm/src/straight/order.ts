/**
 * A straight line put into order: which steps are written one by one, which become calls of shared functions, where
 * results are stored, and where a long line is cut into functions.
 * The one idea: calls of one function that do not need each other go together in the lanes of one call, and sin and cos of
 * one angle are one call. Must not import the assembler.
 */
import type { DType, ScalarFunction, Slot, StraightKernel } from '@jacobi/backend';
import type { Call, Operand } from '../body.ts';
import { domainOf } from '../body.ts';
import { rowOf } from '../functions.ts';
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

/** What is written next; steps and values by operand number, stores by their positions. */
export type Unit =
  | { readonly kind: 'step'; readonly operand: number }
  | Pack
  | { readonly kind: 'store'; readonly stores: readonly number[] };

/** A line in order. */
export interface Line {
  readonly kernel: StraightKernel;
  /** Dtypes of the operands, or constants. */
  readonly operands: readonly Operand[];
  readonly units: readonly Unit[];
  /** The operand that an operand is the same as. */
  readonly same: readonly number[];
}

/** Functions that are not exact, but short enough to stand in the line. */
const SHORT = new Set(['round', 'rsqrt', 'floorDiv']);

export function operandsOf({ loads, body }: StraightKernel, slots: readonly Slot[]): Operand[] {
  const steps = body.map((step): Operand => ('constant' in step ? step : step.dtype));
  return [...loads.map(({ slot }): Operand => slots[slot]!.dtype), ...steps];
}

/** True if the step is a call of a shared function. */
function callDomain(step: Call, operands: readonly Operand[]): 'float32' | 'float64' | undefined {
  const row = rowOf(step.fn)!;
  if (row.kind !== 'numeric' || row.exact || SHORT.has(step.fn.name)) return undefined;
  const domain = domainOf(step, operands);
  return domain === 'float32' || domain === 'float64' ? domain : undefined;
}

/** `groups`: stores that are written together. */
export function orderLine(
  kernel: StraightKernel,
  slots: readonly Slot[],
  width: Width,
  simd: boolean,
  groups: readonly (readonly number[])[],
): Line {
  const operands = operandsOf(kernel, slots);
  const same = aliases(kernel, operands);
  const live = alive(kernel, same);
  const first = kernel.loads.length;
  // What a call gives comes on a later level; without packs one level is enough.
  const packs = width === 1 && simd;
  const level = new Int32Array(operands.length);
  const steps: Unit[][] = [[]];
  const calls: Pack[][] = [[]];
  const known = new Map<string, Pack>();
  const angles = new Map<string, Member>();
  kernel.body.forEach((step, i) => {
    const operand = first + i;
    if ('constant' in step || !live[operand] || same[operand] !== operand) return;
    const args = step.args.map((arg) => same[arg]!);
    const at = Math.max(0, ...args.map((arg) => level[arg]!));
    const domain = callDomain(
      step,
      args.map((arg) => operands[arg]!),
    );
    level[operand] = at + (packs && domain ? 1 : 0);
    while (steps.length <= level[operand]) {
      steps.push([]);
      calls.push([]);
    }
    if (!domain) {
      steps[at]!.push({ kind: 'step', operand });
      return;
    }
    const { name } = step.fn;
    const turn = name === 'sin' ? 0 : name === 'cos' ? 1 : undefined;
    const angle = turn === undefined ? undefined : `${args[0]}:${step.dtype}`;
    const twin = angle === undefined ? undefined : angles.get(angle);
    if (twin) {
      twin.results[turn!] = operand;
      return;
    }
    const member: Member = { args, results: turn === 1 ? [undefined, operand] : [operand] };
    if (angle !== undefined) angles.set(angle, member);
    const fn = angle === undefined ? step.fn : undefined;
    const key = `${at}:${fn?.name}:${domain}:${step.dtype}`;
    const open = packs ? known.get(key) : undefined;
    if (open && open.members.length < (domain === 'float32' ? 4 : 2)) {
      open.members.push(member);
      return;
    }
    const pack: Pack = { kind: 'pack', fn, domain, dtype: step.dtype, members: [member] };
    known.set(key, pack);
    (packs ? calls : steps)[at]!.push(pack);
  });
  const units = steps.flatMap((list, i) => [...list, ...calls[i]!]);
  return { kernel, operands, same, units: withStores(kernel, units, same, groups) };
}

/** Casts to the dtype that is there already. */
function aliases({ loads, body }: StraightKernel, operands: readonly Operand[]): number[] {
  const same = loads.map((_, i) => i);
  body.forEach((step, i) => {
    const own = loads.length + i;
    if (!('constant' in step)) {
      const row = rowOf(step.fn)!;
      const arg = same[step.args[0]!]!;
      if (row.kind === 'cast' && operands[arg] === step.dtype && (row.to === 'own' || row.to === step.dtype)) {
        same.push(arg);
        return;
      }
    }
    same.push(own);
  });
  return same;
}

/** The operands that stores need. */
function alive({ loads, body, stores }: StraightKernel, same: readonly number[]): Uint8Array {
  const live = new Uint8Array(loads.length + body.length);
  for (const { value } of stores) live[same[value]!] = 1;
  for (let i = body.length - 1; i >= 0; i--) {
    const step = body[i]!;
    if (live[loads.length + i] && !('constant' in step)) for (const arg of step.args) live[same[arg]!] = 1;
  }
  return live;
}

/** Each group of stores right behind the unit that computes the last of what it writes. */
function withStores(
  { stores }: StraightKernel,
  units: readonly Unit[],
  same: readonly number[],
  groups: readonly (readonly number[])[],
): Unit[] {
  const where = new Map<number, number>();
  units.forEach((unit, i) => {
    if (unit.kind === 'step') where.set(unit.operand, i);
    if (unit.kind === 'pack')
      for (const { results } of unit.members) for (const r of results) if (r !== undefined) where.set(r, i);
  });
  const behind = new Map<number, Unit[]>();
  for (const group of groups) {
    const at = Math.max(-1, ...group.map((store) => where.get(same[stores[store]!.value]!) ?? -1));
    const unit: Unit = { kind: 'store', stores: group };
    behind.set(at, [...(behind.get(at) ?? []), unit]);
  }
  return [...(behind.get(-1) ?? []), ...units.flatMap((unit, i) => [unit, ...(behind.get(i) ?? [])])];
}

/** The operands that a unit reads, as often as it reads them. */
export function readsOf({ kernel, same }: Line, unit: Unit): number[] {
  switch (unit.kind) {
    case 'step': {
      const step = kernel.body[unit.operand - kernel.loads.length] as Call;
      return step.args.map((arg) => same[arg]!);
    }
    case 'pack':
      return unit.members.flatMap((member) => [...member.args]);
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
