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

/** A value that the recording has a name for. */
interface Recorded {
  readonly variable: Var;
  readonly type: TensorType;
  state: State;
  /** The value itself, where some coefficient reads it. */
  kept: Tensor | undefined;
}

/** Rows recorded while values were computed. */
export class Recording implements Recorder {
  readonly rows: Row[] = [];
  /** By variable. */
  readonly values: Recorded[] = [];
  readonly #known = new Map<number, Recorded>();
  /** Variables whose value was read out as numbers, with the method that did it. */
  readonly readOut: Map<Var, string> = new Map();
  readonly persistent: boolean;
  /** While true, nothing is recorded. */
  paused = false;
  /** Called when a variable is read. */
  onVariable: ((variable: object, value: Tensor) => void) | null = null;

  constructor(persistent = false) {
    this.persistent = persistent;
  }

  /** Forgets everything. */
  clear(): void {
    this.rows.length = 0;
    this.values.length = 0;
    this.#known.clear();
    this.readOut.clear();
    this.paused = false;
  }

  /**
   * Follows what is computed from `t` from now on: under a new name, because rows that took `t` before keep nothing for its
   * derivative.
   */
  watch(t: Tensor): void {
    if (this.#known.get(t.id)?.state === ACTIVE) return;
    this.#known.delete(t.id);
    this.#recorded(t).state = carriesTangent(t.type) ? ACTIVE : CUT;
  }

  /** The recording's name for a tensor, if it has one. */
  find(t: Tensor): Var | undefined {
    return this.#known.get(t.id)?.variable;
  }

  isActive(v: Var): boolean {
    return this.values[v]!.state === ACTIVE;
  }

  isFollowed(v: Var): boolean {
    return this.values[v]!.state !== CONSTANT;
  }

  active(inputs: readonly Tensor[]): readonly boolean[] | null {
    if (this.paused) return null;
    let concerned = false;
    const mask = new Array<boolean>(inputs.length);
    for (let i = 0; i < inputs.length; i++) {
      const state = this.#known.get(inputs[i]!.id)?.state ?? CONSTANT;
      mask[i] = state === ACTIVE;
      if (state !== CONSTANT) concerned = true;
    }
    return concerned ? mask : null;
  }

  record(application: Application, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    const ins = inputs.map((t) => this.#recorded(t));
    const active = ins.map(({ state }) => state === ACTIVE);
    const passes = active.includes(true) && application.primitive.derivative.kind !== 'none';
    const connects = passes ? connections(application, active) : undefined;
    const outs = outputs.map((t, i) => {
      const out = this.#recorded(t);
      out.state = passes && carriesTangent(t.type) && connects?.[i] !== false ? ACTIVE : CUT;
      return out;
    });
    this.rows.push({ application, inputs: ins.map(variableOf), outputs: outs.map(variableOf) });
    if (!passes) return;
    const kept = keptValues(application, active);
    for (const i of kept.inputs) ins[i]!.kept = inputs[i];
    for (const i of kept.outputs) outs[i]!.kept = outputs[i];
  }

  noteRead(tensor: Tensor, method: string): void {
    const v = this.find(tensor);
    if (!this.paused && v !== undefined && this.isFollowed(v)) this.readOut.set(v, method);
  }

  noteVariable(variable: object, value: Tensor): void {
    if (!this.paused) this.onVariable?.(variable, value);
  }

  #recorded(t: Tensor): Recorded {
    let recorded = this.#known.get(t.id);
    if (recorded === undefined) {
      recorded = { variable: this.values.length, type: t.type, state: CONSTANT, kept: undefined };
      this.values.push(recorded);
      this.#known.set(t.id, recorded);
    }
    return recorded;
  }
}

const variableOf = ({ variable }: Recorded): Var => variable;
