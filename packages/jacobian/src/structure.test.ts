/** Structural claims: what followAxes says is zero is zero, on named programs and on thousands of random ones. */
import { pushforwardOf, recordCall } from '@jacobi/autograd/internal';
import type { Tensor } from '@jacobi/tensor';
import * as ops from '@jacobi/tensor';
import type { Dense } from '@jacobi/testing/jacobians';
import { differences, expectDense, float64 } from '@jacobi/testing/jacobians';
import type { RandomProgram } from '@jacobi/testing/programs';
import { describeProgram, operationNames, runProgram, sourcesOf } from '@jacobi/testing/programs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jacobian } from './jacobian.ts';
import type { Carried } from './structure.ts';
import { followAxes } from './structure.ts';

/** By source: what is carried to the result; null where nothing is reached. */
function claims(f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[]): (Carried | null)[] {
  const call = recordCall('test', f, xs, { argnums: xs.map((_, i) => i) });
  const { slice, connected } = call.connect(call.result.leaves);
  if (!connected.includes(true)) return xs.map(() => null);
  const { program, residuals } = pushforwardOf(slice);
  return program.inputs.slice(residuals.length).map((v) => followAxes(program, v).outputs[0] ?? null);
}

/** The first entry that a claim says is zero and that is not; null if there is none. */
function violation(claim: Carried | null, { shape, data }: Dense, sourceRank: number): string | null {
  const targetRank = shape.length - sourceRank;
  const index = new Array<number>(shape.length).fill(0);
  for (let k = 0; k < data.length; k++) {
    const zero = claim === null || claim.some((t, s) => t >= 0 && index[t] !== index[targetRank + s]);
    if (zero && Math.abs(data[k]!) > 1e-7)
      return `[${index.join()}] is ${data[k]}, but claimed zero by ${JSON.stringify(claim)}`;
    for (let a = shape.length - 1; a >= 0; a--) {
      if (++index[a]! < shape[a]!) break;
      index[a] = 0;
    }
  }
  return null;
}

const numbers = (...shape: number[]): Tensor =>
  float64(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => 0.9 * Math.sin(1 + 2.3 * i) + 0.05),
    shape,
  );
const at = (shape: readonly number[], factor = 1): Tensor => ops.mul(numbers(...shape), factor);

interface Case {
  readonly name: string;
  readonly shape: readonly number[];
  readonly f: (x: Tensor) => Tensor;
  /** By source axis: the target axis that must be found; −1: none is. Left out: anything sound. */
  readonly carried?: Carried;
}

const named: readonly Case[] = [
  { name: 'elementwise', shape: [3], f: (x) => ops.sin(x), carried: [0] },
  { name: 'elementwise, rank 3', shape: [2, 3, 2], f: (x) => ops.tanh(ops.square(x)), carried: [0, 1, 2] },
  {
    name: 'broadcast along an axis of size 1',
    shape: [1, 3],
    f: (x) => ops.broadcastTo(ops.sin(x), [3, 3]),
    carried: [-1, 1],
  },
  {
    name: 'broadcast of a column over equal sizes',
    shape: [3, 1],
    f: (x) => ops.mul(ops.broadcastTo(x, [3, 3]), at([3, 3])),
    carried: [0, -1],
  },
  { name: 'a vector over the rows of a matrix', shape: [3], f: (x) => ops.add(x, at([3, 3])), carried: [1] },
  { name: 'x + column of itself', shape: [3], f: (x) => ops.add(x, ops.reshape(x, [3, 1])), carried: [-1] },
  { name: 'transposed', shape: [2, 3], f: (x) => ops.transpose(ops.sin(x)), carried: [1, 0] },
  { name: 'transposed, equal sizes', shape: [3, 3], f: (x) => ops.transpose(ops.sin(x)), carried: [1, 0] },
  { name: 'transposed twice', shape: [3, 3], f: (x) => ops.transpose(ops.sin(ops.transpose(x))), carried: [0, 1] },
  { name: 'x + xᵀ', shape: [3, 3], f: (x) => ops.add(x, ops.transpose(x)), carried: [-1, -1] },
  { name: 'x · xᵀ by elements', shape: [3, 3], f: (x) => ops.mul(x, ops.transpose(x)), carried: [-1, -1] },
  { name: 'three axes turned', shape: [2, 2, 2], f: (x) => ops.transpose(x, [1, 2, 0]), carried: [2, 0, 1] },
  {
    name: 'three axes turned three times',
    shape: [2, 2, 2],
    f: (x) => [1, 2, 3].reduce((t) => ops.transpose(ops.sin(t), [1, 2, 0]), x),
    carried: [0, 1, 2],
  },
  { name: 'flip', shape: [3], f: (x) => ops.flip(x), carried: [-1] },
  { name: 'flip twice', shape: [3, 2], f: (x) => ops.flip(ops.sin(ops.flip(x, 0)), 0) },
  { name: 'flip of another axis', shape: [3, 2], f: (x) => ops.flip(x, 1), carried: [0, -1] },
  { name: 'x + flip(x)', shape: [4], f: (x) => ops.add(x, ops.flip(x)), carried: [-1] },
  { name: 'reshape that joins', shape: [2, 2, 3], f: (x) => ops.reshape(ops.sin(x), [4, 3]), carried: [-1, -1, 1] },
  { name: 'reshape that swaps sizes', shape: [2, 3], f: (x) => ops.reshape(x, [3, 2]), carried: [-1, -1] },
  { name: 'reshape [2,3,2] → [2,2,3]', shape: [2, 3, 2], f: (x) => ops.reshape(x, [2, 2, 3]), carried: [0, -1, -1] },
  {
    name: 'reshape [3,2,2] → [3,4] → [3,2,2]',
    shape: [3, 2, 2],
    f: (x) => ops.reshape(ops.sin(ops.reshape(x, [3, 4])), [3, 2, 2]),
  },
  { name: 'reshape with axes of size 1', shape: [1, 3, 1], f: (x) => ops.reshape(x, [3, 1, 1]) },
  {
    name: 'reshape of [2,2,2] through [4,2], axes of size 2 around',
    shape: [2, 2, 2],
    f: (x) => ops.reshape(ops.transpose(ops.reshape(x, [4, 2])), [2, 2, 2]),
  },
  { name: 'diag', shape: [3], f: (x) => ops.diag(x), carried: [0] },
  { name: 'diagPart', shape: [3, 3], f: (x) => ops.diagPart(ops.sin(x)), carried: [0, 0] },
  { name: 'diagPart of a product', shape: [3, 3], f: (x) => ops.diagPart(ops.matmul(x, x)) },
  { name: 'diag, off by one', shape: [3], f: (x) => ops.diag(x, 1) },
  { name: 'diagPart of diag', shape: [3], f: (x) => ops.diagPart(ops.diag(ops.sin(x))), carried: [0] },
  {
    name: 'diag plus its transpose',
    shape: [3],
    f: (x) => ops.add(ops.diag(x), ops.transpose(ops.diag(ops.square(x)))),
  },
  { name: 'diag over a batch', shape: [2, 3], f: (x) => ops.diag(x), carried: [0, 1] },
  {
    name: 'gather with an index matrix',
    shape: [3, 2],
    f: (x) =>
      ops.gather(
        x,
        [
          [0, 2],
          [1, 1],
        ],
        0,
      ),
    carried: [-1, 2],
  },
  { name: 'gather on the last axis', shape: [3, 2], f: (x) => ops.gather(x, [1, 0], 1), carried: [0, -1] },
  { name: 'gather by the identity', shape: [3], f: (x) => ops.gather(x, [0, 1, 2]) },
  {
    name: 'scatterAdd',
    shape: [3, 2],
    f: (x) => ops.scatterAdd(ops.zeros([3, 2], { dtype: 'float64' }), [2, 0, 1], x),
    carried: [-1, 1],
  },
  { name: 'concat along a carried axis', shape: [2, 3], f: (x) => ops.concat([ops.sin(x), x], 0), carried: [-1, 1] },
  {
    name: 'concat with constants first, then the back part',
    shape: [2],
    f: (x) => ops.slice(ops.concat([ops.ones([2], { dtype: 'float64' }), x]), [2]),
  },
  { name: 'split and join again', shape: [4], f: (x) => ops.concat(ops.split(ops.sin(x), 2)), carried: [-1] },
  {
    name: 'split and join in the other order',
    shape: [4],
    f: (x) => ops.concat(ops.split(x, 2).reverse()),
    carried: [-1],
  },
  { name: 'stack of two readings', shape: [2], f: (x) => ops.stack([ops.sin(x), ops.flip(x)]), carried: [-1] },
  { name: 'stack along the last axis', shape: [3], f: (x) => ops.stack([x, ops.square(x)], 1), carried: [0] },
  { name: 'cumsum', shape: [3, 2], f: (x) => ops.cumsum(x, 0), carried: [-1, 1] },
  { name: 'cumprod along the last axis', shape: [2, 3], f: (x) => ops.cumprod(x, 1), carried: [0, -1] },
  { name: 'x · sum(x)', shape: [3], f: (x) => ops.mul(x, ops.sum(x)), carried: [-1] },
  { name: 'x · sum over rows', shape: [2, 3], f: (x) => ops.mul(x, ops.sum(x, 1, true)), carried: [0, -1] },
  { name: 'sum of the first of three', shape: [2, 3, 2], f: (x) => ops.sum(x, 0), carried: [-1, 0, 1] },
  { name: 'sum of an axis in front of equal sizes', shape: [2, 2, 2], f: (x) => ops.sum(x, 1), carried: [0, -1, 1] },
  { name: 'outer product with itself', shape: [3], f: (x) => ops.outer(x, x), carried: [-1] },
  { name: 'outer product with a constant', shape: [3], f: (x) => ops.outer(at([3]), x), carried: [1] },
  { name: 'matrix times constant', shape: [3, 2], f: (x) => ops.matmul(x, at([2, 2])), carried: [0, -1] },
  { name: 'constant times matrix', shape: [2, 3], f: (x) => ops.matmul(at([2, 2]), x), carried: [-1, 1] },
  { name: 'matrix times itself', shape: [3, 3], f: (x) => ops.matmul(x, x), carried: [-1, -1] },
  { name: 'batched product', shape: [2, 3, 3], f: (x) => ops.matmul(x, ops.sin(x)), carried: [0, -1, -1] },
  {
    name: 'batched product, broadcast over another batch',
    shape: [2, 1, 2, 2],
    f: (x) => ops.matmul(x, at([3, 2, 2])),
    carried: [0, -1, 2, -1],
  },
  {
    name: 'batch axis away and back',
    shape: [3, 3, 2],
    f: (x) => ops.transpose(ops.matmul(at([3, 3]), ops.transpose(x, [0, 1, 2])), [0, 1, 2]),
    carried: [0, -1, 2],
  },
  {
    name: 'batch axis to the end, elementwise, and back',
    shape: [3, 3],
    f: (x) => ops.transpose(ops.mul(ops.transpose(x), at([3, 3]))),
    carried: [0, 1],
  },
  { name: 'slice of a carried axis', shape: [3, 3], f: (x) => ops.slice(x, [0, 1], [-1, 2]), carried: [0, -1] },
  {
    name: 'slice that shifts, padded back to size',
    shape: [3],
    f: (x) => ops.pad(ops.slice(x, [1]), [[0, 1]]),
    carried: [-1],
  },
  { name: 'slice of the front, padded back to size', shape: [3], f: (x) => ops.pad(ops.slice(x, [0], [2]), [[0, 1]]) },
  { name: 'roll', shape: [3], f: (x) => ops.roll(x, 1), carried: [-1] },
  { name: 'roll there and back', shape: [3], f: (x) => ops.roll(ops.sin(ops.roll(x, 1)), -1) },
  { name: 'tile', shape: [2], f: (x) => ops.tile(x, [2]) },
  { name: 'backwards by steps', shape: [3], f: (x) => ops.stridedSlice(x, null, null, [-1]) },
  { name: 'softmax of rows', shape: [2, 3], f: (x) => ops.softmax(x), carried: [0, -1] },
  {
    name: 'normalised over the batch',
    shape: [3, 2],
    f: (x) => ops.div(ops.sub(x, ops.mean(x, 0)), ops.add(ops.variance(x, 0), 1)),
    carried: [-1, 1],
  },
  {
    name: 'elementwise there, transposed here',
    shape: [2, 2],
    f: (x) => ops.add(ops.sin(x), ops.mul(ops.transpose(at([2, 2])), x)),
    carried: [0, 1],
  },
  { name: 'einsum that moves axes', shape: [2, 3], f: (x) => ops.einsum('ij,ij->ji', x, at([2, 3])), carried: [1, 0] },
  {
    name: 'a Jacobian, diagonal along both axes',
    shape: [2, 3],
    f: (x) => jacobian(ops.sin)(x) as Tensor,
    carried: [0, 1],
  },
  {
    name: 'a Jacobian, blocks along the first axis',
    shape: [3, 3],
    f: (x) => jacobian((t: Tensor) => ops.sum(ops.pow(t, 3), 1))(x) as Tensor,
    carried: [0, 2],
  },
  { name: 'einsum with a diagonal', shape: [3, 3], f: (x) => ops.einsum('ii->i', x), carried: [0, 0] },
];

describe('named programs', () => {
  test.each(named)('$name', ({ shape, f, carried }) => {
    const x = numbers(...shape);
    const truth = differences(f, x);
    const [claim] = claims(f, [x]);
    expect(violation(claim!, truth, x.rank)).toBeNull();
    if (carried !== undefined) expect(claim).toEqual(carried);
    for (const mode of ['auto', 'forward', 'reverse'] as const)
      expectDense(jacobian(f, { mode })(x) as Tensor, truth, mode);
  });
});

const step = fc.record({
  op: fc.nat(operationNames.length - 1),
  a: fc.oneof({ weight: 4, arbitrary: fc.nat(0) }, { weight: 1, arbitrary: fc.nat(5) }),
  b: fc.nat(5),
  p: fc.nat(23),
  q: fc.nat(5),
});
const size: fc.Arbitrary<number> = fc.constantFrom(2, 3, 2, 3, 1);
const program: fc.Arbitrary<RandomProgram> = fc.record({
  sources: fc.array(
    fc.array(size, { maxLength: 3 }).filter((s) => s.reduce((a, b) => a * b, 1) <= 9),
    { minLength: 1, maxLength: 2 },
  ),
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
});

test('what is claimed to be zero is zero, on random programs', () => {
  let claimed = 0;
  fc.assert(
    fc.property(program, (p) => {
      const xs = sourcesOf(p);
      claims((...args) => runProgram(p, args), xs).forEach((claim, i) => {
        if (claim !== null && !claim.some((axis) => axis >= 0)) return;
        claimed++;
        const truth = differences(
          (t) =>
            runProgram(
              p,
              xs.map((x, k) => (k === i ? t : x)),
            ),
          xs[i]!,
        );
        const wrong = violation(claim, truth, xs[i]!.rank);
        if (wrong !== null) throw new Error(`${describeProgram(p)}: source ${i}: ${wrong}`);
      });
    }),
    { numRuns: 4000, seed: 1 },
  );
  expect(claimed).toBeGreaterThan(2000);
});
