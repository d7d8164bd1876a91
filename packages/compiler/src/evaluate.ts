/**
 * Running programs on tensors.
 * The one idea: where nobody watches, a program runs as one compiled plan; where a tape or a trace does, its rows are bound
 * one by one, so that the watcher sees them. Both give the same numbers, as far as the plan is not optimised. Must not import derivatives.
 */
import type { Backend, Executable } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { getBackend } from '@jacobi/tensor';
import type { Program } from '@jacobi/tensor/internal';
import {
  bindApplication,
  buffersOn,
  currentTrace,
  interpret,
  isFollowed,
  lowerProgram,
  runOn,
} from '@jacobi/tensor/internal';
import { counters } from './stats.ts';

const compiled: WeakMap<Program, WeakMap<Backend, Executable>> = /* @__PURE__ */ new WeakMap();

/** The program compiled for a backend: lowered and compiled once. */
export function compileProgram(program: Program, backend: Backend): Executable {
  let forms = compiled.get(program);
  if (forms === undefined) {
    forms = new WeakMap();
    compiled.set(program, forms);
  }
  let executable = forms.get(backend);
  if (executable === undefined) {
    counters.plans++;
    const plan = lowerProgram(program);
    counters.compiles++;
    executable = backend.compile(plan);
    forms.set(backend, executable);
  }
  return executable;
}

/** The tensors that a program captured, as they are now. A trace that will take them in learns which are constants. */
export function capturedNow(program: Pick<Program, 'captured'>): Tensor[] {
  const trace = currentTrace();
  return program.captured.map(({ tensor, inside, read }) => {
    if (read !== undefined) return read();
    if (inside) trace?.constant(tensor);
    return tensor;
  });
}

/** The values of a program's outputs. */
export function evaluate(program: Program, inputs: readonly Tensor[]): Tensor[] {
  const all = program.captured.length === 0 ? inputs : [...inputs, ...capturedNow(program)];
  if (currentTrace() !== null || isFollowed(all)) return inline(program, all);
  const backend = all[0]?.backend ?? getBackend();
  const types = program.outputs.map((v) => program.types[v]!);
  return runOn(backend, compileProgram(program, backend), buffersOn(backend, all), types);
}

/** Binds the rows of a program one by one. `values`: its inputs, then what it captured. */
export function inline(program: Program, values: readonly Tensor[]): Tensor[] {
  return interpret(program, values, ({ application }, args) => bindApplication(application, args));
}
