/**
 * Running a plan: seeds as one block, or in chunks.
 * The one idea: a Jacobian is one program (values in, Jacobians out), derived once for each structure and found again.
 */
import type { Derivation, Slice } from '@jacobi/autograd/internal';
import { derive, pullback, pushforwardOf, runDerived } from '@jacobi/autograd/internal';
import { isFloating, promoteTypes, sizeOf } from '@jacobi/backend';
import { capturedNow } from '@jacobi/compiler';
import type { Tensor } from '@jacobi/tensor';
import type { TensorType } from '@jacobi/tensor/internal';
import {
  bindOne,
  checkCount,
  concatRow,
  embedRow,
  formatType,
  onesOf,
  padRow,
  tensorType,
  zerosOf,
} from '@jacobi/tensor/internal';
import { assemble, sumExamples } from './assemble.ts';
import type { JacobianOptions, Mode } from './options.ts';
import type { Group } from './pairs.ts';
import { groupsOf } from './pairs.ts';
import type { ChosenPlan } from './plan.ts';
import { chunkFor, planFor } from './plan.ts';
import { pushSeeds } from './seeds.ts';

/** Jacobians of the slice's target with respect to each of its sources. */
export function runJacobian(slice: Slice, batch: boolean, options: JacobianOptions): Tensor[] {
  const { mode = 'auto', chunkSize, memoryBudget } = options;
  const asked = chunkSize === undefined && memoryBudget === undefined ? undefined : planFor(slice, batch, mode);
  if (asked === undefined || chunkFor(asked, options) >= asked.seeds) {
    const whole = derive(`jacobian:${mode}:${batch}`, slice, (derivation) => {
      const plan = planFor(slice, batch, mode);
      return jacobians(plan, Infinity, (group) => push(derivation, plan.mode, group));
    });
    return runDerived(whole, slice);
  }
  return jacobians(asked, chunkFor(asked, options), (group, offset, rows) =>
    runChunk(slice, asked.mode, group, identityRows(group, offset, rows)),
  );
}

/** Some rows of the identity over a group's free axes. */
function identityRows({ seeds, seedType: { dtype } }: Group, offset: number, rows: number): Tensor {
  const square = bindOne(embedRow, [onesOf(tensorType(dtype, [rows]))], { first: 0, second: 1 });
  return bindOne(padRow, [square], { low: [0, offset], high: [0, seeds - offset - rows], interior: [0, 0] });
}

/** For a Jacobian that no tensor holds. */
const ADVICE = '. Use jvp, vjp or batchJacobian';

/** The Jacobians by source, of what `run` brings back for some seeds of a group: `chunk` at a time, from `offset` on. */
function jacobians(
  { mode, target, batch, sources }: ChosenPlan,
  chunk: number,
  run: (group: Group, offset: number, rows: number) => readonly Tensor[],
): Tensor[] {
  const results = sources.map(({ type }) => jacobianLike(target, type, batch));
  results.forEach(({ shape }, i) => {
    checkCount(`jacobian: ${formatType(target)} by ${formatType(sources[i]!.type)}`, sizeOf(shape), ADVICE);
  });
  const blocks: Tensor[] = [];
  for (const group of groupsOf(mode, target, sources)) {
    const parts: (readonly Tensor[])[] = [];
    for (let at = 0; at < group.seeds; at += chunk) parts.push(run(group, at, Math.min(chunk, group.seeds - at)));
    group.members.forEach((member, k) => {
      const own = parts.map((part) => part[k]!);
      if (own.length > 0) blocks[member] = own.length === 1 ? own[0]! : bindOne(concatRow, own, { axis: 0 });
    });
  }
  return sources.map(({ type, pairs, summed }, i) => {
    const block = blocks[i];
    const like = results[i]!;
    if (block === undefined) return zerosOf(like);
    const made = assemble(block, mode, target.shape, type.shape, pairs, batch && !summed, like.dtype);
    return summed ? sumExamples(made, target.shape.length) : made;
  });
}

/** One chunk of seeds, some rows of the identity, by a program that is the same for all chunks of its size. */
function runChunk(slice: Slice, mode: Mode, group: Group, rows: Tensor): Tensor[] {
  const { members, paired } = group;
  const tag = `jacobian chunk:${mode}:${members.join()}:${paired.join()}:${rows.shape[0]}`;
  const derived = derive(tag, slice, (derivation) => {
    const input = derivation.input(rows.type);
    return push(derivation, mode, group, input);
  });
  return runDerived(derived, slice, [rows]);
}

/**
 * Sends seeds of a group, all or those of some rows of the identity, through the linear program; by source of the group, what
 * comes back over a leading seed axis.
 */
function push({ slice, value }: Derivation, mode: Mode, { members, seedType, paired }: Group, rows?: Tensor): Tensor[] {
  const free = [...seedType.shape.keys()].filter((i) => !paired.includes(i));
  const seeds = { tensor: onesOf(seedType), axes: free };
  const linear = mode === 'forward' ? pushforwardOf(slice) : pullback(slice, [true]);
  const values = linear.residuals.map((v) => ({ tensor: value(v) }));
  const captured = capturedNow(linear.program).map((tensor) => ({ tensor }));
  const given =
    mode === 'reverse'
      ? [seeds]
      : slice.sources.map((v, i) => (i === members[0] ? seeds : { tensor: zerosOf(slice.types[v]!), zero: true }));
  const made = pushSeeds(linear.program, [...values, ...given, ...captured], rows);
  return mode === 'reverse' ? members.map((m) => made[m]!) : made;
}

/** Something with a type: a tensor, or the type itself. */
type Typed = Pick<TensorType, 'shape' | 'dtype'>;

/** The type of a Jacobian: its dtype is the wider of the two; in batch form the source's batch axis is not there again. */
export function jacobianLike(target: Typed, source: Typed, batch: boolean): Typed {
  // Integers carry no derivative, and zeros take the other's dtype.
  const [wide = 'float32', other = wide] = [target.dtype, source.dtype].filter(isFloating);
  return { shape: [...target.shape, ...source.shape.slice(batch ? 1 : 0)], dtype: promoteTypes(wide, other) };
}
