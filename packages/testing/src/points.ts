/** Samples at points where values and derivatives are known: corners, kinks, tails. */
import { grad, jvp, vjp } from '@jacobi/autograd';
import { isFloating } from '@jacobi/backend';
import type { Tensor } from '@jacobi/tensor';
import { sum } from '@jacobi/tensor';
import { numbersOf } from './checks.ts';
import { expectClose } from './matchers.ts';
import type { Jet, Point, Sample } from './sample.ts';
import { make } from './sample.ts';
import { tolerances } from './tolerances.ts';

const near = tolerances.derivative.float64;

/** All stated points of a sample. */
export function checkPoints(sample: Sample): void {
  for (const point of sample.points ?? []) checkPoint(sample, point);
  for (const jet of sample.jets ?? []) checkJet(sample, jet);
}

function checkPoint(sample: Sample, point: Point): void {
  const args = point.at.map((data, i) => {
    const { shape, dtype } = sample.arguments[i]!;
    return make(data, point.shapes?.[i] ?? shape, dtype);
  });
  const what = `${sample.name} at ${JSON.stringify(point.at)}`;
  const result = sample.run(...args) as Tensor;
  if (point.value !== undefined)
    expectClose(numbersOf(result), { shape: result.shape, data: point.value }, near, `${what}: value`);
  const places = args.flatMap((t, i) => (isFloating(t.dtype) ? [i] : []));
  const own = places.map((p) => args[p]!);
  const total = (...xs: Tensor[]): Tensor => {
    const all = [...args];
    places.forEach((p, i) => {
      all[p] = xs[i]!;
    });
    return sum(sample.run(...all) as Tensor);
  };
  for (const [i, p] of places.entries()) {
    const expected = point.gradients?.[p];
    if (expected) checkGradient(total, own, i, expected, `of argument ${p} of ${what}`);
  }
  if (point.hessian === undefined) return;
  const n = Math.sqrt(point.hessian.length);
  const expected = { shape: [n, n], data: point.hessian };
  for (const outer of ['forward', 'reverse'] as const) {
    const data = hessianBy(outer, total, own);
    expectClose({ shape: [n, n], data }, expected, near, `${what}: Hessian, ${outer} over reverse`);
  }
}

/** The gradient of f by its source i, by reverse mode and by forward mode along each axis. */
function checkGradient(
  f: (...xs: Tensor[]) => Tensor,
  xs: readonly Tensor[],
  i: number,
  data: readonly number[],
  what: string,
): void {
  const x = xs[i]!;
  const expected = { shape: x.shape, data };
  const reverse = grad(f, { argnums: xs.map((_, k) => k) })(...xs) as Tensor[];
  expectClose(numbersOf(reverse[i]!), expected, near, `gradient ${what}`);
  // Along one axis of a function with infinite slopes, 0 · ∞ may be NaN where reverse mode is not asked.
  if (!data.every(Number.isFinite) && data.length !== 1) return;
  const alone = (t: Tensor): Tensor => f(...xs.map((other, k) => (k === i ? t : other)));
  const forward = data.map((_, k) => (jvp(alone, [x], [unit(x, k)]) as [Tensor, Tensor])[1].item());
  expectClose({ shape: x.shape, data: forward }, expected, near, `slopes by forward mode ${what}`);
}

/** The k-th unit vector like `t`. */
function unit(t: Tensor, k: number): Tensor {
  return make(
    Array.from({ length: t.size }, (_, i) => Number(i === k)),
    t.shape,
    t.dtype,
  );
}

/** All second derivatives, row by row. */
function hessianBy(outer: 'forward' | 'reverse', f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[]): number[] {
  const gradient = grad(f, { argnums: xs.map((_, i) => i) }) as (...args: Tensor[]) => Tensor[];
  const flat = (ts: readonly Tensor[]): number[] => ts.flatMap((t) => Array.from(t.dataSync()));
  const basis = xs.flatMap((t, i) =>
    Array.from({ length: t.size }, (_, k) => xs.map((x, q) => (q === i ? unit(t, k) : unit(x, -1)))),
  );
  return basis.flatMap((direction) => {
    if (outer === 'forward') return flat((jvp(gradient, xs, direction) as [unknown, Tensor[]])[1]);
    return flat((vjp(gradient, ...xs) as [unknown, (ct: Tensor[]) => Tensor[]])[1](direction));
  });
}

type Scalar = (x: Tensor) => Tensor;

/** Derivatives of all stated orders: by reverse mode alone, by forward mode alone, and by turns. */
function checkJet(sample: Sample, [x, orders]: Jet): void {
  const f: Scalar = (t) => sample.run(t) as Tensor;
  const reverse = (g: Scalar): Scalar => grad(g) as Scalar;
  const forward =
    (g: Scalar): Scalar =>
    (t) =>
      (jvp(g, [t], [make([1], [], 'float64')]) as [Tensor, Tensor])[1];
  const ways: Record<string, (g: Scalar, order: number) => Scalar> = {
    'reverse mode': reverse,
    'forward mode': forward,
    'both modes by turns': (g, order) => (order % 2 === 0 ? reverse(g) : forward(g)),
  };
  for (const [name, derive] of Object.entries(ways)) {
    let g = f;
    orders.forEach((expected, order) => {
      if (order > 0) g = derive(g, order);
      if (expected === null) return;
      const actual = g(make([x], [], 'float64')).item();
      expectClose(
        { shape: [], data: [actual] },
        { shape: [], data: [expected] },
        near,
        `${sample.name}: derivative ${order} at ${x} by ${name}`,
      );
    });
  }
}
