/**
 * The error function and its complement in float64. The one idea: a Maclaurin series near 0, a continued fraction in the
 * tails, both from the far end, with as many terms as x asks for. Must not import anything.
 */

const TWO_OVER_SQRT_PI = 1.1283791670955126;

/** erf(x) = 2/√π ∫₀ˣ e^(−t²) dt, to a relative 6e-16 (Abramowitz & Stegun 7.1.6 and 7.1.14). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a !== a) return x;
  if (a > 6) return Math.sign(x);
  if (a < 1.5) return series(x);
  return Math.sign(x) * (1 - tail(a));
}

/** 1 − erf(x), to a relative 6e-16, until it vanishes beyond 27. */
export function erfc(x: number): number {
  if (x > 28) return 0;
  return x > 0.5 ? tail(x) : 1 - erf(x);
}

/** 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)), from the far end: all terms have one sign, nothing cancels. */
function series(x: number): number {
  const z = 2 * x * x;
  let sum = 1;
  for (let n = Math.ceil(7 + 16 * Math.abs(x)); n > 0; n--) sum = 1 + (z * sum) / (2 * n + 1);
  return TWO_OVER_SQRT_PI * bell(x) * x * sum;
}

/** erfc(x) for x > 0.5 by its continued fraction, evaluated from the far end: more terms where x is smaller. */
function tail(x: number): number {
  let f = 0;
  for (let n = Math.ceil(30 + 170 / (x * x)); n > 0; n--) f = n / 2 / (x + f);
  return (0.5 * TWO_OVER_SQRT_PI * bell(x)) / (x + f);
}

/** e^(−x²): x² is taken apart, so that its rounding is not enlarged. */
function bell(x: number): number {
  const short = Math.fround(x);
  return Math.exp(-short * short) * Math.exp((short - x) * (short + x));
}
