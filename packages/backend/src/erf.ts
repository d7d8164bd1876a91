/**
 * The error function and its complement in float64. The one idea: a Maclaurin series near 0, a continued fraction in the tails, both summed
 * until they stop changing. Must not import anything.
 */

const TWO_OVER_SQRT_PI = 1.1283791670955126;

/** erf(x) = 2/√π ∫₀ˣ e^(−t²) dt, to about 1e-15 (Abramowitz & Stegun 7.1.6 and 7.1.14). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a !== a) return x;
  if (a > 6) return Math.sign(x);
  if (a < 2.5) return series(x);
  return Math.sign(x) * (1 - tail(a));
}

/** 1 − erf(x), to a relative 1e-15 or so, until it vanishes beyond 27. */
export function erfc(x: number): number {
  if (x > 28) return 0;
  return x > 1 ? tail(x) : 1 - erf(x);
}

/** 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)): all terms have one sign, nothing cancels. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
}

/**
 * erfc(x) for x ≥ 1 by its continued fraction, evaluated from the far end: more terms where x is smaller. x² is taken apart,
 * so that its rounding is not enlarged by the exponential.
 */
function tail(x: number): number {
  let f = 0;
  for (let n = Math.ceil(30 + 170 / (x * x)); n > 0; n--) f = n / 2 / (x + f);
  const short = Math.fround(x);
  const bell = Math.exp(-short * short) * Math.exp((short - x) * (short + x));
  return (0.5 * TWO_OVER_SQRT_PI * bell) / (x + f);
}
