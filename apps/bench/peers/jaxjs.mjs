/*
 * jax-js on its wasm device, everything under jit. Its ownership rule: a value is used up by its first use, `.ref` lends it.
 * Its jacfwd gives the transpose of the Jacobian (0.1.25), which is put right here; its jacrev sizes the basis by the input,
 * so `reverse` is made from vjp and vmap; both take vectors only. Loaded by src/worker.ts.
 */
import * as jax from '@jax-js/jax';

const { numpy: np, nn, jit, vmap, jvp, vjp, grad, hessian } = jax;
const forward = (f) => (x) => np.transpose(jax.jacfwd(f)(x));

/** Arrays of one dtype. */
const dtype = np.float32;
const reader = ({ numbers, arrays }) => ({
  ...numbers,
  A: (name, shape) => np.array(Float32Array.from(arrays[name].data), { shape: shape ?? arrays[name].shape, dtype }),
});
const eye = (n) => np.eye(n, undefined, { dtype });
const leaves = (nest) => (Array.isArray(nest) ? nest.flatMap(leaves) : [nest]);
const lent = (nest) => (Array.isArray(nest) ? nest.map(lent) : nest.ref);

/** A jitted function of arguments that are lent to it, its results read. */
const jitted = (f, args, inOrder) => () => {
  const g = jit(f);
  return { inOrder, call: () => leaves(g(...lent(args))).map((t) => t.dataSync()) };
};

/** m rows of the Jacobian of f by all of xs. */
const reverse = (f, m, ...xs) => {
  const pull = (cotangent) => {
    const [y, back] = vjp(f, xs);
    y.dispose();
    const rows = back(cotangent);
    back.dispose();
    return rows;
  };
  return vmap(pull)(eye(m));
};
const vector = (f, x, m) => ({
  jacfwd: jitted(forward(f), [x]),
  reverse: jitted((v) => reverse(f, m, v)[0], [x]),
});

const mlp = (x, [W1, b1, W2, b2, W3, b3]) => {
  const h1 = np.tanh(np.dot(x, W1).add(b1));
  const h2 = np.tanh(np.dot(h1, W2).add(b2));
  return np.dot(h2, W3).add(b3);
};
const WEIGHTS = ['W1', 'b1', 'W2', 'b2', 'W3', 'b3'];

const seed3 = ({ A, eps }) => {
  const p = ['W1', 'b1', 'W2', 'b2'].map((name) => A(name));
  const summed = (x) => {
    const [W1, b1, W2, b2] = lent(p);
    const h = nn.elu(np.dot(x, W1).add(b1));
    const centred = h.ref.sub(np.mean(h, 0, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), 0, { keepdims: true });
    return np.sum(nn.elu(np.dot(centred.div(np.sqrt(variance.add(eps))), W2).add(b2)), 0);
  };
  return { reverse: jitted((x) => np.transpose(reverse(summed, 6, x)[0], [1, 0, 2]), [A('x')]) };
};

/** The arm as a chain of matrix products. */
const armByMatrices = ({ A }) => {
  const [K0, K1, K2, flange] = ['K0', 'K1', 'K2', 'F'].map((name) => A(name));
  return (q) => {
    const [c, s] = [np.cos(q.ref).reshape([7, 1, 1]), np.sin(q).reshape([7, 1, 1])];
    const joints = K0.ref.add(c.mul(K1.ref)).add(s.mul(K2.ref));
    let pose = joints.ref.slice(0);
    for (let i = 1; i < 7; i++) pose = np.matmul(pose, i < 6 ? joints.ref.slice(i) : joints.slice(i));
    pose = np.matmul(pose, flange.ref);
    return np.concatenate([pose.ref.slice([0, 3], 3), pose.slice([0, 3], [0, 3]).reshape([9])]);
  };
};

/** The arm entry by entry, zeros and ones left out by hand: what the compiler fuses best. An entry is a number or an array. */
const armByEntries = ({ arrays }) => {
  const plus = (x, y) => {
    if (typeof x === 'number' && typeof y === 'number') return x + y;
    if (x === 0) return y;
    if (y === 0) return x;
    return typeof x === 'number' ? y.ref.add(x) : x.ref.add(typeof y === 'number' ? y : y.ref);
  };
  const times = (x, y) => {
    if (typeof x === 'number' && typeof y === 'number') return x * y;
    if (x === 0 || y === 0) return 0;
    if (x === 1) return y;
    if (y === 1) return x;
    return typeof x === 'number' ? y.ref.mul(x) : x.ref.mul(typeof y === 'number' ? y : y.ref);
  };
  const product = (a, b) =>
    a.map((_, e) => [0, 1, 2, 3].reduce((s, k) => plus(s, times(a[(e >> 2) * 4 + k], b[k * 4 + (e & 3)])), 0));
  return (q) => {
    const [c, s] = [np.cos(q.ref), np.sin(q)];
    const joint = (i) =>
      Array.from({ length: 16 }, (_, e) => {
        const entry = (name) => arrays[name].data[i * 16 + e] + 0;
        const turned = plus(times(entry('K1'), c.ref.slice(i)), times(entry('K2'), s.ref.slice(i)));
        return plus(entry('K0'), turned);
      });
    const poses = [0, 1, 2, 3, 4, 5, 6].map(joint);
    const pose = [...poses, [...arrays.F.data]].reduce(product);
    const entry = (e) => (typeof pose[e] === 'number' ? np.array(pose[e], { dtype }) : pose[e].ref);
    return np.stack([3, 7, 11, 0, 1, 2, 4, 5, 6, 8, 9, 10].map(entry));
  };
};
const arm = (d) => {
  const q = d.A('q', d.n === 1 ? [7] : undefined);
  const [matrices, entries] = [armByMatrices(d), armByEntries(d)];
  const shaped = (J) => (d.n === 1 ? J : vmap(J));
  return {
    'matrices jacfwd': jitted(shaped(forward(matrices)), [q]),
    'entries reverse': jitted(
      shaped((x) => reverse(entries, 12, x)[0]),
      [q],
    ),
    'entries jacfwd': jitted(shaped(forward(entries)), [q]),
  };
};

const mlpBatch = ({ A }) => {
  const each = (x, p) => forward((v) => mlp(v, lent(p)))(x);
  return {
    'vmap jacfwd': jitted((x, ...p) => vmap((v) => each(v, p))(x), [A('x'), ...WEIGHTS.map((name) => A(name))]),
  };
};
const mlpParams = ({ A, n }) => {
  const one = (x, p) => reverse((q) => mlp(x.ref, q), 10, p)[0];
  const f = n === 1 ? one : (x, p) => vmap((v) => one(v, p))(x);
  return { reverse: jitted(f, [A('x', n === 1 ? [128] : undefined), WEIGHTS.map((name) => A(name))]) };
};

const burgersFunction =
  ({ c1, c2 }) =>
  (u) => {
    const [right, left] = [np.roll(u.ref, -1), np.roll(u.ref, 1)];
    const convection = u.ref.mul(right.ref.sub(left.ref)).mul(-c1);
    return convection.add(right.add(left).sub(u.mul(2)).mul(c2));
  };
const burgersSparse = (d) => {
  const { n } = d;
  const f = burgersFunction(d);
  const ones = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) ones[(i % 3) * n + i] = 1;
  const products = (u, V) =>
    vmap((v) => {
      const [y, t] = jvp(f, [u.ref], [v]);
      y.dispose();
      return t;
    })(V);
  const inOrder = ([all]) =>
    [0, 1, 2].map((k) => Float32Array.from({ length: n }, (_, i) => all[(((i + k - 1 + n) % n) % 3) * n + i]));
  return { 'vmap jvp': jitted(products, [d.A('u'), np.array(ones, { shape: [3, n], dtype })], inOrder) };
};

const rosen = ({ A, n }) => {
  const f = (x) => {
    const [a, b] = [x.ref.slice([0, n - 1]), x.slice([1, n])];
    return np.sum(
      np
        .square(b.sub(np.square(a.ref)))
        .mul(100)
        .add(np.square(np.negative(a).add(1))),
    );
  };
  return { hessian: jitted(hessian(f), [A('x')]) };
};
const logreg = ({ A, lambda }) => {
  const f = (X, y) => (w) => {
    const losses = nn.softplus(np.negative(np.dot(X.ref, w.ref).mul(y.ref)));
    return np.mean(losses).add(np.sum(np.square(w)).mul(lambda / 2));
  };
  return { hessian: jitted((w, X, y) => hessian(f(X, y))(w), [A('w'), A('X'), A('y')]) };
};

const residual = (columns, features) => {
  const [r0, r1, r2, C0, C1, C2, f, x0, y0, k1, k2, X0, X1, X2, w] = columns;
  const angle = np.sqrt(np.square(r0.ref).add(np.square(r1.ref)).add(np.square(r2.ref)));
  const [c, s] = [np.cos(angle.ref), np.sin(angle.ref)];
  const a = [r0.div(angle.ref), r1.div(angle.ref), r2.div(angle)];
  const p = [X0.sub(C0), X1.sub(C1), X2.sub(C2)];
  const cross = [
    [1, 2],
    [2, 0],
    [0, 1],
  ].map(([m, n]) => a[m].ref.mul(p[n].ref).sub(a[n].ref.mul(p[m].ref)));
  const dot = a[0].ref.mul(p[0].ref).add(a[1].ref.mul(p[1].ref)).add(a[2].ref.mul(p[2].ref));
  const along = dot.mul(np.negative(c.ref).add(1));
  const q = p.map((each, m) => each.mul(c.ref).add(cross[m].mul(s.ref)).add(a[m].mul(along.ref)));
  for (const t of [c, s, along]) t.dispose();
  const [u, v] = [q[0].div(q[2].ref), q[1].div(q[2])];
  const rr = np.square(u.ref).add(np.square(v.ref));
  const distortion = rr.ref.mul(k1).add(np.square(rr).mul(k2)).add(1);
  const image = np.stack([u.mul(distortion.ref).mul(f.ref).add(x0), v.mul(distortion).mul(f).add(y0)], -1);
  return image.sub(features).mul(w.ndim === 0 ? w : w.reshape([-1, 1]));
};
/** Columns of all observations at once, a vjp for each of the two outputs. */
const bundle = ({ A, n }) => {
  const byColumns = (P, features) => {
    const columns = Array.from({ length: 15 }, (_, i) => P.ref.slice([], i));
    const rows = [0, 1].map((o) => {
      const [y, back] = vjp((each) => residual(each, features.ref), [lent(columns)]);
      y.dispose();
      const column = (one) => (one ? np.ones([n], { dtype }) : np.zeros([n], { dtype }));
      const [gradients] = back(np.stack([column(o === 0), column(o === 1)], -1));
      back.dispose();
      return np.stack(gradients, -1);
    });
    return np.stack(rows, 1);
  };
  return { 'vjp by columns': jitted(byColumns, [A('P'), A('features')]) };
};

const gmm = ({ A, n, d, k, lower: l }) => {
  const f = (x, S) => (alphas, means, icf) => {
    const [logDiagonal, lower] = [icf.ref.slice([], [0, d]), icf.slice([], [d, d + l])];
    const diagonal = np.exp(logDiagonal.ref);
    const Q = np
      .dot(lower.ref, S.ref)
      .reshape([k, d, d])
      .add(diagonal.ref.reshape([k, d, 1]).mul(eye(d)));
    const centred = x.ref.reshape([1, n, d]).sub(means.reshape([k, 1, d]));
    const distances = np.sum(np.square(np.matmul(centred, np.transpose(Q, [0, 2, 1]))), 2);
    const weights = alphas.ref.reshape([k, 1]).add(np.sum(logDiagonal, 1).reshape([k, 1]));
    const likelihood = np.sum(nn.logsumexp(weights.sub(distances.mul(0.5)), 0));
    const prior = np
      .sum(np.square(diagonal))
      .add(np.sum(np.square(lower)))
      .mul(0.5);
    return likelihood.sub(nn.logsumexp(alphas).mul(n)).add(prior);
  };
  const gradient = (a, m, i, x, S) => grad(f(x, S), { argnums: [0, 1, 2] })(a, m, i);
  return {
    grad: jitted(
      gradient,
      ['alphas', 'means', 'icf', 'x', 'S'].map((name) => A(name)),
    ),
  };
};

const dispatch = ({ A, n }) => {
  const [a, b] = [A('a'), A('b')];
  const chain = (step) => () => {
    let sum = a.ref;
    for (let i = 0; i < n; i++) sum = step(sum, b.ref);
    return [sum.dataSync()];
  };
  const added = jit((x, y) => x.add(y));
  return { eager: () => ({ call: chain((x, y) => x.add(y)) }), 'jitted add': () => ({ call: chain(added) }) };
};

const PROGRAMS = {
  seed1: ({ A }) => {
    const f = (x) => np.stack([np.square(x.ref), np.sin(x)]);
    const slope = (x) => {
      const [y, t] = jvp(f, [x], [np.array(1, { dtype })]);
      y.dispose();
      return t;
    };
    return { jvp: jitted(slope, [A('x', [])]) };
  },
  seed2: ({ A, n }) => vector((x) => np.square(x.ref).add(x.mul(2)), A('x'), n),
  seed3,
  arm,
  mlp_batch: mlpBatch,
  mlp_params: mlpParams,
  burgers: (d) => vector(burgersFunction(d), d.A('u'), d.n),
  burgers_sparse: burgersSparse,
  rosen,
  logreg,
  ba: bundle,
  gmm,
  matmul: ({ A }) => ({ jit: jitted((a, b) => np.matmul(a, b), [A('A'), A('B')]) }),
  exp: ({ A }) => ({ jit: jitted((x) => np.exp(x), [A('x')]) }),
  tanh: ({ A }) => ({ jit: jitted((x) => np.tanh(x), [A('x')]) }),
  dispatch,
};

export async function open({ device }) {
  await jax.init(device);
  jax.defaultDevice(device);
  np.array(new Float32Array([1, 2]))
    .add(1)
    .dataSync();
  return {
    version: '0.1.25',
    dtype: 'float32',
    idioms: (program, input) => PROGRAMS[program]?.({ ...reader(input), arrays: input.arrays }) ?? {},
  };
}
