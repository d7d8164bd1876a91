/**
 * Conformance of straight lines: loads and stores of any spacing, every dtype, constants and loads that are stored as they
 * are, and the same bits as the steps have as kernels of their own. Must not import any particular backend.
 */
import type { Case } from './conformance-kit.ts';
import { accessTo, contiguous, fractions, integers, Sketch } from './conformance-kit.ts';
import type { DType, Lane, ScalarFunction, ScalarStep } from './index.ts';
import * as scalar from './scalar.ts';

const ROWS = [1, 3, 4, 7, 700];

const lane = (slot: number, offset: number, stride: number): Lane => ({ slot, offset, stride });

/** Straight lines over different numbers of rows. */
export function* straightLines(): Generator<Case> {
  for (const rows of [0, ...ROWS]) {
    for (const dtype of ['float32', 'float64', 'int32'] as const) yield arithmetic(rows, dtype);
    yield mixed(rows);
    yield long(rows);
  }
}

/** Rows of three and a shared operand, backwards and with gaps; what is stored includes a load and a constant. */
function arithmetic(rows: number, dtype: DType): Case {
  const sketch = new Sketch();
  const [x, y] = [sketch.input(integers(dtype, 3 * rows, 1)), sketch.input(integers(dtype, 2 * rows, 2))];
  const shared = sketch.constant(integers(dtype, 4, 3));
  const [out, other] = [sketch.output(dtype, 4 * rows), sketch.output(dtype, 2 * rows)];
  const loads = [lane(x, 0, 3), lane(x, 2, 3), lane(y, Math.max(rows - 1, 0), -1), lane(shared, 2, 0)];
  const body: ScalarStep[] = [
    { fn: scalar.mul, args: [0, 1], dtype },
    { constant: 3 },
    { fn: scalar.sub, args: [4, 2], dtype },
    { fn: scalar.add, args: [6, 5], dtype },
    { fn: scalar.mul, args: [7, 3], dtype },
    { fn: scalar.neg, args: [6], dtype },
  ];
  const stores = [
    { ...lane(out, 0, 4), value: 8 },
    { ...lane(out, 1, 4), value: 1 },
    { ...lane(out, 2, 4), value: 5 },
    { ...lane(out, 3, 4), value: 9 },
    { ...lane(other, 2 * Math.max(rows - 1, 0), -2), value: 6 },
    { ...lane(other, 2 * Math.max(rows - 1, 0) + 1, -2), value: 6 },
  ];
  return sketch.step({ kind: 'straight', rows, loads, body, stores }).case(`${rows} rows, ${dtype}`);
}

/** Comparisons, choices and casts between dtypes. */
function mixed(rows: number): Case {
  const sketch = new Sketch();
  const [x, n, b] = [
    sketch.input(integers('float32', rows, 1)),
    sketch.input(integers('int32', rows, 2)),
    sketch.input(integers('bool', rows, 3)),
  ];
  const outs = (['float32', 'bool', 'int32'] as const).map((dtype) => sketch.output(dtype, rows));
  const body: ScalarStep[] = [
    { fn: scalar.less, args: [0, 1], dtype: 'bool' },
    { fn: scalar.logicalXor, args: [3, 2], dtype: 'bool' },
    { fn: scalar.identity, args: [1], dtype: 'float32' },
    { fn: scalar.select, args: [4, 0, 5], dtype: 'float32' },
    { fn: scalar.toInt, args: [6], dtype: 'int32' },
    { fn: scalar.add, args: [7, 1], dtype: 'int32' },
  ];
  const stores = [6, 4, 8].map((value, i) => ({ ...lane(outs[i]!, 0, 1), value }));
  const loads = [x, n, b].map((slot) => lane(slot, 0, 1));
  return sketch.step({ kind: 'straight', rows, loads, body, stores }).case(`${rows} rows of mixed dtypes`);
}

/** A thousand steps, of which the last reads the first. */
function long(rows: number): Case {
  const sketch = new Sketch();
  const x = sketch.input(integers('float64', 2 * rows, 1));
  const out = sketch.output('float64', rows);
  const body: ScalarStep[] = [];
  for (let i = 0; i < 1000; i++) {
    const fn = [scalar.add, scalar.sub, scalar.maximum][i % 3]!;
    body.push({ fn, args: [i + 1, i % 5 === 0 ? 2 * Math.floor(i / 4) : 0], dtype: 'float64' });
  }
  body.push({ fn: scalar.sub, args: [1001, 2], dtype: 'float64' });
  const loads = [lane(x, 0, 2), lane(x, 1, 2)];
  return sketch
    .step({ kind: 'straight', rows, loads, body, stores: [{ ...lane(out, 0, 1), value: 1002 }] })
    .case(`${rows} rows of a thousand steps`);
}

const STEPS: readonly (readonly [ScalarFunction, readonly number[]])[] = [
  [scalar.mul, [0, 1]],
  [scalar.sin, [2]],
  [scalar.div, [3, 1]],
  [scalar.exp, [4]],
  [scalar.tanh, [5]],
  [scalar.cos, [0]],
  [scalar.sub, [6, 7]],
];

/** A straight line, and its steps as kernels: they must agree to the last bit. */
export function straightened(): [Case, Case][] {
  return (['float32', 'float64'] as const).flatMap((dtype) =>
    ROWS.map((rows): [Case, Case] => {
      const data = [fractions(dtype, rows, 1), fractions(dtype, rows, 2)];
      const line = new Sketch();
      const loads = data.map((array) => lane(line.input(array), 0, 1));
      const body = STEPS.map(([fn, args]): ScalarStep => ({ fn, args, dtype }));
      const stores = [{ ...lane(line.output(dtype, rows), 0, 1), value: 8 }];
      line.step({ kind: 'straight', rows, loads, body, stores });
      const apart = new Sketch();
      const slots = data.map((array) => apart.input(array));
      STEPS.forEach(([fn, args], i) => {
        const out = i === STEPS.length - 1 ? apart.output(dtype, rows) : apart.temporary(dtype, rows);
        const all = contiguous([rows]);
        apart.step({
          kind: 'map',
          shape: [rows],
          inputs: args.map((arg) => accessTo(slots[arg]!, all)),
          output: accessTo(out, all),
          body: [{ fn, args: args.map((_, k) => k), dtype }],
        });
        slots.push(out);
      });
      const title = `${rows} rows ${dtype}`;
      return [line.case(`straight, ${title}`, 1e-4), apart.case(`apart, ${title}`, 1e-4)];
    }),
  );
}
