/**
 * Families of rows: most operations are one line each through one of these.
 * The one idea: what rows have in common (broadcasting, kernels, scaling a tangent by a coefficient) is said once, here.
 */
import type { DType, Reducer, ScalarFunction } from '@jacobi/backend';
import { broadcastShapes, isFloating } from '@jacobi/backend';
import { reduceLoop } from '@jacobi/backend-cpu';
import { ShapeError } from './errors.ts';
import { accessOver, call, emitMap } from './lower.ts';
import { add, mul } from './ops/arithmetic.ts';
import { broadcastTo } from './ops/shape.ts';
import type { Derivative, Keeps, Linear, Params, Primitive, RowValues, Tangent } from './primitive.ts';
import type { Tensor } from './tensor.ts';
import type { TensorType } from './type.ts';
import { tensorType } from './type.ts';

/** The common type of elementwise operands; the dtype is the last operand's unless given. */
export function elementwiseType(name: string, inputs: readonly TensorType[], dtype?: DType): TensorType[] {
  let shape = inputs[0]!.shape;
  for (let i = 1; i < inputs.length; i++) {
    const next = broadcastShapes(shape, inputs[i]!.shape);
    if (next === undefined) {
      const shapes = inputs.map((t) => `[${t.shape.join()}]`).join(' and ');
      throw new ShapeError(
        `${name}: shapes ${shapes} do not broadcast: aligned at the last axis, sizes must be equal or 1`,
      );
    }
    shape = next;
  }
  return [tensorType(dtype ?? inputs[inputs.length - 1]!.dtype, shape)];
}

/** What an elementwise row may say besides. */
export interface ElementwiseOptions<P extends Params> {
  readonly constants?: ((params: P) => readonly number[]) | undefined;
  readonly dtype?: DType;
  readonly operation?: string;
}

/**
 * An elementwise row of any derivative. `dtype` is that of the result where it is not the operands'; `operation` the name of the
 * public function, for messages, where the row has another.
 */
export function elementwise<P extends Params>(
  fn: ScalarFunction,
  derivative: Derivative<P>,
  { operation = fn.name, dtype, constants }: ElementwiseOptions<P> = {},
): Primitive<P> {
  return {
    name: fn.name,
    type: (inputs) => elementwiseType(operation, inputs, dtype),
    lower: (writer, inputs, [out], params) => emitMap(writer, inputs, out!, call(fn, out!.dtype, constants?.(params))),
    derivative,
    batching: 'elementwise',
  };
}

/** The factor on the tangent of a function of one argument, from whichever of input and output it is cheapest. */
export type Slope<P extends Params> =
  | { readonly fromInput: (x: Tensor, params: P) => Tensor }
  | { readonly fromOutput: (y: Tensor, params: P) => Tensor };

/** y = f(x), dy = f′ · dx: as of two operands, of which the second is never there. */
export function unary<P extends Params = Params>(
  fn: ScalarFunction,
  slope: Slope<P>,
  constants?: (params: P) => readonly number[],
): Primitive<P> {
  const side: Side<P> =
    'fromInput' in slope
      ? ['a', (t, row) => mul(t, slope.fromInput(row.x(0), row.params))]
      : ['y', (t, row) => mul(t, slope.fromOutput(row.y(0), row.params))];
  return binary(fn, side, side, { constants });
}

/** What becomes of the tangent of one operand of y = f(a, b), and which of a, b and y that reads. */
export type Side<P extends Params> = readonly [reads: string, rule: (t: Tensor, row: RowValues<P>) => Tensor];

/** y = f(a, b), with a rule for each operand. */
export function binary<P extends Params = Params>(
  fn: ScalarFunction,
  left: Side<P>,
  right: Side<P>,
  options: ElementwiseOptions<P> = {},
  linear?: Linear<P>,
): Primitive<P> {
  const keepsOf = (reads: string): Keeps => ({
    inputs: [0, 1].filter((i) => reads.includes('ab'[i]!)),
    outputs: reads.includes('y') ? [0] : [],
  });
  const keeps = [left[0], right[0], left[0] + right[0]].map(keepsOf);
  const derivative: Derivative<P> = {
    kind: 'rule',
    linear,
    keeps: ([a, b]) => keeps[b ? (a ? 2 : 1) : 0]!,
    tangent: (row, [ta, tb]) => {
      const { shape } = row.outputs[0]!;
      const part = (t: Tangent | undefined, [, rule]: Side<P>): Tangent =>
        t ? broadcastTo(rule(t, row), shape) : null;
      return [addTangents(part(ta, left), part(tb, right))];
    },
  };
  return elementwise(fn, derivative, options);
}

/** The sum of two tangents of one type, either of which may be zero. */
export function addTangents(a: Tangent, b: Tangent): Tangent {
  if (a === null) return b;
  return b === null ? a : add(a, b);
}

/** A comparison: true or false, no tangent. */
export function comparison(fn: ScalarFunction): Primitive {
  return elementwise(fn, { kind: 'none', reason: `${fn.name} gives booleans` }, { dtype: 'bool' });
}

/** Params of reductions. */
export type Axes = { readonly axes: readonly number[] };

/** The shape without some axes. */
export function withoutAxes(shape: readonly number[], axes: readonly number[]): number[] {
  return shape.filter((_, i) => !axes.includes(i));
}

/** The shape with some axes of size 1. */
export function onesAt(shape: readonly number[], axes: readonly number[]): number[] {
  return shape.map((d, i) => (axes.includes(i) ? 1 : d));
}

/** Axes behind a leading batch axis. */
export function shiftAxes({ axes }: Axes): Axes {
  return { axes: axes.map((a) => a + 1) };
}

/** A reduction over `axes`, which vanish from the shape. Floating sums accumulate in float64. */
export function reduction(reducer: Reducer, derivative: Derivative<Axes>, dtype?: DType): Primitive<Axes> {
  return {
    name: reducer.name,
    type: ([x], { axes }) => [tensorType(dtype ?? x!.dtype, withoutAxes(x!.shape, axes))],
    lower: (writer, [x], [out], { axes }) => {
      const { offset, strides, shape } = x!.view;
      writer.emit({
        kind: 'reduce',
        js: reduceLoop,
        reducer,
        kept: withoutAxes(shape, axes),
        reduced: axes.map((i) => shape[i]!),
        input: { slot: x!.slot, offset, strides: [...withoutAxes(strides, axes), ...axes.map((i) => strides[i]!)] },
        output: accessOver(out!),
        accumulate: isFloating(x!.dtype) ? 'float64' : 'int32',
      });
    },
    derivative,
    batching: { shift: shiftAxes },
  };
}
