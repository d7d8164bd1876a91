/**
 * Conformance of elementwise kernels. The one idea: every layout meets every dtype; functions are few, since each scalar
 * function has tests of its own. Must not import any particular backend.
 */
import type { Case, Layout } from './conformance-kit.ts';
import {
  accessTo,
  contiguous,
  fractions,
  inputLayouts,
  integers,
  outputLayouts,
  permuted,
  Sketch,
} from './conformance-kit.ts';
import type { DType, ScalarStep } from './index.ts';
import { allocate, DTYPES, promoteTypes } from './index.ts';
import * as scalar from './scalar.ts';

const ARITHMETIC: readonly DType[] = ['float32', 'float64', 'int32'];

/** Shapes of rank 0 to 5, empty ones, short and long rows, and more elements than any block has. */
const SHAPES: readonly (readonly number[])[] = [
  [],
  [1],
  [0],
  [5],
  [33],
  [700],
  [2, 3],
  [3, 0, 2],
  [40, 3],
  [3, 40],
  [1, 4],
  [2, 1, 3],
  [4, 3, 2],
  [2, 3, 2, 2],
  [2, 2, 1, 3, 2],
  [2, 2, 2, 2, 3],
  [3, 1100],
];

/** Copies from every layout to every layout. */
export function* copies(): Generator<Case> {
  for (const dtype of DTYPES) {
    for (const shape of SHAPES) {
      for (const from of inputLayouts(shape)) {
        for (const to of outputLayouts(shape)) {
          if (from.name !== 'contiguous' && to.name !== 'contiguous' && shape.length > 2) continue;
          yield elementwise(
            `copy ${dtype} [${shape.join()}] ${from.name} to ${to.name}`,
            shape,
            [[dtype, from]],
            [dtype, to],
            [],
          );
        }
      }
    }
  }
}

/** One value everywhere, into every layout. */
export function* fills(): Generator<Case> {
  for (const dtype of DTYPES) {
    for (const shape of SHAPES) {
      for (const to of outputLayouts(shape)) {
        yield elementwise(`fill ${dtype} [${shape.join()}] ${to.name}`, shape, [], [dtype, to], [{ constant: 1 }]);
      }
    }
  }
}

/** Two operands in layouts of their own, three dtypes. */
export function* pairs(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    for (const shape of SHAPES) {
      const layouts = inputLayouts(shape);
      for (const [i, left] of layouts.entries()) {
        const right = layouts[(i + 3) % layouts.length]!;
        const to = outputLayouts(shape)[i % 2]!;
        for (const fn of [scalar.add, scalar.sub, scalar.mul, scalar.maximum]) {
          const title = `${fn.name} ${dtype} [${shape.join()}] ${left.name} and ${right.name}`;
          const body: ScalarStep[] = [{ fn, args: [0, 1], dtype }];
          yield elementwise(
            title,
            shape,
            [
              [dtype, left],
              [dtype, right],
            ],
            [dtype, to],
            body,
          );
        }
      }
    }
  }
}

/** Operands and results of different dtypes: comparisons, choices, casts. */
export function* mixtures(): Generator<Case> {
  for (const shape of [[], [3], [40], [2, 600]]) {
    const flat = contiguous(shape);
    for (const dtype of ARITHMETIC) {
      for (const fn of [scalar.less, scalar.equal, scalar.greaterEqual]) {
        const body: ScalarStep[] = [{ fn, args: [0, 1], dtype: 'bool' }];
        yield elementwise(
          `${fn.name} ${dtype} [${shape.join()}]`,
          shape,
          [
            [dtype, flat],
            [dtype, flat],
          ],
          ['bool', flat],
          body,
        );
      }
      const choose: ScalarStep[] = [{ fn: scalar.select, args: [0, 1, 2], dtype }];
      const operands: [DType, Layout][] = [
        ['bool', flat],
        [dtype, flat],
        [dtype, flat],
      ];
      yield elementwise(`select ${dtype} [${shape.join()}]`, shape, operands, [dtype, flat], choose);
      for (const to of DTYPES) {
        const fn = to === 'int32' ? scalar.toInt : to === 'bool' ? scalar.toBool : scalar.identity;
        const body: ScalarStep[] = [{ fn, args: [0], dtype: to }];
        yield elementwise(`cast ${dtype} to ${to} [${shape.join()}]`, shape, [[dtype, flat]], [to, flat], body);
      }
      const wider = promoteTypes('int32', dtype);
      const sum: ScalarStep[] = [{ fn: scalar.add, args: [0, 1], dtype: wider }];
      yield elementwise(
        `int32 + ${dtype} [${shape.join()}]`,
        shape,
        [
          ['int32', flat],
          [dtype, flat],
        ],
        [wider, flat],
        sum,
      );
    }
  }
}

/** NaN, infinities, signed zeros and wrap-around. */
export function* edges(): Generator<Case> {
  const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1.5];
  const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
  const flat = contiguous([pairs.length]);
  for (const dtype of ['float32', 'float64'] as const) {
    for (const fn of [
      scalar.add,
      scalar.mul,
      scalar.div,
      scalar.maximum,
      scalar.minimum,
      scalar.less,
      scalar.notEqual,
    ]) {
      const to = fn === scalar.less || fn === scalar.notEqual ? 'bool' : dtype;
      const sketch = new Sketch();
      const a = sketch.input(allocate(dtype, pairs.length).map((_, i) => pairs[i]![0]));
      const b = sketch.input(allocate(dtype, pairs.length).map((_, i) => pairs[i]![1]));
      const out = sketch.output(to, pairs.length);
      const inputs = [accessTo(a, flat), accessTo(b, flat)];
      const body: ScalarStep[] = [{ fn, args: [0, 1], dtype: to }];
      yield sketch
        .step({ kind: 'map', shape: [pairs.length], inputs, output: accessTo(out, flat), body })
        .case(`${fn.name} ${dtype} of special values`);
    }
  }
  const ends = Int32Array.of(2147483647, -2147483648, 65537, -1, 123456789);
  for (const fn of [scalar.add, scalar.sub, scalar.mul, scalar.neg, scalar.square]) {
    const sketch = new Sketch();
    const a = sketch.input(ends);
    const b = sketch.input(ends.toReversed());
    const out = sketch.output('int32', 5);
    const operands = [accessTo(a, contiguous([5])), accessTo(b, contiguous([5]))].slice(0, fn.arity);
    const body: ScalarStep[] = [{ fn, args: operands.map((_, i) => i), dtype: 'int32' }];
    yield sketch
      .step({ kind: 'map', shape: [5], inputs: operands, output: accessTo(out, contiguous([5])), body })
      .case(`${fn.name} int32 wraps`);
  }
}

/** Bodies of several steps, with constants, in and out of order. */
export function* programs(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    const body: ScalarStep[] = [
      { constant: 3 },
      { fn: scalar.mul, args: [0, 2], dtype },
      { fn: scalar.add, args: [3, 1], dtype },
      { fn: scalar.less, args: [4, 0], dtype: 'bool' },
      { constant: -1 },
      { fn: scalar.select, args: [5, 4, 6], dtype },
      { fn: scalar.sub, args: [2, 7], dtype },
    ];
    for (const shape of SHAPES) {
      const layouts = inputLayouts(shape);
      for (const [i, left] of layouts.entries()) {
        const right = layouts[(i + 2) % layouts.length]!;
        const to = outputLayouts(shape)[i % 3]!;
        const title = `seven steps ${dtype} [${shape.join()}] ${left.name} and ${right.name}`;
        yield elementwise(
          title,
          shape,
          [
            [dtype, left],
            [dtype, right],
          ],
          [dtype, to],
          body,
        );
      }
    }
    const flat = contiguous([600]);
    const overwritten: ScalarStep[] = [{ fn: scalar.neg, args: [0], dtype }, { constant: 4 }];
    yield elementwise(`a constant last ${dtype}`, [600], [[dtype, flat]], [dtype, flat], overwritten);
    const constants: ScalarStep[] = [{ constant: 2 }, { constant: 5 }, { fn: scalar.sub, args: [0, 1], dtype }];
    yield elementwise(`constants only ${dtype}`, [600], [], [dtype, flat], constants);
  }
}

/** The functions of analysis, to the accuracy that devices have. */
export function* functions(): Generator<Case> {
  const shapes = [[], [4], [600]];
  const fns = [
    scalar.exp,
    scalar.log,
    scalar.sin,
    scalar.cos,
    scalar.tanh,
    scalar.sqrt,
    scalar.reciprocal,
    scalar.sigmoid,
  ];
  for (const [dtype, tolerance] of [
    ['float32', 4e-6],
    ['float64', 1e-14],
  ] as const) {
    for (const shape of shapes) {
      for (const fn of fns) {
        const layout = permuted(
          shape,
          shape.map((_, i) => i),
          2,
        );
        const sketch = new Sketch();
        const x = sketch.input(fractions(dtype, layout.length));
        const y = sketch.output(dtype, contiguous(shape).length);
        const body: ScalarStep[] = [{ fn, args: [0], dtype }];
        const output = accessTo(y, contiguous(shape));
        yield sketch
          .step({ kind: 'map', shape, inputs: [accessTo(x, layout)], output, body })
          .case(`${fn.name} ${dtype} [${shape.join()}]`, tolerance);
      }
    }
  }
}

function elementwise(
  title: string,
  shape: readonly number[],
  from: readonly (readonly [DType, Layout])[],
  [dtype, to]: readonly [DType, Layout],
  body: readonly ScalarStep[],
): Case {
  const sketch = new Sketch();
  const inputs = from.map(([own, layout], i) => accessTo(sketch.input(integers(own, layout.length, i + 1)), layout));
  const output = accessTo(sketch.output(dtype, to.length), to);
  return sketch.step({ kind: 'map', shape, inputs, output, body }).case(title);
}
