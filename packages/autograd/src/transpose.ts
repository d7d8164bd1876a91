/**
 * Reverse mode: cotangents through linear rows, backwards.
 * The one idea: transposing a linear program swaps fan-out and addition and each row with its transpose; there is nothing
 * else to reverse mode. Must not name operations: only the closed set of linear maps.
 */
import type { Tensor } from '@jacobi/tensor';
import { broadcastTo, cast, mul, neg, reshape, sum, where } from '@jacobi/tensor';
import type {
  Application,
  Linear,
  LinearParams,
  LinearRow,
  Padding,
  Params,
  Row,
  Tangent,
  TensorType,
  Var,
} from '@jacobi/tensor/internal';
import {
  addTangents,
  bind,
  bindOne,
  concatRow,
  contract,
  dependentOn,
  diagonalRow,
  embedRow,
  JacobiError,
  onesAt,
  padded,
  padRow,
  sliceRow,
  splitRow,
  zerosOf,
} from '@jacobi/tensor/internal';
import { linearPart } from './pushforward.ts';

/**
 * Cotangents of `inputs`, given those of `outputs`, through the rows that lie between. `rows` in order; `coefficient` gives
 * the values that do not depend on the inputs.
 */
export function transposeRows(
  rows: readonly Row[],
  inputs: readonly Var[],
  outputs: readonly (readonly [Var, cotangent: Tensor])[],
  coefficient: (v: Var) => Tensor,
): Tangent[] {
  const dependent = dependentOn(inputs, rows);
  const cotangents = new Map<Var, Tangent>();
  const cotangentOf = (v: Var): Tangent => cotangents.get(v) ?? null;
  const accumulate = (v: Var, ct: Tangent): void => void cotangents.set(v, addTangents(cotangentOf(v), ct));
  for (const [v, ct] of outputs) accumulate(v, ct);
  for (const row of dependent.rows.reverse()) {
    const incoming = row.outputs.map(cotangentOf);
    if (incoming.every((ct) => ct === null)) continue;
    const open = row.inputs.map((v) => dependent.values.has(v));
    const values = { application: row.application, coefficient: (i: number) => coefficient(row.inputs[i]!) };
    transposeRow(values, open, incoming).forEach((ct, i) => {
      if (open[i]) accumulate(row.inputs[i]!, ct);
    });
  }
  return inputs.map(cotangentOf);
}

/** By what a row is linear in the open operands; null if it is not linear in them. */
export function linearIn(application: Application, open: readonly boolean[]): Linear | null {
  const { derivative } = application.primitive;
  if (derivative.kind === 'bilinear') return open[0] && open[1] ? null : derivative;
  const linear = linearPart(application);
  const allowed = linear?.open;
  // Most rows are linear in all operands, of which there may be many.
  return linear === undefined || (allowed && open.some((o, i) => o && !allowed.includes(i))) ? null : linear;
}

/** The same; throws if the row is not linear in the open operands. */
export function linearOf(application: Application, open: readonly boolean[]): Linear {
  const linear = linearIn(application, open);
  if (linear !== null) return linear;
  throw new JacobiError(
    `${application.primitive.name} is not linear in a tangent: a tangent rule must be linear in the tangents`,
  );
}

/** The sum over the places to which an operand of type `type` was broadcast. */
export function sumTo(ct: Tensor, type: TensorType): Tensor {
  if (ct.type === type) return ct;
  const lead = ct.rank - type.shape.length;
  const axes = ct.shape.flatMap((d, i) => (i < lead || (type.shape[i - lead] === 1 && d !== 1) ? [i] : []));
  return reshape(sum(ct, axes), type.shape);
}

/** Cotangents of a linear row's operands (null where an operand is not open) from those of its outputs. */
function transposeRow(row: LinearRow, open: readonly boolean[], incoming: readonly Tangent[]): readonly Tangent[] {
  const { primitive, inputs, params, outputs } = row.application;
  const ct = incoming[0] as Tensor;
  const x = inputs[0]!;
  const p = params as LinearParams & Params;
  const { axis } = p;
  const linear = linearOf(row.application, open);
  if ('transpose' in linear) return linear.transpose(row, incoming, open);
  /** Of operand i, that of a result to which it was broadcast. */
  const broadcast = (i: number, of: Tensor): Tangent => (open[i] ? sumTo(of, inputs[i]!) : null);
  switch (linear.map) {
    case 'add':
    case 'broadcast':
      return inputs.map((_, i) => broadcast(i, ct));
    case 'sub':
      return [broadcast(0, ct), broadcast(1, neg(ct))];
    case 'neg':
      return [neg(ct)];
    case 'scale': {
      const product = mul(ct, linear.by?.(row) ?? row.coefficient(open[0] ? 1 : 0));
      return inputs.map((_, i) => broadcast(i, product));
    }
    case 'select': {
      const mask = row.coefficient(0);
      return [null, broadcast(1, where(mask, ct, 0)), broadcast(2, where(mask, 0, ct))];
    }
    case 'cast':
      return [cast(ct, x.dtype)];
    case 'reshape':
      return [reshape(ct, x.shape)];
    case 'transpose':
      return bind(primitive, [ct], { permutation: p.permutation.map((_, from) => p.permutation.indexOf(from)) });
    case 'slice':
      return [bindOne(padRow, [ct], padding(x, p))];
    case 'pad':
      return [bindOne(sliceRow, [ct], padded(x.shape, p))];
    case 'flip':
      return bind(primitive, [ct], params);
    case 'diagonal':
      return [bindOne(embedRow, [ct], p)];
    case 'embed':
      return [bindOne(diagonalRow, [ct], p)];
    case 'concat':
      return bind(splitRow, [ct], { axis, sizes: inputs.map((t) => t.shape[axis]!) });
    case 'split':
      return [
        bindOne(
          concatRow,
          incoming.map((part, i) => part ?? zerosOf(outputs[i]!)),
          { axis },
        ),
      ];
    case 'sum':
      return [broadcastTo(reshape(ct, onesAt(x.shape, p.axes)), x.shape)];
    case 'contract':
      return open[0]
        ? [contract(ct, row.coefficient(1), p.out, p.right, p.left)]
        : [null, contract(row.coefficient(0), ct, p.left, p.out, p.right)];
    default:
      return linear satisfies never;
  }
}

/** What lies around (and between) a slice's elements in the tensor that it was taken from. */
function padding(x: TensorType, { begin, size, stride }: LinearParams): Padding {
  const high = x.shape.map((d, i) => d - begin[i]! - (size[i] === 0 ? 0 : (size[i]! - 1) * stride[i]! + 1));
  return { low: begin, high, interior: stride.map((s) => s - 1) };
}
