/**
 * The steps of a plan while a pass rewrites them.
 * The one idea: who reads and who writes a slot is known at every moment, so that a pass can ask whether a kernel may be
 * moved. Must not import passes.
 */
import type { Kernel, Plan, Slot } from '@jacobi/backend';
import { readsOf, writesOf } from '@jacobi/backend';

const NONE: ReadonlySet<number> = /* @__PURE__ */ new Set<number>();

/** Steps by their place in the plan; a place may become empty. */
export class Steps {
  readonly plan: Plan;
  readonly #steps: (Kernel | undefined)[];
  readonly #readers = new Map<number, Set<number>>();
  readonly #writers = new Map<number, Set<number>>();

  constructor(plan: Plan) {
    this.plan = plan;
    this.#steps = new Array<Kernel | undefined>(plan.steps.length).fill(undefined);
    plan.steps.forEach((kernel, i) => this.put(i, kernel));
  }

  get length(): number {
    return this.#steps.length;
  }

  at(step: number): Kernel | undefined {
    return this.#steps[step];
  }

  slot(slot: number): Slot {
    return this.plan.slots[slot]!;
  }

  /** Steps that read a slot. */
  readers(slot: number): ReadonlySet<number> {
    return this.#readers.get(slot) ?? NONE;
  }

  /** Steps that write a slot. */
  writers(slot: number): ReadonlySet<number> {
    return this.#writers.get(slot) ?? NONE;
  }

  /** The only step that writes a slot, if there is only one. */
  onlyWriter(slot: number): number | undefined {
    const writers = this.writers(slot);
    return writers.size === 1 ? [...writers][0] : undefined;
  }

  /** True if a slot is written by a step after `from`, up to `to`. */
  changes(slot: number, from: number, to: number): boolean {
    for (const step of this.writers(slot)) if (step > from && step <= to) return true;
    return false;
  }

  /** Puts a kernel in a place, or empties it. */
  put(step: number, kernel: Kernel | undefined): void {
    const old = this.#steps[step];
    if (old !== undefined) {
      for (const slot of readsOf(old)) this.#readers.get(slot)?.delete(step);
      for (const slot of writesOf(old)) this.#writers.get(slot)?.delete(step);
    }
    this.#steps[step] = kernel;
    if (kernel === undefined) return;
    for (const slot of readsOf(kernel)) note(this.#readers, slot, step);
    for (const slot of writesOf(kernel)) note(this.#writers, slot, step);
  }

  finish(): Plan {
    return { ...this.plan, steps: this.#steps.filter((kernel) => kernel !== undefined) };
  }
}

function note(map: Map<number, Set<number>>, slot: number, step: number): void {
  const steps = map.get(slot);
  if (steps === undefined) map.set(slot, new Set([step]));
  else steps.add(step);
}
