/**
 * Which axes of a result go with which axes of a source.
 * The one idea: an axis is carried if an element with index i on it reads only source elements with index i on the source's
 * axis. A carried axis needs no seeds of its own: the Jacobian is a diagonal of blocks along it. Must not name operations:
 * only the closed set of linear maps.
 */
import { linearOf } from '@jacobi/autograd/internal';
import { sizeOf } from '@jacobi/backend';
import type { Application, LinearParams, Program, Row, TensorType, Var } from '@jacobi/tensor/internal';

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
  const { types } = program;
  const shape = types[source]!.shape;
  const carried = new Map<Var, Carried>([[source, shape.map((_, i) => i)]]);
  let lostAt: Row | undefined;
  let movedAt: Row | undefined;
  for (const row of program.rows) {
    const open = row.inputs.map((v) => carried.has(v));
    if (!open.includes(true)) continue;
    const before = row.inputs.map((v) => carried.get(v) ?? null);
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
  const { inputs, outputs, params } = application;
  const x = inputs[operand]!;
  const out = outputs[output]!;
  const p = params as unknown as LinearParams;
  // A rule of the user's may do anything with what it is given.
  const map = application.closures.length > 0 ? 'custom' : linearOf(application, open).map;
  switch (map) {
    case 'add':
    case 'sub':
    case 'neg':
    case 'scale':
    case 'select':
    case 'cast':
    case 'broadcast':
      return axis + out.shape.length - x.shape.length;
    case 'reshape':
      return reshapeAxis(x, out, axis);
    case 'transpose':
      return p.permutation.indexOf(axis);
    case 'slice':
      return p.begin[axis] === 0 && p.stride[axis] === 1 && p.size[axis] === x.shape[axis] ? axis : -1;
    case 'pad':
      return p.low[axis] === 0 && p.high[axis] === 0 && p.interior[axis] === 0 ? axis : -1;
    case 'flip':
      return p.axes.includes(axis) ? -1 : axis;
    case 'diagonal':
      return axis === p.second ? p.first : axis > p.second ? axis - 1 : axis;
    case 'embed':
      return axis >= p.second ? axis + 1 : axis;
    case 'concat':
    case 'split':
    case 'cumsum':
    case 'recurrence':
      return axis === p.axis ? -1 : axis;
    case 'gather':
      return pastAxis(axis, p.axis, 1, inputs[1]!.shape.length - p.batch);
    case 'scatterAdd':
      return pastAxis(axis, p.axis, inputs[1]!.shape.length - p.batch, 1);
    case 'sum': {
      const axes = p.axes;
      return axes.includes(axis) ? -1 : axis - axes.filter((a) => a < axis).length;
    }
    case 'contract': {
      const labels = operand === 0 ? p.left : p.right;
      return p.out.indexOf(labels[axis]!);
    }
    case 'custom':
      return -1;
    default:
      return map satisfies never;
  }
}

/** Axes before the indexed ones stay, those after them move, the indexed ones themselves are mixed. */
function pastAxis(axis: number, indexed: number, width: number, replaced: number): number {
  if (axis < indexed) return axis;
  return axis < indexed + width ? -1 : axis - width + replaced;
}

/** An axis survives a reshape if as many elements lie before it, and it has the same size. */
function reshapeAxis(x: TensorType, out: TensorType, axis: number): number {
  const before = sizeOf(x.shape.slice(0, axis));
  return out.shape.findIndex((d, i) => d === x.shape[axis] && sizeOf(out.shape.slice(0, i)) === before);
}
