/**
 * Dense Jacobians the slow way: by central differences, one input element after the other, in float64.
 * The one idea: nothing here knows of derivatives, structure or plans, so it can be the truth for all of them.
 */
import type { Tensor } from '@jacobi/tensor';
import { tensor } from '@jacobi/tensor';

/** Numbers with a shape, row-major. */
export interface Dense {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** A tensor's numbers. */
export function read(t: Tensor): Dense {
  return { shape: t.shape, data: Array.from(t.dataSync()) };
}

/** A float64 tensor of these numbers. */
export function float64(data: readonly number[], shape: readonly number[] = [data.length]): Tensor {
  return tensor(Float64Array.from(data), { shape: [...shape] });
}

/**
 * ∂f/∂x for one argument `x` of float64, of shape f(x).shape ++ x.shape, by (8(f(x+h) − f(x−h)) − (f(x+2h) − f(x−2h))) / 12h,
 * whose error is of order h⁴.
 */
export function differences(f: (x: Tensor) => Tensor, x: Tensor, h = 1e-3): Dense {
  const base = Array.from(x.dataSync());
  const y = f(x);
  const data = new Array<number>(y.size * x.size).fill(0);
  const moved = (k: number, by: number): ArrayLike<number> => {
    const next = base.slice();
    next[k]! += by;
    return f(float64(next, x.shape)).dataSync();
  };
  for (let k = 0; k < x.size; k++) {
    const [a, b, c, d] = [moved(k, h), moved(k, -h), moved(k, 2 * h), moved(k, -2 * h)];
    for (let i = 0; i < y.size; i++) {
      data[i * x.size + k] = (8 * (a[i]! - b[i]!) - (c[i]! - d[i]!)) / (12 * h);
    }
  }
  return { shape: [...y.shape, ...x.shape], data };
}

/** TensorFlow's batch Jacobian from a dense one of shape [b, …, b, …]: entry b is Σ over b' of ∂y[b']/∂x[b]. */
export function summedBatch({ shape, data }: Dense, targetRank: number): Dense {
  const b = shape[0]!;
  const t = size(shape.slice(1, targetRank));
  const s = size(shape.slice(targetRank + 1));
  const out = new Array<number>(b * t * s).fill(0);
  for (let from = 0; from < b; from++) {
    for (let i = 0; i < t; i++) {
      for (let to = 0; to < b; to++) {
        for (let j = 0; j < s; j++) out[(to * t + i) * s + j]! += data[((from * t + i) * b + to) * s + j]!;
      }
    }
  }
  return { shape: [...shape.slice(0, targetRank), ...shape.slice(targetRank + 1)], data: out };
}

/** Throws unless shapes are equal and each element is within `tolerance`, relative to the largest number around. */
export function expectDense(actual: Tensor | Dense, expected: Tensor | Dense, what = '', tolerance = 1e-8): void {
  const a = 'dataSync' in actual ? read(actual) : actual;
  const e = 'dataSync' in expected ? read(expected) : expected;
  if (a.shape.join() !== e.shape.join())
    throw new Error(`${what}: shape [${a.shape.join()}], expected [${e.shape.join()}]`);
  if (a.data.length !== e.data.length) throw new Error(`${what}: ${a.data.length} elements, expected ${e.data.length}`);
  const scale = e.data.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 1);
  let worst = 0;
  let place = -1;
  for (let i = 0; i < e.data.length; i++) {
    const [x, y] = [a.data[i]!, e.data[i]!];
    if (Object.is(x, y) || x === y) continue;
    const error = Number.isFinite(x) && Number.isFinite(y) ? Math.abs(x - y) / scale : Number.POSITIVE_INFINITY;
    if (error > worst) [worst, place] = [error, i];
  }
  if (worst > tolerance) {
    throw new Error(
      `${what}: element ${place} of [${e.shape.join()}] is ${a.data[place]}, expected ${e.data[place]} (relative error ${worst})`,
    );
  }
}

const size = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);
