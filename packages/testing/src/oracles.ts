/**
 * Slow, obvious computations of what operations should give. They share nothing with the library on purpose.
 */
import type { NdArray } from './array.ts';
import { at, broadcastAt, build, indices } from './array.ts';

/** The error function, by the series e^−x² Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms have one sign (Abramowitz & Stegun 7.1.6). */
export function erfOf(x: number): number {
  let term = x;
  let total = 0;
  for (let n = 0; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
    total += term;
    term *= (2 * x * x) / (2 * n + 3);
    if (n > 1000) break;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/** Sums of products by labels: for each index of the output, the sum over all values of the other labels. */
export function einsumOf(equation: string): (...xs: NdArray[]) => NdArray {
  return (...xs) => {
    const [left, right] = equation.split('->') as [string, string];
    const labels = left.split(',');
    const sizes = new Map<string, number>();
    labels.forEach((own, i) => [...own].forEach((label, axis) => sizes.set(label, xs[i]!.shape[axis]!)));
    const summed = [...sizes.keys()].filter((label) => !right.includes(label));
    const all = indices(summed.map((label) => sizes.get(label)!));
    return build(
      [...right].map((label) => sizes.get(label)!),
      (index) => {
        const valueOf = (label: string, inner: readonly number[]): number =>
          right.includes(label) ? index[right.indexOf(label)]! : inner[summed.indexOf(label)]!;
        return all.reduce((sum, inner) => {
          const factors = labels.map((own, i) =>
            at(
              xs[i]!,
              [...own].map((label) => valueOf(label, inner)),
            ),
          );
          return sum + factors.reduce((p, v) => p * v, 1);
        }, 0);
      },
    );
  };
}

/** The product of matrices over the last two axes, leading axes broadcast; a vector is a row on the left, a column on the right. */
export function matmulOf(a: NdArray, b: NdArray): NdArray {
  const wideA = a.shape.length === 1 ? { ...a, shape: [1, ...a.shape] } : a;
  const wideB = b.shape.length === 1 ? { ...b, shape: [...b.shape, 1] } : b;
  const [m, k] = wideA.shape.slice(-2) as [number, number];
  const n = wideB.shape.at(-1)!;
  const rank = Math.max(wideA.shape.length, wideB.shape.length) - 2;
  const lead = Array.from({ length: rank }, (_, i) => {
    const sizes = [wideA, wideB].map((x) => x.shape.slice(0, -2)[x.shape.length - 2 - rank + i] ?? 1);
    return sizes.find((d) => d !== 1) ?? 1;
  });
  const full = build([...lead, m, n], (index) => {
    const [i, j] = index.slice(-2) as [number, number];
    let sum = 0;
    for (let l = 0; l < k; l++)
      sum += broadcastAt(wideA, fit(wideA, index, [i, l])) * broadcastAt(wideB, fit(wideB, index, [l, j]));
    return sum;
  });
  const shape = [...lead, ...(a.shape.length === 1 ? [] : [m]), ...(b.shape.length === 1 ? [] : [n])];
  return { ...full, shape };
}

/** The index of an operand of a product: its own leading axes, then row and column. */
function fit(x: NdArray, index: readonly number[], last: readonly number[]): number[] {
  const lead = x.shape.length - 2;
  return [...index.slice(0, -2).slice(index.length - 2 - lead), ...last];
}

/** Positions of the largest element; the first of equals. */
export function argmaxOf(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** t[i] = v[i] + a[i]·t[i−1] along a line. */
export function recurrenceOf(values: readonly number[], factors: readonly number[]): number[] {
  const out: number[] = [];
  values.forEach((v, i) => out.push(i === 0 ? v : v + factors[i]! * out[i - 1]!));
  return out;
}
