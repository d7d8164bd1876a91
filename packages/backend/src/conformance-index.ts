/**
 * Conformance of kernels that move along an axis by index: gather, scatter, scan, random. The one idea: indices include
 * repeated ones and ones outside. Must not import any particular backend.
 */
import type { Case } from './conformance-kit.ts';
import { accessTo, contiguous, integers, Sketch } from './conformance-kit.ts';
import type { DType } from './index.ts';
import { allocate, DTYPES } from './index.ts';

const ARITHMETIC: readonly DType[] = ['float32', 'float64', 'int32'];

/** batch, outer, size, count, inner. */
const SIZES = [
  [1, 1, 5, 3, 1],
  [1, 1, 5, 7, 4],
  [1, 3, 4, 6, 1],
  [2, 3, 4, 5, 3],
  [3, 1, 2, 4, 1],
  [1, 1, 5, 0, 3],
  [1, 1, 0, 3, 2],
  [0, 2, 3, 4, 1],
  [2, 2, 3, 4, 0],
  [1, 1, 30, 40, 100],
  [2, 1, 6, 5, 21],
] as const;

/** Indices from −1 to `size`: one too far on both sides, and many twice. */
function indices(length: number, size: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => ((i * 7 + (i >> 2)) % (size + 2)) - 1);
}

export function* gathers(): Generator<Case> {
  for (const dtype of DTYPES) {
    for (const [batch, outer, size, count, inner] of SIZES) {
      const sketch = new Sketch();
      const source = sketch.input(integers(dtype, batch * outer * size * inner));
      const index = sketch.input(indices(batch * count, size));
      const output = sketch.output(dtype, batch * outer * count * inner);
      yield sketch
        .step({ kind: 'gather', batch, outer, size, count, inner, source, indices: index, output })
        .case(`gather ${dtype} ${[batch, outer, size, count, inner].join()}`);
    }
  }
}

export function* scatters(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    for (const [batch, outer, size, count, inner] of SIZES) {
      const sketch = new Sketch();
      const updates = sketch.input(integers(dtype, batch * outer * count * inner));
      const index = sketch.input(indices(batch * count, size));
      const length = batch * outer * size * inner;
      const output = sketch.output(dtype, length);
      const all = accessTo(output, contiguous([length]));
      yield sketch
        .step({ kind: 'map', shape: [length], inputs: [], output: all, body: [{ constant: 2 }] })
        .step({ kind: 'scatter', batch, outer, size, count, inner, updates, indices: index, output })
        .case(`scatter ${dtype} ${[batch, outer, size, count, inner].join()}`);
    }
  }
}

export function* scans(): Generator<Case> {
  for (const dtype of ARITHMETIC) {
    for (const form of ['sum', 'product', 'linear'] as const) {
      for (const [outer, length, inner] of [
        [1, 6, 1],
        [2, 5, 3],
        [1, 1, 4],
        [3, 0, 2],
        [0, 3, 1],
        [1, 12, 70],
      ] as const) {
        for (const reverse of [false, true]) {
          const total = outer * length * inner;
          const sketch = new Sketch();
          // Factors of −1, 0, 1 and 2: products stay whole numbers that every dtype can hold.
          const small = allocate(dtype, total).map((_, i) => ((i * 5) % 4) - 1);
          const values = sketch.input(form === 'product' ? small : integers(dtype, total));
          const factors = form === 'linear' ? { factors: sketch.input(small) } : {};
          const output = sketch.output(dtype, total);
          yield sketch
            .step({ kind: 'scan', form, outer, length, inner, reverse, values, ...factors, output })
            .case(`${form} ${dtype} [${outer}, ${length}, ${inner}]${reverse ? ' reverse' : ''}`);
        }
      }
    }
  }
  const sketch = new Sketch();
  const values = sketch.input(Int32Array.of(2147483647, 2147483647, 2147483645, 3));
  const output = sketch.output('int32', 4);
  yield sketch
    .step({ kind: 'scan', form: 'product', outer: 1, length: 4, inner: 1, reverse: false, values, output })
    .case('product int32 wraps');
}

export function* randoms(): Generator<Case> {
  for (const [batch, count] of [
    [1, 1],
    [1, 2],
    [1, 7],
    [3, 5],
    [0, 4],
    [2, 0],
    [2, 1000],
  ] as const) {
    const sketch = new Sketch();
    const words = [0, 0, -1, -1, 0x13198a2e, 0x03707344].slice(0, 2 * batch);
    const keys = sketch.input(Int32Array.from(words));
    const output = sketch.output('int32', batch * count);
    yield sketch.step({ kind: 'random', batch, count, keys, output }).case(`${count} random words for ${batch} keys`);
  }
}
