/** Products of tensors against a naive sum over all indices. */
import { describe, expect, test } from 'vitest';
import type { Tensor } from '../index.ts';
import * as ops from '../index.ts';
import { tensor } from '../index.ts';

let count = 0;
/** Small whole numbers, other ones for each tensor, so that sums are exact. */
const make = (shape: readonly number[]): Tensor => {
  count++;
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float64Array.from({ length: size }, (_, i) => ((i * 5 + count * 3) % 7) - 3),
    { shape },
  );
};

/** Σ over every assignment of the labels, with no idea behind it. */
function naive(equation: string, operands: readonly Tensor[]): { shape: number[]; data: number[] } {
  const [left, out] = equation.split('->') as [string, string];
  const terms = left.split(',');
  const sizes = new Map<string, number>();
  terms.forEach((term, k) => term.split('').forEach((label, axis) => sizes.set(label, operands[k]!.shape[axis]!)));
  const labels = [...sizes.keys()];
  const shape = out.split('').map((label) => sizes.get(label)!);
  const data = new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0);
  const total = [...sizes.values()].reduce((a, b) => a * b, 1);
  const at = (names: string, index: ReadonlyMap<string, number>): number =>
    names.split('').reduce((position, label) => position * sizes.get(label)! + index.get(label)!, 0);
  for (let n = 0; n < total; n++) {
    const index = new Map<string, number>();
    let rest = n;
    for (const label of labels) {
      index.set(label, rest % sizes.get(label)!);
      rest = Math.floor(rest / sizes.get(label)!);
    }
    const product = terms.reduce((p, term, k) => p * operands[k]!.dataSync()[at(term, index)]!, 1);
    const place = at(out, index);
    data[place] = data[place]! + product;
  }
  return { shape, data };
}

function expectLike(y: Tensor, equation: string, operands: readonly Tensor[]): void {
  const { shape, data } = naive(equation, operands);
  expect(y.shape).toEqual(shape);
  expect([...y.dataSync()].map((v) => v + 0)).toEqual(data.map((v) => v + 0));
}

describe('einsum', () => {
  test.each([
    [
      'ij,jk->ik',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      'ij,jk->ki',
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [
      'bij,bjk->bik',
      [
        [2, 3, 4],
        [2, 4, 2],
      ],
    ],
    ['i,i->', [[3], [3]]],
    ['i,j->ij', [[2], [3]]],
    ['i,j->ji', [[2], [3]]],
    ['ii->', [[3, 3]]],
    ['ii->i', [[3, 3]]],
    ['iji->j', [[2, 3, 2]]],
    [
      'iij,jk->ik',
      [
        [2, 2, 3],
        [3, 2],
      ],
    ],
    ['ij->ji', [[2, 3]]],
    ['ij->', [[2, 3]]],
    ['ij->j', [[2, 3]]],
    [
      'ij,ij->',
      [
        [2, 3],
        [2, 3],
      ],
    ],
    ['ij,k->i', [[2, 3], [4]]],
    [
      'ab,bc,cd->ad',
      [
        [2, 3],
        [3, 4],
        [4, 2],
      ],
    ],
    [
      'ab,bc,cd,de->ae',
      [
        [2, 3],
        [3, 2],
        [2, 4],
        [4, 3],
      ],
    ],
    [
      'ij,ik,il->jkl',
      [
        [3, 2],
        [3, 2],
        [3, 2],
      ],
    ],
    ['i,ij,j->', [[2], [2, 3], [3]]],
    [
      'ijkl,jl->ik',
      [
        [2, 3, 2, 3],
        [3, 3],
      ],
    ],
    [',i->i', [[], [3]]],
    [
      'ij,jk->ik',
      [
        [0, 3],
        [3, 2],
      ],
    ],
    [
      'ij,jk->ik',
      [
        [2, 0],
        [0, 2],
      ],
    ],
    ['i,j,k->kji', [[2], [3], [2]]],
  ] as const)('%s of %j', (equation, shapes) => {
    const operands = shapes.map(make);
    expectLike(ops.einsum(equation, ...operands), equation, operands);
  });

  test('implicit output: labels that occur once, in the order of the alphabet', () => {
    const [a, b] = [make([2, 3]), make([3, 4])];
    expectLike(ops.einsum('ij,jk', a, b), 'ij,jk->ik', [a, b]);
    expectLike(ops.einsum('ba', a), 'ba->ab', [a]);
    const square = make([2, 2]);
    expectLike(ops.einsum('ii', square), 'ii->', [square]);
  });

  test('ellipsis broadcasts, in front or in the middle', () => {
    const a = make([5, 2, 3]);
    const b = make([3, 4]);
    expectLike(ops.einsum('...ij,jk->...ik', a, b), 'zij,jk->zik', [a, b]);
    const c = make([5, 1, 2, 3]);
    const d = make([4, 3, 2]);
    const y = ops.einsum('...ij,...jk->...ik', c, d);
    expect(y.shape).toEqual([5, 4, 2, 2]);
    expect(y.arraySync()).toEqual(ops.matmul(c, d).arraySync());
    expect(ops.einsum('i...->...', a).arraySync()).toEqual(ops.sum(a, 0).arraySync());
    expect(ops.einsum('...', a).arraySync()).toEqual(a.arraySync());
    expect(ops.einsum('i...j->j...i', a).shape).toEqual([3, 2, 5]);
    expect(ops.einsum('...i,...i', a, make([3])).shape).toEqual([5, 2]);
  });

  test('takes numbers, integers and mixed dtypes', () => {
    expect(ops.einsum('i,i->', [1, 2], tensor([3, 4], { dtype: 'int32' })).item()).toBe(11);
    expect(ops.einsum('i->', tensor([true, true])).dtype).toBe('int32');
    expect(ops.einsum('i,->i', tensor([1, 2], { dtype: 'float64' }), 2).dtype).toBe('float64');
    expect(ops.einsum(' i j -> j i ', make([2, 3])).shape).toEqual([3, 2]);
  });
});

describe('matmul', () => {
  test.each([
    [[2, 3], [3, 4], 'ij,jk->ik'],
    [[3], [3], 'j,j->'],
    [[3], [3, 2], 'j,jk->k'],
    [[2, 3], [3], 'ij,j->i'],
    [[5, 2, 3], [5, 3, 4], 'bij,bjk->bik'],
    [[5, 2, 3], [3, 4], 'bij,jk->bik'],
    [[2, 3], [5, 3, 4], 'ij,bjk->bik'],
    [[3], [5, 3, 4], 'j,bjk->bk'],
    [[5, 2, 3], [3], 'bij,j->bi'],
    [[4, 1, 2, 3], [4, 1, 3, 2], 'abij,abjk->abik'],
    [[0, 3], [3, 2], 'ij,jk->ik'],
    [[2, 0], [0, 3], 'ij,jk->ik'],
    [[1, 1], [1, 1], 'ij,jk->ik'],
  ] as const)('[%s] · [%s]', (a, b, equation) => {
    const [x, y] = [make(a), make(b)];
    expectLike(ops.matmul(x, y), equation, [x, y]);
  });
  test('leading axes broadcast against each other', () => {
    const [x, y] = [make([4, 1, 2, 3]), make([5, 3, 2])];
    const z = ops.matmul(x, y);
    expect(z.shape).toEqual([4, 5, 2, 2]);
    for (const i of [0, 3]) {
      for (const j of [0, 4]) {
        const part = (t: Tensor, index: number): Tensor => ops.gather(t, index);
        expect(part(part(z, i), j).arraySync()).toEqual(ops.matmul(part(part(x, i), 0), part(y, j)).arraySync());
      }
    }
  });
  test('works on transposed views, integers and booleans', () => {
    const x = make([3, 2]);
    expectLike(ops.matmul(ops.transpose(x), x), 'ji,jk->ik', [x, x]);
    const int = ops.matmul(tensor([[1, 2]], { dtype: 'int32' }), tensor([[3], [4]], { dtype: 'int32' }));
    expect([int.dtype, int.item()]).toEqual(['int32', 11]);
    expect(ops.matmul(tensor([[true, true]]), tensor([[true], [true]])).item()).toBe(2);
  });
  test('float32 accumulates in float64', () => {
    expect(ops.matmul(tensor([[1e8, 1, -1e8]]), tensor([[1], [1], [1]])).item()).toBe(1);
  });
});

describe('dot, outer, tensordot', () => {
  test('dot is NumPy’s', () => {
    const [a, b] = [make([2, 3]), make([4, 3, 2])];
    expectLike(ops.dot(a, b), 'ij,kjl->ikl', [a, b]);
    const v = make([3]);
    expectLike(ops.dot(v, v), 'i,i->', [v, v]);
    expectLike(ops.dot(a, v), 'ij,j->i', [a, v]);
    expect(ops.dot(3, tensor([1, 2])).arraySync()).toEqual([3, 6]);
  });
  test('outer', () => {
    const [a, b] = [make([2]), make([3])];
    expectLike(ops.outer(a, b), 'i,j->ij', [a, b]);
    expect(ops.outer(ops.zeros([0]), [1, 2]).shape).toEqual([0, 2]);
  });
  test('tensordot', () => {
    const [a, b] = [make([2, 3, 4]), make([3, 4, 5])];
    expectLike(ops.tensordot(a, b), 'ijk,jkl->il', [a, b]);
    expectLike(
      ops.tensordot(a, b, [
        [1, 2],
        [0, 1],
      ]),
      'ijk,jkl->il',
      [a, b],
    );
    const c = make([4, 3]);
    expectLike(
      ops.tensordot(a, c, [
        [-1, 1],
        [0, 1],
      ]),
      'ijk,kj->i',
      [a, c],
    );
    expectLike(ops.tensordot(a, c, [2, 0]), 'ijk,kl->ijl', [a, c]);
    const v = make([2]);
    expectLike(ops.tensordot(c, v, 0), 'ij,k->ijk', [c, v]);
  });
});
