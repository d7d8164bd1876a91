/**
 * Reverse mode: cotangents through linear rows, backwards.
 * The one idea: transposing a linear program swaps fan-out and addition and each row with its transpose; there is nothing
 * else to reverse mode. Must not name operations: only the closed set of linear maps.
 */
import type { Tensor } from '@jacobi/tensor';
import {
  add,
  broadcastTo,
  cast,
  concat,
  flip,
  mul,
  neg,
  transpose as permute,
  reshape,
  split,
  sum,
  where,
} from '@jacobi/tensor';
import type { Application, LinearMap, Row, Tangent, TensorType, Var } from '@jacobi/tensor/internal';
import {
  bindOne,
  contract,
  cumsumRow,
  diagonalRow,
  embedRow,
  gatherRow,
  JacobiError,
  padRow,
  recurrenceRow,
  scalarTensor,
  scatterAddRow,
  shifted,
  sliceRow,
  zerosOf,
} from '@jacobi/tensor/internal';
import { openOperands } from './pushforward.ts';

/** What the transpose of a linear row needs to know of it. */
interface LinearRow {
  readonly application: Application;
  /** Operand i: the value of a coefficient. Must not be asked for an operand that depends on tangents. */
  coefficient(i: number): Tensor;
}

/**
 * Cotangents of `inputs`, given those of `outputs`, through the rows that lie between. `rows` in order; `coefficient` gives
 * the values that do not depend on the inputs.
 */
export function transposeRows(
  rows: readonly Row[],
  inputs: readonly Var[],
  outputs: readonly { readonly variable: Var; readonly cotangent: Tensor }[],
  coefficient: (v: Var) => Tensor,
): Tangent[] {
  const linear = new Set(inputs);
  const dependent: Row[] = [];
  for (const row of rows) {
    if (!row.inputs.some((v) => linear.has(v))) continue;
    dependent.push(row);
    for (const v of row.outputs) linear.add(v);
  }
  const cotangents = new Map<Var, Tensor>();
  const accumulate = (v: Var, ct: Tensor): void => {
    const before = cotangents.get(v);
    cotangents.set(v, before === undefined ? ct : add(before, ct));
  };
  for (const { variable, cotangent } of outputs) accumulate(variable, cotangent);
  for (let r = dependent.length - 1; r >= 0; r--) {
    const row = dependent[r]!;
    const incoming = row.outputs.map((v) => cotangents.get(v) ?? null);
    for (const v of row.outputs) cotangents.delete(v);
    if (incoming.every((ct) => ct === null)) continue;
    const open = row.inputs.map((v) => linear.has(v));
    const values = { application: row.application, coefficient: (i: number) => coefficient(row.inputs[i]!) };
    transposeRow(values, open, incoming).forEach((ct, i) => {
      if (ct !== null && open[i]) accumulate(row.inputs[i]!, ct);
    });
  }
  return inputs.map((v) => cotangents.get(v) ?? null);
}

/** The map by which a row is linear in the open operands; null if it is not linear in them. */
export function linearMapIn(application: Application, open: readonly boolean[]): LinearMap | null {
  const { derivative } = application.primitive;
  if (derivative.kind === 'bilinear') return open[0] && open[1] ? null : derivative.map;
  if (derivative.kind === 'none' || derivative.kind === 'zero') return null;
  const allowed = openOperands(application);
  if (open.some((o, i) => o && !allowed.includes(i))) return null;
  return derivative.kind === 'linear' ? derivative.map : derivative.linear!.map;
}

/** The same; throws if the row is not linear in the open operands. */
export function linearMapOf(application: Application, open: readonly boolean[]): LinearMap {
  const map = linearMapIn(application, open);
  if (map !== null) return map;
  throw new JacobiError(
    `${application.primitive.name} is not linear in a tangent that reaches it: a tangent rule must be linear in the tangents (it may do anything with values)`,
  );
}

/** The sum over the places to which an operand of type `type` was broadcast. */
export function sumTo(ct: Tensor, type: TensorType): Tensor {
  if (ct.type === type) return ct;
  const lead = ct.rank - type.shape.length;
  const axes = ct.shape.flatMap((d, i) => (i < lead || (type.shape[i - lead] === 1 && d !== 1) ? [i] : []));
  return reshape(axes.length === 0 ? ct : sum(ct, axes), type.shape);
}

/** Cotangents of a linear row's operands (null where an operand is not open) from those of its outputs. */
function transposeRow(row: LinearRow, open: readonly boolean[], incoming: readonly Tangent[]): Tangent[] {
  const { inputs, params, outputs } = row.application;
  const ct = incoming[0] as Tensor;
  const x = inputs[0]!;
  const p = params as never;
  const map = linearMapOf(row.application, open);
  switch (map) {
    case 'add':
      return inputs.map((type, i) => (open[i] ? sumTo(ct, type) : null));
    case 'sub':
      return [open[0] ? sumTo(ct, x) : null, open[1] ? sumTo(neg(ct), inputs[1]!) : null];
    case 'neg':
      return [neg(ct)];
    case 'scale': {
      const other = open[0] ? 1 : 0;
      const product = mul(ct, row.coefficient(other));
      return open[0] ? [sumTo(product, x), null] : [null, sumTo(product, inputs[1]!)];
    }
    case 'select': {
      const mask = row.coefficient(0);
      const zero = scalarTensor(0, ct.dtype);
      return [
        null,
        open[1] ? sumTo(where(mask, ct, zero), inputs[1]!) : null,
        open[2] ? sumTo(where(mask, zero, ct), inputs[2]!) : null,
      ];
    }
    case 'cast':
      return [cast(ct, x.dtype)];
    case 'reshape':
      return [reshape(ct, x.shape)];
    case 'transpose':
      return [transposePermutation(ct, p)];
    case 'broadcast':
      return [sumTo(ct, x)];
    case 'slice':
      return [transposeSlice(ct, x, p)];
    case 'pad':
      return [transposePad(ct, x, p)];
    case 'flip':
      return [flip(ct, (params as { axes: readonly number[] }).axes)];
    case 'diagonal':
      return [bindOne(embedRow, [ct], p)];
    case 'embed':
      return [bindOne(diagonalRow, [ct], p)];
    case 'concat': {
      const { axis } = params as { axis: number };
      return split(
        ct,
        inputs.map((t) => t.shape[axis]!),
        axis,
      );
    }
    case 'split':
      return [
        concat(
          incoming.map((part, i) => part ?? zerosOf(outputs[i]!)),
          (params as { axis: number }).axis,
        ),
      ];
    case 'gather': {
      const { axis } = params as { axis: number };
      return [
        bindOne(scatterAddRow, [ct, row.coefficient(1)], { ...(params as object), size: x.shape[axis]! } as never),
        null,
      ];
    }
    case 'scatterAdd': {
      const { axis, batch } = params as { axis: number; batch: number };
      return [bindOne(gatherRow, [ct, row.coefficient(1)], { axis, batch }), null];
    }
    case 'sum': {
      const { axes } = params as { axes: readonly number[] };
      return [
        broadcastTo(
          reshape(
            ct,
            x.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
          ),
          x.shape,
        ),
      ];
    }
    case 'contract': {
      const { left, right, out } = params as { left: number[]; right: number[]; out: number[] };
      return open[0]
        ? [contract(ct, row.coefficient(1), out, right, left), null]
        : [null, contract(row.coefficient(0), ct, left, out, right)];
    }
    case 'cumsum': {
      const { axis, reverse } = params as { axis: number; reverse: boolean };
      return [bindOne(cumsumRow, [ct], { axis, reverse: !reverse })];
    }
    case 'recurrence': {
      // g[i] = ct[i] + a[i+1]·g[i+1]: the same recurrence from the other end, factors moved by one.
      const { axis, reverse } = params as { axis: number; reverse: boolean };
      const factors = shifted(row.coefficient(1), axis, !reverse, 0);
      return [bindOne(recurrenceRow, [ct, factors], { axis, reverse: !reverse }), null];
    }
    case 'custom':
      return transposeCustom(row, open, incoming);
    default:
      return map satisfies never;
  }
}

function transposePermutation(ct: Tensor, { permutation }: { readonly permutation: readonly number[] }): Tensor {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((from, to) => {
    inverse[from] = to;
  });
  return permute(ct, inverse);
}

function transposeSlice(
  ct: Tensor,
  x: TensorType,
  {
    begin,
    size,
    stride,
  }: { readonly begin: readonly number[]; readonly size: readonly number[]; readonly stride: readonly number[] },
): Tensor {
  const high = x.shape.map((d, i) => (size[i] === 0 ? d - begin[i]! : d - begin[i]! - (size[i]! - 1) * stride[i]! - 1));
  return bindOne(padRow, [ct], { low: begin, high, interior: stride.map((s) => s - 1) });
}

function transposePad(
  ct: Tensor,
  x: TensorType,
  { low, interior }: { readonly low: readonly number[]; readonly interior: readonly number[] },
): Tensor {
  return bindOne(sliceRow, [ct], { begin: low, size: x.shape, stride: interior.map((i) => i + 1) });
}

/** A rule given by the user: the first closure of the row takes residuals and cotangents to cotangents. */
function transposeCustom(row: LinearRow, open: readonly boolean[], incoming: readonly Tangent[]): Tangent[] {
  const { application } = row;
  const rule = application.closures[0] as CustomTranspose;
  // Operands: residuals, then one tangent for each argument, of which some may be zeros and so not open.
  const { residuals: count } = application.params as { readonly residuals: number };
  const residuals = application.inputs.slice(0, count).map((_, i) => row.coefficient(i));
  const cotangents = incoming.map((ct, i) => ct ?? zerosOf(application.outputs[i]!));
  const given = rule(residuals, cotangents);
  return open.map((o, i) => (o ? given[i - count]! : null));
}

/** How a custom linear row is transposed. Residuals are its closed operands, in order. */
export type CustomTranspose = (residuals: readonly Tensor[], cotangents: readonly Tensor[]) => readonly Tangent[];
