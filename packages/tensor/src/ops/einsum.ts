/**
 * Einstein summation.
 * The one idea: each operand is a tensor with a label for each axis. Diagonals and sums that concern one operand are taken
 * first; then the pair whose product is smallest is contracted, until one operand is left.
 */
import { promoteTypes } from '@jacobi/backend';
import { bindOne } from '../bind.ts';
import type { TensorLike } from '../convert.ts';
import { asBeside, castTo, widestType } from '../convert.ts';
import { describe } from '../describe.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import { diagonalRow } from '../primitives/movement.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../type.ts';
import { contract } from './contraction.ts';
import { sum } from './reduction.ts';
import { reshape, transpose } from './shape.ts';

/** A tensor with a label for each of its axes. Labels of the ellipsis are '.0', '.1', … counted from its last axis. */
interface Labelled {
  readonly tensor: Tensor;
  readonly labels: readonly string[];
}

/**
 * Sums of products, written as labels of axes: `'ij,jk->ik'` is the product of matrices.
 *
 * A label that is not in the output is summed over; one that an operand has twice takes its diagonal. `...` stands for any
 * axes, which broadcast. Without `->`, the output has the labels that occur once, in the order of the alphabet, after the axes
 * of `...`. Several operands are contracted in pairs, smallest product first.
 * @param equation Labels are letters; spaces do not count.
 * @throws ArgumentError for an equation that cannot be read or does not go with the operands; ShapeError where a label
 * stands for different sizes.
 * @example
 * einsum('ij,j->i', tensor([[1, 2], [3, 4]]), tensor([1, 10])) // → [21, 43]
 * einsum('ii', tensor([[1, 2], [3, 4]])) // → 5
 * einsum('i,j', tensor([1, 2]), tensor([3, 4])) // → [[3, 4], [6, 8]]
 */
export function einsum(equation: string, ...operands: readonly TensorLike[]): Tensor {
  const { inputs, output } = parse(equation, operands.length);
  const beside = widestType(operands);
  const tensors = operands.map((x, i) => asBeside('einsum', `operand ${i}`, x, beside));
  const dtype = tensors.reduce((d, t) => promoteTypes(d, t.dtype), tensors[0]!.dtype);
  const all = tensors.map((t, i) => labelled(equation, i, castTo(t, dtype === 'bool' ? 'int32' : dtype), inputs[i]!));
  const sizes = sizesOf(equation, all);
  const wanted = output === null ? implicitOutput(all) : expandOutput(equation, output, all);
  const result = reduceAll(
    all.map((x) => diagonals(withoutOnes(x, sizes))),
    wanted,
  );
  const order = wanted.map((label) => result.labels.indexOf(label));
  return transpose(result.tensor, order);
}

function parse(equation: unknown, count: number): { inputs: string[]; output: string | null } {
  if (typeof equation !== 'string') {
    throw new ArgumentError(`einsum: equation must be a string such as 'ij,jk->ik', not ${describe(equation)}`);
  }
  const [left, right, ...more] = equation.replace(/\s/g, '').split('->') as [string, string?, ...string[]];
  const inputs = left.split(',');
  const term = /^[A-Za-z]*(\.\.\.[A-Za-z]*)?$/;
  if (more.length > 0 || ![...inputs, right ?? ''].every((part) => term.test(part))) {
    throw new ArgumentError(
      `einsum: '${equation}' is not an equation: operands are letters and at most one ..., divided by commas, then -> and the output`,
    );
  }
  if (inputs.length !== count) {
    throw new ArgumentError(`einsum: '${equation}' has ${inputs.length} operand(s), but ${count} were given`);
  }
  return { inputs, output: right ?? null };
}

const lettersOf = (text: string | undefined): string[] => (text ?? '').split('');

function labelled(equation: string, index: number, tensor: Tensor, term: string): Labelled {
  const letters = term.replace('...', '').length;
  const rest = tensor.rank - letters;
  if (rest < 0 || (rest > 0 && !term.includes('...'))) {
    throw new ArgumentError(
      `einsum: '${term}' of '${equation}' names ${letters} axes, but operand ${index} is ${formatType(tensor.type)}` +
        (rest > 0 ? '; name all of them, or write ...' : ''),
    );
  }
  const [before, after] = term.split('...') as [string, string?];
  const dots = Array.from({ length: rest }, (_, i) => `.${rest - 1 - i}`);
  return { tensor, labels: [...lettersOf(before), ...dots, ...lettersOf(after)] };
}

/** The size that each label stands for; only axes of `...` may be 1 in one operand and larger in another. */
function sizesOf(equation: string, all: readonly Labelled[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { tensor, labels } of all) {
    labels.forEach((label, axis) => {
      const size = tensor.shape[axis]!;
      const known = sizes.get(label);
      const dots = label.startsWith('.');
      if (known === undefined || (dots && known === 1)) sizes.set(label, size);
      else if (known !== size && !(dots && size === 1)) {
        const name = dots ? 'an axis of ...' : `label '${label}'`;
        throw new ShapeError(`einsum: ${name} of '${equation}' stands for sizes ${known} and ${size}`);
      }
    });
  }
  return sizes;
}

function implicitOutput(all: readonly Labelled[]): string[] {
  const every = all.flatMap(({ labels }) => labels);
  const once = every.filter((label) => !label.startsWith('.') && every.indexOf(label) === every.lastIndexOf(label));
  return [...ellipsis(all), ...once.sort()];
}

/** The labels of `...`, first axis first. */
function ellipsis(all: readonly Labelled[]): string[] {
  const count = Math.max(0, ...all.map(({ labels }) => labels.filter((label) => label.startsWith('.')).length));
  return Array.from({ length: count }, (_, i) => `.${count - 1 - i}`);
}

function expandOutput(equation: string, output: string, all: readonly Labelled[]): string[] {
  const dots = ellipsis(all);
  const [before, after] = output.split('...') as [string, string?];
  const labels = [...lettersOf(before), ...(output.includes('...') ? dots : []), ...lettersOf(after)];
  labels.forEach((label, i) => {
    if (!all.some((x) => x.labels.includes(label))) {
      throw new ArgumentError(`einsum: output label '${label}' of '${equation}' is in no operand`);
    }
    if (labels.indexOf(label) !== i)
      throw new ArgumentError(`einsum: output label '${label}' of '${equation}' stands twice`);
  });
  return labels;
}

/** Axes of size 1 that broadcast against larger ones have nothing to say. */
function withoutOnes({ tensor, labels }: Labelled, sizes: ReadonlyMap<string, number>): Labelled {
  const keep = labels.map((label, axis) => tensor.shape[axis] === sizes.get(label));
  if (keep.every(Boolean)) return { tensor, labels };
  return {
    tensor: reshape(
      tensor,
      tensor.shape.filter((_, axis) => keep[axis]),
    ),
    labels: labels.filter((_, axis) => keep[axis]),
  };
}

/** An operand with each label once. */
function diagonals({ tensor, labels }: Labelled): Labelled {
  const second = labels.findIndex((label, axis) => labels.indexOf(label) !== axis);
  if (second < 0) return { tensor, labels };
  const first = labels.indexOf(labels[second]!);
  return diagonals({
    tensor: bindOne(diagonalRow, [tensor], { first, second }),
    labels: labels.filter((_, axis) => axis !== second),
  });
}

/** Contracts pair after pair; what comes out has the labels of `output`, in some order. */
function reduceAll(operands: readonly Labelled[], output: readonly string[]): Labelled {
  let all = operands.map((x, i) => summed(x, [...output, ...operands.flatMap((y, j) => (i === j ? [] : y.labels))]));
  while (all.length > 1) {
    const [i, j] = cheapestPair(all, output);
    const rest = all.filter((_, k) => k !== i && k !== j);
    const kept = new Set([...output, ...rest.flatMap((x) => x.labels)]);
    all = [...rest, product(all[i]!, all[j]!, kept, rest.length === 0 ? output : null)];
  }
  return all[0]!;
}

/** Sums over the labels that nobody else needs. */
function summed({ tensor, labels }: Labelled, needed: readonly string[]): Labelled {
  const axes = labels.flatMap((label, axis) => (needed.includes(label) ? [] : [axis]));
  if (axes.length === 0) return { tensor, labels };
  return { tensor: sum(tensor, axes), labels: labels.filter((label) => needed.includes(label)) };
}

/** The pair whose product is smallest beside its factors; among equals, the one of fewest multiplications. */
function cheapestPair(all: readonly Labelled[], output: readonly string[]): [number, number] {
  let best: [number, number] = [0, 1];
  let bestCost = [Infinity, Infinity];
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length; j++) {
      const [a, b] = [all[i]!, all[j]!];
      const needed = new Set([...output, ...all.flatMap((x, k) => (k === i || k === j ? [] : x.labels))]);
      let work = 1;
      let size = 1;
      for (const [label, n] of union(a, b)) {
        work *= n;
        if (needed.has(label)) size *= n;
      }
      const cost = [size - a.tensor.size - b.tensor.size, work];
      if (cost[0]! < bestCost[0]! || (cost[0] === bestCost[0] && cost[1]! < bestCost[1]!)) {
        best = [i, j];
        bestCost = cost;
      }
    }
  }
  return best;
}

const union = (a: Labelled, b: Labelled): Map<string, number> =>
  new Map(
    [...a.labels.entries(), ...b.labels.entries()].map(([axis, label], k) => [
      label,
      (k < a.labels.length ? a : b).tensor.shape[axis]!,
    ]),
  );

/** Two operands contracted over the labels that are not kept; in the order of `output` where it is given. */
function product(a: Labelled, b: Labelled, kept: ReadonlySet<string>, output: readonly string[] | null): Labelled {
  const names = [...union(a, b).keys()];
  const labels = output ?? names.filter((label) => kept.has(label));
  const number = (label: string): number => names.indexOf(label);
  const tensor = contract(a.tensor, b.tensor, a.labels.map(number), b.labels.map(number), labels.map(number));
  return { tensor, labels };
}
