/*
 * Programs whose plans the bench looks at. Each gives what to call once, so that its plan is compiled and run.
 * `j`: everything that the umbrella exports.
 */

/** Numbers between −1 and 1, the same ones each time. */
function numbers(seed, n, scale = 1, offset = 0) {
  return Float32Array.from({ length: n }, (_, i) => {
    let t = (seed + Math.imul(i + 1, 0x6d2b79f5)) | 0;
    t = Math.imul(t ^ (t >>> 15), 1 | t);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return offset + scale * (((t ^ (t >>> 14)) >>> 8) / 8388608 - 1);
  });
}

export function workloads(j) {
  const { add, sub, mul, square, tanh, exp, sum, mean, matmul, reshape, transpose, slice, roll, logSumExp, eye } = j;
  const A = (data, shape) => j.tensor(data, { shape });
  const mlp = (x, [W1, b1, W2, b2, W3, b3]) =>
    add(matmul(tanh(add(matmul(tanh(add(matmul(x, W1), b1)), W2), b2)), W3), b3);
  const burgers = (n) => () => {
    const [c1, c2] = [n / 2, n];
    const f = (u) => {
      const [up, um] = [roll(u, -1), roll(u, 1)];
      return add(mul(mul(u, sub(up, um)), -c1), mul(sub(add(up, um), mul(u, 2)), c2));
    };
    return j.prepareJacobian(f, { shape: [n], dtype: 'float32' })(A(numbers(70, n, 0.5, 0.5), [n]));
  };
  return {
    'Burgers 256': burgers(256),
    'Burgers 1024': burgers(1024),
    'Burgers 99,999, three seeds': () => {
      const n = 99999;
      const f = (u) => {
        const [up, um] = [roll(u, -1), roll(u, 1)];
        return add(mul(mul(u, sub(up, um)), -0.5), mul(sub(add(up, um), mul(u, 2)), 2));
      };
      const u = A(numbers(70, n, 0.5, 0.5), [n]);
      const seeds = A(numbers(71, 3 * n), [3, n]);
      return j.jit(j.vmap((s) => j.jvp(f, [u], [s])))(seeds);
    },
    'sine and squares of 1000': () => {
      const f = (x) => add(square(x), mul(2, x));
      return j.prepareJacobian(f, { shape: [1000], dtype: 'float32' })(A(numbers(20, 1000), [1000]));
    },
    'Rosenbrock 100, Hessian': () => {
      const n = 100;
      const f = (x) => {
        const [a, b] = [slice(x, [0], [n - 1]), slice(x, [1], [n - 1])];
        return sum(add(mul(square(sub(b, square(a))), 100), square(sub(1, a))));
      };
      return j.jit(j.hessian(f))(A(numbers(80, n, 0.5, 0.5), [n]));
    },
    'logistic 50×1000, Hessian': () => {
      const [d, n] = [50, 1000];
      const X = A(numbers(81, n * d), [n, d]);
      const y = A(
        numbers(82, n).map((v) => (v < 0 ? -1 : 1)),
        [n],
      );
      const f = (w) => {
        const margins = mul(mul(-1, y), reshape(matmul(X, reshape(w, [d, 1])), [n]));
        return add(mean(j.softplus(margins)), mul(sum(square(w)), 1 / 256));
      };
      return j.jit(j.hessian(f))(A(numbers(83, d, 0.5), [d]));
    },
    'GMM 10×25×1000, gradient': () => {
      const [d, k, n] = [10, 25, 1000];
      const nl = (d * (d - 1)) / 2;
      const x = A(numbers(1, n * d), [n, d]);
      const S = new Float32Array(nl * d * d);
      for (let r = 1, at = 0; r < d; r++) for (let c = 0; c < r; c++) S[at++ * d * d + r * d + c] = 1;
      const spread = A(S, [nl, d * d]);
      const f = ({ al, mu, icf }) => {
        const [qs, l] = [slice(icf, [0, 0], [k, d]), slice(icf, [0, d], [k, nl])];
        const eq = exp(qs);
        const Q = add(reshape(matmul(l, spread), [k, d, d]), mul(reshape(eq, [k, d, 1]), eye(d)));
        const c = sub(reshape(x, [1, n, d]), reshape(mu, [k, 1, d]));
        const Qc = matmul(c, transpose(Q, [0, 2, 1]));
        const m = sub(add(reshape(al, [k, 1]), reshape(sum(qs, 1), [k, 1])), mul(sum(square(Qc), 2), 0.5));
        const prior = sub(mul(add(sum(square(eq)), sum(square(l))), 0.5), sum(qs));
        return add(sub(sum(logSumExp(m, 0)), mul(logSumExp(al), n)), prior);
      };
      const p = {
        al: A(numbers(2, k), [k]),
        mu: A(numbers(3, k * d), [k, d]),
        icf: A(numbers(4, k * (d + nl), 0.3), [k, d + nl]),
      };
      return j.jit(j.grad(f))(p);
    },
    'MLP 64→256→256→32, B = 256': () => {
      const p = [
        A(numbers(51, 64 * 256, 1 / 8), [64, 256]),
        A(numbers(52, 256, 1 / 8), [256]),
        A(numbers(53, 256 * 256, 1 / 8), [256, 256]),
        A(numbers(54, 256, 1 / 8), [256]),
        A(numbers(55, 256 * 32, 1 / 16), [256, 32]),
        A(numbers(56, 32, 1 / 8), [32]),
      ];
      return j.jit(j.vmap(j.jacobian((x) => mlp(x, p))))(A(numbers(50, 256 * 64), [256, 64]));
    },
    'MLP parameters 128→256→128→10': () => {
      const p = [
        A(numbers(61, 128 * 256, 1 / 8), [128, 256]),
        A(numbers(62, 256, 1 / 8), [256]),
        A(numbers(63, 256 * 128, 1 / 8), [256, 128]),
        A(numbers(64, 128, 1 / 8), [128]),
        A(numbers(65, 128 * 10, 1 / 8), [128, 10]),
        A(numbers(66, 10, 1 / 8), [10]),
      ];
      const x = A(numbers(60, 128), [128]);
      return j.jit(j.jacobian((p) => mlp(x, p)))(p);
    },
    'MLP parameters, B = 32': () => {
      const shapes = [[128, 256], [256], [256, 128], [128], [128, 10], [10]];
      const p = shapes.map((shape, i) =>
        A(
          numbers(
            61 + i,
            shape.reduce((a, b) => a * b),
            1 / 8,
          ),
          shape,
        ),
      );
      return j.jit(j.vmap((x) => j.jacobian((p) => mlp(x, p))(p)))(A(numbers(60, 32 * 128), [32, 128]));
    },
    'layers over a batch of 64': () => {
      const [W1, b1, W2, b2] = [
        A(numbers(31, 40, 0.5), [5, 8]),
        A(numbers(32, 8, 0.25), [8]),
        A(numbers(33, 48, 0.5), [8, 6]),
        A(numbers(34, 6, 0.25), [6]),
      ];
      const f = (x) => {
        const h = j.elu(add(matmul(x, W1), b1));
        const c = sub(h, mean(h, 0));
        const v = mean(square(c), 0);
        return j.elu(add(matmul(j.div(c, j.sqrt(add(v, 1e-3))), W2), b2));
      };
      return j.jit(j.jacobian(f))(A(numbers(30, 320), [64, 5]));
    },
    'a hundred steps on 10,000': () => {
      const f = (x) => {
        let [a, b] = [x, mul(x, 0.5)];
        for (let i = 0; i < 25; i++) [a, b] = [tanh(add(a, mul(b, 0.3))), sub(mul(a, b), x)];
        return sum(mul(a, b));
      };
      return j.jit(j.grad(f))(A(numbers(9, 10000), [10000]));
    },
  };
}
