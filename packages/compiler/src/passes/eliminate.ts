/**
 * Jacobians of small programs by elimination of vertices.
 * The one idea: what is linear in the tangents is a graph whose edges are local partials; taking a vertex out multiplies each
 * way through it, and once all are out the edges from sources to targets are the Jacobian. How many products that takes is a
 * matter of the order (Griewank & Walther, Evaluating Derivatives, 2008, chapters 9 and 10). Must not import plans.
 */
import type { DType } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { NotStraight } from './symbolic.ts';
import type { Node, Term, Terms } from './terms.ts';

/** A vertex: sources first, then what lies between in the order of the program, then targets. */
type Vertex = number;

/** The linear part of a program: by vertex, its predecessors and successors with the partials between them. */
export interface Graph {
  readonly terms: Terms;
  readonly ins: readonly Map<Vertex, Term>[];
  readonly outs: readonly Map<Vertex, Term>[];
  /** The first vertex that is no source, and the first that is a target. */
  readonly inner: Vertex;
  readonly end: Vertex;
}

/** Name of an order of elimination. */
export type Order = 'forward' | 'reverse' | 'preaccumulated' | 'Markowitz' | 'look-ahead' | 'fewest edges';

/** How a vertex is weighed: the least is eliminated next; of equal ones the first, or for orders from the end the last. */
interface Rule {
  readonly fromEnd: boolean;
  /** How far from a vertex lie the edges that its weight depends on: 1, its own; 2, those of its neighbours, too. */
  readonly reach: 0 | 1 | 2;
  readonly weight: (graph: Graph, ins: ReadonlyMap<Vertex, Term>, outs: ReadonlyMap<Vertex, Term>) => number;
}

/**
 * Orders of elimination. `preaccumulated` begins with vertices of one predecessor, as partials within a statement are, and
 * goes in reverse through the rest. Markowitz's degree (Griewank & Reese 1991) is the number of products, here without those
 * by 1 and −1; `look-ahead` adds half of how many more or less the others would take after it. `fewest edges` counts how many
 * edges there are more or less after a vertex is gone, when all ways are new.
 */
const ORDERS: Readonly<Record<Order, Rule>> = {
  forward: { fromEnd: false, reach: 0, weight: () => 0 },
  reverse: { fromEnd: true, reach: 0, weight: () => 0 },
  preaccumulated: { fromEnd: true, reach: 1, weight: (_, ins) => (ins.size <= 1 ? 0 : 1) },
  Markowitz: {
    fromEnd: false,
    reach: 1,
    weight: ({ terms }, ins, outs) => factors(terms, ins) * factors(terms, outs) * 4096 + ins.size * outs.size,
  },
  'look-ahead': {
    fromEnd: false,
    reach: 2,
    weight: (graph, ins, outs) => 2 * factors(graph.terms, ins) * factors(graph.terms, outs) + toCome(graph, ins, outs),
  },
  'fewest edges': { fromEnd: true, reach: 1, weight: (_, ins, outs) => (ins.size - 1) * (outs.size - 1) },
};

/**
 * By how much the elimination of a vertex changes what it would take to eliminate each of the others next: its own ways are
 * gone, and its neighbours have new edges, but for those that are there already.
 */
function toCome(
  { ins, outs, inner, end }: Graph,
  before: ReadonlyMap<Vertex, Term>,
  after: ReadonlyMap<Vertex, Term>,
): number {
  const grown = (edges: ReadonlyMap<Vertex, Term>, by: ReadonlyMap<Vertex, Term>): number => {
    let count = -1;
    for (const v of by.keys()) if (!edges.has(v)) count++;
    return count;
  };
  let change = -before.size * after.size;
  for (const p of before.keys()) if (p >= inner) change += grown(outs[p]!, after) * ins[p]!.size;
  for (const s of after.keys()) if (s < end) change += grown(ins[s]!, before) * outs[s]!.size;
  return change;
}

/** All orders. */
export const orders: readonly Order[] = /* @__PURE__ */ Object.keys(ORDERS) as Order[];

/** Vertices that are worth looking for an order: the time that it takes grows with their square. */
const MOST_VERTICES = 1024;
/** Products that one order may take. */
const MOST_PRODUCTS = 16_384;

/**
 * The linear part of the terms between `sources` and `targets`, already without vertices whose elimination is always right.
 * Throws where the terms are not linear.
 */
export function graphOf(terms: Terms, sources: readonly Term[], targets: readonly Term[]): Graph {
  const vertices = new Map<Term, Vertex>();
  const ins: Map<Vertex, Term>[] = [];
  const outs: Map<Vertex, Term>[] = [];
  const add = (partials: readonly (readonly [Term, Term])[]): Vertex => {
    const vertex = ins.push(new Map()) - 1;
    outs.push(new Map());
    for (const [arg, partial] of partials) connect({ terms, ins, outs }, vertices.get(arg)!, vertex, partial);
    return vertex;
  };
  for (const term of sources) vertices.set(term, add([]));
  const moves = (term: Term): boolean => vertices.has(term);
  for (const term of reachedFrom(terms, targets)) {
    const node = terms.node(term);
    if ('args' in node && node.args.some(moves)) vertices.set(term, add(partialsOf(terms, node, moves)));
  }
  const end = ins.length;
  if (end - sources.length > MOST_VERTICES) throw new NotStraight('there are too many vertices');
  for (const term of targets) {
    if (!moves(term) && terms.value(term) !== 0) throw new NotStraight('a tangent is not linear');
    add(moves(term) ? [[term, one(terms)]] : []);
  }
  const graph = { terms, ins, outs, inner: sources.length, end };
  for (let v = end - 1; v >= graph.inner; v--) takeSimple(graph, v);
  return graph;
}

/**
 * Takes a vertex out, and then its neighbours, if that adds no edge and no product to come: where there is at most one way
 * through it, or where it is part of one sum, or a value or its negative.
 */
function takeSimple(graph: Graph, vertex: Vertex): void {
  const { terms, ins, outs, inner, end } = graph;
  if (vertex < inner || vertex >= end) return;
  const [before, after] = [ins[vertex]!, outs[vertex]!];
  if (before.size + after.size === 0) return;
  const free = (edges: ReadonlyMap<Vertex, Term>): boolean => edges.size === 1 && factors(terms, edges) === 0;
  if (before.size * after.size > 1 && !free(before) && !free(after)) return;
  for (const next of takeOut(graph, vertex)) takeSimple(graph, next);
}

/** All terms that some terms are made of, operands first. */
function reachedFrom(terms: Terms, targets: readonly Term[]): Iterable<Term> {
  const reached = new Set<Term>();
  const stack = [...targets];
  for (let term = stack.pop(); term !== undefined; term = stack.pop()) {
    if (reached.has(term)) continue;
    reached.add(term);
    const node = terms.node(term);
    if ('args' in node) stack.push(...node.args);
  }
  return [...reached].sort((a, b) => a - b);
}

// In the narrowest dtype, so that what they meet decides.
const one = (terms: Terms): Term => terms.constant(1, 'float32');
const minusOne = (terms: Terms): Term => terms.constant(-1, 'float32');
const zero = (terms: Terms): Term => terms.constant(0, 'float32');

/** The operands of a linear step that move, each with the partial of the step by it. */
function partialsOf(
  terms: Terms,
  { fn, args }: Extract<Node, { fn: unknown }>,
  moves: (arg: Term) => boolean,
): readonly (readonly [Term, Term])[] {
  const [a, b, c] = args as [Term, Term, Term];
  const sum = (second: Term, ...of: readonly [Term, Term]): readonly (readonly [Term, Term])[] => {
    if (of.some((arg) => !moves(arg) && terms.value(arg) !== 0)) throw new NotStraight('a tangent is not linear');
    return [[of[0], one(terms)] as const, [of[1], second] as const].filter(([arg]) => moves(arg));
  };
  switch (fn) {
    case scalar.add:
      return sum(one(terms), a, b);
    case scalar.sub:
      return sum(minusOne(terms), a, b);
    case scalar.neg:
      return [[a, minusOne(terms)]];
    case scalar.identity:
      return [[a, one(terms)]];
    case scalar.mul:
      if (moves(a) !== moves(b)) return [moves(a) ? [a, b] : [b, a]];
      break;
    case scalar.select: {
      if (moves(a)) break;
      const chosen = (p: Term, q: Term): Term => terms.call(scalar.select, 'float32', a, p, q);
      const first = chosen(one(terms), zero(terms));
      const second = chosen(zero(terms), one(terms));
      return sum(one(terms), b, c).map(([arg]) => [arg, b === c ? one(terms) : arg === b ? first : second]);
    }
  }
  throw new NotStraight(`${fn.name} of a tangent has no partials here`);
}

/** Partials other than 1 and −1. */
function factors(terms: Terms, edges: ReadonlyMap<Vertex, Term>): number {
  let count = 0;
  for (const partial of edges.values()) {
    const value = terms.value(partial);
    if (value !== 1 && value !== -1) count++;
  }
  return count;
}

const wider = (a: DType, b: DType): DType => (a === 'float64' ? a : b);

/** The product of two partials. A mask is not multiplied, whichever comes first: what it hides may be infinite. */
function product(terms: Terms, a: Term, b: Term): Term {
  return (
    masked(terms, a, b) ?? masked(terms, b, a) ?? terms.call(scalar.mul, wider(terms.dtype(a), terms.dtype(b)), a, b)
  );
}

/** The product with a selection of a partial or 0, as a selection. */
function masked(terms: Terms, mask: Term, other: Term): Term | undefined {
  const node = terms.node(mask);
  if (!('fn' in node) || node.fn !== scalar.select) return undefined;
  const [condition, p, q] = node.args as [Term, Term, Term];
  if (terms.value(p) !== 0 && terms.value(q) !== 0) return undefined;
  const dtype = wider(terms.dtype(mask), terms.dtype(other));
  return terms.call(scalar.select, dtype, condition, product(terms, p, other), product(terms, q, other));
}

/** Adds to the partial between two vertices. */
function connect(
  { terms, ins, outs }: Pick<Graph, 'terms' | 'ins' | 'outs'>,
  from: Vertex,
  to: Vertex,
  partial: Term,
): void {
  const before = ins[to]!.get(from);
  let sum = partial;
  if (before !== undefined)
    sum = terms.call(scalar.add, wider(terms.dtype(before), terms.dtype(partial)), before, partial);
  if (terms.value(sum) === 0) {
    ins[to]!.delete(from);
    outs[from]!.delete(to);
  } else {
    ins[to]!.set(from, sum);
    outs[from]!.set(to, sum);
  }
}

/** Eliminates a vertex: what it is multiplied by on each way through it is added past it. Gives its neighbours. */
function takeOut(graph: Graph, vertex: Vertex): Vertex[] {
  const { terms, ins, outs } = graph;
  const [before, after] = [ins[vertex]!, outs[vertex]!];
  const near = [...before.keys(), ...after.keys()];
  for (const p of before.keys()) outs[p]!.delete(vertex);
  for (const s of after.keys()) ins[s]!.delete(vertex);
  for (const [p, a] of before) for (const [s, b] of after) connect(graph, p, s, product(terms, a, b));
  before.clear();
  after.clear();
  return near;
}

/** The Jacobian: by target and source, counted from 0, a term; undefined where there is no way between them. */
export type Partials = (target: number, source: number) => Term | undefined;

/** The Jacobian of a graph, by elimination in some order; undefined where that takes too many products. */
export function eliminate(given: Graph, order: Order): Partials | undefined {
  // What has no edges gets none.
  const copy = (maps: Graph['ins']): Map<Vertex, Term>[] =>
    maps.map((edges) => (edges.size === 0 ? edges : new Map(edges)));
  const graph: Graph = { ...given, ins: copy(given.ins), outs: copy(given.outs) };
  const { ins, outs, inner, end } = graph;
  const { fromEnd, reach, weight } = ORDERS[order];
  // Smaller weights first, then by place: one number says both. Those without neighbours are gone.
  const ranks = new Float64Array(end).fill(Infinity);
  const rank = (v: Vertex): void => {
    if (v < inner || v >= end) return;
    ranks[v] = weight(graph, ins[v]!, outs[v]!) * 2 * end + (fromEnd ? end - v : v);
  };
  for (let v = inner; v < end; v++) if (ins[v]!.size + outs[v]!.size > 0) rank(v);
  let products = 0;
  for (let v = least(ranks); v >= 0; v = least(ranks)) {
    products += ins[v]!.size * outs[v]!.size;
    if (products > MOST_PRODUCTS) return undefined;
    const near = takeOut(graph, v);
    if (reach === 1) near.forEach(rank);
    else if (reach === 2) new Set(near.flatMap((u) => [u, ...ins[u]!.keys(), ...outs[u]!.keys()])).forEach(rank);
    ranks[v] = Infinity;
  }
  return (target, source) => ins[end + target]!.get(source);
}

/** The place of the least of some numbers; −1 where none is finite. */
function least(ranks: Float64Array): number {
  let at = -1;
  let best = Infinity;
  for (let v = 0; v < ranks.length; v++) {
    if (ranks[v]! < best) {
      best = ranks[v]!;
      at = v;
    }
  }
  return at;
}
