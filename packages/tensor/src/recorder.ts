/**
 * Who is watching: the stack of live tapes and traces.
 * The one idea: a trace is a barrier. Tapes above the innermost trace see each row at once; what is below sees nothing until
 * the traced program is evaluated. Must not import interpreters or operations.
 */
import { TraceError } from './errors.ts';
import type { Application } from './primitive.ts';
import type { Captured, Program, Row, Var } from './program.ts';
import { makeProgram } from './program.ts';
import { Tensor } from './tensor.ts';
import type { TensorType } from './type.ts';

/** Something that follows eager rows while it is live: a gradient tape. */
export interface Recorder {
  /** Which inputs carry a tangent on this recorder; null if the row does not concern it. */
  active(inputs: readonly Tensor[]): readonly boolean[] | null;
  /** Takes note of a row that has been run. */
  record(application: Application, inputs: readonly Tensor[], outputs: readonly Tensor[]): void;
  /** A value is being read out as numbers. */
  noteRead?(tensor: Tensor, method: string): void;
  /** A variable's value is being read. */
  noteVariable?(variable: object, value: Tensor): void;
}

/** A frame that hides the recorders under it: what runs above it is recorded by a row of its own. */
class Mute {
  readonly muted = true;
}

type Frame = Recorder | Trace | Mute;

/** True where what lies below sees no eager rows. */
const isBarrier = (frame: Frame): frame is Trace | Mute => frame instanceof Trace || frame instanceof Mute;

const frames: Frame[] = [];

/** True where no recorder is live: rows need only be run. */
export function idle(): boolean {
  return frames.length === 0;
}

/** The innermost trace, or null. */
export function currentTrace(): Trace | null {
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (frame instanceof Trace) return frame;
  }
  return null;
}

/** The live recorders that see a row now, outermost first. */
export function visibleRecorders(): Recorder[] {
  const out: Recorder[] = [];
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isBarrier(frame)) break;
    out.unshift(frame);
  }
  return out;
}

/** True if some visible recorder follows one of the tensors. */
export function isFollowed(tensors: readonly Tensor[]): boolean {
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isBarrier(frame)) return false;
    if (frame.active(tensors) !== null) return true;
  }
  return false;
}

/** Runs `fn` with `frame` on top of the stack; the stack is as before whatever `fn` does. */
export function withFrame<T>(frame: Recorder | Trace | Mute, fn: () => T): T {
  const depth = frames.length;
  frames.push(frame);
  try {
    return fn();
  } finally {
    frames.length = depth;
  }
}

/** Runs `fn` so that no tape sees its rows; a trace still does. */
export function muted<T>(fn: () => T): T {
  return withFrame(new Mute(), fn);
}

/** Runs `fn` with nobody watching: no tape, no trace. For library code that computes on concrete values only. */
export function withoutFrames<T>(fn: () => T): T {
  const saved = frames.splice(0);
  try {
    return fn();
  } finally {
    frames.splice(0, frames.length, ...saved);
  }
}

/** True while `recorder` is on the stack. */
export function isLive(recorder: Recorder): boolean {
  return frames.includes(recorder);
}

/** Tells the recorders that see it that a value is read out. */
export function noteRead(tensor: Tensor, method: string): void {
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isBarrier(frame)) return;
    frame.noteRead?.(tensor, method);
  }
}

/** Tells the recorders that see it that a variable's value is read. */
export function noteVariable(variable: object, value: Tensor): void {
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i]!;
    if (isBarrier(frame)) return;
    frame.noteVariable?.(variable, value);
  }
}

/** What a trace needs of a variable. */
export interface TracedVariable {
  /** The tensor it holds outside of any trace. */
  current(): Tensor;
  /** The tensor it holds, as the innermost trace and the tapes see it. */
  readonly value: Tensor;
}

/** A program under construction. Values inside have types but no elements. */
export class Trace {
  readonly #types: TensorType[] = [];
  readonly #rows: Row[] = [];
  readonly #inputs: Var[] = [];
  readonly #captured: Captured[] = [];
  readonly #vars = new Map<number, Var>();
  readonly #tensors: Tensor[] = [];
  /** Variables read or assigned inside: their value now. */
  readonly variables: Map<TracedVariable, Tensor> = new Map();
  /** Variables assigned inside. */
  readonly assigned: Set<TracedVariable> = new Set();
  /** True if it took in a value of an enclosing trace: then its program makes sense only there. */
  capturesTrace = false;
  closed = false;
  /** Name of the primal row whose derivative is being written; rows staged now say they came from it. */
  origin: string | null = null;
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }

  /** A new input. */
  input(type: TensorType): Tensor {
    const t = this.#make(type);
    this.#inputs.push(this.#vars.get(t.id)!);
    return t;
  }

  /** Appends a row and returns its outputs as abstract values. */
  stage(application: Application, inputs: readonly Tensor[]): Tensor[] {
    const ins = inputs.map((t) => this.variable(t));
    const outputs = application.outputs.map((type) => this.#make(type));
    const outs = outputs.map((t) => this.#vars.get(t.id)!);
    this.#rows.push({ application, inputs: ins, outputs: outs, ...(this.origin === null ? {} : { from: this.origin }) });
    return outputs;
  }

  /** The program's name for a tensor; one from outside is captured. */
  variable(t: Tensor): Var {
    const known = this.#vars.get(t.id);
    if (known !== undefined) return known;
    checkOpen(t);
    if (t.trace !== null) this.capturesTrace = true;
    return this.#capture(t);
  }

  /** The abstract value that stands for a variable's value at the start of each run. */
  readVariable(source: TracedVariable): Tensor {
    const known = this.variables.get(source);
    if (known !== undefined) return known;
    const now = source.current();
    const t = this.#make(now.type);
    this.#captured.push({ variable: this.#vars.get(t.id)!, tensor: now, read: () => source.value });
    this.variables.set(source, t);
    return t;
  }

  assignVariable(source: TracedVariable, value: Tensor): void {
    this.variables.set(source, value);
    this.assigned.add(source);
  }

  /** Ends the trace. */
  finish(outputs: readonly Tensor[]): Program {
    const vars = outputs.map((t) => this.variable(t));
    this.closed = true;
    return makeProgram({
      types: this.#types,
      inputs: this.#inputs,
      captured: this.#captured,
      rows: this.#rows,
      outputs: vars,
    });
  }

  /** The rows so far: for linear programs, which are read while they grow. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** The abstract value of a variable of this trace (a captured one: the tensor itself). */
  tensorOf(v: Var): Tensor {
    return this.#tensors[v]!;
  }

  #make(type: TensorType): Tensor {
    const t = new Tensor(type, null, null, this);
    this.#vars.set(t.id, this.#types.length);
    this.#types.push(type);
    this.#tensors.push(t);
    return t;
  }

  #capture(t: Tensor): Var {
    const v = this.#types.length;
    this.#vars.set(t.id, v);
    this.#types.push(t.type);
    this.#tensors.push(t);
    this.#captured.push({ variable: v, tensor: t });
    return v;
  }
}

/** Throws for a value whose trace has ended. */
export function checkOpen(t: Tensor): void {
  if (t.trace?.closed) {
    throw new TraceError(
      `a value traced by ${t.trace.label} was used after ${t.trace.label} had ended. Return it from the traced function ` +
        'in place of storing it outside.',
    );
  }
}
