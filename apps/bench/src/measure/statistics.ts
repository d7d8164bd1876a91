/* Medians, quartiles and slopes. */

/** The middle value; of an even number the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The exponent p of t ≈ c·nᵖ, by least squares on logarithms. */
export function slope(points: readonly { readonly n: number; readonly time: number }[]): number {
  const x = points.map(({ n }) => Math.log(n));
  const y = points.map(({ time }) => Math.log(time));
  const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
  const [mx, my] = [mean(x), mean(y)];
  const covariance = x.reduce((s, xi, i) => s + (xi - mx) * (y[i]! - my), 0);
  return covariance / x.reduce((s, xi) => s + (xi - mx) ** 2, 0);
}

/** `1.23 ms`: microseconds with three digits and the unit that fits. */
export function duration(us: number): string {
  const [value, unit] =
    us >= 1e6 ? [us / 1e6, 's'] : us >= 1e3 ? [us / 1e3, 'ms'] : us >= 1 ? [us, 'µs'] : [us * 1e3, 'ns'];
  return `${threeDigits(value)} ${unit}`;
}

/** A number with three significant digits, and no exponent. */
export function threeDigits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : Number(value.toPrecision(3)).toString();
}
