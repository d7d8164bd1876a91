/*
 * Forward mode on numbers, for references: a value and its derivatives in all directions. Slow, obvious, on purpose.
 */

export interface Dual {
  readonly value: number;
  readonly slopes: Float64Array;
}

const made = (value: number, slopes: Float64Array): Dual => ({ value, slopes });

export const dual = {
  constant: (value: number, directions: number): Dual => made(value, new Float64Array(directions)),
  /** The i-th variable. */
  variable(value: number, i: number, directions: number): Dual {
    const slopes = new Float64Array(directions);
    slopes[i] = 1;
    return made(value, slopes);
  },
  add: (a: Dual, b: Dual): Dual =>
    made(
      a.value + b.value,
      a.slopes.map((s, i) => s + b.slopes[i]!),
    ),
  sub: (a: Dual, b: Dual): Dual =>
    made(
      a.value - b.value,
      a.slopes.map((s, i) => s - b.slopes[i]!),
    ),
  mul: (a: Dual, b: Dual): Dual =>
    made(
      a.value * b.value,
      a.slopes.map((s, i) => s * b.value + a.value * b.slopes[i]!),
    ),
  div: (a: Dual, b: Dual): Dual =>
    made(
      a.value / b.value,
      a.slopes.map((s, i) => (s - (a.value / b.value) * b.slopes[i]!) / b.value),
    ),
  scale: (a: Dual, k: number): Dual =>
    made(
      a.value * k,
      a.slopes.map((s) => s * k),
    ),
  shift: (a: Dual, k: number): Dual => made(a.value + k, a.slopes),
  sin: (a: Dual): Dual => chain(a, Math.sin(a.value), Math.cos(a.value)),
  cos: (a: Dual): Dual => chain(a, Math.cos(a.value), -Math.sin(a.value)),
  sqrt: (a: Dual): Dual => chain(a, Math.sqrt(a.value), 0.5 / Math.sqrt(a.value)),
  elu: (a: Dual): Dual => (a.value > 0 ? a : chain(a, Math.expm1(a.value), Math.exp(a.value))),
};

function chain(a: Dual, value: number, slope: number): Dual {
  return made(
    value,
    a.slopes.map((s) => s * slope),
  );
}
