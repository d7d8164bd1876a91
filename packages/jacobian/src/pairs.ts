/**
 * Which axes of the sources need no seeds, and who shares the seeds of the others.
 * The one idea: along an axis that the program carries from source to target the Jacobian is a diagonal, and one seed of ones
 * does for all of it. Must not know costs.
 */
import { sizeOf } from '@jacobi/backend';
import type { Row, TensorType } from '@jacobi/tensor/internal';
import type { Mode } from './options.ts';
import type { Structure } from './structure.ts';

/** Axes of target and source that go together: the Jacobian is a diagonal along them. */
export interface Pair {
  readonly target: number;
  readonly source: number;
}

/** How one source is treated. */
export interface SourcePlan {
  readonly type: TensorType;
  /** False: the derivative is zero everywhere. */
  readonly reached: boolean;
  readonly pairs: readonly Pair[];
  /** In batch form: what mixes the examples, or null where they are independent. */
  readonly mixing: Mixing | null;
  /** Examples mix, going forward: the whole Jacobian is made and summed over the target's examples. */
  readonly summed: boolean;
}

const MIXES = 'mixes them along the batch axis (as BatchNormalization does in training)';
const MOVES = 'moves the batch axis';

/** Why examples of a batch are not independent: the row that mixes them, or that moves their axis to another place. */
export interface Mixing {
  readonly row: Row;
  readonly how: typeof MIXES | typeof MOVES;
}

/** How to treat a source of this type and structure. Where examples mix, each needs seeds of its own going forward; in reverse one serves all. */
export function planSource(type: TensorType, structure: Structure, batch: boolean, mode: 'auto' | Mode): SourcePlan {
  const carried = structure.outputs[0] ?? null;
  const mixing = batch && type.shape[0]! > 1 ? mixingOf(structure) : null;
  const summed = mixing !== null && mode === 'forward';
  return { type, reached: carried !== null, pairs: pairsOf(carried ?? [], type, batch && !summed), mixing, summed };
}

/** The pairs worth using: axes longer than 1, each target axis once; the batch axis always, in batch form. */
function pairsOf(carried: readonly number[], type: TensorType, batch: boolean): Pair[] {
  const pairs: Pair[] = batch ? [{ target: 0, source: 0 }] : [];
  carried.forEach((axis, source) => {
    if (axis < 0 || type.shape[source] === 1) return;
    if (pairs.some((p) => p.target === axis || p.source === source)) return;
    pairs.push({ target: axis, source });
  });
  return pairs;
}

/** What keeps the first axis of a source from being the first axis of the target and of nothing else; null if nothing does. */
function mixingOf({ outputs: [carried], lostAt, movedAt }: Structure): Mixing | null {
  if (!carried || carried[0] === 0) return null;
  return carried[0] === -1 ? { row: lostAt!, how: MIXES } : { row: movedAt!, how: MOVES };
}

/** Sources that share seeds. */
export interface Group {
  /** Places among the slice's sources. */
  readonly members: number[];
  readonly seeds: number;
  /** Shape and dtype of one seed, and which of its axes are ones. */
  readonly seedType: TensorType;
  readonly paired: readonly number[];
}

/** Who is seeded: each source that is reached, going forward; in reverse the target, once for all sources with the same pairs. */
export function groupsOf(mode: Mode, target: TensorType, sources: readonly SourcePlan[]): Group[] {
  const groups = new Map<string, Group>();
  sources.forEach(({ type, reached, pairs }, i) => {
    if (!reached) return;
    const [seedType, side] = mode === 'forward' ? ([type, 'source'] as const) : ([target, 'target'] as const);
    const paired = pairs.map((p) => p[side]).sort((a, b) => a - b);
    const key = mode === 'forward' ? `${i}` : paired.join();
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { members: [i], seeds: unpaired(seedType, paired), seedType, paired });
    else known.members.push(i);
  });
  return [...groups.values()];
}

/** Elements over the axes without a pair. */
function unpaired({ shape }: TensorType, paired: readonly number[]): number {
  return sizeOf(shape.filter((_, i) => !paired.includes(i)));
}

/** Entries of a source's Jacobian that carried axes leave room for. */
export function entries(target: TensorType, { type, reached, pairs, summed }: SourcePlan): number {
  const paired = pairs.map((p) => p.source);
  return reached ? target.size * unpaired(type, summed ? [0, ...paired] : paired) : 0;
}
