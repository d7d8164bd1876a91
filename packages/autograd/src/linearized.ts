/**
 * A program in two: its values, and what is linear in its tangents. Rows that hold programs are differentiated with it.
 * Must not import rows.
 */
import type { Program, Tangent, Var } from '@jacobi/tensor/internal';
import { dependentOn, makeProgram, operandsOf, Trace, withFrame } from '@jacobi/tensor/internal';
import { carriesTangent, pushProgram } from './pushforward.ts';

/** Values and tangents of a program, as two programs. */
export interface Linearized {
  /** From the inputs to the outputs, then the residuals. */
  readonly values: Program;
  /** From the residuals and the tangents of the active inputs to those tangents of outputs that are not zero. */
  readonly tangents: Program;
  /** By output: whether it has a tangent. */
  readonly reached: readonly boolean[];
}

const connections: WeakMap<Program, Map<string, readonly boolean[]>> = /* @__PURE__ */ new WeakMap();

/**
 * By output of a program: whether it depends on an active input (or captured value) by rows that have a derivative, be it
 * zero. What comes through stopGradient or integers does not.
 */
export function connectedOutputs(program: Program, active: readonly boolean[]): readonly boolean[] {
  const key = active.map(Number).join('');
  let forms = connections.get(program);
  if (forms === undefined) {
    forms = new Map();
    connections.set(program, forms);
  }
  let form = forms.get(key);
  if (form === undefined) {
    form = connectAnew(program, active);
    forms.set(key, form);
  }
  return form;
}

function connectAnew(program: Program, active: readonly boolean[]): boolean[] {
  const reached = new Set<Var>();
  operandsOf(program).forEach((v, i) => {
    if (active[i]) reached.add(v);
  });
  for (const { application, inputs, outputs } of program.rows) {
    const open = inputs.map((v) => reached.has(v));
    const { derivative } = application.primitive;
    if (!open.includes(true) || derivative.kind === 'none') continue;
    const connects = derivative.kind === 'rule' ? derivative.connects?.(application, open) : undefined;
    outputs.forEach((v, i) => {
      if (carriesTangent(program.types[v]!) && connects?.[i] !== false) reached.add(v);
    });
  }
  return program.outputs.map((v) => reached.has(v));
}

const known: WeakMap<Program, Map<string, Linearized>> = /* @__PURE__ */ new WeakMap();

/** The linearized form of a program in the active ones of its inputs (and captured values); kept with the program. */
export function linearizeProgram(program: Program, active: readonly boolean[]): Linearized {
  const key = active.map(Number).join('');
  let forms = known.get(program);
  if (forms === undefined) {
    forms = new Map();
    known.set(program, forms);
  }
  let form = forms.get(key);
  if (form === undefined) {
    form = linearizeAnew(program, active);
    forms.set(key, form);
  }
  return form;
}

function linearizeAnew(program: Program, active: readonly boolean[]): Linearized {
  const trace = new Trace('linearize');
  const vars = operandsOf(program);
  const inputs = vars.map((v) => trace.input(program.types[v]!));
  const moving = vars.map((v, i): Tangent => (active[i] ? trace.input(program.types[v]!) : null));
  const { outputs, tangents } = withFrame(trace, () => pushProgram(program, inputs, moving, true));
  const tangentInputs = moving.filter((t) => t !== null).map((t) => trace.variable(t));
  const all = trace.finish([...outputs, ...tangents.filter((t) => t !== null)]);
  const dependent = dependentOn(tangentInputs, all.rows).values;
  // A tangent that no moving input leads to is zero, whatever rows it is made of.
  const reached = tangents.map((t) => t !== null && dependent.has(trace.variable(t)));
  const tangentOutputs = tangents.filter((_, i) => reached[i]).map((t) => trace.variable(t!));
  // Rows without operands are constants: cheaper to write twice than to pass on.
  const free = new Set(all.rows.filter((r) => r.inputs.length === 0).flatMap((r) => r.outputs));
  const linear = all.rows.filter((r) => r.inputs.length === 0 || r.inputs.some((v) => dependent.has(v)));
  const residuals = [...new Set(linear.flatMap((r) => r.inputs))].filter((v) => !dependent.has(v) && !free.has(v));
  return {
    values: makeProgram({
      ...all,
      inputs: inputs.map((t) => trace.variable(t)),
      rows: all.rows.filter((r) => !r.inputs.some((v) => dependent.has(v))),
      outputs: [...all.outputs.slice(0, outputs.length), ...residuals],
    }),
    tangents: makeProgram({
      ...all,
      inputs: [...residuals, ...tangentInputs],
      captured: [],
      rows: linear,
      outputs: tangentOutputs,
    }),
    reached,
  };
}
