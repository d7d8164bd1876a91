/**
 * Trace: a program under construction.
 * The one idea: inside a trace, values have types but no elements, and binding a row appends it. Must not import
 * interpreters or operations.
 */
import { TraceError } from './errors.ts';
import type { Application } from './primitive.ts';
import type { Captured, Program, Row, Var } from './program.ts';
import { makeProgram } from './program.ts';
import { Tensor, tensorsMade } from './tensor.ts';
import type { TensorType } from './type.ts';
import { formatType } from './type.ts';

/** What a trace needs of a variable. */
export interface TracedVariable {
  /** The tensor it holds outside of any trace. */
  current(): Tensor;
  /** The tensor it holds, as the innermost trace and the tapes see it. */
  readonly value: Tensor;
}

/** A program under construction. Values inside have types but no elements. */
export class Trace {
  /** The rows so far: linear programs are read while they grow. */
  readonly rows: Row[] = [];
  readonly #inputs: Var[] = [];
  /** What was taken in from outside. */
  readonly captured: Captured[] = [];
  readonly #vars = new Map<number, Var>();
  readonly #tensors: Tensor[] = [];
  /** Variables read or assigned inside: their value now. */
  readonly variables: Map<TracedVariable, Tensor> = new Map();
  /** Variables assigned inside: the value that each has at the end. */
  readonly assigned: Map<TracedVariable, Tensor> = new Map();
  closed = false;
  /** Name of the primal row whose derivative is being written; rows staged now say they came from it. */
  origin: string | null = null;
  declare readonly label: string;
  /** Whether what is assigned inside becomes an output: elsewhere an assignment would be lost. */
  declare readonly assigns: boolean;
  /** Tensors with a greater id were made since. */
  readonly #born: number = tensorsMade();

  constructor(label: string, assigns = false) {
    this.label = label;
    this.assigns = assigns;
  }

  /** Throws if the trace has ended: its values stand for nothing any more. */
  checkOpen(): void {
    if (!this.closed) return;
    throw new TraceError(`a value traced by ${this.label} was used after that: return it from the traced function`);
  }

  /** Throws, because a value of the trace was asked for its elements. */
  refuseRead(t: Tensor, method: string): never {
    throw new TraceError(
      `${method}: ${formatType(t.type)} is a traced value, without numbers: use where in place of if, functions (add, mul) ` +
        `in place of operators, or call the function without ${this.label}`,
    );
  }

  /** A new input. */
  input(type: TensorType): Tensor {
    const t = this.make(type);
    this.#inputs.push(this.variable(t));
    return t;
  }

  /** Appends a row and returns its outputs as abstract values. */
  stage(application: Application, inputs: readonly Tensor[]): Tensor[] {
    const ins = inputs.map((t) => this.variable(t));
    const outputs = application.outputs.map((type) => this.make(type));
    this.rows.push({
      application,
      inputs: ins,
      outputs: outputs.map((t) => this.variable(t)),
      from: this.origin,
    });
    return outputs;
  }

  /** The program's name for a tensor; one from outside is captured. */
  variable(t: Tensor): Var {
    return this.#vars.get(t.id) ?? this.#capture(t, t.id > this.#born);
  }

  /** Takes a tensor in that is a constant of the program, though it was made before. */
  constant(t: Tensor): void {
    if (t.trace === null && !this.#vars.has(t.id)) this.#capture(t, true);
  }

  /** Ends the trace. */
  finish(outputs: readonly Tensor[]): Program {
    const vars = outputs.map((t) => this.variable(t));
    this.closed = true;
    return makeProgram({
      types: this.#tensors.map((t) => t.type),
      inputs: this.#inputs,
      captured: this.captured,
      rows: this.rows,
      outputs: vars,
    });
  }

  /** The abstract value of a variable of this trace (a captured one: the tensor itself). */
  tensorOf(v: Var): Tensor {
    return this.#tensors[v]!;
  }

  /** An abstract value, of which the program does not say yet where it comes from. */
  make(type: TensorType): Tensor {
    const t = new Tensor(type, null, null, this);
    this.#name(t);
    return t;
  }

  #capture(tensor: Tensor, inside: boolean): Var {
    tensor.trace?.checkOpen();
    const variable = this.#name(tensor);
    this.captured.push({ variable, tensor, inside });
    return variable;
  }

  #name(t: Tensor): Var {
    const v = this.#tensors.push(t) - 1;
    this.#vars.set(t.id, v);
    return v;
  }
}
