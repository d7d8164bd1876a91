/*
 * Scalar expressions as a graph, and their Jacobians: what tools like CasADi do. The one idea: equal nodes are one node,
 * and zeros and ones never become one, so that the derivative of a graph is a graph as small as a careful person's code.
 */

export type Op = 'input' | 'constant' | '+' | '-' | '*' | '/' | 'neg' | 'sin' | 'cos' | 'sqrt';

export interface Node {
  readonly op: Op;
  /** Numbers of the operands; −1 where there is none. */
  readonly a: number;
  readonly b: number;
  /** The constant, or the number of the input. */
  readonly value: number;
}

/** Expressions are numbers of nodes. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly #known = new Map<string, number>();

  #make(op: Op, a = -1, b = -1, value = 0): number {
    const swapped = (op === '+' || op === '*') && a > b;
    const node: Node = { op, a: swapped ? b : a, b: swapped ? a : b, value };
    const key = `${node.op},${node.a},${node.b},${value}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.nodes.length);
    return this.nodes.push(node) - 1;
  }

  #is(i: number, value: number): boolean {
    return this.nodes[i]!.op === 'constant' && this.nodes[i]!.value === value;
  }
  #both(a: number, b: number): readonly [number, number] | undefined {
    const [x, y] = [this.nodes[a]!, this.nodes[b]!];
    return x.op === 'constant' && y.op === 'constant' ? [x.value, y.value] : undefined;
  }
  #negated(i: number): number | undefined {
    return this.nodes[i]!.op === 'neg' ? this.nodes[i]!.a : undefined;
  }

  input(value: number): number {
    return this.#make('input', -1, -1, value);
  }
  constant(value: number): number {
    return this.#make('constant', -1, -1, value === 0 ? 0 : value);
  }
  neg(a: number): number {
    const node = this.nodes[a]!;
    return node.op === 'constant' ? this.constant(-node.value) : (this.#negated(a) ?? this.#make('neg', a));
  }
  add(a: number, b: number): number {
    const numbers = this.#both(a, b);
    if (numbers) return this.constant(numbers[0] + numbers[1]);
    if (this.#is(a, 0)) return b;
    if (this.#is(b, 0)) return a;
    const [na, nb] = [this.#negated(a), this.#negated(b)];
    if (nb !== undefined) return this.sub(a, nb);
    return na === undefined ? this.#make('+', a, b) : this.sub(b, na);
  }
  sub(a: number, b: number): number {
    const numbers = this.#both(a, b);
    if (numbers) return this.constant(numbers[0] - numbers[1]);
    if (this.#is(b, 0)) return a;
    if (this.#is(a, 0)) return this.neg(b);
    if (a === b) return this.constant(0);
    const nb = this.#negated(b);
    return nb === undefined ? this.#make('-', a, b) : this.add(a, nb);
  }
  mul(a: number, b: number): number {
    const numbers = this.#both(a, b);
    if (numbers) return this.constant(numbers[0] * numbers[1]);
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      if (this.#is(x, 0)) return x;
      if (this.#is(x, 1)) return y;
      if (this.#is(x, -1)) return this.neg(y);
      const nx = this.#negated(x);
      if (nx !== undefined) return this.neg(this.mul(nx, y));
    }
    return this.#make('*', a, b);
  }
  div(a: number, b: number): number {
    return this.#is(a, 0) || this.#is(b, 1) ? a : this.#make('/', a, b);
  }
  sin(a: number): number {
    return this.#make('sin', a);
  }
  cos(a: number): number {
    return this.#make('cos', a);
  }
  sqrt(a: number): number {
    return this.#make('sqrt', a);
  }

  /** Node i's operands with its derivatives by them. */
  #partials(i: number): (readonly [operand: number, partial: number])[] {
    const { op, a, b } = this.nodes[i]!;
    switch (op) {
      case '+':
        return [
          [a, this.constant(1)],
          [b, this.constant(1)],
        ];
      case '-':
        return [
          [a, this.constant(1)],
          [b, this.constant(-1)],
        ];
      case '*':
        return [
          [a, b],
          [b, a],
        ];
      case '/': {
        const reciprocal = this.div(this.constant(1), b);
        return [
          [a, reciprocal],
          [b, this.neg(this.mul(i, reciprocal))],
        ];
      }
      case 'neg':
        return [[a, this.constant(-1)]];
      case 'sin':
        return [[a, this.cos(a)]];
      case 'cos':
        return [[a, this.neg(this.sin(a))]];
      case 'sqrt':
        return [[a, this.div(this.constant(0.5), i)]];
      case 'input':
      case 'constant':
        return [];
      default:
        return op satisfies never;
    }
  }

  /** All that `outputs` need, operands first. */
  order(outputs: readonly number[]): number[] {
    const seen = new Set<number>();
    const order: number[] = [];
    const visit = (i: number): void => {
      if (i < 0 || seen.has(i)) return;
      seen.add(i);
      visit(this.nodes[i]!.a);
      visit(this.nodes[i]!.b);
      order.push(i);
    };
    outputs.forEach(visit);
    return order;
  }

  /** Row-major, by forward mode: all inputs at once through each node. */
  forward(inputs: readonly number[], outputs: readonly number[]): number[] {
    const zero = this.constant(0);
    const columns = inputs.map((x) => {
      const tangents = new Map([[x, this.constant(1)]]);
      for (const i of this.order(outputs)) {
        if (tangents.has(i)) continue;
        const terms = this.#partials(i).map(([operand, partial]) => this.mul(tangents.get(operand) ?? zero, partial));
        tangents.set(
          i,
          terms.reduce((s, term) => this.add(s, term), zero),
        );
      }
      return tangents;
    });
    return outputs.flatMap((y) => columns.map((tangents) => tangents.get(y)!));
  }

  /** Row-major, by reverse mode. */
  reverse(inputs: readonly number[], outputs: readonly number[]): number[] {
    const zero = this.constant(0);
    return outputs.flatMap((y) => {
      const adjoints = new Map([[y, this.constant(1)]]);
      for (const i of this.order([y]).reverse()) {
        const adjoint = adjoints.get(i) ?? zero;
        if (this.#is(adjoint, 0)) continue;
        for (const [operand, partial] of this.#partials(i)) {
          adjoints.set(operand, this.add(adjoints.get(operand) ?? zero, this.mul(adjoint, partial)));
        }
      }
      return inputs.map((x) => adjoints.get(x) ?? zero);
    });
  }
}
