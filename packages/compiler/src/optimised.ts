/**
 * Programs that are made to be run often: their plans go through all passes first.
 * The one idea: what a program captured and what cannot change is part of its plan, so that its zeros and ones vanish.
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

/** The program's plan after all passes, where it is made in another way; undefined where it is not. */
export type Lowering = (backend: Backend) => Lowered | undefined;

/** Elements of a captured tensor that may become part of a plan. */
const MOST_FOLDED = 4096;

const compiled: WeakMap<Program, WeakMap<Backend, Optimised>> = /* @__PURE__ */ new WeakMap();

/**
 * The program's plan after all passes, compiled once for a backend. `lowering`: another way to that plan, the same at each call.
 */
export function compileOptimised(
  program: Program,
  backend: Backend,
  fold: 'inside' | 'all',
  lowering?: Lowering,
): Optimised {
  let forms = compiled.get(program);
  if (forms === undefined) {
    forms = new WeakMap();
    compiled.set(program, forms);
  }
  const known = forms.get(backend);
  if (known !== undefined) return known;
  counters.plans++;
  const { plan, captured } = lowering?.(backend) ?? optimisedPlan(program, backend, fold);
  counters.compiles++;
  const made = { backend, executable: backend.compile(plan), captured };
  forms.set(backend, made);
  return made;
}

function optimisedPlan(program: Program, backend: Backend, fold: 'inside' | 'all'): Lowered {
  const { plan, captured } = loweredFor(program, backend, fold);
  return { plan: optimise(plan, backend.traits), captured };
}

/**
 * The program's plan before all passes. `fold`: which captured tensors are constants of the plan, as long as they are small:
 * those that were made while it was traced, or all. Variables never are.
 */
export function loweredFor(program: Program, backend: Backend, fold: 'inside' | 'all'): Lowered {
  const folds = ({ read, inside, tensor }: Captured): boolean =>
    read === undefined &&
    (inside === true || fold === 'all') &&
    tensor.size <= MOST_FOLDED &&
    tensor.backend?.readSync !== undefined &&
    tensor.buffer !== null;
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

/** The values of a program's outputs: by its optimised plan, or row by row where a tape or a trace looks on. */
export function evaluateOptimised(
  program: Program,
  inputs: readonly Tensor[],
  fold: 'inside' | 'all',
  lowering?: Lowering,
): Tensor[] {
  if (currentTrace() !== null || isFollowed([...inputs, ...capturedNow(program)])) return evaluate(program, inputs);
  return runOptimised(program, inputs, fold, lowering);
}

/** The same where nobody looks on. */
export function runOptimised(
  program: Program,
  inputs: readonly Tensor[],
  fold: 'inside' | 'all',
  lowering?: Lowering,
): Tensor[] {
  const backend = inputs[0]?.backend ?? getBackend();
  const form = compileOptimised(program, backend, fold, lowering);
  const types = program.outputs.map((v) => program.types[v]!);
  return runOn(backend, form.executable, buffersOf(form, inputs), types);
}

/** What an optimised program is run on: buffers of its inputs and of what it captured. */
export function buffersOf({ backend, captured }: Optimised, inputs: readonly Tensor[]): BufferRef[] {
  return buffersOn(backend, [...inputs, ...capturedNow({ captured })]);
}
