/**
 * Jacobians that are made to be run often, as the cheaper of two lines: that of the program with seeds in it, and that
 * composed of local partials.
 * The one idea: which of them, and in which order, is decided once for a backend, on the Jacobian alone; what is run together
 * with values or aux is composed in the same order, so that it has the same bits. Must not import derivatives.
 */
import type { Backend, Plan } from '@jacobi/backend';
import type { Program } from '@jacobi/tensor/internal';
import type { Lowered } from './optimised.ts';
import { loweredWhole } from './optimised.ts';
import type { Composed, Leaf } from './passes/compose.ts';
import { composePlan } from './passes/compose.ts';
import { productsOf } from './passes/describe.ts';
import { checked, optimise } from './passes/optimise.ts';
import { costOf } from './passes/straight.ts';

/** A Jacobian as two programs. */
export interface LinearForm {
  /** From the arguments to the leaves of the Jacobian, with seeds in it. */
  readonly seeded: Program;
  /** From the arguments, then tangents of them, to tangents of the results, then values. */
  readonly linear: Program;
  /** How many tangents there are among the outputs of `linear`. */
  readonly tangents: number;
  readonly leaves: readonly Leaf[];
  readonly batch: number;
}

/** Steps of all rows that are worth composing: fewer are some nanoseconds. */
const FEWEST_STEPS = 32;
/** Steps of one row: longer lines have more vertices than orders are compared for. */
const MOST_STEPS = 16_384;

/** What was decided for a backend. */
interface Decision {
  readonly seeded: Plan;
  /** The plan to take for the Jacobian alone. */
  readonly best: Lowered;
  /** Composed of local partials, where that is possible: the best order, taken or not. */
  readonly composed: Composed | undefined;
  readonly rows: number;
}

/** The ways to one Jacobian. */
export class Composition {
  readonly #decisions = new WeakMap<Backend, Decision>();
  readonly #form: LinearForm;

  constructor(form: LinearForm) {
    this.#form = form;
  }

  /**
   * The plan of the Jacobian and then of some values of the linear program. Undefined where seeds are as good, and there are
   * values.
   */
  lower(backend: Backend, values: readonly number[]): Lowered | undefined {
    const { best, composed, rows } = this.#decide(backend);
    if (values.length === 0) return best;
    if (best.plan !== composed?.plan) return undefined;
    const { plan, captured } = loweredWhole(this.#form.linear);
    const made = composePlan({ ...this.#form, plan }, rows, backend.traits, values, [composed.order]);
    return made && { plan: checked(made.plan), captured };
  }

  /** What is taken, and the multiplications of each way; undefined where nothing was composed. */
  describe(backend: Backend): string | undefined {
    const { seeded, best, composed } = this.#decide(backend);
    if (composed === undefined) return undefined;
    const counts = new Map<string, number>([['seeds', productsIn(seeded)], ...composed.products]);
    const taken = best.plan === seeded ? 'seeds' : composed.order;
    const others = [...counts].filter(([way]) => way !== taken).map(([way, count]) => `${way} ${count}`);
    return `${taken}, ${counts.get(taken)} multiplications (${others.join(', ')})`;
  }

  #decide(backend: Backend): Decision {
    let decision = this.#decisions.get(backend);
    if (decision === undefined) {
      decision = this.#decideAnew(backend);
      this.#decisions.set(backend, decision);
    }
    return decision;
  }

  #decideAnew(backend: Backend): Decision {
    const { traits } = backend;
    const given = loweredWhole(this.#form.seeded);
    const seeded = optimise(given.plan, traits);
    const best = { ...given, plan: seeded };
    const line = seeded.steps.at(-1);
    if (line?.kind !== 'straight') return { seeded, best, composed: undefined, rows: 0 };
    const { rows, body } = line;
    if (body.length * rows < FEWEST_STEPS || body.length > MOST_STEPS)
      return { seeded, best, composed: undefined, rows };
    const { plan, captured } = loweredWhole(this.#form.linear);
    const composed = composePlan({ ...this.#form, plan }, rows, traits, []);
    if (composed === undefined || costOf(composed.plan, traits) >= costOf(seeded, traits))
      return { seeded, best, composed, rows };
    return { seeded, best: { plan: checked(composed.plan), captured }, composed, rows };
  }
}

const productsIn = ({ steps }: Plan): number =>
  steps.reduce((sum, kernel) => sum + (kernel.kind === 'straight' ? productsOf(kernel.body) : 0), 0);
