/** Elimination: every order gives the sum over all ways, with the products that the literature counts. */
import * as scalar from '@jacobi/backend/scalar';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Order } from './eliminate.ts';
import { eliminate, graphOf, orders } from './eliminate.ts';
import { NotStraight } from './symbolic.ts';
import type { Term } from './terms.ts';
import { linearise, Terms } from './terms.ts';

const f = 'float64';

/** A linear program being written: sources are loads of slot 1, coefficients loads of slot 0. */
class Writer {
  readonly terms = new Terms();
  readonly coefficients: number[] = [];
  #sources = 0;

  source(): Term {
    return this.terms.load({ slot: 1, offset: this.#sources++, stride: 0 }, f);
  }

  coefficient(value: number): Term {
    return this.terms.load({ slot: 0, offset: this.coefficients.push(value) - 1, stride: 0 }, f);
  }

  /** A sum of coefficients times values. */
  sum(...parts: readonly (readonly [coefficient: Term, value: Term])[]): Term {
    const { terms } = this;
    const products = parts.map(([c, t]) => terms.call(scalar.mul, f, c, t));
    return products.reduce((a, b) => terms.call(scalar.add, f, a, b));
  }

  /** The number of a term that reads no source. */
  number(term: Term): number {
    const node = this.terms.node(term);
    if ('constant' in node) return node.constant;
    if ('lane' in node) return node.lane.slot === 0 ? this.coefficients[node.lane.offset]! : NaN;
    const call: (...operands: number[]) => number = node.fn.js;
    return call(...node.args.map((arg) => this.number(arg)));
  }

  /** Numbers of the Jacobian, row by row, and the products in it. */
  jacobian(sources: readonly Term[], targets: readonly Term[], order: Order): { numbers: number[]; products: number } {
    const partials = eliminate(graphOf(this.terms, sources, targets), order)!;
    const entries = targets.flatMap((_, t) => sources.map((_s, s) => partials(t, s) ?? this.terms.constant(0, f)));
    const { body } = linearise(this.terms, entries);
    const products = body.filter((step) => 'fn' in step && step.fn === scalar.mul).length;
    return { numbers: entries.map((term) => this.number(term)), products };
  }
}

describe('known counts', () => {
  const products = (make: (w: Writer) => { sources: Term[]; targets: Term[] }): Partial<Record<Order, number>> =>
    Object.fromEntries(
      orders.map((order) => {
        const w = new Writer();
        const { sources, targets } = make(w);
        return [order, w.jacobian(sources, targets, order).products];
      }),
    );

  test('a chain is one product a link, in any order', () => {
    const counts = products((w) => {
      const x = w.source();
      let y = x;
      for (let i = 0; i < 6; i++) y = w.sum([w.coefficient(i), y]);
      return { sources: [x], targets: [y] };
    });
    expect(new Set(Object.values(counts))).toEqual(new Set([5]));
  });

  // x → a → b → c → y of widths 3, 1, 3, 1, 3. Modes carry three columns or rows all the way, 27 products; but each b is one way
  // between the waists, which go first in every order: 3 products, then 3 from a source to c, and 9 of an outer product.
  test('two waists: 15 products', () => {
    const counts = products((w) => {
      const coefficient = (): Term => w.coefficient(2);
      const sources = [w.source(), w.source(), w.source()];
      const a = w.sum(...sources.map((x) => [coefficient(), x] as const));
      const b = [0, 1, 2].map(() => w.sum([coefficient(), a]));
      const c = w.sum(...b.map((t) => [coefficient(), t] as const));
      const targets = [0, 1, 2].map(() => w.sum([coefficient(), c]));
      return { sources, targets };
    });
    expect(new Set(Object.values(counts))).toEqual(new Set([15]));
  });

  test('wide, narrow, wide, narrow, wide: Markowitz begins in the middle', () => {
    const width = 4;
    const outer = 6;
    const counts = products((w) => {
      const mixed = (values: readonly Term[]): Term => w.sum(...values.map((t) => [w.coefficient(3), t] as const));
      const layer = (count: number, values: readonly Term[]): Term[] =>
        Array.from({ length: count }, () => mixed(values));
      const sources = Array.from({ length: outer }, () => w.source());
      const targets = layer(outer, layer(2, layer(width, layer(2, sources))));
      return { sources, targets };
    });
    // Forward: 4·2·6 + 2·4·6 + 6·2·6; reverse the same from the other end; through the middle 2·4·2, then 2·2·6 and 6·2·6.
    expect(counts.forward).toBe(48 + 48 + 72);
    expect(counts.reverse).toBe(48 + 48 + 72);
    expect(counts.Markowitz).toBe(16 + 24 + 72);
    expect(counts['look-ahead']).toBe(16 + 24 + 72);
    expect(counts['fewest edges']).toBe(16 + 24 + 72);
  });

  // Speelpenning 1980: the gradient of a product of n numbers is 2(n − 2) products beyond the n − 2 of the prefixes, which are
  // coefficients here; forward multiplies each earlier column again.
  test("Speelpenning's product: reverse is linear, forward quadratic", () => {
    const n = 8;
    const counts = products((w) => {
      const values = Array.from({ length: n }, (_, i) => w.coefficient(i + 1));
      const sources = values.map(() => w.source());
      let [prefix, t] = [values[0]!, sources[0]!];
      for (let i = 1; i < n; i++) {
        t = w.sum([values[i]!, t], [prefix, sources[i]!]);
        prefix = w.terms.call(scalar.mul, f, prefix, values[i]!);
      }
      return { sources, targets: [t] };
    });
    // The prefixes are in the count of both.
    expect(counts.reverse).toBe(n - 2 + 2 * (n - 2));
    expect(counts['fewest edges']).toBe(3 * (n - 2));
    expect(counts.forward).toBeGreaterThan(4 * (n - 2));
  });

  // Three joints: qᵢ → (cᵢ, sᵢ) → a state of two, of which three targets are read.
  test('a chain of joints: preaccumulated where each joint is, then in reverse', () => {
    const counts = products((w) => {
      const mixed = (values: readonly Term[]): Term => w.sum(...values.map((t) => [w.coefficient(2), t] as const));
      const sources = [0, 1, 2].map(() => w.source());
      let state: Term[] = [];
      for (const q of sources) {
        const joint = [mixed([q]), mixed([q])];
        state = [0, 1].map(() => mixed([...joint, ...state]));
      }
      return { sources, targets: [0, 1, 2].map(() => mixed(state)) };
    });
    // In reverse: each state 2·3 ways by c, s and, but for the first, the state before; then c and s three ways each.
    expect(counts.reverse).toBe(2 * (24 + 6) + (12 + 6));
    // Locally: four ways a joint, and the first state is of q₁ alone; then 3·3·2 by q₃ and the state before, and 2·3·2.
    expect(counts.preaccumulated).toBe(3 * 4 + 4 + 18 + 12);
  });
});

describe('the Jacobian is the sum over all ways', () => {
  /** Dense matrices carried forward: slow, obvious, and no graph. */
  type Step = readonly (readonly [factor: number, back: number])[];
  const programs = fc.record({
    sources: fc.integer({ min: 1, max: 4 }),
    steps: fc.array(fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.nat(6)), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 14,
    }),
    targets: fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
  });

  function dense(sources: number, steps: readonly Step[], targets: readonly number[]): number[] {
    const rows: number[][] = Array.from({ length: sources }, (_, i) =>
      Array.from({ length: sources }, (_v, k) => (k === i ? 1 : 0)),
    );
    for (const step of steps) {
      const parts = step.map(([factor, back]) => rows[rows.length - 1 - (back % rows.length)]!.map((v) => factor * v));
      rows.push(parts.reduce((a, b) => a.map((v, k) => v + b[k]!)));
    }
    return targets.flatMap((back) => rows[rows.length - 1 - (back % rows.length)]!);
  }

  test('random programs, every order', () => {
    fc.assert(
      fc.property(programs, ({ sources: count, steps, targets: backs }) => {
        const w = new Writer();
        const values = Array.from({ length: count }, () => w.source());
        const sources = values.slice();
        for (const step of steps) {
          // 1, −1 and 0 are numbers of the program, others data.
          const parts = step.map(([factor, back]): readonly [Term, Term] => [
            Math.abs(factor) <= 1 ? w.terms.constant(factor, f) : w.coefficient(factor),
            values[values.length - 1 - (back % values.length)]!,
          ]);
          values.push(w.sum(...parts));
        }
        const targets = backs.map((back) => values[values.length - 1 - (back % values.length)]!);
        const truth = dense(count, steps, backs);
        for (const order of orders)
          expect(
            w.jacobian(sources, targets, order).numbers.map((v) => v + 0),
            order,
          ).toEqual(truth.map((v) => v + 0));
      }),
      { numRuns: 400, seed: 7 },
    );
  });
});

describe('what is multiplied', () => {
  test.each(orders)('a mask is not: what it hides may be infinite, before it or behind it (%s)', (order) => {
    const w = new Writer();
    const { terms } = w;
    const x = w.source();
    const [no, infinite, zero] = [w.coefficient(0), w.coefficient(Infinity), terms.constant(0, f)];
    const hidden = terms.call(scalar.select, f, no, w.sum([infinite, x]), zero);
    const shown = terms.call(scalar.select, f, no, zero, x);
    const targets = [
      hidden,
      w.sum([infinite, terms.call(scalar.select, f, no, x, zero)]),
      w.sum([w.coefficient(5), shown]),
    ];
    expect(w.jacobian([x], targets, order).numbers).toEqual([0, 0, 5]);
  });

  test.each(orders)('an infinite partial reaches only what it leads to (%s)', (order) => {
    const w = new Writer();
    const [x, y] = [w.source(), w.source()];
    const t = w.sum([w.coefficient(Infinity), x]);
    const u = w.sum([w.coefficient(2), y]);
    expect(w.jacobian([x, y], [t, u, w.sum([w.coefficient(3), t], [w.coefficient(4), u])], order).numbers).toEqual([
      Infinity,
      0,
      0,
      2,
      Infinity,
      8,
    ]);
  });

  test('ways that cancel leave nothing', () => {
    const w = new Writer();
    const x = w.source();
    const difference = w.terms.call(scalar.sub, f, w.terms.call(scalar.neg, f, x), w.terms.constant(0, f));
    const none = w.terms.call(scalar.add, f, w.terms.call(scalar.sin, f, difference), x);
    expect(() => graphOf(w.terms, [x], [none])).toThrow(NotStraight);
    const half = w.terms.make(scalar.add, f, difference, x);
    expect(w.jacobian([x], [half], 'Markowitz')).toEqual({ numbers: [0], products: 0 });
  });

  test('what is not linear has no graph', () => {
    const w = new Writer();
    const x = w.source();
    const { terms } = w;
    for (const wrong of [
      terms.call(scalar.mul, f, x, x),
      terms.call(scalar.add, f, x, terms.constant(1, f)),
      terms.call(scalar.exp, f, x),
      terms.call(scalar.select, f, x, x, terms.constant(0, f)),
      w.coefficient(1),
    ])
      expect(() => graphOf(terms, [x], [wrong])).toThrow(NotStraight);
  });
});
