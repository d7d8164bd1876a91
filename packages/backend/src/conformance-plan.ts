/**
 * Conformance of whole plans: temporaries in an arena, constants, several outputs, and fused bodies against separate
 * kernels. Must not import any particular backend.
 */
import type { Case } from './conformance-kit.ts';
import { accessTo, contiguous, fractions, integers, permuted, Sketch } from './conformance-kit.ts';
import type { Access, DType, Kernel, ScalarFunction, ScalarStep } from './index.ts';
import * as scalar from './scalar.ts';

const LENGTH = 24;
const ARITHMETIC: readonly DType[] = ['float32', 'float64', 'int32'];

const all = (slot: number, length = LENGTH): Access => accessTo(slot, contiguous([length]));

/** out = fn(inputs), elementwise over whole slots. */
function apply(fn: ScalarFunction, dtype: DType, inputs: readonly number[], out: number, length = LENGTH): Kernel {
  const body: ScalarStep[] = [{ fn, args: inputs.map((_, i) => i), dtype }];
  return {
    kind: 'map',
    shape: [length],
    inputs: inputs.map((slot) => all(slot, length)),
    output: all(out, length),
    body,
  };
}

export function* plans(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    yield chain(dtype);
    yield reused(dtype);
    yield windows(dtype);
    yield dense(dtype);
  }
  yield mixedArena();
  yield constants();
  yield new Sketch().case('no kernels at all');
}

/** Temporaries side by side, each read twice. */
function chain(dtype: DType): Case {
  const sketch = new Sketch();
  const x = sketch.input(integers(dtype, LENGTH));
  const [a, b, c] = [0, 1, 2].map(() => sketch.temporary(dtype, LENGTH)) as [number, number, number];
  const [y, z] = [sketch.output(dtype, LENGTH), sketch.output(dtype, LENGTH)];
  return sketch
    .step(apply(scalar.add, dtype, [x, x], a))
    .step(apply(scalar.mul, dtype, [a, x], b))
    .step(apply(scalar.sub, dtype, [b, a], c))
    .step(apply(scalar.add, dtype, [c, b], y))
    .step(apply(scalar.neg, dtype, [c], z))
    .case(`a chain, ${dtype}`);
}

/** Two places for four temporaries: each is overwritten once the one that lay there has been read. */
function reused(dtype: DType): Case {
  const sketch = new Sketch();
  const x = sketch.input(integers(dtype, LENGTH));
  const [a, b, c, d] = [0, 192, 0, 192].map((offset) => sketch.temporary(dtype, LENGTH, offset)) as [
    number,
    number,
    number,
    number,
  ];
  const y = sketch.output(dtype, LENGTH);
  return sketch
    .step(apply(scalar.add, dtype, [x, x], a))
    .step(apply(scalar.neg, dtype, [a], b))
    .step(apply(scalar.sub, dtype, [b, x], c))
    .step(apply(scalar.add, dtype, [c, c], d))
    .step(apply(scalar.add, dtype, [d, x], y))
    .case(`places used again, ${dtype}`);
}

/** An output written in two windows, as a concatenation is. */
function windows(dtype: DType): Case {
  const sketch = new Sketch();
  const [x, y] = [sketch.input(integers(dtype, 6, 1)), sketch.input(integers(dtype, 9, 2))];
  const out = sketch.output(dtype, 15);
  const copy = (slot: number, columns: number, offset: number): Kernel => ({
    kind: 'map',
    shape: [3, columns],
    inputs: [accessTo(slot, contiguous([3, columns]))],
    output: { slot: out, offset, strides: [5, 1] },
    body: [],
  });
  return sketch
    .step(copy(x, 2, 0))
    .step(copy(y, 3, 2))
    .case(`two windows, ${dtype}`);
}

/** x·Wᵀ + b, its maximum at 0, its column sums: kernels of several kinds. */
function dense(dtype: DType): Case {
  const sketch = new Sketch();
  const [x, w, b] = [[4, 3], [5, 3], [5]].map((shape, i) =>
    sketch.input(integers(dtype, contiguous(shape).length, i + 1)),
  ) as [number, number, number];
  const [h, r] = [sketch.temporary(dtype, 20), sketch.temporary(dtype, 20)];
  const out = sketch.output(dtype, 5);
  const body: ScalarStep[] = [
    { fn: scalar.add, args: [0, 1], dtype },
    { constant: 0 },
    { fn: scalar.maximum, args: [2, 3], dtype },
  ];
  const rows = contiguous([4, 5]);
  const inputs = [accessTo(h, rows), { slot: b, offset: 0, strides: [0, 1] }];
  return sketch
    .step({
      kind: 'contract',
      batch: [],
      m: [4],
      n: [5],
      k: [3],
      left: accessTo(x, contiguous([4, 3])),
      right: accessTo(w, contiguous([5, 3])),
      output: accessTo(h, rows),
      accumulate: dtype,
    })
    .step({ kind: 'map', shape: [4, 5], inputs, output: accessTo(r, rows), body })
    .step({
      kind: 'reduce',
      reducer: scalar.sumReducer,
      kept: [5],
      reduced: [4],
      input: accessTo(r, permuted([5, 4], [1, 0])),
      output: accessTo(out, contiguous([5])),
      accumulate: dtype,
    })
    .case(`a dense layer, ${dtype}`);
}

/** Temporaries of several dtypes in one arena, one over the other. */
function mixedArena(): Case {
  const sketch = new Sketch();
  const [x, y] = [sketch.input(integers('float32', LENGTH, 1)), sketch.input(integers('float32', LENGTH, 2))];
  const mask = sketch.temporary('bool', LENGTH, 0);
  const chosen = sketch.temporary('float32', LENGTH, 32);
  const whole = sketch.temporary('int32', LENGTH, 128);
  const again = sketch.temporary('float32', LENGTH, 0);
  const out = sketch.output('float32', LENGTH);
  return sketch
    .step(apply(scalar.less, 'bool', [x, y], mask))
    .step(apply(scalar.select, 'float32', [mask, x, y], chosen))
    .step(apply(scalar.toInt, 'int32', [chosen], whole))
    .step(apply(scalar.add, 'float32', [whole, x], again))
    .step(apply(scalar.mul, 'float32', [again, y], out))
    .case('an arena of several dtypes');
}

/** Constants of every size and dtype, and a temporary that no kernel uses. */
function constants(): Case {
  const sketch = new Sketch();
  const x = sketch.input(integers('float32', LENGTH));
  const row = sketch.constant(integers('float32', LENGTH, 5));
  const one = sketch.constant(Float32Array.of(3));
  sketch.temporary('float32', LENGTH);
  const out = sketch.output('float32', LENGTH);
  const only = sketch.output('int32', 4);
  const table = sketch.constant(Int32Array.of(4, 3, 2, 1));
  const body: ScalarStep[] = [
    { fn: scalar.mul, args: [0, 1], dtype: 'float32' },
    { fn: scalar.add, args: [3, 2], dtype: 'float32' },
  ];
  const inputs = [all(x), all(row), { slot: one, offset: 0, strides: [0] }];
  return sketch
    .step({ kind: 'map', shape: [LENGTH], inputs, output: all(out), body })
    .step({ kind: 'map', shape: [4], inputs: [all(table, 4)], output: all(only, 4), body: [] })
    .case('constants');
}

/** Six steps as one kernel, and as six with a temporary each: they must agree to the last bit. */
export function fusions(): [Case, Case][] {
  const lengths = [1, 5, 1300];
  return (['float32', 'float64'] as const).flatMap((dtype) =>
    lengths.map((length): [Case, Case] => {
      const inputs = [fractions(dtype, length, 1), fractions(dtype, length, 2)];
      const steps: [ScalarFunction, number[]][] = [
        [scalar.mul, [0, 1]],
        [scalar.add, [2, 0]],
        [scalar.sin, [3]],
        [scalar.div, [4, 1]],
        [scalar.exp, [5]],
        [scalar.sub, [6, 3]],
      ];
      const fused = new Sketch();
      const accesses = inputs.map((data) => all(fused.input(data), length));
      const output = all(fused.output(dtype, length), length);
      const body = steps.map(([fn, args]): ScalarStep => ({ fn, args, dtype }));
      fused.step({ kind: 'map', shape: [length], inputs: accesses, output, body });

      const apart = new Sketch();
      const slots = inputs.map((data) => apart.input(data));
      steps.forEach(([fn, args], i) => {
        const out = i === steps.length - 1 ? apart.output(dtype, length) : apart.temporary(dtype, length);
        const operands = args.map((arg) => slots[arg]!);
        apart.step(apply(fn, dtype, operands, out, length));
        slots.push(out);
      });
      const title = `${length} elements ${dtype}`;
      return [fused.case(`fused, ${title}`, 1e-4), apart.case(`apart, ${title}`, 1e-4)];
    }),
  );
}
