"""What src/measure/harness.ts is for JavaScript: reads the job, checks or times idioms, says it in JSON. See there."""

import json
import sys
import time

import numpy as np


class Input:
    """Named numbers and float64 arrays, as writeInput of src/inputs/inputs.ts wrote them."""

    def __init__(self, path):
        data = np.fromfile(path + ".f64", dtype="<f8")
        self.numbers, self.arrays = {}, {}
        with open(path + ".txt", encoding="utf8") as lines:
            for line in lines:
                kind, name, *rest = line.split()
                if kind == "number":
                    self.numbers[name] = float(rest[0])
                else:
                    offset, *shape = map(int, rest)
                    self.arrays[name] = data[offset : offset + int(np.prod(shape))].reshape(shape)

    def number(self, name):
        return self.numbers[name]

    @property
    def n(self):
        return int(self.numbers["n"])


class Idiom:
    """call() gives the result as NumPy arrays; in_order brings them into the reference's order, which is not timed."""

    def __init__(self, call, in_order=None):
        self.call, self.in_order = call, in_order or (lambda result: result)


def bands_of(compressed):
    """The three diagonals from products with three seeds, variable i having colour i mod 3."""
    n = compressed.shape[1]
    i = np.arange(n)
    return [compressed[(i + k - 1 + n) % n % 3, i] for k in range(3)]


def three_seeds(n):
    seeds = np.zeros((3, n))
    seeds[np.arange(n) % 3, np.arange(n)] = 1
    return seeds


def measure(call, job):
    clock = time.perf_counter
    warm, batch, limit = (float(job[name]) / 1000 for name in ("warm", "batch", "limit"))
    start = clock()
    call()
    first = clock() - start
    start, calls, estimate = clock(), 0, 0.0
    while calls < 2 or clock() - start < warm:
        before = clock()
        call()
        elapsed = clock() - before
        estimate = elapsed if calls < 2 else estimate * 0.7 + elapsed * 0.3
        calls += 1
    inner = max(1, round(batch / estimate))
    times = []
    for _ in range(max(1, min(int(job["batches"]), int(limit / (inner * estimate))))):
        start = clock()
        for _ in range(inner):
            call()
        times.append((clock() - start) * 1e6 / inner)
    return {"first": first * 1e3, "times": times}


def job_words():
    return dict(word.split("=", 1) for word in sys.argv[1:])


def main(job, version, idioms):
    """idioms: name → function that sets an idiom up and returns it."""
    for name, make in idioms.items():
        if job["mode"] == "time" and name != job["idiom"]:
            continue
        said = {"idiom": name, "dtype": job["dtype"], "version": version}
        try:
            idiom = make()
            said.update(measure(idiom.call, job))
            if job["mode"] == "check":
                parts = [np.asarray(part, dtype="<f8").reshape(-1) for part in idiom.in_order(idiom.call())]
                np.concatenate(parts).tofile(f"{job['result']}.{name}")
        except Exception as error:  # whatever a library throws is its result
            said["error"] = f"{type(error).__name__}: {error}".split("\n", maxsplit=1)[0][:300]
        print(json.dumps(said, separators=(",", ":")), flush=True)
