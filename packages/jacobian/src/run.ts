/**
 * Running a plan: seeds as one block, or in chunks.
 * The one idea: a Jacobian is one program (values in, Jacobians out), derived once for each structure and found again.
 */
import type { Derivation, Slice } from '@jacobi/autograd/internal';
import { derive, pullback, pushforwardOf, runDerived } from '@jacobi/autograd/internal';
import type { DType } from '@jacobi/backend';
import { isFloating, promoteTypes } from '@jacobi/backend';
import { capturedNow } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import type { TensorType } from '@jacobi/tensor/internal';
import { bindOne, concatRow, eyeRow, onesOf, tensorType, zerosOf } from '@jacobi/tensor/internal';
import { assemble } from './assemble.ts';
import type { ChosenPlan, JacobianOptions, Mode, SourcePlan } from './plan.ts';
import { choosePlan, chunkFor, groupKey, seedsOf } from './plan.ts';
import type { Seeds } from './seeds.ts';
import { pushSeeds } from './seeds.ts';

/** Sources that share seeds. */
interface Group {
  /** Places among the slice's sources. */
  readonly members: readonly number[];
  readonly seeds: number;
  /** Shape and dtype of one seed, and which of its axes are ones. */
  readonly seedType: TensorType;
  readonly paired: readonly number[];
}

function groupsOf(plan: ChosenPlan): Group[] {
  if (plan.mode === 'forward') {
    return plan.sources.flatMap((s, i) => {
      if (!s.reached) return [];
      return [
        {
          members: [i],
          seeds: seedsOf(s.type.shape, s.pairs, 'source'),
          seedType: s.type,
          paired: s.pairs.map((p) => p.source),
        },
      ];
    });
  }
  const groups = new Map<string, number[]>();
  plan.sources.forEach((s, i) => {
    if (s.reached) groups.set(groupKey(s), [...(groups.get(groupKey(s)) ?? []), i]);
  });
  return [...groups.values()].map((members) => {
    const { pairs } = plan.sources[members[0]!]!;
    return {
      members,
      seeds: seedsOf(plan.target.shape, pairs, 'target'),
      seedType: plan.target,
      paired: pairs.map((p) => p.target),
    };
  });
}

/** The plan for a slice with one target, chosen once for each structure. */
export function planFor(operation: string, slice: Slice, batch: boolean, mode: 'auto' | Mode): ChosenPlan {
  return derive(`plan:${mode}:${batch ? 'batch' : ''}`, slice, () => ({
    outputs: [],
    meta: choosePlan(operation, slice, batch, mode),
  })).meta;
}

/** Jacobians of the slice's target with respect to each of its sources. */
export function runJacobian(operation: string, slice: Slice, batch: boolean, options: JacobianOptions): Tensor[] {
  const mode = options.mode ?? 'auto';
  if (options.chunkSize === undefined && options.memoryBudget === undefined) {
    const whole = derive(`jacobian:${mode}:${batch ? 'batch' : ''}`, slice, (derivation) => {
      const plan = planFor(operation, slice, batch, mode);
      return { outputs: wholeJacobian(derivation, plan), meta: null };
    });
    return runDerived(whole, slice);
  }
  const plan = planFor(operation, slice, batch, mode);
  const chunk = chunkFor(plan, options);
  const blocks = new Array<Tensor | null>(plan.sources.length).fill(null);
  groupsOf(plan).forEach((group, g) => {
    const parts: Tensor[][] = [];
    for (let at = 0; at < group.seeds; at += chunk) {
      const rows = Math.min(chunk, group.seeds - at);
      parts.push(runChunk(slice, plan, group, g, basisFor(group, at, rows)));
    }
    group.members.forEach((member, k) => {
      if (parts.length > 0)
        blocks[member] = bindOne(
          concatRow,
          parts.map((p) => p[k]!),
          { axis: 0 },
        );
    });
  });
  return plan.sources.map((source, i) => finish(plan, source, blocks[i]!));
}

function wholeJacobian(derivation: Derivation, plan: ChosenPlan): Tensor[] {
  const blocks = new Array<Tensor | null>(plan.sources.length).fill(null);
  for (const group of groupsOf(plan)) {
    if (group.seeds === 0) continue;
    const made = push(derivation, plan.mode, group);
    group.members.forEach((member, k) => {
      blocks[member] = made[k]!;
    });
  }
  return plan.sources.map((source, i) => finish(plan, source, blocks[i]!));
}

/** Some rows of the identity over a group's free axes. */
const basisFor = ({ seeds, seedType }: Group, offset: number, rows: number): Tensor =>
  bindOne(eyeRow, [], { rows, columns: seeds, offset, dtype: seedType.dtype });

/** One chunk of seeds, by a program that is the same for all chunks of its size. */
function runChunk(slice: Slice, plan: ChosenPlan, group: Group, index: number, basis: Tensor): Tensor[] {
  const tag = `jacobian chunk:${plan.mode}:${plan.batch ? 'batch' : ''}:${index}:${basis.shape[0]}`;
  const derived = derive(tag, slice, (derivation) => {
    const input = derivation.input(tensorType(basis.dtype, basis.shape));
    return { outputs: push(derivation, plan.mode, group, input), meta: null };
  });
  return runDerived(derived, slice, [basis]);
}

/**
 * Sends seeds of a group, all or those of some rows of the identity, through the linear program; by source of the group, what
 * comes back over a leading seed axis.
 */
function push({ slice, value }: Derivation, mode: Mode, { members, seedType, paired }: Group, rows?: Tensor): Tensor[] {
  const free = [...seedType.shape.keys()].filter((i) => !paired.includes(i));
  const seeds: Seeds = { ones: onesOf(seedType), free, rows };
  const linear = mode === 'forward' ? pushforwardOf(slice) : pullback(slice, [true]);
  const values = linear.residuals.map((v) => ({ tensor: value(v) }));
  const captured = capturedNow(linear.program).map((tensor) => ({ tensor }));
  if (mode === 'reverse') {
    const made = pushSeeds(linear.program, [...values, seeds, ...captured]);
    return members.map((m) => made[m]!);
  }
  const tangents = slice.sources.map((v, i) =>
    i === members[0] ? seeds : { tensor: zerosOf(slice.types[v]!), zero: true },
  );
  return [pushSeeds(linear.program, [...values, ...tangents, ...captured])[0]!];
}

/** The dtype of a Jacobian: the wider of target and source; integers carry no derivative and do not count. */
export function jacobianType(target: DType, source: DType): DType {
  if (!isFloating(target)) return isFloating(source) ? source : 'float32';
  return isFloating(source) ? promoteTypes(target, source) : target;
}

/** A source's block in order; zeros where there is none. */
function finish(plan: ChosenPlan, { type, pairs }: SourcePlan, block: Tensor | null): Tensor {
  const { target, batch, mode } = plan;
  const other = mode === 'forward' ? type.dtype : target.dtype;
  if (block !== null) return assemble(block, mode, target.shape, type.shape, pairs, batch, other);
  return zerosOf({
    shape: [...target.shape, ...type.shape.slice(batch ? 1 : 0)],
    dtype: jacobianType(target.dtype, type.dtype),
  });
}
