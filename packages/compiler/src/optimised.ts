/**
 * Programs that are made to be run often: their plans go through all passes first.
 * The one idea: what a program captured and what cannot change is part of its plan, so that its zeros and ones vanish. A
 * way keeps its own plans, so that one program can go two ways.
 * Must not import derivatives.
 */
import type { Backend, BufferRef, Executable, Plan, Slot } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { getBackend } from '@jacobi/tensor';
import type { Captured, Program } from '@jacobi/tensor/internal';
import { buffersOn, currentTrace, isFollowed, lowerProgram, runOn } from '@jacobi/tensor/internal';
import { capturedNow, evaluate } from './evaluate.ts';
import { optimise } from './passes/optimise.ts';
import { counters } from './stats.ts';

/** A program compiled for a backend, and what it captured and still has to be given. */
export interface Optimised {
  readonly backend: Backend;
  readonly executable: Executable;
  readonly captured: readonly Captured[];
}

/** A plan, and what it reads beside the program's inputs. */
export interface Lowered {
  readonly plan: Plan;
  readonly captured: readonly Captured[];
}

/** A program that is made to be run often, how its plan is made, and what came of that by backend. */
export interface Way {
  readonly program: Program;
  readonly lower: (backend: Backend) => Lowered;
  readonly forms: WeakMap<Backend, Optimised>;
}

/** Elements of a captured tensor that may become part of a plan. */
const MOST_FOLDED = 4096;

/** The way of a function that is compiled as it stands: what was made while it was traced is part of its plan. */
export function jittedWay(program: Program): Way {
  return wayBy(program, (backend) => optimised(loweredWith(program, foldsOwn), backend));
}

/**
 * The way of what is prepared: whatever it captured is part of its plan, but for variables. `lowering`: another way to that plan,
 * where there is one.
 */
export function preparedWay(
  program: Program,
  lowering: (backend: Backend) => Lowered | undefined = () => undefined,
): Way {
  return wayBy(program, (backend) => lowering(backend) ?? optimised(loweredPrepared(program), backend));
}

const wayBy = (program: Program, lower: Way['lower']): Way => ({ program, lower, forms: new WeakMap() });

const optimised = ({ plan, captured }: Lowered, { traits }: Backend): Lowered => ({
  plan: optimise(plan, traits),
  captured,
});

/** Whether a captured tensor can be a constant of a plan: it is small, and what it is now it will always be. */
const folds = ({ read, tensor }: Captured): boolean =>
  read === undefined && tensor.size <= MOST_FOLDED && tensor.backend?.readSync !== undefined && tensor.buffer !== null;

const foldsOwn = (captured: Captured): boolean => captured.inside === true && folds(captured);

/** The plan of a program that is prepared, before all passes. */
export function loweredPrepared(program: Program): Lowered {
  return loweredWith(program, folds);
}

function loweredWith(program: Program, folds: (captured: Captured) => boolean): Lowered {
  const plan = withConstants(lowerProgram(program), program, folds);
  return { plan, captured: program.captured.filter((c) => !folds(c)) };
}

/** The plan with some captured values as constants in place of inputs. */
function withConstants(plan: Plan, program: Program, folds: (captured: Captured) => boolean): Plan {
  const slots = [...plan.slots];
  const constants = new Set<number>();
  program.captured.forEach((captured, i) => {
    if (!folds(captured)) return;
    const slot = plan.inputs[program.inputs.length + i]!;
    const { backend, buffer } = captured.tensor;
    const { dtype, length } = slots[slot]!;
    const data = backend!.readSync!(buffer!).slice();
    slots[slot] = { dtype, length, role: 'constant', data } satisfies Slot;
    constants.add(slot);
  });
  return { ...plan, slots, inputs: plan.inputs.filter((slot) => !constants.has(slot)) };
}

/** What a program is on a backend: compiled once. */
export function compileOptimised({ lower, forms }: Way, backend: Backend): Optimised {
  const known = forms.get(backend);
  if (known !== undefined) return known;
  counters.plans++;
  const { plan, captured } = lower(backend);
  counters.compiles++;
  const made = { backend, executable: backend.compile(plan), captured };
  forms.set(backend, made);
  return made;
}

/** The values of a program's outputs: by its optimised plan, or row by row where a tape or a trace looks on. */
export function evaluateOptimised(way: Way, inputs: readonly Tensor[]): Tensor[] {
  const { program } = way;
  if (currentTrace() !== null || isFollowed([...inputs, ...capturedNow(program)])) return evaluate(program, inputs);
  return runOptimised(way, inputs);
}

/** The same where nobody looks on. */
export function runOptimised(way: Way, inputs: readonly Tensor[]): Tensor[] {
  const backend = inputs[0]?.backend ?? getBackend();
  const form = compileOptimised(way, backend);
  const { outputs, types } = way.program;
  return runOn(
    backend,
    form.executable,
    buffersOf(form, inputs),
    outputs.map((v) => types[v]!),
  );
}

/** What an optimised program is run on: buffers of its inputs and of what it captured. */
export function buffersOf({ backend, captured }: Optimised, inputs: readonly Tensor[]): BufferRef[] {
  return buffersOn(backend, [...inputs, ...capturedNow({ captured })]);
}
