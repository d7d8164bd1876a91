/**
 * Small Jacobians as straight lines, composed of local partials in the order that takes the fewest steps.
 * The one idea: the plan of tangents runs on terms; the tangents of its inputs stay symbols, and elimination finds what each
 * of them is multiplied by. Must not import tensors or programs.
 */
import type { DType, Plan, Slot } from '@jacobi/backend';
import { productsOf } from './describe.ts';
import type { Graph, Order, Partials } from './eliminate.ts';
import { eliminate, graphOf, orders } from './eliminate.ts';
import type { Peeled, Rows } from './peel.ts';
import { peel } from './peel.ts';
import type { LaneOf, Traits } from './straight.ts';
import { assemble, ifStraight, onTerms, wholePlan } from './straight.ts';
import type { Symbols } from './symbolic.ts';
import { NotStraight } from './symbolic.ts';
import type { Term } from './terms.ts';
import { linearise } from './terms.ts';

/** One array of the Jacobian, row-major: of a target by a source. */
export interface Leaf {
  /** Place of the target's tangent among the plan's outputs; undefined where all is zero. */
  readonly target: number | undefined;
  /** Place of the source's tangent among the plan's inputs. */
  readonly source: number;
  readonly dtype: DType;
  readonly size: number;
}

/** A plan from values and tangents to tangents and values, and the Jacobian that it stands for. */
export interface LinearPlan {
  readonly plan: Plan;
  /** Outputs from here on are values; those before are tangents. */
  readonly tangents: number;
  readonly leaves: readonly Leaf[];
  /** Examples of a batch, each with a Jacobian of its own; 1 without a batch. */
  readonly batch: number;
}

/** A plan to the Jacobian and then the values named, and how it was found. */
export interface Composed {
  readonly plan: Plan;
  readonly order: Order;
  /** Multiplications in the whole line, by order. */
  readonly products: ReadonlyMap<Order, number>;
}

/**
 * The line with the fewest steps for each of `rows` rows; undefined where there is none. `values`: which of
 * the values follow the Jacobian, counted from 0. `among`: the orders to choose from.
 */
export function composePlan(
  linear: LinearPlan,
  rows: number,
  traits: Traits,
  values: readonly number[],
  among: readonly Order[] = orders,
): Composed | undefined {
  const { plan, leaves, tangents } = linear;
  const peeled = rows === 1 ? wholePlan(plan) : peel(plan, rows);
  if (peeled === undefined || !hasWholeRows(linear, peeled)) return undefined;
  const compose = (symbols: Symbols, laneOf: LaneOf): Composed => {
    const sources = termsOf(symbols, new Set(leaves.map(({ source }) => plan.inputs[source]!)));
    const targets = termsOf(symbols, new Set(plan.outputs.slice(0, tangents)));
    const best = cheapest(graphOf(symbols.terms, sources.terms, targets.terms), among);
    writeLeaves(linear, symbols, rows, (target, row, source, column) =>
      best.partials(targets.starts.get(target)! + row, sources.starts.get(source)! + column),
    );
    const line = assemble(withJacobian(linear, values), symbols, laneOf, rows, best.columns);
    return { order: best.order, products: best.products, plan: line };
  };
  return ifStraight(() => onTerms(withLeaves(linear, peeled), traits, compose));
}

/** True if rows of targets, and of sources in a batch, lie one after the other, and other sources are the same for all. */
function hasWholeRows({ plan, leaves, batch }: LinearPlan, { rows, layout }: Peeled): boolean {
  if (rows === 1) return true;
  if (batch > 1 && batch !== rows) return false;
  const outermost = (slot: number): boolean => {
    const own = layout[slot]!;
    return own !== 'shared' && own.inner * rows === plan.slots[slot]!.length;
  };
  return leaves.every(({ target, source }) => {
    const from = plan.inputs[source]!;
    return (
      target === undefined ||
      (outermost(plan.outputs[target]!) && (batch > 1 ? outermost(from) : layout[from] === 'shared'))
    );
  });
}

/** A slot for each leaf after those of the plan. */
const slotOf = ({ plan }: LinearPlan, leaf: number): number => plan.slots.length + leaf;

const leafSlots = ({ leaves }: LinearPlan, rows: number): Slot[] =>
  leaves.map(({ dtype, size }) => ({ dtype, length: size / rows, role: 'output' }));

function withLeaves(linear: LinearPlan, { rows, plan, layout }: Peeled): Peeled {
  const own = linear.leaves.map(({ size }): Rows => (rows === 1 ? 'shared' : { inner: size / rows }));
  const slots = [...plan.slots, ...leafSlots(linear, rows)];
  return { rows, plan: { ...plan, slots }, layout: [...layout, ...own] };
}

/** The whole plan with the Jacobian in place of tangents. */
function withJacobian(linear: LinearPlan, values: readonly number[]): Plan {
  const { plan, leaves, tangents: first } = linear;
  const tangents = new Set(leaves.map(({ source }) => plan.inputs[source]!));
  const outputs = [...leaves.map((_, i) => slotOf(linear, i)), ...values.map((i) => plan.outputs[first + i]!)];
  const slots = plan.slots.map((slot, i): Slot => {
    const gone = tangents.has(i) || (slot.role === 'output' && !outputs.includes(i));
    return gone ? { ...slot, role: 'temporary' } : slot;
  });
  const inputs = plan.inputs.filter((slot) => !tangents.has(slot));
  return { ...plan, slots: [...slots, ...leafSlots(linear, 1)], inputs, outputs };
}

/** The best of some orders. */
interface Best {
  readonly order: Order;
  readonly products: ReadonlyMap<Order, number>;
  readonly partials: Partials;
  /** All partials that are not numbers, source by source from the last: in this order few results wait, as measured. */
  readonly columns: readonly Term[];
}

function cheapest(graph: Graph, among: readonly Order[]): Best {
  const products = new Map<Order, number>();
  let best: Omit<Best, 'products'> | undefined;
  let fewest = Infinity;
  for (const order of among) {
    const partials = eliminate(graph, order);
    if (partials === undefined) continue;
    const columns = columnsOf(graph, partials);
    const { body } = linearise(graph.terms, columns);
    products.set(order, productsOf(body));
    if (body.length >= fewest) continue;
    fewest = body.length;
    best = { order, partials, columns };
  }
  if (best === undefined) throw new NotStraight('all orders take too many products');
  return { ...best, products };
}

function columnsOf({ terms, ins, inner, end }: Graph, partials: Partials): Term[] {
  const columns: Term[] = [];
  for (let source = inner - 1; source >= 0; source--) {
    for (let target = 0; target < ins.length - end; target++) {
      const term = partials(target, source);
      if (term !== undefined && terms.value(term) === undefined) columns.push(term);
    }
  }
  return columns;
}

/** Writes the entries of each leaf; `entry`: of a row of one slot and a column of another. */
function writeLeaves(
  linear: LinearPlan,
  symbols: Symbols,
  rows: number,
  entry: (target: number, row: number, source: number, column: number) => Term | undefined,
): void {
  const { plan, leaves, batch } = linear;
  // Examples that are not rows of their own are blocks on the diagonal.
  const blocks = rows === 1 ? batch : 1;
  leaves.forEach((leaf, i) => {
    const slot = slotOf(linear, i);
    const zero = symbols.terms.constant(0, leaf.dtype);
    const [target, source] = [leaf.target === undefined ? -1 : plan.outputs[leaf.target]!, plan.inputs[leaf.source]!];
    const width = symbols.of(source).length / blocks;
    for (let at = 0; at < leaf.size / rows; at++) {
      const row = Math.floor(at / width);
      const block = Math.floor((at * blocks) / (leaf.size / rows));
      const term = target < 0 ? undefined : entry(target, row, source, block * width + (at % width));
      symbols.write(slot, at, term ?? zero);
    }
  });
}

/** The terms of some slots one after the other, and where those of a slot begin. */
function termsOf(
  symbols: Symbols,
  slots: Iterable<number>,
): { readonly terms: readonly Term[]; readonly starts: ReadonlyMap<number, number> } {
  const terms: Term[] = [];
  const starts = new Map<number, number>();
  for (const slot of slots) {
    starts.set(slot, terms.length);
    symbols.of(slot).forEach((_, i) => terms.push(symbols.read(slot, i)));
  }
  return { terms, starts };
}
