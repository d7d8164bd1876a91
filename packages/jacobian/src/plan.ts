/**
 * The plan of a Jacobian: which mode, which seeds, and why.
 * The one idea: structure first. Axes that the program carries from source to target need no seeds; what is left is counted,
 * and the cheaper direction is taken. Must not run anything.
 */
import { RuleError } from '@jacobi/autograd';
import type { Derived, Slice } from '@jacobi/autograd/internal';
import { checkFunction, derive, pullback, pushforwardOf, pushSlice } from '@jacobi/autograd/internal';
import { bytesPerElement, sizeOf } from '@jacobi/backend';
import { ArgumentError, ShapeError } from '@jacobi/tensor';
import type { Row, TensorType } from '@jacobi/tensor/internal';
import { checkFlag, checkOptions as checkNames, describe, formatType, zerosOf } from '@jacobi/tensor/internal';
import type { Cost } from './cost.ts';
import { costOf } from './cost.ts';
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
  /** In batch form, by source: what mixes the examples, or null where they are independent. */
  readonly mixedBy: readonly (Mixing | null)[];
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
  for (const [name, value] of [
    ['chunkSize', chunkSize],
    ['memoryBudget', memoryBudget],
  ] as const) {
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
export function checkBatch(operation: string, { type: y }: Typed, source: Typed | { current(): Typed }): void {
  const { type: x } = 'current' in source ? source.current() : source;
  for (const [name, type] of [
    ['target', y],
    ['source', x],
  ] as const) {
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
  const tangents = forward.program.inputs.slice(forward.residuals.length);
  const mixedBy: (Mixing | null)[] = [];
  const sources = tangents.map((v, i): SourcePlan => {
    const type = slice.types[slice.sources[i]!]!;
    const structure = followAxes(forward.program, v);
    const carried = structure.outputs[0] ?? null;
    mixedBy.push(batch && type.shape[0]! > 1 ? mixingOf(structure) : null);
    return { type, reached: carried !== null, pairs: pairsOf(carried ?? [], type, batch) };
  });
  const mixing = mixedBy.find((m) => m !== null);
  if (mixing !== undefined && mode === 'forward')
    throw new MixedRowsError(mixedMessage(`${operation}: mode 'forward'`, mixing));
  const reached = sources.filter((s) => s.reached);
  const forwardSeeds = reached.reduce((n, s) => n + seedsOf(s.type.shape, s.pairs, 'source'), 0);
  const groups = new Map(reached.map((s) => [groupKey(s), seedsOf(target.shape, s.pairs, 'target')]));
  const reverseSeeds = [...groups.values()].reduce((a, b) => a + b, 0);
  const forwardCost = costOf(forward.program, tangents);
  const only = mixing !== undefined ? 'examples mix, so only the batch-summed target has a value' : reverseOnly;
  const choice = chooseMode(slice, mode, only, forwardSeeds, reverseSeeds, forwardCost);
  const seeds = choice.mode === 'forward' ? forwardSeeds : reverseSeeds;
  return {
    mode: choice.mode,
    forwardSeeds: choice.mode === 'forward' ? seeds : 0,
    reverseSeeds: choice.mode === 'reverse' ? seeds : 0,
    lowerBound: choice.mode === 'forward' ? forwardSeeds : reverseSeeds,
    nnz: reached.reduce((n, s) => n + entries(target, s), 0),
    flops: choice.cost.flops * seeds,
    multiplications: choice.cost.multiplications * seeds,
    bytes: choice.cost.bytes * seeds,
    bytesPerSeed: choice.cost.bytes,
    target,
    sources,
    batch,
    mixedBy,
    reason: choice.reason,
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
    const forward = derive('abstract pushforward', slice, (derivation) => {
      const tangents = pushSlice(
        derivation,
        slice.sources.map((v) => derivation.input(slice.types[v]!)),
        true,
      );
      return { outputs: slice.targets.map((v, i) => tangents[i] ?? zerosOf(slice.types[v]!)), meta: null };
    });
    return { forward, reverseOnly: 'a custom backward rule is not linear, so there is no forward mode' };
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
  if (carried === null || carried === undefined || carried[0] === 0) return null;
  return carried[0] === -1 ? { row: lostAt[0]!, how: 'mixes' } : { row: movedAt[0]!, how: 'moves' };
}

/** Seeds that the axes without a pair take. */
export function seedsOf(shape: readonly number[], pairs: readonly Pair[], side: 'target' | 'source'): number {
  return sizeOf(shape.filter((_, i) => !pairs.some((p) => p[side] === i)));
}

/** Sources whose reverse seeds are the same travel together. */
export function groupKey(s: SourcePlan): string {
  return s.pairs
    .map((p) => p.target)
    .sort((a, b) => a - b)
    .join();
}

function entries(target: TensorType, { type, pairs }: SourcePlan): number {
  return target.size * seedsOf(type.shape, pairs, 'source');
}

function chooseMode(
  slice: Slice,
  mode: 'auto' | Mode,
  reverseOnly: string | null,
  forwardSeeds: number,
  reverseSeeds: number,
  forwardCost: Cost,
): { mode: Mode; reason: string; cost: Cost } {
  const reverseCost = (): Cost => {
    const { program, residuals } = pullback(slice, [true]);
    return costOf(program, program.inputs.slice(residuals.length));
  };
  if (mode === 'forward') return { mode, reason: 'asked for', cost: forwardCost };
  if (mode === 'reverse') return { mode, reason: 'asked for', cost: reverseCost() };
  if (reverseOnly !== null) return { mode: 'reverse', reason: reverseOnly, cost: reverseCost() };
  const seeds = `${forwardSeeds} forward or ${reverseSeeds} reverse seeds`;
  if (forwardSeeds * 2 <= reverseSeeds)
    return { mode: 'forward', reason: `${seeds}: forward has at most half`, cost: forwardCost };
  const back = reverseCost();
  if (reverseSeeds * 2 <= forwardSeeds)
    return { mode: 'reverse', reason: `${seeds}: reverse has at most half`, cost: back };
  const [ahead, behind] = [forwardSeeds * forwardCost.flops, reverseSeeds * back.flops];
  const reason = `${seeds}, ${ahead} or ${behind} flops: the fewer`;
  // A seed is itself some work.
  return ahead + forwardSeeds <= behind + reverseSeeds
    ? { mode: 'forward', reason, cost: forwardCost }
    : { mode: 'reverse', reason, cost: back };
}

/** Says which row mixes the examples of a batch. */
export function mixedMessage(what: string, { row, how }: Mixing): string {
  const { primitive, inputs, outputs } = row.application;
  const name = row.from ?? primitive.name;
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
  const { target, sources, mode, flops, bytes } = plan;
  const seeds = mode === 'forward' ? plan.forwardSeeds : plan.reverseSeeds;
  const lines = [
    `${plan.batch ? 'batch Jacobian' : 'Jacobian'} of ${formatType(target)} with respect to ${sources.map((s) => formatType(s.type)).join(', ')}, through ${rows} row${rows === 1 ? '' : 's'}`,
    `  mode:  ${mode} (${plan.reason})`,
    `  seeds: ${seeds}${chunk < seeds ? `, ${chunk} at a time` : ', as one block'}`,
    `  cost:  about ${flops} flops, ${bytes} bytes between`,
  ];
  sources.forEach((s, i) => {
    if (!s.reached) lines.push(`  source ${i}: zero everywhere`);
    else {
      const pairs = plan.mixedBy[i] === null ? s.pairs : s.pairs.filter((p) => p.source > 0);
      if (pairs.length === 0) return;
      const axes = pairs.map((p) => `${p.source}→${p.target}`).join(', ');
      const total = target.size * sizeOf(s.type.shape.slice(plan.batch ? 1 : 0));
      lines.push(
        `  source ${i}: axes ${axes} (source→target) are carried: ${entries(target, s)} of ${total} entries can differ from zero`,
      );
    }
  });
  if (plan.batch) {
    const mixing = plan.mixedBy.find((m) => m !== null);
    lines.push(
      mixing === undefined
        ? '  examples: independent'
        : `  examples: mixed by ${mixing.row.from ?? mixing.row.application.primitive.name}; each entry sums over the batch`,
    );
  }
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
