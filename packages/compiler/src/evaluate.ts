/**
 * Running programs on tensors.
 * The one idea: where nobody watches, a program runs as one compiled plan; where a tape or a trace does, its rows are bound
 * one by one, so that the watcher sees them. Both give the same numbers. Must not import derivatives.
 */
import type { Backend, BufferRef, Executable } from '@jacobi/backend';
import { getBackend, Tensor } from '@jacobi/tensor';
import type { Program } from '@jacobi/tensor/internal';
import { bindApplication, currentTrace, isFollowed, lowerProgram, moveTo } from '@jacobi/tensor/internal';
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

/** The tensors that a program captured, as they are now. */
export function capturedNow(program: Pick<Program, 'captured'>): Tensor[] {
  return program.captured.map((c) => (c.read === undefined ? c.tensor : c.read()));
}

/** The values of a program's outputs. */
export function evaluate(program: Program, inputs: readonly Tensor[]): Tensor[] {
  const all = program.captured.length === 0 ? inputs : [...inputs, ...capturedNow(program)];
  if (currentTrace() !== null || isFollowed(all)) return inline(program, all);
  return run(program, all);
}

/** Binds the rows of a program one by one. `values`: its inputs, then what it captured. */
export function inline(
  program: Program,
  values: readonly Tensor[],
  bindRow: typeof bindApplication = bindApplication,
): Tensor[] {
  const env: Tensor[] = new Array(program.types.length);
  program.inputs.forEach((v, i) => {
    env[v] = values[i]!;
  });
  program.captured.forEach((c, i) => {
    env[c.variable] = values[program.inputs.length + i]!;
  });
  for (const row of program.rows) {
    const outputs = bindRow(
      row.application,
      row.inputs.map((v) => env[v]!),
    );
    for (let i = 0; i < outputs.length; i++) env[row.outputs[i]!] = outputs[i]!;
  }
  return program.outputs.map((v) => env[v]!);
}

/** Runs a program as one plan on tensors that have elements. */
function run(program: Program, values: readonly Tensor[]): Tensor[] {
  const backend = values[0]?.backend ?? getBackend();
  const executable = compileProgram(program, backend);
  const inputs = new Array<BufferRef>(values.length);
  for (let i = 0; i < values.length; i++) {
    let t = values[i]!;
    if (t.buffer === null) t.trace!.checkOpen();
    if (t.backend !== backend) t = moveTo(t, backend);
    inputs[i] = t.buffer!;
  }
  const outputs = new Array<BufferRef>(program.outputs.length);
  for (let i = 0; i < outputs.length; i++) {
    const { dtype, size } = program.types[program.outputs[i]!]!;
    outputs[i] = backend.alloc(dtype, size);
  }
  backend.run(executable, inputs, outputs);
  return outputs.map((buffer, i) => new Tensor(program.types[program.outputs[i]!]!, buffer, backend, null));
}
