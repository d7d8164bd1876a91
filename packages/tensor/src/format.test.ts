/** How tensors print. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { arange, broadcastTo, reshape, tensor, variable, zeros } from './index.ts';

describe('toString', () => {
  test.each([
    ['a scalar', tensor(1), '1'],
    ['a vector', tensor([1, 2.5, -3]), '[1, 2.5, -3]'],
    ['nothing', tensor([]), '[]'],
    ['rows of nothing', zeros([2, 0]), '[[],\n []]'],
    [
      'a matrix, aligned',
      tensor([
        [1, -20],
        [300, 4],
      ]),
      '[[  1, -20],\n [300,   4]]',
    ],
    [
      'matrices',
      tensor([
        [[1], [2]],
        [[3], [4]],
      ]),
      '[[[1],\n  [2]],\n\n [[3],\n  [4]]]',
    ],
    ['float32, as few digits as tell it', tensor([0.1, 1 / 3, 16777216, 1e-10]), '[0.1, 0.33333334, 16777216, 1e-10]'],
    ['float64', tensor([0.1, 1 / 3], { dtype: 'float64' }), '[0.1, 0.3333333333333333]'],
    ['int32', tensor([1, -2], { dtype: 'int32' }), '[1, -2]'],
    ['bool', tensor([true, false]), '[true, false]'],
    ['special values', tensor([NaN, Infinity, -Infinity, -0]), '[NaN, Infinity, -Infinity, -0]'],
    ['large ones, cut', arange(2000), '[0, 1, 2, ..., 1997, 1998, 1999]'],
    [
      'large matrices, cut on both axes',
      reshape(arange(4000), [40, 100]),
      '[[   0,    1,    2, ...,   97,   98,   99],\n [ 100,  101,  102, ...,  197,  198,  199],\n ' +
        '[ 200,  201,  202, ...,  297,  298,  299],\n ...,\n [3700, 3701, 3702, ..., 3797, 3798, 3799],\n ' +
        '[3800, 3801, 3802, ..., 3897, 3898, 3899],\n [3900, 3901, 3902, ..., 3997, 3998, 3999]]',
    ],
    [
      'long axes beside short ones',
      broadcastTo(tensor(7), [2, 600]),
      '[[7, 7, 7, ..., 7, 7, 7],\n [7, 7, 7, ..., 7, 7, 7]]',
    ],
  ])('of %s', (_what, x, text) => {
    expect(String(x)).toBe(text);
  });
  test('console.log prints the same, and of a variable its name', () => {
    expect(inspect(tensor([1, 2]))).toBe('[1, 2]');
    expect(inspect({ x: tensor(3) })).toBe('{ x: 3 }');
    expect(inspect(variable([1, 2], { name: 'w' }))).toBe('w = [1, 2]');
  });
  test('JSON holds the nested array', () => {
    expect(JSON.stringify({ x: tensor([[1, 2]]) })).toBe('{"x":[[1,2]]}');
  });
  test('JSON of a variable holds its value, and assign reads it again', () => {
    const v = variable([
      [0.1, -2],
      [3e-8, 4],
      [0, 1 / 3],
    ]);
    const text = JSON.stringify({ v });
    const before = v.value.dataSync().slice();
    v.assign(zeros([3, 2])).assign(JSON.parse(text).v);
    expect(v.value.dataSync()).toEqual(before);
  });
});
