/* References of logistic regression and of the Gaussian mixture, by formula. */
import type { Input } from '../inputs/inputs.ts';
import { data, product, transposed } from './matrices.ts';

export function logreg(input: Input): Float64Array {
  const { n, examples, lambda } = input.numbers as { n: number; examples: number; lambda: number };
  const X = data(input, 'X');
  const margins = product(X, data(input, 'w'), examples, n, 1);
  const weighted = X.map((v, at) => {
    const p = 1 / (1 + Math.exp(-margins[Math.floor(at / n)]!));
    return (v * p * (1 - p)) / examples;
  });
  const H = product(transposed({ shape: [examples, n], data: weighted }), X, n, examples, n);
  for (let i = 0; i < n; i++) H[i * n + i]! += lambda;
  return H;
}

const softmax = (v: Float64Array): Float64Array => {
  const largest = Math.max(...v);
  const e = v.map((x) => Math.exp(x - largest));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / total);
};

/** The gradient of the log likelihood with its Wishart prior (γ = 1, m = 0), by alphas, means, icf. */
export function mixture(input: Input): Float64Array {
  const { n, d, k, lower } = input.numbers as { n: number; d: number; k: number; lower: number };
  const [alphas, means] = [data(input, 'alphas'), data(input, 'means')];
  const [icf, x] = [data(input, 'icf'), data(input, 'x')];
  const [byAlpha, byMean, byIcf] = [new Float64Array(k), new Float64Array(k * d), new Float64Array(k * (d + lower))];
  /** Where (row, column) of Q stands in a row of icf. */
  const place = (row: number, column: number): number =>
    row === column ? row : d + column * d - (column * (column + 1)) / 2 + row - column - 1;
  const entry = (c: number, row: number, column: number): number => {
    const v = icf[c * (d + lower) + place(row, column)]!;
    return row === column ? Math.exp(v) : v;
  };
  for (let i = 0; i < n; i++) {
    const centred = (c: number): Float64Array =>
      Float64Array.from({ length: d }, (_, j) => x[i * d + j]! - means[c * d + j]!);
    const times = (c: number, v: Float64Array): Float64Array =>
      Float64Array.from({ length: d }, (_, row) => {
        let s = 0;
        for (let column = 0; column <= row; column++) s += entry(c, row, column) * v[column]!;
        return s;
      });
    const scores = Float64Array.from({ length: k }, (_, c) => {
      const diagonal = icf.subarray(c * (d + lower), c * (d + lower) + d).reduce((a, b) => a + b, 0);
      return alphas[c]! + diagonal - 0.5 * times(c, centred(c)).reduce((s, v) => s + v * v, 0);
    });
    const share = softmax(scores);
    for (let c = 0; c < k; c++) {
      byAlpha[c]! += share[c]!;
      const v = centred(c);
      const Qv = times(c, v);
      for (let row = 0; row < d; row++) {
        byIcf[c * (d + lower) + row]! += share[c]!;
        for (let column = 0; column <= row; column++) {
          const inner = row === column ? entry(c, row, row) : 1;
          byIcf[c * (d + lower) + place(row, column)]! -= share[c]! * Qv[row]! * v[column]! * inner;
          byMean[c * d + column]! += share[c]! * Qv[row]! * entry(c, row, column);
        }
      }
    }
  }
  const weights = softmax(alphas);
  byAlpha.forEach((_, c) => void (byAlpha[c]! -= n * weights[c]!));
  icf.forEach((v, at) => void (byIcf[at]! += at % (d + lower) < d ? Math.exp(2 * v) : v));
  return Float64Array.from([...byAlpha, ...byMean, ...byIcf]);
}
