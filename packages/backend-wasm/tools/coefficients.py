"""Fits the polynomials of src/math/coefficients.ts and writes that file (python3 tools/coefficients.py > src/math/coefficients.ts).

Each is the interpolation polynomial of a function at Chebyshev points of its interval, computed with 60 digits: within a
factor of about two of the best polynomial (Trefethen, "Approximation Theory and Approximation Practice", theorem 16.1).
The worst error over the interval stands in a comment. Needs mpmath.
"""
from mpmath import mp, mpf, cos, pi, exp, expm1, log, atanh, sin, sinh, tanh, asin, atan, erf, erfc, sqrt, chebyt, taylor, polyval
import struct

mp.dps = 60


def fit(f, a, b, n, relative_to):
    """n coefficients, lowest first, of f over [a, b], and the worst error of them rounded, times relative_to(x)."""
    a, b = mpf(a), mpf(b)
    xs = [(a + b) / 2 + (b - a) / 2 * cos(pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    # Newton's divided differences, then expanded.
    d = [f(x) for x in xs]
    for j in range(1, n):
        for i in range(n - 1, j - 1, -1):
            d[i] = (d[i] - d[i - 1]) / (xs[i] - xs[i - j])
    c = [mpf(0)] * n
    for i in range(n - 1, -1, -1):
        c = [(c[k - 1] if k else mpf(0)) - xs[i] * c[k] for k in range(n)]
        c[0] += d[i]
    return c


def error(f, c, a, b, weight):
    worst = mpf(0)
    for i in range(401):
        x = mpf(a) + (mpf(b) - mpf(a)) * i / 400
        p = polyval([mpf(float(v)) for v in reversed(c)], x)
        worst = max(worst, abs((p - f(x)) * weight(x)))
    return worst


def small(f, g, limit):
    """f, replaced below a limit where cancellation would need more digits."""
    return lambda z: f(z) if abs(z) > limit else g(z)


def series(coefficient, terms=30):
    return lambda z: sum(coefficient(k) * z**k for k in range(terms))


fac = mp.factorial
exp_tail = small(lambda r: (exp(r) - 1 - r) / r**2, series(lambda k: 1 / fac(k + 2)), mpf(10) ** -6)
log_tail = small(lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z, series(lambda k: mpf(2) / (2 * k + 3)), mpf(10) ** -6)
log_rest = small(lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2 - 2 * z / 3) / z**2, series(lambda k: mpf(2) / (2 * k + 5)), mpf(10) ** -6)
sin_tail = small(lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z, series(lambda k: (-1) ** (k + 1) / fac(2 * k + 3)), mpf(10) ** -6)
cos_tail = small(lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, series(lambda k: (-1) ** k / fac(2 * k + 4)), mpf(10) ** -6)
sinh_tail = small(lambda z: (sinh(sqrt(z)) / sqrt(z) - 1) / z, series(lambda k: 1 / fac(2 * k + 3)), mpf(10) ** -6)
T = taylor(lambda x: tanh(x), 0, 25)
tanh_tail = small(lambda z: (tanh(sqrt(z)) / sqrt(z) - 1) / z, lambda z: sum(T[2 * k + 3] * z**k for k in range(5)), mpf(10) ** -8)
asin_tail = small(
    lambda z: (asin(sqrt(z)) / sqrt(z) - 1) / z,
    series(lambda k: fac(2 * k + 2) / (mpf(4) ** (k + 1) * fac(k + 1) ** 2 * (2 * k + 3)), 12), mpf(10) ** -6)
atan_tail = small(lambda z: (atan(sqrt(z)) / sqrt(z) - 1) / z, series(lambda k: (-1) ** (k + 1) / mpf(2 * k + 3), 12), mpf(10) ** -6)
erf_head = small(lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: series(lambda k: 2 / sqrt(pi) * (-1) ** k / (fac(k) * (2 * k + 1)), 12)(z) - 1, mpf(10) ** -6)


def log_erfc(u):
    """log(x e^(x²) erfc(x)) for x = 9/8 (1 + u) / (1 − u)."""
    x = mpf(9) / 8 * (1 + u) / (1 - u)
    return log(x * exp(x * x) * erfc(x))


L = log(2) / 2 * mpf("1.002")
Z = (sqrt(2) - 1) ** 2 / (sqrt(2) + 1) ** 2 * mpf("1.0001")
Q = (pi / 4) ** 2 * mpf("1.0001")
A = (sqrt(2) - 1) ** 2 * mpf("1.0001")
one = lambda x: mpf(1)

# name, function, interval, numbers of coefficients for float64 and for float32, weight of its error in the result
FITS = [
    ("exp", "(e^r − 1 − r) / r², |r| ≤ ln2/2", exp_tail, -L, L, (11, 5), lambda r: r * r),
    ("log", "(2 atanh(s)/s − 2) / s² in s², |s| ≤ (√2 − 1)/(√2 + 1)", log_tail, 0, Z, (7, 3), lambda z: z / 2),
    ("log_rest", "(2 atanh(s)/s − 2 − 2s²/3) / s⁴ in s², as for log", log_rest, 0, Z, (9, 3), lambda z: z * z / 2),
    ("sin", "(sin(r)/r − 1) / r² in r², |r| ≤ π/4", sin_tail, 0, Q, (6, 4), lambda z: z),
    ("cos", "(cos(r) − 1 + r²/2) / r⁴ in r², |r| ≤ π/4", cos_tail, 0, Q, (6, 4), lambda z: z * z),
    ("sinh", "(sinh(x)/x − 1) / x² in x², |x| ≤ 1", sinh_tail, 0, 1, (8, 4), lambda z: z),
    ("tanh", "(tanh(x)/x − 1) / x² in x², |x| ≤ 0.6", tanh_tail, 0, mpf("0.3601"), (12, 5), lambda z: z),
    ("asin", "(asin(x)/x − 1) / x² in x², |x| ≤ 1/2", asin_tail, 0, mpf("0.25"), (14, 6), lambda z: z),
    ("atan", "(atan(x)/x − 1) / x² in x², |x| ≤ √2 − 1", atan_tail, 0, A, (12, 5), lambda z: z),
    ("erf", "erf(x)/x − 1 in x², |x| ≤ 3/4", erf_head, 0, mpf(9) / 16, (13, 6), one),
    ("erfc", "log(x e^(x²) erfc(x)) in u = (x − 9/8)/(x + 9/8), 3/4 ≤ x ≤ 28", log_erfc, mpf(-1) / 5, mpf(215) / 233, (26, 12), one),
]

print("""/**
 * Coefficients of the polynomials in the functions of this directory, lowest degree first; written by tools/coefficients.py.
 * The one idea: one fit for each function and precision; the worst error over the interval stands beside it, relative to
 * the function's result. Must not import anything.
 */
/* biome-ignore-all format: a table */

/** A polynomial for float64, and a shorter one that is enough for float32. */
export interface Fit {
  readonly f64: readonly number[];
  readonly f32: readonly number[];
}
""")
for name, what, f, a, b, counts, weight in FITS:
    lists = [fit(f, a, b, n, weight) for n in counts]
    errors = [error(f, c, a, b, weight) for c in lists]
    print(f"/** {what}: within 2^{float(mp.log(errors[0], 2)):.1f} and 2^{float(mp.log(errors[1], 2)):.1f}. */")
    print(f"export const {name.upper()}: Fit = {{")
    for key, c in zip(("f64", "f32"), lists):
        print(f"  {key}: [")
        for v in c:
            print(f"    {float(v)!r},")
        print("  ],")
    print("};")
