/* The example runner, checked against examples that are right and wrong on purpose. */
import { expect, test } from 'vitest';
import { __check, __printed } from '../examples/check.ts';
import { docstringExamples, markdownExamples } from '../examples/extract.ts';
import { instrument } from '../examples/instrument.ts';

const tensorLike = {
  dtype: 'float32',
  arraySync: () => [
    [4, 0],
    [0, 6.0000001],
  ],
  toString: () => 'tensor([[4, 0],\n [0, 6]])',
};

test.for<[unknown, string]>([
  [0.5403023058681398, '0.5403023'],
  [0.5403023058681398, '0.5403…'],
  [2, '2'],
  [-0, '-0'],
  [1e-7, '1e-7'],
  [Number.NaN, 'NaN'],
  ['a string', "'a string'"],
  [[1, 2.5], '[1, 2.5]'],
  [{ a: [1], b: true }, '{ a: [1], b: true }'],
  [new Float32Array([1, 2]), 'Float32Array [1, 2]'],
  [tensorLike, '[[4, 0], [0, 6]]'],
  [tensorLike, 'tensor([[4, 0], [0, 6]])'],
  [[tensorLike, 1], '[[[4, 0], [0, 6]], 1]'],
  [__printed('value', 1.25), 'value 1.25'],
  [undefined, 'undefined'],
])('%o is written %s', async ([value, expected]) => {
  await __check(async () => value, expected, 'here');
});

test.for<[unknown, string]>([
  [0.5404, '0.5403'],
  [2.4, '2'],
  [[1, 2], '[1, 3]'],
  [[1, 2], '[[1, 2]]'],
  [[[1, 2]], '[1, 2]'],
  [Number.NaN, 'Infinity'],
  [1, 'throws 1'],
])('%o is not written %s', async ([value, expected]) => {
  await expect(__check(async () => value, expected, 'here:1')).rejects.toThrow('here:1');
});

test('an expected error is compared by its message', async () => {
  const fail = async () => {
    throw new RangeError('matmul: inner sizes differ: x [2,3] · y [4,5]');
  };
  await __check(fail, 'throws matmul: inner sizes differ', 'here');
  await __check(fail, 'throws RangeError: matmul: … y [4,5]', 'here');
  await expect(__check(fail, 'throws something else', 'here')).rejects.toThrow('the example says');
  await expect(__check(fail, '2', 'here')).rejects.toThrow('inner sizes differ');
});

test('arrow comments become checks of the statement before them', () => {
  const code = [
    'const y = f(x); // → 1',
    'f(y) // → [[1, 2],',
    '     //    [3, 4]]',
    'record(() => {',
    '  g(y); // → 3',
    '});',
    'console.log(y, 2);',
    '// → 1 2',
  ].join('\n');
  const result = instrument(code, (line) => `here:${line}`);
  expect(result.checks).toBe(4);
  expect([...result.freeNames].sort()).toEqual(['console', 'f', 'g', 'log', 'record', 'x']);
  expect(result.code).toMatchInlineSnapshot(`
    "const y = f(x);; await __check(async () => (y), "1", "here:1"); // → 1
    ;await __check(async () => (f(y)), "[[1, 2], [3, 4]]", "here:2"); // → [[1, 2],
         //    [3, 4]]
    record(() => {
      ;__checkNow(() => (g(y)), "3", "here:5"); // → 3
    });
    ;await __check(async () => (__printed(y, 2)), "1 2", "here:8");
    // → 1 2"
  `);
});

test('an arrow comment without a statement is an error', () => {
  expect(() => instrument('f(\n  x, // → 1\n);', (line) => `here:${line}`)).toThrow('here:2: no statement');
});

test('fences and docstrings are found with their lines', () => {
  const prose = 'Text\n\n```ts\na;\n```\n\n```ts no-run\nb;\n```\n\n```sh\nc\n```\n\n- list\n\n  ```ts\n  d;\n  ```\n';
  expect(markdownExamples('a.md', prose).map(({ place, code }) => [place, code])).toEqual([
    ['a.md:4', 'a;\n'],
    ['a.md:18', 'd;\n'],
  ]);
  const source =
    '/**\n * One.\n *\n * @example\n * one();\n * two();\n * @returns x\n */\n\n/** @example\n * ```ts\n * three();\n * ```\n */\n';
  expect(docstringExamples('a.ts', source).map(({ place, code }) => [place, code])).toEqual([
    ['a.ts:5', 'one();\ntwo();\n'],
    ['a.ts:12', 'three();\n'],
  ]);
});
