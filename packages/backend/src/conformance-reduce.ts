/**
 * Conformance of reductions and of positions of extremes. The one idea: whole numbers add up exactly in any order, so
 * layouts are tested exactly, and accuracy by itself. Must not import any particular backend.
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
import type { DType, Reducer, ScalarStep, TypedArray } from './index.ts';
import { allocate } from './index.ts';
import * as scalar from './scalar.ts';

const ARITHMETIC: readonly DType[] = ['float32', 'float64', 'int32'];

/** Kept and reduced axes: none, one, several, empty ones; rows shorter and longer than any block. */
const SPLITS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[], [1]],
  [[], [7]],
  [[], [1000]],
  [[], [1024]],
  [[9], [512]],
  [[3], []],
  [[3], [4]],
  [[0], [4]],
  [[4], [0]],
  [[], [0]],
  [
    [2, 3],
    [0, 2],
  ],
  [[2, 3], [4]],
  [[3], [2, 4]],
  [[2], [3, 130]],
  [[50], [3]],
  [[40], [70]],
  [[300], [20]],
  [[9], [600]],
  [
    [2, 10],
    [3, 2, 2],
  ],
  [
    [2, 2, 2],
    [3, 2],
  ],
];

export function* reductions(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    for (const reducer of [scalar.sumReducer, scalar.maxReducer, scalar.minReducer]) yield* reduced(reducer, dtype);
  }
  for (const reducer of [scalar.anyReducer, scalar.allReducer]) yield* reduced(reducer, 'bool');
  yield* reduced(scalar.prodReducer, 'int32');
}

function* reduced(reducer: Reducer, dtype: DType): Generator<Case> {
  for (const [kept, axes] of SPLITS) {
    for (const [i, layout] of inputLayouts([...kept, ...axes]).entries()) {
      const outputs = outputLayouts(kept);
      const to = outputs[i % outputs.length]!;
      const title = `${reducer.name} ${dtype} [${kept.join()}] over [${axes.join()}] ${layout.name}`;
      yield reduction(title, reducer, kept, axes, layout, to, integers(dtype, layout.length));
    }
  }
}

/** Prologues: of three operands in layouts of their own, one of them a mask and one of whole numbers; and of a mask alone. */
export function* prologues(): Generator<Case> {
  const [x, y, mask] = [0, 1, 2] as const;
  for (const dtype of ['float32', 'float64'] as const) {
    for (const reducer of [scalar.sumReducer, scalar.maxReducer]) {
      for (const [kept, axes] of SPLITS) {
        const layouts = inputLayouts([...kept, ...axes]);
        for (const [i, layout] of layouts.entries()) {
          const own = [layout, layouts[(i + 1) % layouts.length]!, layouts[(5 * i + 3) % layouts.length]!];
          const body: ScalarStep[] = [
            { fn: scalar.mul, args: [x, y], dtype },
            { constant: 3 },
            { fn: scalar.select, args: [mask, 3, 4], dtype },
          ];
          yield prologue(dtype, reducer, [kept, axes], own, [dtype, 'int32', 'bool'], body);
        }
        const counting: ScalarStep[] = [{ fn: scalar.identity, args: [0], dtype }];
        yield prologue(dtype, reducer, [kept, axes], [layouts.at(-1)!], ['bool'], counting);
      }
    }
  }
}

function prologue(
  dtype: 'float32' | 'float64',
  reducer: Reducer,
  [kept, reduced]: readonly [readonly number[], readonly number[]],
  layouts: readonly Layout[],
  dtypes: readonly DType[],
  body: readonly ScalarStep[],
): Case {
  const sketch = new Sketch();
  const accesses = layouts.map((layout, i) => {
    return accessTo(sketch.input(integers(dtypes[i]!, layout.length, i + 1)), layout);
  });
  const [input, ...inputs] = accesses;
  const to = outputLayouts(kept).at(-1)!;
  const output = accessTo(sketch.output(dtype, to.length), to);
  const title = `${reducer.name} ${dtype} [${kept.join()}] over [${reduced.join()}] of ${layouts.map((l) => l.name).join(', ')}`;
  const kernel = { kind: 'reduce', reducer, kept, reduced, input: input!, output, accumulate: dtype } as const;
  return sketch.step({ ...kernel, prologue: { inputs, body } }).case(title);
}

/** Elements that are read several times: windows that overlap along one axis, and along two. */
export function* windows(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    for (const strides of [
      [1, 1, 1],
      [2, 1, 1],
      [1, 2, 2],
      [0, 1, 1],
    ]) {
      const layout: Layout = { name: `strides ${strides.join()}`, offset: 0, strides, length: 40 };
      const data = integers(dtype, 40);
      yield reduction(`windows ${dtype} ${layout.name}`, scalar.sumReducer, [8], [3, 4], layout, contiguous([8]), data);
      yield reduction(
        `windows ${dtype} ${layout.name}`,
        scalar.sumReducer,
        [2, 3],
        [4],
        layout,
        contiguous([2, 3]),
        data,
      );
    }
  }
}

/** What sums must keep: many fractions, tenths, wrap-around. */
export function* sums(): Generator<Case> {
  yield* floatSums('float32', 1e-7);
  yield* floatSums('float64', 1e-14);
  const large = Int32Array.from({ length: 5000 }, (_, i) => 2147483647 - i);
  const [wide, columns] = [contiguous([5000]), permuted([10, 500], [1, 0])];
  yield sumOf('sum int32 wraps', [], [5000], wide, large);
  yield sumOf('sum int32 wraps in columns', [10], [500], columns, large);
  const odd = large.map((x) => x | 1);
  yield reduction('prod int32 wraps', scalar.prodReducer, [], [5000], wide, contiguous([]), odd);
}

function* floatSums(dtype: 'float32' | 'float64', tolerance: number): Generator<Case> {
  for (const length of [1000, 100000]) {
    const data = fractions(dtype, length);
    yield sumOf(`sum ${dtype} of ${length} fractions`, [], [length], contiguous([length]), data, tolerance);
  }
  const tenths = allocate(dtype, 1000000).fill(0.1);
  const [all, rows, columns] = [contiguous([1000000]), contiguous([10, 100000]), permuted([10, 100000], [1, 0])];
  yield sumOf(`sum ${dtype} of 10⁶ tenths`, [], [1000000], all, tenths, tolerance);
  yield sumOf(`sum ${dtype} of rows of tenths`, [10], [100000], rows, tenths, tolerance);
  yield sumOf(`sum ${dtype} of columns of tenths`, [10], [100000], columns, tenths, tolerance);
}

function sumOf(
  title: string,
  kept: readonly number[],
  reduced: readonly number[],
  layout: Layout,
  data: TypedArray,
  tolerance?: number,
): Case {
  return reduction(title, scalar.sumReducer, kept, reduced, layout, contiguous(kept), data, tolerance);
}

export function* specials(): Generator<Case> {
  const values = [
    [1, NaN, 2],
    [NaN, NaN, NaN],
    [Infinity, 1, -Infinity],
    [-Infinity, -Infinity, -Infinity],
    [-0, 0, -1],
  ];
  for (const dtype of ['float32', 'float64'] as const) {
    const data = allocate(dtype, 15).map((_, i) => values[Math.floor(i / 3)]![i % 3]!);
    for (const reducer of [scalar.sumReducer, scalar.prodReducer, scalar.maxReducer, scalar.minReducer]) {
      for (const layout of [contiguous([5, 3]), permuted([5, 3], [1, 0])]) {
        const title = `${reducer.name} ${dtype} of special values ${layout.name}`;
        yield reduction(title, reducer, [5], [3], layout, contiguous([5]), data);
      }
    }
    const long = allocate(dtype, 3000).map((_, i) => (i === 1700 ? NaN : i));
    for (const reducer of [scalar.maxReducer, scalar.minReducer, scalar.sumReducer]) {
      yield reduction(
        `${reducer.name} ${dtype} with a NaN late`,
        reducer,
        [],
        [3000],
        contiguous([3000]),
        contiguous([]),
        long,
      );
    }
    const tiny = fractions(dtype, 3000);
    const prod = scalar.prodReducer;
    yield reduction(`prod ${dtype}`, prod, [30], [100], contiguous([30, 100]), contiguous([30]), tiny, 1e-5);
  }
}

export function* positions(): Generator<Case> {
  const special = [1, NaN, 2, NaN, 0, Infinity, -Infinity, 3, Infinity, 5, 5, 1, -2, -2, 7];
  for (const dtype of ARITHMETIC) {
    for (const largest of [true, false]) {
      for (const [kept, length] of [
        [[], 1],
        [[], 6],
        [[3], 5],
        [[5, 2], 3],
        [[0], 4],
        [[2, 3, 2], 2],
      ] as const) {
        for (const layout of inputLayouts([...kept, length])) {
          const data = integers(dtype, layout.length);
          if (dtype !== 'int32') special.slice(0, layout.length).forEach((value, i) => (data[i] = value));
          const sketch = new Sketch();
          const input = accessTo(sketch.input(data), layout);
          const to = outputLayouts(kept).at(-1)!;
          const output = accessTo(sketch.output('int32', to.length), to);
          yield sketch
            .step({ kind: 'argreduce', largest, kept, length, input, output })
            .case(`${largest ? 'largest' : 'smallest'} of ${length} ${dtype} [${kept.join()}] ${layout.name}`);
        }
      }
    }
  }
}

/** The same elements in two orders in memory: the sums must be equal to the last bit. */
export function orders(dtype: DType): [Case, Case][] {
  return (
    [
      [[40], [70]],
      [[6], [5, 300]],
      [[3, 50], [7]],
      [[20], [3000]],
    ] as const
  ).map(([kept, axes]) => {
    const shape = [...kept, ...axes];
    const straight = contiguous(shape);
    const turned = permuted(shape, shape.map((_, i) => i).toReversed());
    const data = fractions(dtype, straight.length);
    const copy = allocate(dtype, straight.length);
    // Where the turned layout has the element that row-major order has at i.
    data.forEach((value, i) => {
      let rest = i;
      let at = 0;
      for (const [axis, stride] of straight.strides.entries()) {
        at += Math.floor(rest / stride) * turned.strides[axis]!;
        rest %= stride;
      }
      copy[at] = value;
    });
    const make = (layout: Layout, elements: TypedArray): Case =>
      reduction(
        `sum ${dtype} [${kept.join()}] over [${axes.join()}] ${layout.name}`,
        scalar.sumReducer,
        kept,
        axes,
        layout,
        contiguous(kept),
        elements,
        1e-6,
      );
    return [make(straight, data), make(turned, copy)];
  });
}

function reduction(
  title: string,
  reducer: Reducer,
  kept: readonly number[],
  reduced: readonly number[],
  layout: Layout,
  to: Layout,
  data: TypedArray,
  tolerance?: number,
): Case {
  const sketch = new Sketch();
  const slot = sketch.input(data);
  const accumulate =
    data instanceof Int32Array
      ? 'int32'
      : data instanceof Uint8Array
        ? 'bool'
        : data instanceof Float32Array
          ? 'float32'
          : 'float64';
  const output = accessTo(sketch.output(accumulate, to.length), to);
  return sketch
    .step({ kind: 'reduce', reducer, kept, reduced, input: accessTo(slot, layout), output, accumulate })
    .case(title, tolerance);
}
