/**
 * Conformance of contractions. The one idea: non-square sizes and every order of axes in memory, on whole numbers, so that a
 * transposed or misplaced element cannot go unseen. Must not import any particular backend.
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
  repeated,
  reversed,
  Sketch,
} from './conformance-kit.ts';
import type { DType, ScalarStep, TypedArray } from './index.ts';
import * as scalar from './scalar.ts';

const ARITHMETIC: readonly DType[] = ['float32', 'float64', 'int32'];

/** Axes of a contraction by group. */
interface Groups {
  readonly batch: readonly number[];
  readonly m: readonly number[];
  readonly n: readonly number[];
  readonly k: readonly number[];
}

/** Where its operands lie; row-major unless said. */
interface Layouts {
  readonly left?: Layout;
  readonly right?: Layout;
  readonly output?: Layout;
}

/** Small and empty groups, of several axes and of none. */
const GROUPS: readonly Groups[] = [
  { batch: [], m: [], n: [], k: [] },
  { batch: [], m: [], n: [], k: [5] },
  { batch: [], m: [3], n: [], k: [4] },
  { batch: [], m: [], n: [3], k: [4] },
  { batch: [], m: [3], n: [2], k: [] },
  { batch: [], m: [3], n: [5], k: [7] },
  { batch: [], m: [3], n: [5], k: [0] },
  { batch: [], m: [0], n: [5], k: [7] },
  { batch: [], m: [3], n: [0], k: [7] },
  { batch: [0], m: [3], n: [2], k: [7] },
  { batch: [4], m: [], n: [], k: [3] },
  { batch: [4], m: [], n: [], k: [] },
  { batch: [2], m: [3], n: [2], k: [5] },
  { batch: [2, 3], m: [3, 2], n: [2], k: [5] },
  { batch: [3], m: [2, 3], n: [4, 2], k: [2, 3] },
  { batch: [], m: [1], n: [1], k: [300] },
];

/** Sizes at which a backend may well change its way: odd ones, and more than a block of each. */
const LARGE: readonly Groups[] = [
  { batch: [], m: [33], n: [35], k: [37] },
  { batch: [], m: [131], n: [9], k: [21] },
  { batch: [], m: [8], n: [130], k: [17] },
  { batch: [], m: [9], n: [11], k: [259] },
  { batch: [2], m: [3, 11], n: [2, 13], k: [5, 7] },
  { batch: [], m: [200], n: [], k: [150] },
  { batch: [], m: [], n: [200], k: [150] },
];

/** More terms than are summed at a time, and more columns or rows than lie in a block. */
const DEEP: readonly Groups[] = [
  { batch: [], m: [6], n: [10], k: [600] },
  { batch: [], m: [3], n: [530], k: [33] },
];

/** Every order of the axes of every operand, for small groups. */
export function* contractions(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    for (const groups of GROUPS) {
      const [left, right, output] = shapesOf(groups);
      for (const layout of orders(left)) yield contraction(dtype, groups, { left: layout });
      for (const layout of orders(right)) yield contraction(dtype, groups, { right: layout });
      for (const layout of outputLayouts(output)) yield contraction(dtype, groups, { output: layout });
    }
  }
}

/** The orders that matrix products come in, for large groups. */
export function* largeContractions(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    for (const groups of LARGE) {
      const [left, right, output] = shapesOf(groups);
      for (const l of [contiguous(left), turned(left)]) {
        for (const r of [contiguous(right), turned(right)]) {
          yield contraction(dtype, groups, { left: l, right: r });
          yield contraction(dtype, groups, { left: l, right: r, output: turned(output) });
        }
      }
      yield contraction(dtype, groups, { left: reversed(left, [0]), right: permuted(right, axesOf(right), 2, 5) });
    }
  }
}

/** Operands that repeat, and windows that overlap, as in a convolution. */
export function* viewedContractions(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    const groups = { batch: [2], m: [20], n: [16], k: [9] };
    const [left, right] = shapesOf(groups);
    for (const axis of [0, 1, 2]) {
      yield contraction(dtype, groups, { left: repeated(left, [axis]) });
      yield contraction(dtype, groups, { right: repeated(right, [axis]) });
    }
    const windows = { batch: [2], m: [6, 5], n: [8], k: [3, 3, 16] };
    // An image [2, 8, 7, 16], seen as windows [2, 6, 5] of [3, 3, 16].
    const strides = [8 * 7 * 16, 7 * 16, 16, 7 * 16, 16, 1];
    const image: Layout = { name: 'windows', offset: 0, strides, length: 2 * 8 * 7 * 16 };
    yield contraction(dtype, windows, { left: image });
    yield contraction(dtype, { ...windows, n: [2] }, { left: image });
  }
}

/**
 * Epilogues: of the sum twice and three operands, one of them a mask and one of whole numbers, each the same for all rows, for
 * all columns, or in a layout of its own; of the sum alone; and of a vector for each row or column, as in layers.
 */
export function* epilogues(): Generator<Case> {
  for (const dtype of ['float32', 'float64'] as const) {
    const mixed: ScalarStep[] = [
      { fn: scalar.mul, args: [0, 1], dtype },
      { fn: scalar.select, args: [3, 4, 2], dtype },
      { fn: scalar.sub, args: [5, 0], dtype },
    ];
    const alone: ScalarStep[] = [{ fn: scalar.relu, args: [0], dtype }];
    const layer: ScalarStep[] = [
      { fn: scalar.add, args: [0, 1], dtype },
      { fn: scalar.relu, args: [2], dtype },
    ];
    for (const groups of [...GROUPS, ...LARGE, ...DEEP]) {
      const results = shapesOf(groups)[2];
      const outputs = outputLayouts(results);
      const layouts = inputLayouts(results);
      for (const [i, output] of outputs.entries()) {
        const own = [layouts[i]!, layouts[(i + 2) % layouts.length]!, layouts[(3 * i + 1) % layouts.length]!];
        yield contraction(dtype, groups, { output }, { body: mixed, layouts: own, dtypes: [dtype, 'int32', 'bool'] });
      }
      yield contraction(dtype, groups, {}, { body: alone, layouts: [], dtypes: [] });
      for (const axes of [axesOf(results).slice(0, -1), axesOf(results).slice(-1)]) {
        const vector = repeated(results, axes);
        yield contraction(dtype, groups, {}, { body: layer, layouts: [vector], dtypes: [dtype] });
        yield contraction(
          dtype,
          groups,
          { output: turned(results) },
          { body: layer, layouts: [vector], dtypes: [dtype] },
        );
      }
      const plain = contiguous(results);
      yield contraction(
        dtype,
        groups,
        {},
        { body: mixed, layouts: [plain, plain, plain], dtypes: [dtype, 'int32', 'bool'] },
      );
    }
  }
}

/** NaN, infinities and accuracy. */
export function* contractedSpecials(): Generator<Case> {
  for (const dtype of ['float32', 'float64'] as const) {
    for (const size of [3, 40]) {
      const groups = { batch: [], m: [size], n: [size + 1], k: [size + 2] };
      const [left, right] = shapesOf(groups).map((shape) => integers(dtype, contiguous(shape).length));
      left![size + 3] = NaN;
      left![2 * size + 5] = Infinity;
      right![4] = 0;
      right![0] = -Infinity;
      yield contraction(dtype, groups, {}, undefined, [left!, right!]);
      const fraction = shapesOf(groups).map((shape) => fractions(dtype, contiguous(shape).length));
      yield contraction(dtype, groups, {}, undefined, fraction, dtype === 'float32' ? 1e-6 : 1e-13);
    }
    const long = { batch: [], m: [1], n: [1], k: [1000000] };
    const tenths = integers(dtype, 1000000).fill(0.1);
    // Blocks of a hundred or two may be summed in float32.
    yield contraction(
      dtype,
      long,
      {},
      undefined,
      [tenths, integers(dtype, 1000000).fill(1)],
      dtype === 'float32' ? 3e-6 : 1e-10,
    );
  }
  const wide = { batch: [], m: [3], n: [2], k: [50] };
  const large = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => 2147483647 - 77777 * i);
  yield contraction('int32', wide, {}, undefined, [large(150), large(100)]);
}

const axesOf = (shape: readonly number[]): number[] => shape.map((_, axis) => axis);
const turned = (shape: readonly number[]): Layout => permuted(shape, axesOf(shape).toReversed());

/** Row-major, all rotations and the reversal of the axes, spaced out, backwards. */
function orders(shape: readonly number[]): Layout[] {
  const axes = axesOf(shape);
  const rotations = axes.map((_, by) => permuted(shape, [...axes.slice(by), ...axes.slice(0, by)]));
  return [contiguous(shape), ...rotations, turned(shape), permuted(shape, axes, 3, 2), reversed(shape, axes)];
}

function shapesOf({ batch, m, n, k }: Groups): [number[], number[], number[]] {
  return [
    [...batch, ...m, ...k],
    [...batch, ...n, ...k],
    [...batch, ...m, ...n],
  ];
}

/** An epilogue's body, where its operands lie, and what they are. */
interface Made {
  readonly body: readonly ScalarStep[];
  readonly layouts: readonly Layout[];
  readonly dtypes: readonly DType[];
}

function contraction(
  dtype: DType,
  groups: Groups,
  layouts: Layouts,
  made?: Made,
  data?: readonly TypedArray[],
  tolerance?: number,
): Case {
  const shapes = shapesOf(groups);
  const left = layouts.left ?? contiguous(shapes[0]);
  const right = layouts.right ?? contiguous(shapes[1]);
  const output = layouts.output ?? contiguous(shapes[2]);
  const sketch = new Sketch();
  const sources = [
    data?.[0] ?? integers(dtype, left.length, 1),
    data?.[1] ?? integers(dtype, right.length, 2),
  ] as const;
  const accesses = {
    left: accessTo(sketch.input(sources[0]), left),
    right: accessTo(sketch.input(sources[1]), right),
    output: accessTo(sketch.output(dtype, output.length), output),
  };
  const inputs = made?.layouts.map((layout, i) => {
    return accessTo(sketch.input(integers(made.dtypes[i]!, layout.length, i + 3)), layout);
  });
  const { batch, m, n, k } = groups;
  const operands = made ? ` with ${made.layouts.map((layout) => layout.name).join(', ')}` : '';
  const title = `${dtype} [${batch.join()}] [${m.join()}] [${n.join()}] [${k.join()}]: ${left.name}, ${right.name} to ${output.name}${operands}`;
  const epilogue = made && { epilogue: { inputs: inputs!, body: made.body } };
  return sketch
    .step({ kind: 'contract', ...groups, ...accesses, accumulate: dtype, ...epilogue })
    .case(title, tolerance);
}
