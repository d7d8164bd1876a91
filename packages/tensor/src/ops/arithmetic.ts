/**
 * Arithmetic of two tensors, and signs.
 * The one idea: operands broadcast as NumPy's and promote bool < int32 < float32 < float64; booleans count as 0 and 1.
 */
import { bindOne } from '../bind.ts';
import type { TensorLike } from '../convert.ts';
import { asFloatPair, asNumeric, asNumericPair } from '../convert.ts';
import type { Primitive } from '../primitive.ts';
import {
  absRow,
  addRow,
  divRow,
  floorDivRow,
  floorModRow,
  maximumRow,
  minimumRow,
  mulRow,
  negRow,
  signRow,
  squareRow,
  subRow,
} from '../primitives/elementwise.ts';
import type { Tensor } from '../tensor.ts';

function pair(row: Primitive, a: TensorLike, b: TensorLike, operation: string = row.name): Tensor {
  return bindOne(row, asNumericPair(operation, a, b));
}

function signed(row: Primitive, x: TensorLike): Tensor {
  return bindOne(row, [asNumeric(row.name, 'x', x)]);
}

/**
 * The sum a + b, elementwise. Shapes broadcast, dtypes promote.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * add(tensor([1, 2]), 10) // → [11, 12]
 */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return pair(addRow, a, b);
}

/**
 * The difference a − b, elementwise. Shapes broadcast, dtypes promote.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * sub(tensor([5, 7]), tensor([1, 2])) // → [4, 5]
 */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return pair(subRow, a, b);
}

/**
 * The product a · b, elementwise. Shapes broadcast, dtypes promote. For the product of matrices see `matmul`.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * mul(tensor([[1], [2]]), tensor([3, 4])) // → [[3, 4], [6, 8]]
 */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return pair(mulRow, a, b);
}

/**
 * The quotient a / b, elementwise, always floating: int32 and bool become float32. a / 0 is ±∞, 0 / 0 is NaN.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * div(tensor([1, 2], { dtype: 'int32' }), 4) // → [0.25, 0.5]
 */
export function div(a: TensorLike, b: TensorLike): Tensor {
  return bindOne(divRow, asFloatPair('div', a, b));
}

/**
 * The quotient rounded towards −∞: ⌊a / b⌋. Integers stay integers (and give 0 where b is 0). Its derivative is 0.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * floorDiv(tensor([7, -7], { dtype: 'int32' }), 2) // → [3, -4]
 */
export function floorDiv(a: TensorLike, b: TensorLike): Tensor {
  return pair(floorDivRow, a, b, 'floorDiv');
}

/**
 * What `floorDiv` leaves: a − b·⌊a / b⌋, with the sign of b (Python's `%`). Derivatives: 1 in a, −⌊a / b⌋ in b.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * mod(tensor([7, -7]), 3) // → [1, 2]
 */
export function mod(a: TensorLike, b: TensorLike): Tensor {
  return pair(floorModRow, a, b, 'mod');
}

/**
 * The larger of a and b, elementwise; NaN if either is. Where they are equal each takes half of the derivative.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * maximum(tensor([1, 5]), 3) // → [3, 5]
 */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return pair(maximumRow, a, b);
}

/**
 * The smaller of a and b, elementwise; NaN if either is. Where they are equal each takes half of the derivative.
 * @throws ShapeError where the shapes do not broadcast.
 * @example
 * minimum(tensor([1, 5]), 3) // → [1, 3]
 */
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return pair(minimumRow, a, b);
}

/**
 * −x, elementwise.
 * @example
 * neg(tensor([1, -2])) // → [-1, 2]
 */
export function neg(x: TensorLike): Tensor {
  return signed(negRow, x);
}

/**
 * The absolute value |x|, elementwise. Its derivative at 0 is 0.
 * @example
 * abs(tensor([-3, 0, 2])) // → [3, 0, 2]
 */
export function abs(x: TensorLike): Tensor {
  return signed(absRow, x);
}

/**
 * −1, 0 or 1 with the sign of x, elementwise; NaN stays NaN. Its derivative is 0.
 * @example
 * sign(tensor([-3, 0, 2])) // → [-1, 0, 1]
 */
export function sign(x: TensorLike): Tensor {
  return signed(signRow, x);
}

/**
 * x², elementwise.
 * @example
 * square(tensor([-3, 2])) // → [9, 4]
 */
export function square(x: TensorLike): Tensor {
  return signed(squareRow, x);
}
