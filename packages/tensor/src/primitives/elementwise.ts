/**
 * Rows of elementwise operations. The one idea: a row is its scalar function and its slope.
 * Kinks: abs′(0) = 0, relu′(0) = 0, elu′(0) = α, maximum and minimum split ties in halves (semantics of the field's
 * least-norm subgradient). Must not import interpreters.
 */
import * as scalar from '@jacobi/backend/scalar';
import { binary, comparison, elementwise, unary } from '../families.ts';
import { call, emitMap } from '../lower.ts';
import { sigmoid as sigmoidOf } from '../ops/activation.ts';
import {
  abs as absolute,
  add,
  div,
  sub as minus,
  neg as negate,
  sign as signOf,
  square as squared,
  mul as times,
} from '../ops/arithmetic.ts';
import { equal as eq, greater as gt, less as lt, where } from '../ops/comparison.ts';
import { exp as expOf, log as logOf } from '../ops/exponential.ts';
import { integerPower, pow as power, reciprocal as recip, rsqrt as rsqrtOf } from '../ops/power.ts';
import { clip, floor as floorOf } from '../ops/rounding.ts';
import { stopGradient } from '../ops/shape.ts';
import { cosh as coshOf, cos as cosine, hypot as hypotOf, sin as sine, sinh as sinhOf } from '../ops/trigonometry.ts';
import type { Primitive } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';
import { tensorType } from '../type.ts';

// Arithmetic
export const addRow: Primitive = /* @__PURE__ */ elementwise(scalar.add, { kind: 'linear', map: 'add' });
export const subRow: Primitive = /* @__PURE__ */ elementwise(scalar.sub, { kind: 'linear', map: 'sub' });
export const mulRow: Primitive = /* @__PURE__ */ elementwise(scalar.mul, { kind: 'bilinear', map: 'scale' });
export const negRow: Primitive = /* @__PURE__ */ elementwise(scalar.neg, { kind: 'linear', map: 'neg' });
export const divRow: Primitive = /* @__PURE__ */ binary(
  scalar.div,
  ['b', (t, row) => times(t, recip(row.x(1)))],
  ['by', (t, row) => times(t, negate(div(row.y(0), row.x(1))))],
  {},
  // Rules of users divide tangents; those of rows multiply by reciprocals.
  { map: 'scale', open: [0], by: (row) => recip(row.coefficient(1)) },
);
export const squareRow: Primitive = /* @__PURE__ */ unary(scalar.square, { fromInput: (x) => times(x, 2) });
export const reciprocalRow: Primitive = /* @__PURE__ */ unary(scalar.reciprocal, {
  fromOutput: (y) => negate(squared(y)),
});
export const absRow: Primitive = /* @__PURE__ */ unary(scalar.abs, { fromInput: (x) => signOf(x) });
export const signRow: Primitive = /* @__PURE__ */ elementwise(scalar.sign, { kind: 'zero' });
export const floorDivRow: Primitive = /* @__PURE__ */ elementwise(scalar.floorDiv, { kind: 'zero' });
export const floorModRow: Primitive = /* @__PURE__ */ binary(
  scalar.floorMod,
  ['', (t) => t],
  ['ab', (t, row) => times(t, negate(floorOf(div(row.x(0), row.x(1)))))],
  { operation: 'mod' },
);

// Ties go half to each: a mean of the two one-sided choices. Tangents are selected, never multiplied by zero.
export const maximumRow: Primitive = /* @__PURE__ */ binary(
  scalar.maximum,
  ['ab', (t, row) => chosen(t, gt, row.x(0), row.x(1))],
  ['ab', (t, row) => chosen(t, gt, row.x(1), row.x(0))],
);
export const minimumRow: Primitive = /* @__PURE__ */ binary(
  scalar.minimum,
  ['ab', (t, row) => chosen(t, lt, row.x(0), row.x(1))],
  ['ab', (t, row) => chosen(t, lt, row.x(1), row.x(0))],
);
/** The tangent where this operand wins, half of it at a tie. */
function chosen(t: Tensor, wins: typeof gt, own: Tensor, other: Tensor): Tensor {
  return where(wins(own, other), t, where(eq(own, other), times(t, 0.5), 0));
}

// Powers, exponentials, logarithms.
// pow: d/da at (0, 0) is 0, not 0·∞; d/db at a = 0, b ≥ 0 is 0, below a = 0 it is NaN. Conditions are numbers, true where not
// 0: as methods hold pow, each program would hold the rows of comparisons.
export const powRow: Primitive = /* @__PURE__ */ binary(
  scalar.pow,
  ['ab', (t, row) => times(t, powSlope(row.x(0), row.x(1)))],
  ['aby', (t, row) => times(t, times(powLog(row.x(0), row.y(0)), row.y(0)))],
);
function powSlope(a: Tensor, b: Tensor): Tensor {
  return times(b, power(where(a, a, where(b, a, 1)), minus(b, 1)));
}
/** log a; 0 at a = 0, b ≥ 0, where 1/y is not 0. */
function powLog(a: Tensor, y: Tensor): Tensor {
  return logOf(where(a, a, where(recip(y), 1, a)));
}
export const powIntRow: Primitive<{ readonly exponent: number }> = /* @__PURE__ */ unary(
  scalar.powInt,
  { fromInput: (x, { exponent: n }) => times(integerPower(x, n - 1), n) },
  ({ exponent }) => [exponent],
);
export const sqrtRow: Primitive = /* @__PURE__ */ unary(scalar.sqrt, { fromOutput: (y) => div(0.5, y) });
export const rsqrtRow: Primitive = /* @__PURE__ */ unary(scalar.rsqrt, {
  fromOutput: (y) => times(-0.5, integerPower(y, 3)),
});
export const expRow: Primitive = /* @__PURE__ */ unary(scalar.exp, { fromOutput: (y) => y });
export const expm1Row: Primitive = /* @__PURE__ */ unary(scalar.expm1, { fromInput: (x) => expOf(x) });
export const logRow: Primitive = /* @__PURE__ */ unary(scalar.log, { fromInput: (x) => recip(x) });
export const log1pRow: Primitive = /* @__PURE__ */ unary(scalar.log1p, { fromInput: (x) => recip(add(1, x)) });

// Trigonometry
export const sinRow: Primitive = /* @__PURE__ */ unary(scalar.sin, { fromInput: (x) => cosine(x) });
export const cosRow: Primitive = /* @__PURE__ */ unary(scalar.cos, { fromInput: (x) => negate(sine(x)) });
export const tanRow: Primitive = /* @__PURE__ */ unary(scalar.tan, { fromOutput: (y) => add(1, squared(y)) });
export const asinRow: Primitive = /* @__PURE__ */ unary(scalar.asin, {
  fromInput: (x) => rsqrtOf(oneMinusSquare(x)),
});
export const acosRow: Primitive = /* @__PURE__ */ unary(scalar.acos, {
  fromInput: (x) => negate(rsqrtOf(oneMinusSquare(x))),
});
/**
 * 1 − x² with the digits of (1 − x)·(1 + x) and the slope −2x: that of the product is a difference, which cancels near 0 and is
 * ∞ − ∞ or 0·∞ at ±1.
 */
function oneMinusSquare(x: Tensor): Tensor {
  const plain = minus(1, squared(x));
  return add(plain, stopGradient(minus(times(minus(1, x), add(1, x)), plain)));
}
// atan: by hypot, since 1 + x² overflows where x does not.
export const atanRow: Primitive = /* @__PURE__ */ unary(scalar.atan, {
  fromInput: (x) => squared(recip(hypotOf(x, 1))),
});
export const atan2Row: Primitive = /* @__PURE__ */ binary(
  scalar.atan2,
  ['ab', (t, row) => times(t, angleSlope(row.x(1), row.x(0)))],
  ['ab', (t, row) => times(t, negate(angleSlope(row.x(0), row.x(1))))],
);
function angleSlope(own: Tensor, other: Tensor): Tensor {
  const h = hypotOf(own, other);
  return div(div(own, h), h);
}
// hypot: both slopes are 0 at (0, 0), the subgradient of least norm.
export const hypotRow: Primitive = /* @__PURE__ */ binary(
  scalar.hypot,
  ['ay', (t, row) => times(t, hypotSlope(row.x(0), row.y(0)))],
  ['by', (t, row) => times(t, hypotSlope(row.x(1), row.y(0)))],
);
function hypotSlope(a: Tensor, h: Tensor): Tensor {
  const zero = eq(h, 0);
  return where(zero, 0, div(a, where(zero, 1, h)));
}
export const asinhRow: Primitive = /* @__PURE__ */ unary(scalar.asinh, { fromInput: (x) => recip(hypotOf(x, 1)) });
export const acoshRow: Primitive = /* @__PURE__ */ unary(scalar.acosh, {
  fromInput: (x) => times(rsqrtOf(minus(x, 1)), rsqrtOf(add(x, 1))),
});
export const atanhRow: Primitive = /* @__PURE__ */ unary(scalar.atanh, {
  fromInput: (x) => recip(oneMinusSquare(x)),
});
export const sinhRow: Primitive = /* @__PURE__ */ unary(scalar.sinh, { fromInput: (x) => coshOf(x) });
export const coshRow: Primitive = /* @__PURE__ */ unary(scalar.cosh, { fromInput: (x) => sinhOf(x) });
export const tanhRow: Primitive = /* @__PURE__ */ unary(scalar.tanh, { fromOutput: (y) => minus(1, squared(y)) });

// Activations and special functions
export const sigmoidRow: Primitive = /* @__PURE__ */ unary(scalar.sigmoid, {
  fromOutput: (y) => times(y, minus(1, y)),
});
export const softplusRow: Primitive = /* @__PURE__ */ unary(scalar.softplus, { fromInput: (x) => sigmoidOf(x) });
// softsign: from its input, since 1 − |y| cancels.
export const softsignRow: Primitive = /* @__PURE__ */ unary(scalar.softsign, {
  fromInput: (x) => squared(recip(add(1, absolute(x)))),
});
export const reluRow: Primitive = /* @__PURE__ */ elementwise(scalar.relu, {
  kind: 'rule',
  keeps: () => ({ inputs: [0], outputs: [] }),
  tangent: (row, [t]) => [where(gt(row.x(0), 0), t!, 0)],
});
export const eluRow: Primitive<{ readonly alpha: number }> = /* @__PURE__ */ elementwise(
  scalar.elu,
  {
    kind: 'rule',
    keeps: () => ({ inputs: [0], outputs: [0] }),
    tangent: (row, [t]) => [times(t!, where(gt(row.x(0), 0), 1, add(row.y(0), row.params.alpha)))],
  },
  { constants: ({ alpha }) => [alpha] },
);
export const erfRow: Primitive = /* @__PURE__ */ unary(scalar.erf, {
  fromInput: (x) => times(1.1283791670955126, bell(x)),
});
export const erfcRow: Primitive = /* @__PURE__ */ unary(scalar.erfc, {
  fromInput: (x) => times(-1.1283791670955126, bell(x)),
});
/** e^(−x²). Beyond ±30 there is nothing: 0, not 0·∞, at any order. */
function bell(x: Tensor): Tensor {
  return expOf(negate(squared(clip(x, -30, 30))));
}

// Rounding
export const floorRow: Primitive = /* @__PURE__ */ elementwise(scalar.floor, { kind: 'zero' });
export const ceilRow: Primitive = /* @__PURE__ */ elementwise(scalar.ceil, { kind: 'zero' });
export const roundRow: Primitive = /* @__PURE__ */ elementwise(scalar.round, { kind: 'zero' });

// Comparison and logic
export const equalRow: Primitive = /* @__PURE__ */ comparison(scalar.equal);
export const notEqualRow: Primitive = /* @__PURE__ */ comparison(scalar.notEqual);
export const lessRow: Primitive = /* @__PURE__ */ comparison(scalar.less);
export const lessEqualRow: Primitive = /* @__PURE__ */ comparison(scalar.lessEqual);
export const greaterRow: Primitive = /* @__PURE__ */ comparison(scalar.greater);
export const greaterEqualRow: Primitive = /* @__PURE__ */ comparison(scalar.greaterEqual);
export const logicalAndRow: Primitive = /* @__PURE__ */ comparison(scalar.logicalAnd);
export const logicalOrRow: Primitive = /* @__PURE__ */ comparison(scalar.logicalOr);
export const logicalXorRow: Primitive = /* @__PURE__ */ comparison(scalar.logicalXor);
export const logicalNotRow: Primitive = /* @__PURE__ */ comparison(scalar.logicalNot);
export const isNaNRow: Primitive = /* @__PURE__ */ comparison(scalar.isNaN);
export const isFiniteRow: Primitive = /* @__PURE__ */ comparison(scalar.isFinite);
/** a where the condition holds, else b: a choice, so that nothing leaks from the branch not taken. */
export const selectRow: Primitive = /* @__PURE__ */ elementwise(
  scalar.select,
  { kind: 'linear', map: 'select', open: [1, 2] },
  { operation: 'where' },
);

// Between dtypes. Floating to floating is linear; into integers and booleans nothing passes.
export const castRow: Primitive<{ readonly dtype: string }> = {
  name: 'cast',
  type: ([x], { dtype }) => [tensorType(dtype as 'float32', x!.shape)],
  lower: (writer, [x], [out]) => {
    const { dtype } = out!;
    const fn =
      dtype === 'bool' ? scalar.toBool : dtype === 'int32' && x!.dtype !== 'bool' ? scalar.toInt : scalar.identity;
    emitMap(writer, [x!], out!, call(fn, dtype));
  },
  derivative: { kind: 'linear', map: 'cast' },
  batching: 'elementwise',
};

// Random bits to numbers
export const bitsToUnitRow: Primitive = /* @__PURE__ */ elementwise(
  scalar.bitsToUnit,
  { kind: 'zero' },
  { dtype: 'float32' },
);
export const bitsToUnit64Row: Primitive = /* @__PURE__ */ elementwise(
  scalar.bitsToUnit64,
  { kind: 'zero' },
  { dtype: 'float64' },
);
export const bitsToRangeRow: Primitive = /* @__PURE__ */ elementwise(scalar.bitsToRange, { kind: 'zero' });
