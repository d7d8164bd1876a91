/*
 * TensorFlow.js: no Jacobians, no forward mode, no float64. Option `backend`: cpu or wasm.
 * Idioms: `loop`, one tf.grad for each output, as users write it; `tile`, the input repeated once for each output and one
 * tf.grad with one-hot cotangents. Loaded by src/worker.ts.
 */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

/** An input as tensors, shapes as they are or as asked for. */
const reader = ({ numbers, arrays }) => ({
  ...numbers,
  T: (name, shape) => tf.tensor(Float32Array.from(arrays[name].data), shape ?? arrays[name].shape),
});

/** Evaluates in a tidy, reads, disposes. */
const evaluated = (f, inOrder) => () => ({
  inOrder,
  call: () => {
    const results = [tf.tidy(f)].flat();
    const read = results.map((t) => t.dataSync());
    for (const t of results) t.dispose();
    return read;
  },
});

/** Row i of the identity in the last axis, repeated over the axes before. (4.22's oneHot is wrong on wasm in float32.) */
const oneHots = (leading, m) => tf.split(tf.eye(m), m).map((row) => tf.tile(row, [leading, 1]));
/** Each row of x repeated m times. */
const repeated = (x, m) => {
  const [rows, ...rest] = x.shape;
  const tiled = tf.tile(tf.expandDims(x, 1), [1, m, ...rest.map(() => 1)]);
  return tf.reshape(tiled, [rows * m, ...rest]);
};

/** The Jacobian of f: [n] → [m] by one tf.grad an output. */
const looped = (f, x, m) => {
  const eye = tf.eye(m);
  const row = (i) => tf.tidy(() => tf.grad(f)(x, tf.reshape(tf.slice(eye, [i, 0], [1, m]), [m])));
  return evaluated(() => tf.stack(Array.from({ length: m }, (_, i) => row(i))));
};
/** The Jacobian of an f that takes [m, n] and works by rows. */
const tiled = (f, x, m) => {
  const eye = tf.eye(m);
  return evaluated(() => tf.grad(f)(tf.tile(tf.reshape(x, [1, -1]), [m, 1]), eye));
};
/** The batch Jacobian of f: [B, n] → [B, m], both ways; `again` is f for m·B rows. */
const batch = (f, again, x, m) => {
  const B = x.shape[0];
  const cotangents = oneHots(B, m);
  const all = tf.tile(tf.eye(m), [B, 1]);
  return {
    loop: evaluated(() =>
      tf.stack(
        cotangents.map((dy) => tf.tidy(() => tf.grad(f)(x, dy))),
        1,
      ),
    ),
    tile: evaluated(() => tf.reshape(tf.grad(again)(repeated(x, m), all), [B, m, x.shape[1]])),
  };
};

const parabola = (x) => tf.add(tf.square(x), tf.mul(x, 2));

const mlp = (x, [W1, b1, W2, b2, W3, b3]) => {
  const h1 = tf.tanh(tf.add(tf.matMul(x, W1), b1));
  const h2 = tf.tanh(tf.add(tf.matMul(h1, W2), b2));
  return tf.add(tf.matMul(h2, W3), b3);
};
const WEIGHTS = ['W1', 'b1', 'W2', 'b2', 'W3', 'b3'];

/** Batch normalisation over the examples; with `copies`, x is [copies, 5, 5]. */
const normalised = ({ T, eps }, copies) => {
  const [W1, b1, W2, b2] = ['W1', 'b1', 'W2', 'b2'].map((name) => T(name));
  const axis = copies ? 1 : 0;
  const dense = (x, W, b) => {
    const y = tf.add(tf.matMul(tf.reshape(x, [-1, W.shape[0]]), W), b);
    return tf.elu(copies ? tf.reshape(y, [copies, 5, W.shape[1]]) : y);
  };
  return (x) => {
    const h = dense(x, W1, b1);
    const centred = tf.sub(h, tf.mean(h, axis, true));
    const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), axis, true), eps));
    return dense(tf.div(centred, deviation), W2, b2);
  };
};
const seed3 = (d) => {
  const x = d.T('x');
  const [alone, copied] = [normalised(d), normalised(d, 6)];
  const row = (i) => tf.grad((v) => tf.sum(tf.slice(alone(v), [0, i], [5, 1])))(x);
  const dy = tf.tile(tf.reshape(tf.eye(6), [6, 1, 6]), [1, 5, 1]);
  return {
    loop: evaluated(() => tf.stack([0, 1, 2, 3, 4, 5].map(row), 1)),
    tile: evaluated(() => tf.transpose(tf.grad(copied)(tf.tile(tf.expandDims(x, 0), [6, 1, 1]), dy), [1, 0, 2])),
  };
};

const armFunction = ({ T }, B) => {
  const [K0, K1, K2] = ['K0', 'K1', 'K2'].map((name) => T(name, [1, 7, 4, 4]));
  const flange = tf.tile(T('F', [1, 4, 4]), [B, 1, 1]);
  return (q) => {
    const angle = tf.reshape(q, [B, 7, 1, 1]);
    const joints = tf.add(tf.add(tf.mul(tf.cos(angle), K1), tf.mul(tf.sin(angle), K2)), K0);
    const poses = tf.split(joints, 7, 1).map((t) => tf.reshape(t, [B, 4, 4]));
    const pose = [...poses, flange].reduce((before, next) => tf.matMul(before, next));
    const position = tf.reshape(tf.slice(pose, [0, 0, 3], [B, 3, 1]), [B, 3]);
    return tf.concat([position, tf.reshape(tf.slice(pose, [0, 0, 0], [B, 3, 3]), [B, 9])], 1);
  };
};
const arm = (d) => batch(armFunction(d, d.n), armFunction(d, 12 * d.n), d.T('q'), 12);

const mlpBatch = ({ T }) => {
  const p = WEIGHTS.map((name) => T(name));
  const f = (x) => mlp(x, p);
  return batch(f, f, T('x'), 32);
};
const mlpParams = ({ T, n }) => {
  const p = WEIGHTS.map((name) => T(name));
  const xs = tf.split(T('x'), n);
  const cotangents = oneHots(1, 10);
  const gradients = (x, dy) => tf.tidy(() => tf.grads((...q) => mlp(x, q))(p, dy));
  return {
    loop: evaluated(() => {
      const rows = xs.flatMap((x) => cotangents.map((dy) => gradients(x, dy)));
      return p.map((_, k) => {
        const stacked = tf.stack(rows.map((row) => row[k]));
        for (const row of rows) row[k].dispose();
        return stacked;
      });
    }),
  };
};

const burgersFunction =
  ({ c1, c2 }, axis) =>
  (u) => {
    const n = u.shape[axis];
    const cut = (from, size) => (axis === 0 ? tf.slice(u, [from], [size]) : tf.slice(u, [0, from], [u.shape[0], size]));
    const right = tf.concat([cut(1, n - 1), cut(0, 1)], axis);
    const left = tf.concat([cut(n - 1, 1), cut(0, n - 1)], axis);
    const convection = tf.mul(tf.mul(u, tf.sub(right, left)), -c1);
    return tf.add(convection, tf.mul(tf.sub(tf.add(right, left), tf.mul(u, 2)), c2));
  };
const burgers = (d) => ({
  loop: looped(burgersFunction(d, 0), d.T('u'), d.n),
  tile: tiled(burgersFunction(d, 1), d.T('u'), d.n),
});
/** No forward mode: rows of three colours. Row i of the Jacobian stands in product i mod 3. */
const burgersSparse = (d) => {
  const { n } = d;
  const [u, f] = [d.T('u'), burgersFunction(d, 0)];
  const seeds = [0, 1, 2].map((c) => tf.tensor1d(Float32Array.from({ length: n }, (_, i) => Number(i % 3 === c))));
  const inOrder = (products) =>
    [0, 1, 2].map((k) => Float32Array.from({ length: n }, (_, i) => products[i % 3][(i + k - 1 + n) % n]));
  return { 'three vjps': evaluated(() => seeds.map((dy) => tf.grad(f)(u, dy)), inOrder) };
};

/** The Hessian of a sum over rows, of all rows at once. */
const hessian = (f, x, n) => {
  const eye = tf.eye(n);
  return { tile: evaluated(() => tf.grad((X) => tf.grad(f)(X))(tf.tile(tf.reshape(x, [1, n]), [n, 1]), eye)) };
};
const rosen = ({ T, n }) => {
  const f = (X) => {
    const [a, b] = [tf.slice(X, [0, 0], [n, n - 1]), tf.slice(X, [0, 1], [n, n - 1])];
    return tf.sum(tf.add(tf.mul(tf.square(tf.sub(b, tf.square(a))), 100), tf.square(tf.sub(1, a))));
  };
  return hessian(f, T('x'), n);
};
const logreg = ({ T, n, examples, lambda }) => {
  const [X, y] = [T('X'), T('y', [examples, 1])];
  const f = (W) => {
    const losses = tf.softplus(tf.neg(tf.mul(tf.matMul(X, W, false, true), y)));
    return tf.add(tf.div(tf.sum(losses), examples), tf.mul(tf.sum(tf.square(W)), lambda / 2));
  };
  return hessian(f, T('w'), n);
};

const residual = (P, features) => {
  const [r0, r1, r2, C0, C1, C2, f, x0, y0, k1, k2, X0, X1, X2, w] = tf.split(P, 15, 1);
  const angle = tf.sqrt(tf.add(tf.add(tf.square(r0), tf.square(r1)), tf.square(r2)));
  const [c, s] = [tf.cos(angle), tf.sin(angle)];
  const a = [tf.div(r0, angle), tf.div(r1, angle), tf.div(r2, angle)];
  const p = [tf.sub(X0, C0), tf.sub(X1, C1), tf.sub(X2, C2)];
  const cross = [
    [1, 2],
    [2, 0],
    [0, 1],
  ].map(([m, n]) => tf.sub(tf.mul(a[m], p[n]), tf.mul(a[n], p[m])));
  const along = tf.mul(tf.add(tf.add(tf.mul(a[0], p[0]), tf.mul(a[1], p[1])), tf.mul(a[2], p[2])), tf.sub(1, c));
  const q = p.map((each, m) => tf.add(tf.add(tf.mul(each, c), tf.mul(cross[m], s)), tf.mul(a[m], along)));
  const [u, v] = [tf.div(q[0], q[2]), tf.div(q[1], q[2])];
  const rr = tf.add(tf.square(u), tf.square(v));
  const distortion = tf.add(tf.add(tf.mul(rr, k1), tf.mul(tf.square(rr), k2)), 1);
  const image = [tf.add(tf.mul(tf.mul(u, distortion), f), x0), tf.add(tf.mul(tf.mul(v, distortion), f), y0)];
  return tf.mul(w, tf.sub(tf.concat(image, 1), features));
};
const bundle = ({ T }) => {
  const features = T('features');
  const twice = repeated(features, 2);
  return batch(
    (P) => residual(P, features),
    (P) => residual(P, twice),
    T('P'),
    2,
  );
};

const gmm = ({ T, n, d, k, lower: l }) => {
  const [x, S] = [T('x'), T('S')];
  const f = (alphas, means, icf) => {
    const [logDiagonal, lower] = [tf.slice(icf, [0, 0], [k, d]), tf.slice(icf, [0, d], [k, l])];
    const diagonal = tf.exp(logDiagonal);
    const Q = tf.add(
      tf.reshape(tf.matMul(lower, S), [k, d, d]),
      tf.mul(tf.expandDims(diagonal, 2), tf.expandDims(tf.eye(d), 0)),
    );
    const centred = tf.sub(tf.expandDims(x, 0), tf.expandDims(means, 1));
    const distances = tf.sum(tf.square(tf.matMul(centred, Q, false, true)), 2);
    const weights = tf.add(tf.expandDims(alphas, 1), tf.expandDims(tf.sum(logDiagonal, 1), 1));
    const likelihood = tf.sum(tf.logSumExp(tf.sub(weights, tf.mul(distances, 0.5)), 0));
    const prior = tf.mul(tf.add(tf.sum(tf.square(diagonal)), tf.sum(tf.square(lower))), 0.5);
    return tf.add(tf.sub(likelihood, tf.mul(tf.logSumExp(alphas), n)), prior);
  };
  const p = ['alphas', 'means', 'icf'].map((name) => T(name));
  return { grads: evaluated(() => tf.grads(f)(p)) };
};

const dispatch = ({ T, n }) => {
  const [a, b] = [T('a'), T('b')];
  const chain = () => {
    let sum = tf.add(a, b);
    for (let i = 1; i < n; i++) {
      const next = tf.add(sum, b);
      sum.dispose();
      sum = next;
    }
    const read = sum.dataSync();
    sum.dispose();
    return [read];
  };
  return { eager: () => ({ call: chain }) };
};

const PROGRAMS = {
  seed1: ({ T }) => {
    const x = T('x', []);
    const [column, eye] = [T('x', [1, 1]), tf.eye(2)];
    return {
      loop: evaluated(() => tf.stack([tf.grad((v) => tf.square(v))(x), tf.grad((v) => tf.sin(v))(x)])),
      tile: evaluated(() => tf.grad((v) => tf.concat([tf.square(v), tf.sin(v)], 1))(tf.tile(column, [2, 1]), eye)),
    };
  },
  seed2: ({ T, n }) => ({ loop: looped(parabola, T('x'), n), tile: tiled(parabola, T('x'), n) }),
  seed3,
  arm,
  mlp_batch: mlpBatch,
  mlp_params: mlpParams,
  burgers,
  burgers_sparse: burgersSparse,
  rosen,
  logreg,
  ba: bundle,
  gmm,
  matmul: ({ T }) => {
    const [A, B] = [T('A'), T('B')];
    return { eager: evaluated(() => tf.matMul(A, B)) };
  },
  exp: ({ T }) => {
    const x = T('x');
    return { eager: evaluated(() => tf.exp(x)) };
  },
  tanh: ({ T }) => {
    const x = T('x');
    return { eager: evaluated(() => tf.tanh(x)) };
  },
  dispatch,
};

export async function open({ backend }) {
  if (backend === 'wasm') {
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(dirname(entry) + sep);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no ${backend} backend here`);
  await tf.ready();
  tf.add(tf.tensor1d([1]), tf.tensor1d([1])).dataSync();
  return {
    version: tf.version.tfjs,
    dtype: 'float32',
    idioms: (program, input) => PROGRAMS[program]?.(reader(input)) ?? {},
  };
}
