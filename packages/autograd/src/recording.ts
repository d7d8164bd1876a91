/**
 * What a tape holds: the rows that depend on watched values, and the few values that their coefficients read.
 * The one idea: a tape is a program; it knows tensors by number and keeps one only if some derivative reads it, so a thousand
 * additions hold no memory. Must not import transforms.
 */
import type { Tensor } from '@jacobi/tensor';
import type { Application, Recorder, Row, TensorType, Var } from '@jacobi/tensor/internal';
import { carriesTangent, connections, keptValues } from './pushforward.ts';

/** How a value depends on what is watched: not at all, with a derivative, or through something that stops derivatives. */
type State = 0 | 1 | 2;
const CONSTANT = 0;
const ACTIVE = 1;
const CUT = 2;

/** Rows recorded while values were computed. */
export class Recording implements Recorder {
  readonly rows: Row[] = [];
  readonly types: TensorType[] = [];
  readonly #vars = new Map<number, Var>();
  readonly #states: State[] = [];
  readonly #values: (Tensor | undefined)[] = [];
  /** Variables whose value was read out as numbers, with the method that did it. */
  readonly readOut: Map<Var, string> = new Map();
  declare readonly persistent: boolean;
  /** While true, nothing is recorded. */
  paused = false;
  /** Of a tape that watches variables. */
  declare noteVariable?: NonNullable<Recorder['noteVariable']>;

  constructor(persistent = false) {
    this.persistent = persistent;
  }

  /** Forgets everything. */
  clear(): void {
    this.rows.length = 0;
    this.types.length = 0;
    this.#vars.clear();
    this.#states.length = 0;
    this.#values.length = 0;
    this.readOut.clear();
    this.paused = false;
  }

  /**
   * Follows what is computed from `t` from now on: under a new name, because rows that took `t` before keep nothing for its
   * derivative.
   */
  watch(t: Tensor): void {
    if (this.#stateOf(t) === ACTIVE) return;
    this.#vars.delete(t.id);
    this.#states[this.#variable(t)] = carriesTangent(t.type) ? ACTIVE : CUT;
  }

  /** Knows a tensor under the name of another, which holds the same value. */
  alias(t: Tensor, known: Tensor): void {
    this.#vars.set(t.id, this.#variable(known));
  }

  /** The recording's name for a tensor, if it has one. */
  find(t: Tensor): Var | undefined {
    return this.#vars.get(t.id);
  }

  /** A value that some coefficient reads. */
  value(v: Var): Tensor | undefined {
    return this.#values[v];
  }

  isActive(v: Var): boolean {
    return this.#states[v] === ACTIVE;
  }

  /** True for what depends on what is watched, be it without a derivative. */
  follows(t: Tensor): boolean {
    return this.#stateOf(t) !== CONSTANT;
  }

  active(inputs: readonly Tensor[]): readonly boolean[] | null {
    if (this.paused) return null;
    let concerned = false;
    const mask = new Array<boolean>(inputs.length);
    for (let i = 0; i < inputs.length; i++) {
      const state = this.#stateOf(inputs[i]!);
      mask[i] = state === ACTIVE;
      if (state !== CONSTANT) concerned = true;
    }
    return concerned ? mask : null;
  }

  record(
    application: Application,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    active: readonly boolean[],
  ): void {
    const ins = inputs.map((t) => this.#variable(t));
    const passes = active.includes(true) && application.primitive.derivative.kind !== 'none';
    const connects = passes ? connections(application)?.(application, active) : undefined;
    const outs = new Array<Var>(outputs.length);
    for (let i = 0; i < outputs.length; i++) {
      const out = outputs[i]!;
      const v = this.#variable(out);
      outs[i] = v;
      this.#states[v] = passes && carriesTangent(out.type) && connects?.[i] !== false ? ACTIVE : CUT;
    }
    this.rows.push({ application, inputs: ins, outputs: outs });
    if (!passes) return;
    const kept = keptValues(application, active);
    for (const i of kept.inputs) this.#values[ins[i]!] = inputs[i]!;
    for (const i of kept.outputs) this.#values[outs[i]!] = outputs[i]!;
  }

  noteRead(tensor: Tensor, method: string): void {
    if (!this.paused && this.follows(tensor)) this.readOut.set(this.find(tensor)!, method);
  }

  #stateOf(t: Tensor): State {
    const v = this.#vars.get(t.id);
    return v === undefined ? CONSTANT : this.#states[v]!;
  }

  #variable(t: Tensor): Var {
    let v = this.#vars.get(t.id);
    if (v === undefined) {
      v = this.types.push(t.type) - 1;
      this.#vars.set(t.id, v);
      this.#states.push(CONSTANT);
      this.#values.push(undefined);
    }
    return v;
  }
}
