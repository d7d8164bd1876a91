/**
 * Variables: a place that holds a tensor.
 * The one idea: assignment swaps in another tensor and never writes into one; tapes and traces learn of each read.
 */
import type { DType } from '@jacobi/backend';
import { isFloating } from '@jacobi/backend';
import { checkDType, checkFlag, checkOptions } from './checks.ts';
import type { TensorLike } from './convert.ts';
import { asPair, asTensor, retyped } from './convert.ts';
import { describe } from './describe.ts';
import { ArgumentError, DTypeError, ShapeError, TraceError } from './errors.ts';
import { elementwiseType } from './families.ts';
import { Printable } from './format.ts';
import { add, sub } from './ops/arithmetic.ts';
import { zerosOf } from './ops/creation.ts';
import { stopGradient } from './ops/shape.ts';
import type { NestedArray } from './tensor.ts';
import { Tensor } from './tensor.ts';
import type { Trace, TracedVariable } from './trace.ts';
import { formatType } from './type.ts';
import { currentTrace, watch } from './watch.ts';

/** Options of `variable`. */
export interface VariableOptions {
  /** Tapes watch trainable variables by themselves. Default true. */
  readonly trainable?: boolean;
  /** For messages and printing. Default variable1, variable2, … */
  readonly name?: string;
  /** Of the value, where that has none of its own: numbers and nested arrays. Default float32. */
  readonly dtype?: DType;
}

let variables = 0;

/** The same value without its history: recorders know tensors by their number. */
function severed(t: Tensor): Tensor {
  return new Tensor(t.type, t.buffer, t.backend, t.trace);
}

/** The abstract value that stands for a variable's value at the start of each run. */
function readIn(trace: Trace, source: TracedVariable): Tensor {
  const known = trace.variables.get(source);
  if (known !== undefined) return known;
  const tensor = source.current();
  const t = trace.make(tensor.type);
  trace.captured.push({ variable: trace.variable(t), tensor, read: () => source.value });
  trace.variables.set(source, t);
  return t;
}

/** A mutable place for an immutable tensor of one type. Made by `variable()`. */
export class Variable extends Printable implements TracedVariable {
  #current: Tensor;
  /** Whether tapes watch it by themselves when it is read. */
  readonly trainable: boolean;
  /** For messages and printing. */
  readonly name: string;
  /** Counts variables in the order in which they are made. */
  readonly id: number;

  /** @internal Use `variable()`. */
  constructor(initial: Tensor, options: VariableOptions) {
    super();
    if (!(initial instanceof Tensor))
      throw new ArgumentError(`Variable: use variable(initial), not ${describe(initial)} with new`);
    if (initial.trace !== null)
      throw new TraceError(
        'variable: the initial value is traced; make variables outside of jit, vmap and prepareJacobian',
      );
    this.#current = severed(initial);
    this.id = ++variables;
    this.trainable = options?.trainable ?? true;
    this.name = options?.name ?? `variable${this.id}`;
  }

  /**
   * The tensor held now. Reading it inside `tape.record` watches a trainable variable; what was read outside is a tensor like any
   * other there, and no read of the variable.
   */
  get value(): Tensor {
    const trace = currentTrace();
    const now = trace === null ? severed(this.#current) : readIn(trace, this);
    watch?.noteVariable(this, now);
    return now;
  }
  set value(_: never) {
    throw new ArgumentError(`value: ${this.name} is set with assign: v.assign(3) in place of v.value = 3`);
  }
  /** Sizes by axis; the same for good. */
  get shape(): number[] {
    return this.#current.shape;
  }
  /** Element type; the same for good. */
  get dtype(): DType {
    return this.#current.dtype;
  }

  /** The tensor held outside of any trace. @internal */
  current(): Tensor {
    return this.#current;
  }

  /**
   * Replaces the value by one of the same shape and dtype. Returns the variable. Derivatives do not pass through an assignment
   * (as in TensorFlow): what is read afterwards is the variable, and not what was assigned.
   * @throws ShapeError or DTypeError for a value of another shape or dtype.
   */
  assign(value: TensorLike): this {
    return this.#put('assign', asTensor('assign', 'value', value, this.dtype));
  }
  #put(operation: string, next: Tensor): this {
    const { type } = this.#current;
    if (next.type !== type) {
      const Wrong = next.dtype === type.dtype ? ShapeError : DTypeError;
      const hint = Wrong === DTypeError ? '; use cast' : '';
      throw new Wrong(`${operation}: ${this.name} holds ${formatType(type)}, not ${formatType(next.type)}${hint}`);
    }
    next.trace?.checkOpen();
    const trace = currentTrace();
    if (trace === null) this.#current = severed(next);
    else {
      trace.variables.set(this, this.#readLater(trace, next));
      trace.assigned.set(this, next);
    }
    return this;
  }
  /**
   * What a read after an assignment in a trace gives: the assigned value, whose history is cut, plus a zero that is made at
   * each run, for tapes to take for that read.
   */
  #readLater(trace: Trace, next: Tensor): Tensor {
    if (!isFloating(next.dtype)) return next;
    const zero = trace.make(next.type);
    const read = (): Tensor => {
      const made = zerosOf(next.type);
      watch?.noteVariable(this, made);
      return made;
    };
    trace.captured.push({ variable: trace.variable(zero), tensor: zero, read });
    return add(stopGradient(next), zero);
  }
  /** Adds to the value. */
  assignAdd(value: TensorLike): this {
    return this.#change('assignAdd', add, value);
  }
  /** Subtracts from the value. */
  assignSub(value: TensorLike): this {
    return this.#change('assignSub', sub, value);
  }
  #change(operation: string, change: typeof add, value: TensorLike): this {
    // The value now, without a tape taking the read for a use.
    const trace = currentTrace();
    const now = trace === null ? this.#current : readIn(trace, this);
    const [x, y] = asPair(operation, now, value, ['variable', 'value']);
    elementwiseType(operation, [x.type, y.type]);
    return this.#put(operation, change(x, y));
  }

  override toString(): string {
    return `${this.name} = ${this.#current.toString()}`;
  }
  /** The value as nested arrays, for `JSON.stringify`; `v.assign(JSON.parse(text))` reads them again. */
  toJSON(): NestedArray {
    return this.#current.toJSON();
  }
}

/**
 * Makes a variable that holds `initial`.
 * @example
 * const v = variable([1, 2]);
 * v.assignAdd([10, 20]);
 * v.value // → [11, 22]
 */
export function variable(initial: TensorLike, options: VariableOptions = {}): Variable {
  checkOptions('variable', options, ['trainable', 'name', 'dtype']);
  const { trainable = true, name = '', dtype } = options;
  checkFlag('variable', 'trainable', trainable);
  if (typeof name !== 'string') throw new ArgumentError(`variable: name must be a string, not ${describe(name)}`);
  if (dtype !== undefined) checkDType('variable', dtype);
  const value = asTensor('variable', 'initial', initial instanceof Variable ? initial.current() : initial, dtype);
  return new Variable(retyped('variable', 'initial', value, dtype), options);
}
