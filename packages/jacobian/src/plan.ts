/**
 * The plan of a Jacobian: which mode, which seeds, and why.
 * The one idea: structure first. Axes that the program carries from source to target need no seeds; what is left is counted,
 * and the cheaper direction is taken. Must not run anything.
 */
import { RuleError } from '@jacobi/autograd';
import type { Derived, Slice } from '@jacobi/autograd/internal';
import { byStructure, pullback, pushforwardOf } from '@jacobi/autograd/internal';
import { bytesPerElement } from '@jacobi/backend';
import type { TensorType } from '@jacobi/tensor/internal';
import type { Cost } from './cost.ts';
import { costOf, seedsOf } from './cost.ts';
import type { JacobianOptions, Mode } from './options.ts';
import type { Mixing, SourcePlan } from './pairs.ts';
import { groupsOf, planSource } from './pairs.ts';
import { followAxes } from './structure.ts';

/** What was chosen, and what it costs. Plain data. */
export interface JacobianPlan {
  /** 'bidirectional' where some results go forward and others in reverse. */
  readonly mode: Mode | 'bidirectional';
  /** Directions sent forward, from the sources; 0 in reverse mode. */
  readonly forwardSeeds: number;
  /** Directions sent back, from the results; 0 in forward mode. */
  readonly reverseSeeds: number;
  /** Seeds that this mode needs by what the plan knows of the structure, carried axes: as many as it has. A finer pattern may do with fewer. */
  readonly lowerBound: number;
  /** Entries that carried axes leave room for: at least as many as differ from zero. */
  readonly nnz: number;
  /** Floating-point operations of all seeds, as the seeded program counts them; a composed line (see `explain`) takes fewer. */
  readonly flops: number;
  /** The multiplications among them. */
  readonly multiplications: number;
  /** Bytes of intermediate values, for all seeds at once. */
  readonly bytes: number;
}

/** What was chosen for one target, and what running it needs. */
export interface ChosenPlan {
  readonly mode: Mode;
  readonly seeds: number;
  /** Of one seed. */
  readonly cost: Cost;
  readonly target: TensorType;
  readonly sources: readonly SourcePlan[];
  readonly batch: boolean;
  /** In batch form: what mixes the examples for some source, or null where they are independent. */
  readonly mixing: Mixing | null;
  readonly reason: string;
  /** False where forward mode has no value, or needs seeds for each example. */
  readonly bothWays: boolean;
}

/** The plan for the Jacobian of a slice's only target with respect to all its sources, chosen once for each structure. */
export function planFor(slice: Slice, batch: boolean, mode: 'auto' | Mode): ChosenPlan {
  return byStructure(`plan:${mode}:${batch}`, slice, () => choosePlan(slice, batch, mode));
}

function choosePlan(slice: Slice, batch: boolean, mode: 'auto' | Mode): ChosenPlan {
  const target = slice.types[slice.targets[0]!]!;
  const { forward, reverseOnly } = linearProgram(slice, mode);
  const seeded = seedsOf(forward);
  const sources = slice.sources.map((v, i) =>
    planSource(slice.types[v]!, followAxes(forward.program, seeded[i]!), batch, mode),
  );
  const mixing = sources.find((s) => s.mixing !== null)?.mixing ?? null;
  const only = mixing === null ? reverseOnly : 'examples mix: only in reverse one seed serves all';
  const seedsIn = (way: Mode): number => groupsOf(way, target, sources).reduce((n, group) => n + group.seeds, 0);
  const counts = { forward: seedsIn('forward'), reverse: seedsIn('reverse') };
  const costs = { forward: () => costOf(forward), reverse: () => costOf(pullback(slice, [true])) };
  const [chosen, reason] = chooseMode(mode, only, counts, costs);
  return {
    mode: chosen,
    seeds: counts[chosen],
    cost: costs[chosen](),
    target,
    sources,
    batch,
    mixing,
    reason,
    bothWays: only === null,
  };
}

/**
 * The linear program of a slice, and why it cannot be run forward, if so. Where a custom backward rule is not linear in its
 * cotangent, its rows stay opaque: they can be transposed, and no axis is carried through them.
 */
function linearProgram(slice: Slice, mode: 'auto' | Mode): { forward: Derived; reverseOnly: string | null } {
  try {
    return { forward: pushforwardOf(slice), reverseOnly: null };
  } catch (error) {
    if (mode === 'forward' || !(error instanceof RuleError)) throw error;
    const reverseOnly = 'a custom backward rule is not linear';
    return { forward: pushforwardOf(slice, true), reverseOnly };
  }
}

function chooseMode(
  mode: 'auto' | Mode,
  reverseOnly: string | null,
  { forward, reverse }: Readonly<Record<Mode, number>>,
  costs: Readonly<Record<Mode, () => Cost>>,
): readonly [mode: Mode, reason: string] {
  if (mode !== 'auto') return [mode, 'asked for'];
  if (reverseOnly !== null) return ['reverse', reverseOnly];
  const seeds = `${forward} forward or ${reverse} reverse seeds`;
  if (forward * 2 <= reverse) return ['forward', `${seeds}: forward has at most half`];
  if (reverse * 2 <= forward) return ['reverse', `${seeds}: reverse has at most half`];
  const ahead = forward * costs.forward().flops;
  const behind = reverse * costs.reverse().flops;
  // A seed is itself some work.
  const better = ahead + forward <= behind + reverse ? 'forward' : 'reverse';
  return [better, `${seeds}, ${ahead} or ${behind} flops: the fewer`];
}

/** Seeds at a time under the options. */
export function chunkFor(plan: ChosenPlan, { chunkSize, memoryBudget }: JacobianOptions): number {
  if (chunkSize !== undefined) return chunkSize;
  if (memoryBudget === undefined) return Number.POSITIVE_INFINITY;
  const bytesOf = ({ size, dtype }: TensorType): number => size * bytesPerElement(dtype);
  const given =
    plan.mode === 'forward' ? bytesOf(plan.target) : Math.max(0, ...plan.sources.map((s) => bytesOf(s.type)));
  return Math.max(1, Math.floor(memoryBudget / Math.max(1, plan.cost.bytes + given)));
}
