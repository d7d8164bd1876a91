/**
 * Rows that read and write by index. Indices are data: they are coefficients of a linear map. Repeated indices accumulate,
 * in order.
 */
import { sizeOf } from '@jacobi/backend';
import { gatherLoop, scatterLoop } from '@jacobi/backend-cpu';
import { bindOne } from '../bind.ts';
import { emitFill } from '../lower.ts';
import { broadcastTo, transpose } from '../ops/shape.ts';
import type { Primitive } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';
import { tensorType } from '../type.ts';

/** Params of gather: the first `batch` axes of source and indices go together; `axis` ≥ batch is the one that is indexed. */
export type Gathering = { readonly axis: number; readonly batch: number };

/** An operand with the batch axis that it lacks. */
function withBatch(x: Tensor, mapped: boolean, size: number): Tensor {
  return mapped ? x : broadcastTo(x, [size, ...x.shape]);
}

/** Axes before the indexed ones stay, those after them move, the indexed ones themselves are mixed. */
function pastAxis(axis: number, indexed: number, width: number, replaced: number): number {
  if (axis < indexed) return axis;
  return axis < indexed + width ? -1 : axis - width + replaced;
}

/** x[…, indices, …] along an axis: the result has the indices' axes in place of it. Out of range gives NaN. */
export const gatherRow: Primitive<Gathering> = {
  name: 'gather',
  type: ([x, indices], { axis, batch }) => [
    tensorType(x!.dtype, [...x!.shape.slice(0, axis), ...indices!.shape.slice(batch), ...x!.shape.slice(axis + 1)]),
  ],
  lower: (writer, [x, indices], [out], { axis, batch }) => {
    const { shape } = x!.view;
    writer.emit({
      kind: 'gather',
      js: gatherLoop,
      batch: sizeOf(shape.slice(0, batch)),
      outer: sizeOf(shape.slice(batch, axis)),
      size: shape[axis]!,
      count: sizeOf(indices!.view.shape.slice(batch)),
      inner: sizeOf(shape.slice(axis + 1)),
      source: writer.contiguous(x!).slot,
      indices: writer.contiguous(indices!).slot,
      output: out!.slot,
    });
  },
  derivative: {
    kind: 'linear',
    map: 'gather',
    open: [0],
    transpose: ({ application: { inputs, params }, coefficient }, [ct]) => [
      bindOne(scatterAddRow, [ct!, coefficient(1)], { ...params, size: inputs[0]!.shape[params.axis]! }),
    ],
    carries: ({ inputs, params: { axis: indexed, batch } }, axis) =>
      pastAxis(axis, indexed, 1, inputs[1]!.shape.length - batch),
  },
  batching: {
    rule: ([x, indices], [a, b], { axis, batch }, size) => {
      if (!b && batch === 0) return [bindOne(gatherRow, [x!, indices!], { axis: axis + 1, batch })];
      if (!a && batch === 0) {
        // [before, B, indices, after] with the batch axis to the front
        const y = bindOne(gatherRow, [x!, indices!], { axis, batch });
        const order = [axis, ...y.shape.keys()].filter((v, i) => i === 0 || v !== axis);
        return [transpose(y, order)];
      }
      return [
        bindOne(gatherRow, [withBatch(x!, a!, size), withBatch(indices!, b!, size)], {
          axis: axis + 1,
          batch: batch + 1,
        }),
      ];
    },
  },
};

/** Params of scatterAdd: those of the gather that it transposes, and the size of the axis that it makes. */
export type Scattering = Gathering & { readonly size: number };

/** Zeros, with updates added at indices along an axis: the transpose of `gather`. Out of range is dropped. */
export const scatterAddRow: Primitive<Scattering> = {
  name: 'scatterAdd',
  type: ([updates, indices], { axis, batch, size }) => {
    const count = indices!.shape.length - batch;
    return [
      tensorType(updates!.dtype, [...updates!.shape.slice(0, axis), size, ...updates!.shape.slice(axis + count)]),
    ];
  },
  lower: (writer, [updates, indices], [out], { axis, batch, size }) => {
    const { shape } = out!.view;
    emitFill(writer, out!, 0);
    writer.emit({
      kind: 'scatter',
      js: scatterLoop,
      batch: sizeOf(shape.slice(0, batch)),
      outer: sizeOf(shape.slice(batch, axis)),
      size,
      count: sizeOf(indices!.view.shape.slice(batch)),
      inner: sizeOf(shape.slice(axis + 1)),
      updates: writer.contiguous(updates!).slot,
      indices: writer.contiguous(indices!).slot,
      output: out!.slot,
    });
  },
  derivative: {
    kind: 'linear',
    map: 'scatterAdd',
    open: [0],
    transpose: ({ application, coefficient }, [ct]) => {
      const { axis, batch } = application.params;
      return [bindOne(gatherRow, [ct!, coefficient(1)], { axis, batch })];
    },
    carries: ({ inputs, params: { axis: indexed, batch } }, axis) =>
      pastAxis(axis, indexed, inputs[1]!.shape.length - batch, 1),
  },
  batching: {
    rule: ([updates, indices], [a, b], { axis, batch, size: n }, size) => {
      if (!b && batch === 0) return [bindOne(scatterAddRow, [updates!, indices!], { axis: axis + 1, batch, size: n })];
      const params = { axis: axis + 1, batch: batch + 1, size: n };
      return [bindOne(scatterAddRow, [withBatch(updates!, a!, size), withBatch(indices!, b!, size)], params)];
    },
  },
};
