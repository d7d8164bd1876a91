/** Operations of two tensors against a naive broadcast: all pairs of shapes, all pairs of dtypes, special points. */
import { describe, expect, test } from 'vitest';
import type { DType, Tensor, TensorLike } from '../index.ts';
import * as ops from '../index.ts';
import { tensor } from '../index.ts';

type Binary = (a: TensorLike, b: TensorLike) => Tensor;

const SHAPES: readonly (readonly number[])[] = [[], [1], [3], [2, 3], [2, 1], [1, 3], [0, 3]];

/** NumPy's broadcasting, index by index: slow, obvious. Undefined where the shapes do not broadcast. */
function broadcast(a: readonly number[], b: readonly number[]): number[] | undefined {
  const out: number[] = [];
  for (let i = 1; i <= Math.max(a.length, b.length); i++) {
    const [p, q] = [a.at(-i) ?? 1, b.at(-i) ?? 1];
    if (p !== q && p !== 1 && q !== 1) return undefined;
    out.unshift(p === 1 ? q : p);
  }
  return out;
}

function element(data: ArrayLike<number>, shape: readonly number[], index: readonly number[]): number {
  let at = 0;
  shape.forEach((d, axis) => {
    const i = index[index.length - shape.length + axis]!;
    at = at * d + (d === 1 ? 0 : i);
  });
  return data[at]!;
}

function* indices(shape: readonly number[]): Generator<number[]> {
  const size = shape.reduce((a, b) => a * b, 1);
  for (let n = 0; n < size; n++) {
    let rest = n;
    yield shape
      .toReversed()
      .map((d) => {
        const i = rest % d;
        rest = (rest - i) / d;
        return i;
      })
      .toReversed();
  }
}

const values = (size: number, from: number): number[] =>
  Array.from({ length: size }, (_, i) => ((i * 7 + from) % 5) - 1.5);

const FLOAT: readonly (readonly [string, Binary, (a: number, b: number) => number])[] = [
  ['add', ops.add, (a, b) => a + b],
  ['sub', ops.sub, (a, b) => a - b],
  ['mul', ops.mul, (a, b) => a * b],
  ['div', ops.div, (a, b) => a / b],
  ['floorDiv', ops.floorDiv, (a, b) => Math.floor(a / b)],
  ['mod', ops.mod, (a, b) => a - b * Math.floor(a / b)],
  ['maximum', ops.maximum, Math.max],
  ['minimum', ops.minimum, Math.min],
  ['pow', ops.pow, (a, b) => a ** b],
  ['atan2', ops.atan2, Math.atan2],
  ['hypot', ops.hypot, Math.hypot],
  ['logAddExp', ops.logAddExp, (a, b) => Math.log(Math.exp(a) + Math.exp(b))],
  ['xlogy', ops.xlogy, (a, b) => a * Math.log(b)],
];
const BOOL: readonly (readonly [string, Binary, (a: number, b: number) => boolean])[] = [
  ['equal', ops.equal, (a, b) => a === b],
  ['notEqual', ops.notEqual, (a, b) => a !== b],
  ['less', ops.less, (a, b) => a < b],
  ['lessEqual', ops.lessEqual, (a, b) => a <= b],
  ['greater', ops.greater, (a, b) => a > b],
  ['greaterEqual', ops.greaterEqual, (a, b) => a >= b],
  ['logicalAnd', ops.logicalAnd, (a, b) => a !== 0 && b !== 0],
  ['logicalOr', ops.logicalOr, (a, b) => a !== 0 || b !== 0],
  ['logicalXor', ops.logicalXor, (a, b) => (a !== 0) !== (b !== 0)],
];

describe.each([...FLOAT, ...BOOL])('%s', (_name, op, oracle) => {
  test.each(SHAPES.flatMap((a) => SHAPES.map((b) => [a, b] as const)))('broadcasts [%s] with [%s]', (a, b) => {
    const [x, y] = [a, b].map((shape, i) => {
      const size = shape.reduce((p, q) => p * q, 1);
      return tensor(Float64Array.from(values(size, i * 3)), { shape });
    }) as [Tensor, Tensor];
    const shape = broadcast(a, b);
    if (shape === undefined) {
      expect(() => op(x, y)).toThrow(/do not broadcast/);
      return;
    }
    const z = op(x, y);
    expect(z.shape).toEqual(shape);
    const expected = [...indices(shape)].map((i) =>
      Number(oracle(element(x.dataSync(), a, i), element(y.dataSync(), b, i))),
    );
    z.dataSync().forEach((v, i) => {
      if (Number.isNaN(expected[i]!)) expect(v).toBeNaN();
      else expect(v).toBeCloseTo(expected[i]!, 12);
    });
  });
});

describe('promotion: bool < int32 < float32 < float64', () => {
  const DTYPES: readonly DType[] = ['bool', 'int32', 'float32', 'float64'];
  const wider = (a: DType, b: DType): DType => DTYPES[Math.max(DTYPES.indexOf(a), DTYPES.indexOf(b))]!;
  test.each(DTYPES.flatMap((a) => DTYPES.map((b) => [a, b] as const)))('%s with %s', (a, b) => {
    const x = ops.cast(tensor([1, 0]), a);
    const y = ops.cast(tensor([1, 1]), b);
    const common = wider(a, b);
    const numeric = common === 'bool' ? 'int32' : common;
    expect(ops.add(x, y).dtype).toBe(numeric);
    expect([...ops.add(x, y).dataSync()]).toEqual([2, 1]);
    expect(ops.maximum(x, y).dtype).toBe(numeric);
    expect(ops.pow(x, y).dtype).toBe(numeric);
    expect(ops.div(x, y).dtype).toBe(common === 'float64' ? 'float64' : 'float32');
    expect(ops.where([true, false], x, y).dtype).toBe(common);
    expect(ops.equal(x, y).arraySync()).toEqual([true, false]);
    expect(ops.concat([x, y]).dtype).toBe(common);
  });

  test('a JavaScript number takes the dtype it meets, where that can hold it', () => {
    const ints = tensor([1, 2], { dtype: 'int32' });
    expect(ops.add(ints, 1).dtype).toBe('int32');
    expect(ops.add(ints, 0.5).dtype).toBe('float32');
    expect(ops.mul(ints, 3e9).dtype).toBe('float32');
    expect(ops.sub(0.5, tensor([1], { dtype: 'float64' })).dtype).toBe('float64');
    expect(ops.sub(0.1, tensor([0], { dtype: 'float64' })).item()).toBe(0.1);
    expect(ops.add(tensor([true]), 1).dtype).toBe('int32');
    expect(ops.add(1, 2).dtype).toBe('float32');
  });
});

describe('special points', () => {
  const at = (op: Binary, a: number, b: number): number =>
    op(tensor(a, { dtype: 'float64' }), tensor(b, { dtype: 'float64' })).item();
  test.each([
    ['div', ops.div, 1, 0, Infinity],
    ['div', ops.div, 0, 0, NaN],
    ['div', ops.div, 1, -0, -Infinity],
    ['maximum', ops.maximum, NaN, 1, NaN],
    ['maximum', ops.maximum, 1, NaN, NaN],
    ['minimum', ops.minimum, NaN, -Infinity, NaN],
    ['pow', ops.pow, 0, 0, 1],
    ['pow', ops.pow, -8, 1 / 3, NaN],
    ['pow', ops.pow, 1, NaN, 1],
    ['pow', ops.pow, -1, Infinity, 1],
    ['mod', ops.mod, -7, 3, 2],
    ['mod', ops.mod, 7, -3, -2],
    ['mod', ops.mod, 131, 17, 12],
    ['mod', ops.mod, 1, 0, NaN],
    ['floorDiv', ops.floorDiv, -7, 2, -4],
    ['atan2', ops.atan2, 0, -0, Math.PI],
    ['atan2', ops.atan2, -0, 0, -0],
    ['hypot', ops.hypot, 1e200, 1e200, Math.SQRT2 * 1e200],
    ['hypot', ops.hypot, 0, 0, 0],
    ['logAddExp', ops.logAddExp, 1000, 1000, 1000 + Math.LN2],
    ['logAddExp', ops.logAddExp, -Infinity, -Infinity, -Infinity],
    ['logAddExp', ops.logAddExp, -Infinity, 3, 3],
    ['logAddExp', ops.logAddExp, Infinity, Infinity, Infinity],
    ['logAddExp', ops.logAddExp, 1, -1e10, 1],
    ['logAddExp', ops.logAddExp, NaN, 0, NaN],
    ['logAddExp', ops.logAddExp, NaN, Infinity, NaN],
    ['logAddExp', ops.logAddExp, NaN, -Infinity, NaN],
    ['logAddExp', ops.logAddExp, -Infinity, NaN, NaN],
    ['logAddExp', ops.logAddExp, Infinity, -Infinity, Infinity],
    ['logAddExp', ops.logAddExp, 0, NaN, NaN],
    ['xlogy', ops.xlogy, 0, 0, 0],
    ['xlogy', ops.xlogy, 0, Infinity, 0],
    ['xlogy', ops.xlogy, 0, NaN, NaN],
    ['xlogy', ops.xlogy, 2, 0, -Infinity],
  ] as const)('%s', (_name, op, a, b, expected) => {
    const y = at(op, a, b);
    if (Number.isFinite(expected) && expected !== 0)
      expect(y).toBeCloseTo(expected, 12 - Math.log10(Math.abs(expected)));
    else expect(y).toBe(expected);
  });

  test('integers wrap, and division of them by 0 gives 0', () => {
    const int = (...v: number[]): Tensor => tensor(v, { dtype: 'int32' });
    expect(ops.mul(int(65536, 3), int(65536, 4)).arraySync()).toEqual([0, 12]);
    expect(ops.add(int(2147483647), 1).arraySync()).toEqual([-2147483648]);
    expect(ops.floorDiv(int(7, -7, 5), int(2, 2, 0)).arraySync()).toEqual([3, -4, 0]);
    expect(ops.mod(int(7, -7, 5), int(3, 3, 0)).arraySync()).toEqual([1, 2, 0]);
    expect(ops.pow(int(-2, 3), 3).arraySync()).toEqual([-8, 27]);
    expect(ops.pow(int(2), -1).arraySync()).toEqual([0.5]);
  });

  test('a whole exponent is exact at 0 and for negative bases', () => {
    expect(ops.pow(tensor([-2, 0, 3]), 3).arraySync()).toEqual([-8, 0, 27]);
    expect(ops.pow(tensor([0, NaN, 5]), 0).arraySync()).toEqual([1, 1, 1]);
    expect(ops.pow(tensor([2, 0]), -2).arraySync()).toEqual([0.25, Infinity]);
  });

  test('where takes one side whole: what is not chosen does not leak', () => {
    const y = ops.where([true, false], tensor([1, NaN]), tensor([NaN, 2]));
    expect(y.arraySync()).toEqual([1, 2]);
    expect(ops.where(tensor([[1], [0]]), tensor([1, 2, 3]), 0).arraySync()).toEqual([
      [1, 2, 3],
      [0, 0, 0],
    ]);
  });
});
