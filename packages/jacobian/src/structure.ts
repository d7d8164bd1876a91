/**
 * Which axes of a result go with which axes of a source.
 * The one idea: an axis is carried if an element with index i on it reads only source elements with index i on the source's
 * axis. A carried axis needs no seeds of its own: the Jacobian is a diagonal of blocks along it. Must not name operations:
 * only the closed set of linear maps.
 */
import { linearOf } from '@jacobi/autograd/internal';
import { sizeOf } from '@jacobi/backend';
import type { Application, LinearParams, Program, Row, TensorType, Var } from '@jacobi/tensor/internal';
import { withoutAxes } from '@jacobi/tensor/internal';

/** By axis of the source: the axis of the value that carries it, or −1. */
export type Carried = readonly number[];

/** What a linear program says of one of its tangent inputs. */
export interface Structure {
  /** By output of the program; null where the output does not depend on the input at all. */
  readonly outputs: readonly (Carried | null)[];
  /** The row in which the first axis of the source was first lost, if it was. */
  readonly lostAt: Row | undefined;
  /** The last row that gave it another place, if one did. */
  readonly movedAt: Row | undefined;
}

/** Follows the axes of the input `source` through the rows that depend on it. */
export function followAxes(program: Program, source: Var): Structure {
  const { shape } = program.types[source]!;
  const carried = new Map<Var, Carried>([[source, shape.map((_, i) => i)]]);
  let lostAt: Row | undefined;
  let movedAt: Row | undefined;
  for (const row of program.rows) {
    const before = row.inputs.map((v) => carried.get(v) ?? null);
    const open = before.map((b) => b !== null);
    if (!open.includes(true)) continue;
    row.outputs.forEach((v, o) => {
      const after = rowAxes(row.application, open, before, shape, o);
      carried.set(v, after);
      const first = after[0]!;
      if (first >= 0 && before.some((b) => b !== null && b[0] !== first)) movedAt = row;
      if (first < 0 && before.some((b) => b !== null && b[0]! >= 0)) lostAt ??= row;
    });
  }
  return { outputs: program.outputs.map((v) => carried.get(v) ?? null), lostAt, movedAt };
}

/**
 * The carried axes of output `index` of a linear row: those on which all dependent operands agree, at their whole size.
 * `before`: by operand, null where it does not depend on the source; `sizes`: of the source's axes.
 */
export function rowAxes(
  application: Application,
  open: readonly boolean[],
  before: readonly (Carried | null)[],
  sizes: readonly number[],
  index: number,
): number[] {
  const moved = before.map(
    (carried, operand) =>
      carried?.map((axis) => (axis < 0 ? -1 : moveAxis(application, open, operand, axis, index))) ?? null,
  );
  const { shape } = application.outputs[index]!;
  return sizes.map((size, s) => {
    const axis = moved.find((m) => m !== null)![s]!;
    return shape[axis] === size && moved.every((m) => m === null || m[s] === axis) ? axis : -1;
  });
}

/** Where axis `axis` of an operand stands in the output; −1 if its elements are mixed or moved along it. */
function moveAxis(
  application: Application,
  open: readonly boolean[],
  operand: number,
  axis: number,
  output: number,
): number {
  const { primitive, inputs, outputs, params } = application;
  const x = inputs[operand]!;
  const out = outputs[output]!;
  const p = params as unknown as LinearParams;
  // A rule of the user's may do anything with what it is given.
  if (application.closures.length > 0) return -1;
  const linear = linearOf(application, open);
  if ('transpose' in linear) return linear.carries?.(application, axis) ?? -1;
  switch (linear.map) {
    case 'add':
    case 'sub':
    case 'neg':
    case 'scale':
    case 'select':
    case 'cast':
    case 'concat':
      return axis + out.shape.length - x.shape.length;
    case 'reshape':
      return reshapeAxis(x, out, axis);
    case 'broadcast':
    case 'transpose':
    case 'slice':
    case 'flip':
    case 'diagonal':
    case 'split': {
      // Of an input in which only this axis takes steps: the axis that does so in the view, from the same place on.
      const strides = x.shape.map((_, i) => Number(i === axis));
      const seen = primitive.view!({ offset: 0, shape: x.shape, strides }, params, out, output)!;
      return seen.offset === 0 ? seen.strides.indexOf(1) : -1;
    }
    case 'pad':
      return p.low[axis] === 0 && p.high[axis] === 0 && p.interior[axis] === 0 ? axis : -1;
    case 'embed':
      return axis >= p.second ? axis + 1 : axis;
    case 'sum':
      return withoutAxes([...x.shape.keys()], p.axes).indexOf(axis);
    case 'contract':
      return p.out.indexOf((operand === 0 ? p.left : p.right)[axis]!);
    default:
      return linear satisfies never;
  }
}

/** An axis survives a reshape if as many elements lie before it, and it has the same size. */
function reshapeAxis(x: TensorType, out: TensorType, axis: number): number {
  const before = sizeOf(x.shape.slice(0, axis));
  return out.shape.findIndex((d, i) => d === x.shape[axis] && sizeOf(out.shape.slice(0, i)) === before);
}
