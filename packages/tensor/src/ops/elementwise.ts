/** Elementwise functions of one tensor; integers become float32 first. */
import { bindOne } from '../bind.ts';
import { asFloat, asPair, asTensor, castTo } from '../convert.ts';
import type { TensorLike } from '../convert.ts';
import {
  acosRow, asinRow, atan2Row, atanRow, ceilRow, cosRow, coshRow, eluRow, erfRow, expRow, expm1Row, floorRow, log1pRow, logRow, reciprocalRow, reluRow, roundRow, rsqrtRow, sigmoidRow, sinRow, sinhRow, softplusRow, sqrtRow, tanRow, tanhRow,
} from '../primitives/elementwise.ts';
import type { Primitive } from '../primitive.ts';
import type { Tensor } from '../tensor.ts';

const float = (row: Primitive, x: TensorLike): Tensor => bindOne(row, [asFloat(row.name, 'x', x)]);

export function reciprocal(x: TensorLike): Tensor {
  return float(reciprocalRow, x);
}
export function sqrt(x: TensorLike): Tensor {
  return float(sqrtRow, x);
}
export function rsqrt(x: TensorLike): Tensor {
  return float(rsqrtRow, x);
}
export function exp(x: TensorLike): Tensor {
  return float(expRow, x);
}
export function expm1(x: TensorLike): Tensor {
  return float(expm1Row, x);
}
export function log(x: TensorLike): Tensor {
  return float(logRow, x);
}
export function log1p(x: TensorLike): Tensor {
  return float(log1pRow, x);
}
export function sin(x: TensorLike): Tensor {
  return float(sinRow, x);
}
export function cos(x: TensorLike): Tensor {
  return float(cosRow, x);
}
export function tan(x: TensorLike): Tensor {
  return float(tanRow, x);
}
export function asin(x: TensorLike): Tensor {
  return float(asinRow, x);
}
export function acos(x: TensorLike): Tensor {
  return float(acosRow, x);
}
export function atan(x: TensorLike): Tensor {
  return float(atanRow, x);
}
export function sinh(x: TensorLike): Tensor {
  return float(sinhRow, x);
}
export function cosh(x: TensorLike): Tensor {
  return float(coshRow, x);
}
export function tanh(x: TensorLike): Tensor {
  return float(tanhRow, x);
}
export function sigmoid(x: TensorLike): Tensor {
  return float(sigmoidRow, x);
}
export function softplus(x: TensorLike): Tensor {
  return float(softplusRow, x);
}
export function erf(x: TensorLike): Tensor {
  return float(erfRow, x);
}
export { reciprocal as recip };
export { sign } from './arithmetic.ts';
export function floor(x: TensorLike): Tensor {
  return float(floorRow, x);
}
export function ceil(x: TensorLike): Tensor {
  return float(ceilRow, x);
}
export function round(x: TensorLike): Tensor {
  return float(roundRow, x);
}
export function atan2(y: TensorLike, x: TensorLike): Tensor {
  const [a, b] = asPair('atan2', y, x, ['y', 'x']);
  return bindOne(atan2Row, [asFloat('atan2', 'y', a), asFloat('atan2', 'x', b)]);
}
export function relu(x: TensorLike): Tensor {
  const t = asTensor('relu', 'x', x);
  return bindOne(reluRow, [t.dtype === 'bool' ? castTo(t, 'int32') : t]);
}
export function elu(x: TensorLike, alpha = 1): Tensor {
  return bindOne(eluRow, [asFloat('elu', 'x', x)], { alpha });
}
