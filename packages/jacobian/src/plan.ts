/**
 * The plan of a Jacobian: which mode, which seeds, and why.
 * The one idea: structure first. Axes that the program carries from source to target need no seeds; what is left is counted,
 * and the cheaper direction is taken. Must not run anything.
 */
import { RuleError } from '@jacobi/autograd';
import type { Derived, Slice } from '@jacobi/autograd/internal';
import { checkFunction, pullback, pushforwardOf } from '@jacobi/autograd/internal';
import { bytesPerElement, sizeOf } from '@jacobi/backend';
import { ArgumentError, ShapeError } from '@jacobi/tensor';
import type { Row, TensorType } from '@jacobi/tensor/internal';
import { checkFlag, checkOptions as checkNames, describe, formatType } from '@jacobi/tensor/internal';
import type { Cost } from './cost.ts';
import { costOf, seedsOf } from './cost.ts';
import { MixedRowsError } from './errors.ts';
import type { Structure } from './structure.ts';
import { followAxes } from './structure.ts';

/** Direction of differentiation: columns (tangents pushed forward) or rows (cotangents pulled back). */
export type Mode = 'forward' | 'reverse';

/** Options of every Jacobian. */
export interface JacobianOptions {
  /** 'auto' (default) takes the cheaper direction. */
  readonly mode?: 'auto' | Mode;
  /** Seeds at a time. Default: as many as `memoryBudget` allows, else all. */
  readonly chunkSize?: number;
  /** Bytes that intermediate values may take, at most; decides the number of seeds at a time. */
  readonly memoryBudget?: number;
}

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
}

/** What was chosen, and what it costs. Plain data. */
export interface JacobianPlan {
  /** 'bidirectional' where some results go forward and others in reverse. */
  readonly mode: Mode | 'bidirectional';
  readonly forwardSeeds: number;
  readonly reverseSeeds: number;
  /** Seeds that this mode needs by what the plan knows of the structure, carried axes: as many as it has. A finer pattern may do with fewer. */
  readonly lowerBound: number;
  /** Entries that carried axes leave room for: at least as many as differ from zero. */
  readonly nnz: number;
  readonly flops: number;
  readonly multiplications: number;
  /** Bytes of intermediate values, for all seeds at once. */
  readonly bytes: number;
}

/** Why examples of a batch are not independent: the row that mixes them, or that moves their axis to another place. */
export interface Mixing {
  readonly row: Row;
  readonly how: 'mixes' | 'moves';
}

/** A plan with what running it needs. */
export interface ChosenPlan extends JacobianPlan {
  readonly mode: Mode;
  readonly target: TensorType;
  readonly sources: readonly SourcePlan[];
  readonly batch: boolean;
  /** In batch form: what mixes the examples for some source, or null where they are independent. */
  readonly mixing: Mixing | null;
  readonly reason: string;
  /** False where only reverse mode has a value. */
  readonly bothWays: boolean;
  readonly bytesPerSeed: number;
}

/** Checks the options that all Jacobians share; `others` are those that this one knows besides. */
export function checkOptions(operation: string, options: JacobianOptions, ...others: readonly string[]): void {
  checkNames(operation, options, ['mode', 'chunkSize', 'memoryBudget', ...others]);
  const { mode, chunkSize, memoryBudget } = options;
  if (mode !== undefined && mode !== 'auto' && mode !== 'forward' && mode !== 'reverse') {
    throw new ArgumentError(`${operation}: mode must be 'auto', 'forward' or 'reverse', not ${describe(mode)}`);
  }
  for (const [name, value] of Object.entries({ chunkSize, memoryBudget })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new ArgumentError(`${operation}: ${name} should be greater than 0, a whole number, not ${describe(value)}`);
    }
  }
}

/** Something with a type: a tensor. */
interface Typed {
  readonly type: TensorType;
}

/** Checks that target and source share a batch axis. */
export function checkBatch(operation: string, { type: y }: Typed, { type: x }: Typed): void {
  for (const [name, type] of Object.entries({ target: y, source: x })) {
    if (type.shape.length < 2)
      throw new ShapeError(`${operation}: ${name} must have rank at least 2 ([batch, …]), not ${formatType(type)}`);
  }
  if (y.shape[0] !== x.shape[0]) {
    throw new ShapeError(
      `${operation}: Need first dimension of target shape (${formatType(y)}) and source shape (${formatType(x)}) to match`,
    );
  }
}

/** Checks a function and the options of its Jacobian. */
export function checkFunctionOptions(
  operation: string,
  f: unknown,
  options: JacobianOptions & { readonly sparse?: unknown; readonly hasAux?: unknown },
  ...others: readonly string[]
): void {
  checkFunction(operation, f);
  checkOptions(operation, options, 'argnums', 'hasAux', 'sparse', ...others);
  const { sparse, hasAux } = options;
  if (hasAux !== undefined) checkFlag(operation, 'hasAux', hasAux);
  if (sparse !== undefined && sparse !== false) {
    throw new ArgumentError(
      `${operation}: sparse Jacobians are not there yet: sparse can only be false, not ${describe(sparse)}; leave it out for a dense Jacobian`,
    );
  }
}

/** Chooses a plan for the Jacobian of a slice's only target with respect to all its sources. */
export function choosePlan(operation: string, slice: Slice, batch: boolean, mode: 'auto' | Mode): ChosenPlan {
  const target = slice.types[slice.targets[0]!]!;
  const { forward, reverseOnly } = linearProgram(slice, mode);
  const sources = slice.sources.map((v, i): SourcePlan => {
    const type = slice.types[v]!;
    const structure = followAxes(forward.program, seedsOf(forward)[i]!);
    const carried = structure.outputs[0] ?? null;
    const mixing = batch && type.shape[0]! > 1 ? mixingOf(structure) : null;
    return { type, reached: carried !== null, pairs: pairsOf(carried ?? [], type, batch), mixing };
  });
  const mixing = sources.find((s) => s.mixing !== null)?.mixing ?? null;
  if (mixing !== null && mode === 'forward')
    throw new MixedRowsError(mixedMessage(`${operation}: mode 'forward'`, mixing));
  const only = mixing === null ? reverseOnly : 'examples mix, so only the batch-summed target has a value';
  const seedsIn = (way: Mode): number => groupsOf(way, target, sources).reduce((n, group) => n + group.seeds, 0);
  const counts = { forward: seedsIn('forward'), reverse: seedsIn('reverse') };
  const costs = { forward: () => costOf(forward), reverse: () => costOf(pullback(slice, [true])) };
  const [chosen, reason] = chooseMode(mode, only, counts, costs);
  const seeds = counts[chosen];
  const { flops, multiplications, bytes } = costs[chosen]();
  return {
    mode: chosen,
    forwardSeeds: 0,
    reverseSeeds: 0,
    [`${chosen}Seeds` as const]: seeds,
    lowerBound: seeds,
    nnz: sources.reduce((n, s) => n + entries(target, s), 0),
    flops: flops * seeds,
    multiplications: multiplications * seeds,
    bytes: bytes * seeds,
    bytesPerSeed: bytes,
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
function linearProgram(slice: Slice, mode: 'auto' | Mode): { forward: Derived<null>; reverseOnly: string | null } {
  try {
    return { forward: pushforwardOf(slice), reverseOnly: null };
  } catch (error) {
    if (mode === 'forward' || !(error instanceof RuleError)) throw error;
    const reverseOnly = 'a custom backward rule is not linear, so there is no forward mode';
    return { forward: pushforwardOf(slice, true), reverseOnly };
  }
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
  return carried[0] === -1 ? { row: lostAt!, how: 'mixes' } : { row: movedAt!, how: 'moves' };
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
function entries(target: TensorType, { type, reached, pairs }: SourcePlan): number {
  const paired = pairs.map((p) => p.source);
  return reached ? target.size * unpaired(type, paired) : 0;
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

/** The operation that the user called. */
const nameOf = ({ from, application }: Row): string => from ?? application.primitive.name;

/** Says which row mixes the examples of a batch. */
export function mixedMessage(what: string, { row, how }: Mixing): string {
  const { primitive, inputs, outputs } = row.application;
  const name = nameOf(row);
  const within = name === primitive.name ? '' : ` (in its derivative: ${primitive.name})`;
  const where = `'${name}'${within}, ${inputs.map(formatType).join(', ')} → ${outputs.map(formatType).join(', ')},`;
  const does =
    how === 'mixes'
      ? 'mixes them along the batch axis (BatchNormalization in training mode does, for one)'
      : 'moves the batch axis to another place';
  return (
    `${what} needs independent examples, but ${where} ${does}. ` +
    "Without it, the result is TensorFlow's: for example b, the sum over all b' of ∂y[b']/∂x[b]."
  );
}

/** The plan in words. */
export function explainPlan(plan: ChosenPlan, rows: number, chunk: number): string {
  const { target, sources, mode, batch, mixing, lowerBound: seeds } = plan;
  const lines = [
    `${batch ? 'batch Jacobian' : 'Jacobian'} of ${formatType(target)} with respect to ${sources.map((s) => formatType(s.type)).join(', ')}, through ${rows} row${rows === 1 ? '' : 's'}`,
    `  mode:  ${mode} (${plan.reason})`,
    `  seeds: ${seeds}${chunk < seeds ? `, ${chunk} at a time` : ', as one block'}`,
    `  cost:  about ${plan.flops} flops, ${plan.bytes} bytes between`,
  ];
  sources.forEach((s, i) => {
    const pairs = s.pairs.filter((p) => s.mixing === null || p.source > 0);
    const axes = pairs.map((p) => `${p.source}→${p.target}`).join(', ');
    const total = target.size * sizeOf(s.type.shape.slice(batch ? 1 : 0));
    if (!s.reached) lines.push(`  source ${i}: zero everywhere`);
    else if (axes !== '')
      lines.push(
        `  source ${i}: axes ${axes} (source→target) are carried: ${entries(target, s)} of ${total} entries can differ from zero`,
      );
  });
  if (mixing !== null) lines.push(`  examples: mixed by ${nameOf(mixing.row)}; each entry sums over the batch`);
  else if (batch) lines.push('  examples: independent');
  return lines.join('\n');
}

/** Seeds at a time under the options. */
export function chunkFor(plan: ChosenPlan, { chunkSize, memoryBudget }: JacobianOptions): number {
  if (chunkSize !== undefined) return chunkSize;
  if (memoryBudget === undefined) return Number.POSITIVE_INFINITY;
  const bytesOf = ({ size, dtype }: TensorType): number => size * bytesPerElement(dtype);
  const given =
    plan.mode === 'forward' ? bytesOf(plan.target) : Math.max(0, ...plan.sources.map((s) => bytesOf(s.type)));
  return Math.max(1, Math.floor(memoryBudget / Math.max(1, plan.bytesPerSeed + given)));
}
