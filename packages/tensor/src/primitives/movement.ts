/**
 * Rows that only rearrange elements. The one idea: most are views (offset and strides), so they cost no kernel; all are
 * linear, and come in pairs of map and transpose. Must not import interpreters.
 */
import type { View } from '@jacobi/backend';
import { broadcastStrides, contiguousView, isContiguous } from '@jacobi/backend';
import { bindOne } from '../bind.ts';
import { elementwiseType } from '../families.ts';
import { emitCopy, emitFill } from '../lower.ts';
import { broadcastTo, reshape } from '../ops/shape.ts';
import type { Batching, KernelWriter, Operand, Params, Primitive } from '../primitive.ts';
import type { TensorType } from '../type.ts';
import { tensorType } from '../type.ts';

/** The same value, through which no derivative passes. */
export const stopGradientRow: Primitive = {
  name: 'stopGradient',
  type: (inputs) => elementwiseType('stopGradient', inputs),
  view: (view) => view,
  derivative: { kind: 'none', reason: 'stopGradient' },
  batching: 'elementwise',
};

/** A row that only sees its input otherwise, and has the shape that it sees; linear, by the map of its name. */
function seeing<P extends Params>(
  name: 'reshape' | 'transpose' | 'broadcast' | 'slice' | 'flip' | 'diagonal',
  view: (input: View, params: P) => View | null,
  batching: Batching<P>,
): Primitive<P> {
  return {
    name,
    type: ([x], params) => [tensorType(x!.dtype, view(contiguousView(x!.shape), params)!.shape)],
    view,
    derivative: { kind: 'linear', map: name },
    batching,
  };
}

/** The same elements in row-major order under another shape. */
export const reshapeRow: Primitive<{ readonly shape: readonly number[] }> = /* @__PURE__ */ seeing(
  'reshape',
  (view, { shape }) => (isContiguous(view) ? contiguousView(shape) : null),
  { shift: ({ shape }, _inputs, size) => ({ shape: [size, ...shape] }) },
);

/** Axis i of the result is axis permutation[i] of the input. */
export const transposeRow: Primitive<{ readonly permutation: readonly number[] }> = /* @__PURE__ */ seeing(
  'transpose',
  ({ offset, shape, strides }, { permutation }) => ({
    offset,
    shape: permutation.map((p) => shape[p]!),
    strides: permutation.map((p) => strides[p]!),
  }),
  { shift: ({ permutation }) => ({ permutation: [0, ...permutation.map((p) => p + 1)] }) },
);

/** Repeats along axes of size 1 and new leading axes, as NumPy broadcasts. */
export const broadcastRow: Primitive<{ readonly shape: readonly number[] }> = /* @__PURE__ */ seeing(
  'broadcast',
  (view, { shape }) => ({ offset: view.offset, shape, strides: broadcastStrides(view, shape) }),
  {
    rule: ([x], _mapped, { shape }, size) => {
      const core = x!.shape.slice(1);
      const ones = new Array<number>(shape.length - core.length).fill(1);
      return [broadcastTo(reshape(x!, [size, ...ones, ...core]), [size, ...shape])];
    },
  },
);

/** Params of slices: size[i] elements of each axis, from begin[i] in steps of stride[i] > 0. */
export type Part = {
  readonly begin: readonly number[];
  readonly size: readonly number[];
  readonly stride: readonly number[];
};

const part = ({ offset, strides }: View, { begin, size, stride }: Part): View => ({
  offset: offset + begin.reduce((sum, b, i) => sum + b * strides[i]!, 0),
  shape: size,
  strides: strides.map((s, i) => s * stride[i]!),
});

/** Some elements of each axis. */
export const sliceRow: Primitive<Part> = /* @__PURE__ */ seeing('slice', part, {
  shift: ({ begin, size, stride }, _inputs, batch) => ({
    begin: [0, ...begin],
    size: [batch, ...size],
    stride: [1, ...stride],
  }),
});

/** Params of padding: places before, after and between the elements of each axis, all ≥ 0. */
export type Padding = {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly interior: readonly number[];
};

function paddedType(x: TensorType, { low, high, interior }: Padding): TensorType[] {
  const shape = x.shape.map((d, i) => low[i]! + high[i]! + d + Math.max(0, d - 1) * interior[i]!);
  return [tensorType(x.dtype, shape)];
}

/** Where what was padded lies in the result. */
export const padded = (size: readonly number[], { low, interior }: Padding): Part => ({
  begin: low,
  size,
  stride: interior.map((i) => i + 1),
});

/** Writes `x` into the part of `out` that `view` sees, and `value` around it. */
function lowerInto(writer: KernelWriter, x: Operand, out: Operand, view: View, value: number): void {
  emitFill(writer, out, value);
  emitCopy(writer, x, { ...out, view });
}

function lowerPad(writer: KernelWriter, x: Operand, out: Operand, params: Padding, value: number): void {
  lowerInto(writer, x, out, part(out.view, padded(x.view.shape, params)), value);
}

const shiftPadding = ({ low, high, interior }: Padding): Padding => ({
  low: [0, ...low],
  high: [0, ...high],
  interior: [0, ...interior],
});

/** Zeros around (and between) the elements: the transpose of a strided slice. */
export const padRow: Primitive<Padding> = {
  name: 'pad',
  type: ([x], params) => paddedType(x!, params),
  lower: (writer, [x], [out], params) => lowerPad(writer, x!, out!, params, 0),
  derivative: { kind: 'linear', map: 'pad' },
  batching: { shift: shiftPadding },
};

/** Padding with another constant: affine, its tangent is padded with zeros. */
export const padWithRow: Primitive<Padding & { readonly value: number }> = {
  name: 'padWith',
  type: ([x], params) => paddedType(x!, params),
  lower: (writer, [x], [out], params) => lowerPad(writer, x!, out!, params, params.value),
  derivative: {
    kind: 'rule',
    keeps: () => ({ inputs: [], outputs: [] }),
    tangent: ({ params: { low, high, interior } }, [t]) => [bindOne(padRow, [t!], { low, high, interior })],
  },
  batching: { shift: (params) => ({ ...shiftPadding(params), value: params.value }) },
};

/** Some axes backwards. */
export const flipRow: Primitive<{ readonly axes: readonly number[] }> = /* @__PURE__ */ seeing(
  'flip',
  ({ offset, shape, strides }, { axes }) => ({
    offset: offset + axes.reduce((sum, a) => sum + Math.max(0, shape[a]! - 1) * strides[a]!, 0),
    shape,
    strides: strides.map((s, i) => (axes.includes(i) ? -s : s)),
  }),
  { shift: ({ axes }) => ({ axes: axes.map((a) => a + 1) }) },
);

/** Params of diagonals: two axes of equal size, first < second. */
export type Diagonal = { readonly first: number; readonly second: number };
const shiftDiagonal = ({ first, second }: Diagonal): Diagonal => ({ first: first + 1, second: second + 1 });

/** A diagonal seen as an axis: the second axis vanishes. */
const along = ({ offset, shape, strides }: View, { first, second }: Diagonal): View => ({
  offset,
  shape: shape.toSpliced(second, 1),
  strides: strides.with(first, strides[first]! + strides[second]!).toSpliced(second, 1),
});

/** The elements whose indices on two axes are equal; the second axis vanishes. */
export const diagonalRow: Primitive<Diagonal> = /* @__PURE__ */ seeing('diagonal', along, { shift: shiftDiagonal });

/** Zeros but where the indices on axis `first` and the new axis `second` are equal: the transpose of `diagonal`. */
export const embedRow: Primitive<Diagonal> = {
  name: 'embed',
  type: ([x], { first, second }) => [tensorType(x!.dtype, x!.shape.toSpliced(second, 0, x!.shape[first]!))],
  lower: (writer, [x], [out], params) => lowerInto(writer, x!, out!, along(out!.view, params), 0),
  derivative: { kind: 'linear', map: 'embed' },
  batching: { shift: shiftDiagonal },
};

/** Tensors one after the other along an axis. */
export const concatRow: Primitive<{ readonly axis: number }> = {
  name: 'concat',
  type: (inputs, { axis }) => {
    const { dtype, shape } = inputs[0]!;
    const size = inputs.reduce((sum, t) => sum + t.shape[axis]!, 0);
    return [tensorType(dtype, shape.with(axis, size))];
  },
  lower: (writer, inputs, [out], { axis }) => {
    const { strides } = out!.view;
    let { offset } = out!.view;
    for (const x of inputs) {
      const { shape } = x.view;
      emitCopy(writer, x, { ...out!, view: { offset, shape, strides } });
      offset += shape[axis]! * strides[axis]!;
    }
  },
  derivative: { kind: 'linear', map: 'concat' },
  batching: { shift: ({ axis }) => ({ axis: axis + 1 }) },
};

/** By the sizes of pieces, where each begins: found once for all of them. */
const starts: WeakMap<readonly number[], readonly number[]> = /* @__PURE__ */ new WeakMap();

function startsOf(sizes: readonly number[]): readonly number[] {
  let found = starts.get(sizes);
  if (found === undefined) {
    let at = 0;
    found = sizes.map((size) => (at += size) - size);
    starts.set(sizes, found);
  }
  return found;
}

/** Pieces of given sizes along an axis: the transpose of `concat`. */
export const splitRow: Primitive<{ readonly axis: number; readonly sizes: readonly number[] }> = {
  name: 'split',
  type: ([x], { axis, sizes }) => sizes.map((size) => tensorType(x!.dtype, x!.shape.with(axis, size))),
  view: ({ offset, strides }, { axis, sizes }, output, index) => ({
    offset: offset + startsOf(sizes)[index]! * strides[axis]!,
    shape: output.shape,
    strides,
  }),
  derivative: { kind: 'linear', map: 'split' },
  batching: { shift: ({ axis, sizes }) => ({ axis: axis + 1, sizes }) },
};

/** A constant of any shape: a row and not data, so that programs hold no filled arrays. */
export const fullRow: Primitive<{ readonly shape: readonly number[]; readonly dtype: string; readonly value: number }> =
  {
    name: 'full',
    type: (_, { shape, dtype }) => [tensorType(dtype as 'float32', shape)],
    fill: ({ value }) => value,
    derivative: { kind: 'zero' },
    batching: 'elementwise',
  };

/** Rows `offset` … `offset + rows − 1` of an identity matrix with `columns` columns. */
export const eyeRow: Primitive<{
  readonly rows: number;
  readonly columns: number;
  readonly offset: number;
  readonly dtype: string;
}> = {
  name: 'eye',
  type: (_, { rows, columns, dtype }) => [tensorType(dtype as 'float32', [rows, columns])],
  lower: (writer, _inputs, [out], { rows, columns, offset }) => {
    emitFill(writer, out!, 0);
    const first = Math.max(0, -offset);
    const count = Math.min(rows, columns - offset) - first;
    if (count <= 0) return;
    const [down, right] = out!.view.strides as [number, number];
    const view = {
      offset: out!.view.offset + first * down + (offset + first) * right,
      shape: [count],
      strides: [down + right],
    };
    emitFill(writer, { ...out!, view }, 1);
  },
  derivative: { kind: 'zero' },
  batching: 'elementwise',
};
