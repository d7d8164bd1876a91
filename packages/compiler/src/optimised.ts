/**
 * Programs that are made to be run often: their plans go through all passes first.
 * The one idea: what is a constant of a program is part of its plan, so that its zeros and ones vanish. A way keeps its plans.
 * Must not import derivatives.
 */
import type { Backend, BufferRef, Executable, Plan, Slot } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { getBackend } from '@jacobi/tensor';
import type { Captured, Program } from '@jacobi/tensor/internal';
import { buffersOn, currentTrace, isFollowed, lowerProgram, runOn } from '@jacobi/tensor/internal';
import { capturedNow, evaluate } from './evaluate.ts';
import { describePlan } from './passes/describe.ts';
import { optimise } from './passes/optimise.ts';
import { whyKernels } from './passes/straight.ts';
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

/** The way of a program: its constants are part of its plan. `lowering`: another way to that plan, where there is one. */
export function wayOf(program: Program, lowering: (backend: Backend) => Lowered | undefined = () => undefined): Way {
  const lower = (backend: Backend): Lowered => lowering(backend) ?? optimised(loweredWhole(program), backend);
  return { program, lower, forms: new WeakMap() };
}

const optimised = ({ plan, captured }: Lowered, { traits }: Backend): Lowered => ({
  plan: optimise(plan, traits),
  captured,
});

/** Whether a captured tensor is a constant of the plan: of the program, and small. */
const folds = ({ inside, read, tensor }: Captured): boolean =>
  inside === true &&
  read === undefined &&
  tensor.size <= MOST_FOLDED &&
  tensor.backend?.readSync !== undefined &&
  tensor.buffer !== null;

/** The plan of a program with its constants, before all passes. */
export function loweredWhole(program: Program): Lowered {
  const plan = withConstants(lowerProgram(program), program);
  return { plan, captured: program.captured.filter((c) => !folds(c)) };
}

/** The plan with constants in place of inputs. */
function withConstants(plan: Plan, program: Program): Plan {
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
  const start = performance.now();
  const { plan, captured } = lower(backend);
  counters.compileTime += performance.now() - start;
  counters.compiles++;
  const made = { backend, executable: backend.compile(plan), captured };
  forms.set(backend, made);
  return made;
}

/** What a program comes down to on a backend, in words; why it is no straight-line code where it is several kernels. */
export function describeWay(way: Way, backend: Backend): string {
  const { plan } = compileOptimised(way, backend).executable;
  const words = describePlan(plan);
  if (plan.steps.length < 2 || plan.steps.some(({ kind }) => kind === 'straight')) return words;
  return `${words}, not straight-line code (${whyKernels(loweredWhole(way.program).plan, backend.traits)})`;
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
