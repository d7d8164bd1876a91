/**
 * Scalar terms, each there once.
 * The one idea: a term is a number, and equal terms are the same number, so that a program that is computed on terms finds
 * its common parts and its constants by itself. Must not import kernels' interpreters.
 *
 * Exact zeros and ones vanish: 0·x is 0 here even where x could be infinite or NaN. Zeros of this kind are written in a
 * program (seeds, link matrices, padding); they never come from data that varies from run to run.
 */
import type { DType, Lane, ScalarFunction, ScalarStep } from '@jacobi/backend';
import { DTYPES } from '@jacobi/backend';
import { identity } from '@jacobi/backend/scalar';
import { simplify, tellsSigns } from './laws.ts';

/** Number of a term. */
export type Term = number;

/** What a term is: a number, an element that a row loads, or a function of terms, rounded to the dtype. */
export type Node =
  | { readonly constant: number; readonly dtype: DType }
  | { readonly lane: Lane; readonly dtype: DType }
  | { readonly fn: ScalarFunction; readonly args: readonly Term[]; readonly dtype: DType };

/** Terms that keys have room for. */
const MOST = 2 ** 21;

/** No operand. */
const NONE = -1;

export class Terms {
  readonly #nodes: Node[] = [];
  /** By term: the number that it is, if that is known. */
  readonly #values: (number | undefined)[] = [];
  readonly #dtypes: DType[] = [];
  readonly #zeros: ReadonlyMap<DType, Term>;
  readonly #constants: ReadonlyMap<DType, Map<number, Term>> = new Map(DTYPES.map((d) => [d, new Map()]));
  readonly #negativeZeros = new Map<DType, Term>();
  readonly #lanes = new Map<string, Term>();
  readonly #calls = new Map<number | string, Term>();
  readonly #functions = new Map<ScalarFunction, number>();

  #turned = false;

  /** `signs`: whether zeros of data keep their signs. */
  constructor(readonly signs = false) {
    this.#zeros = new Map(DTYPES.map((dtype) => [dtype, this.#push({ constant: 0, dtype })]));
  }

  get size(): number {
    return this.#nodes.length;
  }

  /** Whether the sign of a zero of data may turn, as that of a difference turned round. */
  mayTurn(dtype: DType): boolean {
    if (dtype === 'int32') return true;
    this.#turned ||= !this.signs;
    return !this.signs;
  }

  /** True if a sign may have turned, and if a function tells it. */
  get wrongSigns(): boolean {
    return this.#turned && this.#nodes.some((node) => 'fn' in node && tellsSigns(this, node.fn, node.args));
  }

  node(term: Term): Node {
    return this.#nodes[term]!;
  }

  dtype(term: Term): DType {
    return this.#dtypes[term]!;
  }

  /** The number that a term is; undefined if it is not known. */
  value(term: Term): number | undefined {
    return this.#values[term];
  }

  constant(value: number, dtype: DType): Term {
    if (value === 0) return Object.is(value, -0) ? this.#negativeZero(dtype) : this.#zeros.get(dtype)!;
    const known = this.#constants.get(dtype)!;
    let term = known.get(value);
    if (term === undefined) {
      term = this.#push({ constant: value, dtype });
      known.set(value, term);
    }
    return term;
  }

  /** A map takes −0 for 0. */
  #negativeZero(dtype: DType): Term {
    let term = this.#negativeZeros.get(dtype);
    if (term === undefined) {
      term = this.#push({ constant: -0, dtype });
      this.#negativeZeros.set(dtype, term);
    }
    return term;
  }

  load(lane: Lane, dtype: DType): Term {
    const key = `${lane.slot}:${lane.offset}:${lane.stride}`;
    let term = this.#lanes.get(key);
    if (term === undefined) {
      term = this.#push({ lane, dtype });
      this.#lanes.set(key, term);
    }
    return term;
  }

  /** A function of up to three terms: simplified, or found, or made. */
  call(fn: ScalarFunction, dtype: DType, a: Term, b: Term = NONE, c: Term = NONE): Term {
    return simplify(this, fn, dtype, a, b, c) ?? this.make(fn, dtype, a, b, c);
  }

  /** A function of terms as it stands. */
  make(fn: ScalarFunction, dtype: DType, a: Term, b: Term = NONE, c: Term = NONE): Term {
    const key = this.#keyOf(fn, dtype, a, b, c);
    let term = this.#calls.get(key);
    if (term === undefined) {
      term = this.#push({ fn, args: [a, b, c].slice(0, fn.arity), dtype });
      this.#calls.set(key, term);
    }
    return term;
  }

  /** A function of two terms, if it is there already. */
  find(fn: ScalarFunction, dtype: DType, a: Term, b: Term): Term | undefined {
    return this.#calls.get(this.#keyOf(fn, dtype, a, b, NONE));
  }

  #keyOf(fn: ScalarFunction, dtype: DType, a: Term, b: Term, c: Term): number | string {
    let number = this.#functions.get(fn);
    if (number === undefined) {
      number = this.#functions.size * DTYPES.length;
      this.#functions.set(fn, number);
    }
    const kind = number + DTYPES.indexOf(dtype);
    return c === NONE && kind < 1024 ? (kind * MOST + a) * MOST + b + 1 : `${kind}:${a}:${b}:${c}`;
  }

  /** A value in another dtype, as a copy into an array of it. */
  cast(term: Term, dtype: DType): Term {
    return this.#dtypes[term] === dtype ? term : this.call(identity, dtype, term);
  }

  #push(node: Node): Term {
    this.#values.push('constant' in node ? node.constant : undefined);
    this.#dtypes.push(node.dtype);
    return this.#nodes.push(node) - 1;
  }
}

/** The steps that compute `wanted`, in an order that keeps few results waiting; constants once each. */
export function linearise(
  terms: Terms,
  wanted: readonly Term[],
): { readonly loads: readonly Lane[]; readonly body: readonly ScalarStep[]; readonly operands: readonly number[] } {
  const loads: Lane[] = [];
  const order: Term[] = [];
  const state = new Uint8Array(terms.size);
  const operand = new Int32Array(terms.size);
  const stack: Term[] = [];
  for (const root of wanted) {
    stack.push(root);
    while (stack.length > 0) {
      const term = stack.at(-1)!;
      const node = terms.node(term);
      if (state[term] === 0 && 'args' in node) {
        state[term] = 1;
        for (let i = node.args.length - 1; i >= 0; i--) if (state[node.args[i]!] === 0) stack.push(node.args[i]!);
        continue;
      }
      stack.pop();
      if (state[term] === 2) continue;
      state[term] = 2;
      if ('lane' in node) operand[term] = loads.push(node.lane) - 1;
      else order.push(term);
    }
  }
  order.forEach((term, i) => {
    operand[term] = loads.length + i;
  });
  const body = order.map((term): ScalarStep => {
    const node = terms.node(term) as Exclude<Node, { lane: Lane }>;
    if ('constant' in node) return { constant: node.constant };
    return { fn: node.fn, args: node.args.map((arg) => operand[arg]!), dtype: node.dtype };
  });
  return { loads, body, operands: wanted.map((term) => operand[term]!) };
}
