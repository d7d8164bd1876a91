"""Measures the functions of the WebAssembly backend against values of 200 bits, and writes ACCURACY.md.

python3 tools/accuracy.py [points a kind, 200000] [function]; needs node, the built packages, and gmpy2 (MPFR) or mpmath.
An error is |result − exact| in units of the last place of the exact value; where the exact value is beyond the largest
number or NaN, the result must be that infinity or NaN.
"""
import math
import os
import struct
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
try:
    import gmpy2 as g

    g.get_context().precision = 200
    g.get_context().subnormalize = False
    big, exponent = g.mpfr, lambda v: g.get_exp(v) - 1 if v != 0 else -5000
    source = "MPFR, by gmpy2 " + g.version()
except ImportError:
    import mpmath as g

    g.mp.prec = 200
    big = g.mpf
    exponent = lambda v: g.frexp(v)[1] - 1 if v != 0 else -5000
    source = "mpmath " + g.__version__

one = big(1)
hyper = lambda f: (lambda x: f(x))


def power(x, y):
    if x == 1 or y == 0:
        return one
    return x**y


F = {
    "exp": g.exp, "expm1": g.expm1, "log": g.log, "log1p": g.log1p, "sin": g.sin, "cos": g.cos, "tan": g.tan,
    "asin": g.asin, "acos": g.acos, "atan": g.atan, "atan2": g.atan2, "sinh": g.sinh, "cosh": g.cosh,
    "asinh": g.asinh, "acosh": g.acosh, "atanh": g.atanh, "tanh": g.tanh, "erf": g.erf, "erfc": g.erfc,
    "hypot": lambda x, y: g.sqrt(x * x + y * y), "rsqrt": lambda x: one / g.sqrt(x),
    "sigmoid": lambda x: one / (one + g.exp(-x)), "softplus": lambda x: g.log1p(g.exp(x)) if x < 300 else x,
    "softsign": lambda x: x / (one + abs(x)), "elu": lambda x, a: x if x > 0 else a * g.expm1(x), "pow": power, "powInt": power,
}
# Where ordinary arguments lie.
RANGES = {
    "exp": ["-10:10", "-745:710"], "expm1": ["-1:1", "-40:710"], "log": ["0:10", "0.9:1.1"], "log1p": ["-1:1", "0:1000"],
    "sin": ["-10:10", "-1e6:1e6"], "cos": ["-10:10", "-1e6:1e6"], "tan": ["-10:10", "-1e6:1e6"], "asin": ["-1:1"],
    "acos": ["-1:1"], "atan": ["-3:3"], "atan2": ["-3:3"], "sinh": ["-2:2", "-710:710"], "cosh": ["-2:2", "-710:710"],
    "asinh": ["-3:3"], "acosh": ["1:3"], "atanh": ["-1:1"], "tanh": ["-1.5:1.5", "-20:20"], "erf": ["-3:3", "0.9:1.1"], "erfc": ["-3:3", "1:28"],
    "hypot": ["-3:3"], "rsqrt": ["0:10"], "sigmoid": ["-5:5", "-80:80"], "softplus": ["-5:5", "-80:80"], "softsign": ["-3:3"],
    "elu": ["-5:5"],
    "pow": ["0:10", "0.5:2"], "powInt": ["-3:3"],
}


def values(name, dtype, points, kind):
    command = ["node", os.path.join(here, "values.mjs"), name, dtype, str(points), kind]
    data = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    code = "d" if dtype == "float64" else "f"
    size = struct.calcsize(code) * points
    return [struct.unpack(f"<{points}{code}", data[i : i + size]) for i in range(0, len(data), size)]


def measure(name, dtype, points, kind):
    """Worst error, where, and how many results of a special kind are wrong."""
    *operands, results = values(name, dtype, points, kind)
    digits, least, largest = (52, -1074, 1023) if dtype == "float64" else (23, -149, 127)
    limit = big(2) ** (largest + 1) - big(2) ** (largest - digits - 1)
    f = F[name]
    worst, where, wrong, example = 0.0, "", 0, ""
    for i, result in enumerate(results):
        args = [column[i] for column in operands]
        if any(math.isinf(a) or math.isnan(a) for a in args):
            continue
        try:
            exact = f(*[big(a) for a in args])
            real = not (exact != exact)
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):
            real = False
        if not real or (hasattr(exact, "imag") and not isinstance(exact, type(one))):
            if result == result and not math.isinf(result):
                wrong, example = wrong + 1, f"{args} gives {result}"
            continue
        if abs(exact) >= limit:
            if not math.isinf(result) or (result > 0) != (exact > 0):
                wrong, example = wrong + 1, f"{args} gives {result}"
            continue
        if math.isinf(result) or math.isnan(result):
            wrong, example = wrong + 1, f"{args} gives {result}"
            continue
        ulp = max(int(exponent(exact)) - digits, least)
        error = float(abs(big(result) - exact) * big(2) ** -ulp)
        if error > worst:
            worst, where = error, ", ".join(repr(a) for a in args)
    return worst, where, wrong, example


def main():
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 200000
    names = sys.argv[2:] or list(F)
    lines, count = [], 0
    for name in names:
        for dtype in ("float32", "float64"):
            kinds = ["bits"] + ["range:" + r for r in RANGES[name]]
            if dtype == "float32":
                kinds = [k.replace("710", "89").replace("745", "104") for k in kinds]
            found = [measure(name, dtype, points, kind) for kind in kinds]
            count += points * len(kinds)
            worst, where, _, _ = max(found)
            wrong = sum(each[2] for each in found)
            note = next((each[3] for each in found if each[2]), "")
            lines.append(f"| {name} | {dtype} | {worst:.3f} | {where} | {wrong} {note}|")
            print(lines[-1], flush=True)
    if len(sys.argv) > 2:
        return
    with open(os.path.join(here, "..", "ACCURACY.md"), "w") as out:
        out.write(f"""# Accuracy of the WebAssembly backend's functions

Worst error in units in the last place, of {count:,} results: random bit patterns and ordinary ranges, against {source} at
200 bits. "Wrong": results that are NaN, infinite or finite where the exact value is something else. Written by
`python3 tools/accuracy.py`. powInt multiplies repeatedly, by definition, so its error grows with the exponent (−10 to 10
here), and a negative power is 0 where its inverse overflows; functions that are one IEEE operation are not listed.

| function | dtype | worst error | at | wrong |
|---|---|---|---|---|
""")
        out.write("\n".join(lines) + "\n")


main()
