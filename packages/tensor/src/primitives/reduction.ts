/**
 * Rows of reductions and running sums. Ties of max and min split evenly; products are differentiated by a tree of products of
 * the other factors, running products by a linear recurrence: exactly, with zeros among the factors, at any order, without a
 * division.
 */
import { sizeOf } from '@jacobi/backend';
import * as scalar from '@jacobi/backend/scalar';
import { argReduceLoop, scanLoop } from '@jacobi/backend-cpu';
import { bindOne } from '../bind.ts';
import type { Axes } from '../families.ts';
import { onesAt, reduction, withoutAxes } from '../families.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { equal, isNaN, logicalOr, where } from '../ops/comparison.ts';
import { concat } from '../ops/joining.ts';
import { reciprocal as recip } from '../ops/power.ts';
import { sum } from '../ops/reduction.ts';
import { cast, reshape, slice, takeSlice, transpose } from '../ops/shape.ts';
import type { Application, KernelWriter, Operand, Primitive, RowValues, Tangent } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';
import { tensorType } from '../type.ts';
import type { Padding } from './movement.ts';
import { padRow, padWithRow } from './movement.ts';

export const sumRow: Primitive<Axes> = /* @__PURE__ */ reduction(scalar.sumReducer, { kind: 'linear', map: 'sum' });

/** The tangent of max and min: the mean over the positions that attain it. */
function extremeTangent(row: RowValues<Axes>, [t]: readonly Tangent[]): Tensor[] {
  const x = row.x(0);
  const { axes } = row.params;
  const y = reshape(row.y(0), onesAt(x.shape, axes));
  // A NaN is what it gives, and so among the positions that attain it.
  const hit = logicalOr(equal(x, y), isNaN(x));
  const count = sum(cast(hit, x.dtype), axes);
  return [mul(sum(where(hit, t!, 0), axes), recip(count))];
}
const keepsBoth = { inputs: [0], outputs: [0] };

export const maxRow: Primitive<Axes> = /* @__PURE__ */ reduction(scalar.maxReducer, {
  kind: 'rule',
  keeps: () => keepsBoth,
  tangent: extremeTangent,
});
export const minRow: Primitive<Axes> = /* @__PURE__ */ reduction(scalar.minReducer, {
  kind: 'rule',
  keeps: () => keepsBoth,
  tangent: extremeTangent,
});

export const prodRow: Primitive<Axes> = /* @__PURE__ */ reduction(scalar.prodReducer, {
  kind: 'rule',
  keeps: () => ({ inputs: [0], outputs: [] }),
  tangent: (row, [t]) => {
    const { axes } = row.params;
    const x = row.x(0);
    const kept = withoutAxes(x.shape, axes);
    const n = axes.reduce((count, a) => count * x.shape[a]!, 1);
    if (n === 0) return [null];
    const order = [...x.shape.keys()].filter((a) => !axes.includes(a)).concat(axes);
    const flat = (z: Tensor): Tensor => reshape(transpose(z, order), [...kept, n]);
    return [sum(n === 1 ? flat(t!) : mul(flat(t!), others(flat(x), kept.length)), kept.length)];
  },
});

/**
 * Of each of the n > 1 elements along the last axis the product of all others, by a tree of pairs: no product is taken of an
 * element and its others, so that none overflows, or is NaN, for the element's own sake. Some 3n multiplications.
 */
function others(x: Tensor, axis: number): Tensor {
  const n = x.shape[axis]!;
  const half = Math.floor(n / 2);
  const part = (z: Tensor, from: number, size: number): Tensor =>
    slice(
      z,
      x.shape.map((_, i) => (i === axis ? from : 0)),
      x.shape.map((d, i) => (i === axis ? size : d)),
    );
  const [a, b] = [part(x, 0, half), part(x, half, half)];
  const odd = n - 2 * half;
  if (n === 2) return concat([b, a], axis);
  const pairs = mul(a, b);
  const outer = others(odd ? concat([pairs, part(x, n - 1, 1)], axis) : pairs, axis);
  const around = part(outer, 0, half);
  return concat([mul(around, b), mul(around, a), ...(odd ? [part(outer, half, 1)] : [])], axis);
}

export const anyRow: Primitive<Axes> = /* @__PURE__ */ reduction(
  scalar.anyReducer,
  { kind: 'none', reason: 'any gives booleans' },
  'bool',
);
export const allRow: Primitive<Axes> = /* @__PURE__ */ reduction(
  scalar.allReducer,
  { kind: 'none', reason: 'all gives booleans' },
  'bool',
);

/** Position of the largest (smallest) element along an axis; the first of equals. */
function argReduction(name: string, largest: boolean): Primitive<{ readonly axis: number }> {
  return {
    name,
    type: ([x], { axis }) => [tensorType('int32', withoutAxes(x!.shape, [axis]))],
    lower: (writer, [x], [out], { axis }) => {
      const { offset, strides, shape } = x!.view;
      writer.emit({
        kind: 'argreduce',
        js: argReduceLoop,
        largest,
        kept: withoutAxes(shape, [axis]),
        length: shape[axis]!,
        input: { slot: x!.slot, offset, strides: [...withoutAxes(strides, [axis]), strides[axis]!] },
        output: { slot: out!.slot, offset: out!.view.offset, strides: out!.view.strides },
      });
    },
    derivative: { kind: 'none', reason: `${name} gives integers` },
    batching: { shift: ({ axis }) => ({ axis: axis + 1 }) },
  };
}
export const argmaxRow: Primitive<{ readonly axis: number }> = /* @__PURE__ */ argReduction('argmax', true);
export const argminRow: Primitive<{ readonly axis: number }> = /* @__PURE__ */ argReduction('argmin', false);

/** Params of running operations. */
export type Along = { readonly axis: number; readonly reverse: boolean };
const backwards = ({ axis, reverse }: Along): Along => ({ axis, reverse: !reverse });
const shiftAlong = { shift: ({ axis, reverse }: Along): Along => ({ axis: axis + 1, reverse }) };

const carriedBeside = ({ params }: Application<Along>, axis: number): number => (axis === params.axis ? -1 : axis);

function lowerScan(form: 'sum' | 'product' | 'linear') {
  return (
    writer: KernelWriter,
    inputs: readonly Operand[],
    [out]: readonly Operand[],
    { axis, reverse }: Along,
  ): void => {
    const [values, factors] = inputs.map((o) => writer.contiguous(o).slot);
    const { shape } = out!.view;
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    const kernel = {
      kind: 'scan',
      js: scanLoop,
      form,
      outer,
      length: shape[axis]!,
      inner,
      reverse,
      values: values!,
      output: out!.slot,
    } as const;
    writer.emit(factors === undefined ? kernel : { ...kernel, factors });
  };
}

/** Running sums along an axis, from its end if `reverse`. */
export const cumsumRow: Primitive<Along> = {
  name: 'cumsum',
  type: ([x]) => [x!],
  lower: /* @__PURE__ */ lowerScan('sum'),
  derivative: {
    kind: 'linear',
    map: 'cumsum',
    transpose: ({ application: { params } }, [ct]) => [bindOne(cumsumRow, [ct!], backwards(params))],
    carries: carriedBeside,
  },
  batching: shiftAlong,
};

/** t[i] = v[i] + a[i]·t[i−1] along an axis, from its end if `reverse`: linear in v. */
export const recurrenceRow: Primitive<Along> = {
  name: 'recurrence',
  type: ([v]) => [v!],
  lower: /* @__PURE__ */ lowerScan('linear'),
  derivative: {
    kind: 'rule',
    linear: {
      map: 'recurrence',
      open: [0],
      // g[i] = ct[i] + a[i+1]·g[i+1]: the same recurrence from the other end, factors moved by one.
      transpose: ({ application, coefficient }, [ct]) => {
        const params = backwards(application.params);
        return [bindOne(recurrenceRow, [ct!, shifted(coefficient(1), params.axis, params.reverse)], params)];
      },
      carries: carriedBeside,
    },
    keeps: ([, a]) => ({ inputs: [1], outputs: a ? [0] : [] }),
    tangent: (row, [tv, ta]) => {
      // Differentiated once: again a recurrence with the same factors.
      const { axis, reverse } = row.params;
      const drive = ta === null ? tv! : mul(ta!, shifted(row.y(0), axis, reverse));
      const total = ta === null || tv === null ? drive : add(tv!, drive);
      return [bindOne(recurrenceRow, [total, row.x(1)], row.params)];
    },
  },
  batching: shiftAlong,
};

/** Running products along an axis, from its end if `reverse`. */
export const cumprodRow: Primitive<Along> = {
  name: 'cumprod',
  type: ([x]) => [x!],
  lower: /* @__PURE__ */ lowerScan('product'),
  derivative: {
    kind: 'rule',
    keeps: () => ({ inputs: [0], outputs: [0] }),
    tangent: (row, [t]) => [runningTangent(row.x(0), row.y(0), t!, row.params)],
  },
  batching: shiftAlong,
};

/** Tangent of the running product p[i] = x[i]·p[i−1]: dp[i] = dx[i]·p[i−1] + x[i]·dp[i−1]. */
function runningTangent(x: Tensor, p: Tensor, t: Tensor, params: Along): Tensor {
  const before = shifted(p, params.axis, params.reverse, onesAround);
  return bindOne(recurrenceRow, [mul(t, before), x], params);
}

/** Padding with zeros, or with ones. */
export const zerosAround = (t: Tensor, padding: Padding): Tensor => bindOne(padRow, [t], padding);
export const onesAround = (t: Tensor, padding: Padding): Tensor => bindOne(padWithRow, [t], { ...padding, value: 1 });

/** Every element moved one place along an axis, away from where the recurrence begins; `put` fills the free place. */
export function shifted(x: Tensor, axis: number, reverse: boolean, put: typeof zerosAround = zerosAround): Tensor {
  const { shape } = x;
  if (shape[axis] === 0) return x;
  const none = shape.map(() => 0);
  const one = shape.map((_, i) => (i === axis ? 1 : 0));
  const size = shape.map((d, i) => d - one[i]!);
  const rest = takeSlice(
    x,
    reverse ? one : none,
    size,
    shape.map(() => 1),
  );
  return put(rest, { low: reverse ? none : one, high: reverse ? one : none, interior: none });
}
