/*
 * The functions of the workloads in Jacobi's public operations, as a user would write them.
 */
import type { Tensor } from 'jacobi';
import {
  add,
  concat,
  cos,
  div,
  elu,
  exp,
  eye,
  logSumExp,
  matmul,
  mean,
  mul,
  neg,
  pow,
  reshape,
  roll,
  sin,
  slice,
  softplus,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tanh,
  transpose,
  unstack,
} from 'jacobi';

export const twoOfOne = (x: Tensor): Tensor => stack([pow(x, 2), sin(x)]);
export const parabola = (x: Tensor): Tensor => add(pow(x, 2), mul(2, x));

/** Dense, batch normalisation over the examples, dense. */
export const normalised =
  ([W1, b1, W2, b2]: readonly Tensor[], eps: number) =>
  (x: Tensor): Tensor => {
    const h = elu(add(matmul(x, W1!), b1!));
    const centred = sub(h, mean(h, 0));
    const scaled = div(centred, sqrt(add(mean(square(centred), 0), eps)));
    return elu(add(matmul(scaled, W2!), b2!));
  };

export function mlp(x: Tensor, [W1, b1, W2, b2, W3, b3]: readonly Tensor[]): Tensor {
  const h1 = tanh(add(matmul(x, W1!), b1!));
  const h2 = tanh(add(matmul(h1, W2!), b2!));
  return add(matmul(h2, W3!), b3!);
}

/** Position of the flange, then its rotation by rows. */
export const arm =
  ([K0, K1, K2, flange]: readonly Tensor[]) =>
  (q: Tensor): Tensor => {
    const angle = reshape(q, [7, 1, 1]);
    const joints = unstack(add(K0!, add(mul(cos(angle), K1!), mul(sin(angle), K2!))));
    const pose = [...joints, flange!].reduce((before, next) => matmul(before, next));
    return concat([reshape(slice(pose, [0, 3], [3, 1]), [3]), reshape(slice(pose, [0, 0], [3, 3]), [9])], 0);
  };

export const burgers =
  (c1: number, c2: number) =>
  (u: Tensor): Tensor => {
    const [right, left] = [roll(u, -1), roll(u, 1)];
    const convection = mul(mul(u, sub(right, left)), -c1);
    return add(convection, mul(sub(add(right, left), mul(u, 2)), c2));
  };

/** The three diagonals from products with three seeds, variable i having colour i mod 3: entry (k, i) is J[i, i + k − 1]. */
export function bandsOf(compressed: ArrayLike<number>, n: number): Float64Array {
  return Float64Array.from({ length: 3 * n }, (_, at) => {
    const [k, i] = [Math.floor(at / n), at % n];
    return compressed[(((i + k - 1 + n) % n) % 3) * n + i]!;
  });
}

export const rosenbrock =
  (n: number) =>
  (x: Tensor): Tensor => {
    const [a, b] = [slice(x, [0], [n - 1]), slice(x, [1], [n - 1])];
    return sum(add(mul(square(sub(b, square(a))), 100), square(sub(1, a))));
  };

export const logistic =
  (X: Tensor, y: Tensor, lambda: number) =>
  (w: Tensor): Tensor =>
    add(mean(softplus(neg(mul(y, matmul(X, w))))), mul(sum(square(w)), lambda / 2));

/** One observation of bundle adjustment: Rodrigues, projection, radial distortion. */
export function residual(P: Tensor, feature: Tensor): Tensor {
  const [r0, r1, r2, C0, C1, C2, f, x0, y0, k1, k2, X0, X1, X2, w] = unstack(P) as Tensors15;
  const angle = sqrt(add(add(square(r0), square(r1)), square(r2)));
  const [c, s] = [cos(angle), sin(angle)];
  const a = [div(r0, angle), div(r1, angle), div(r2, angle)] as const;
  const p = [sub(X0, C0), sub(X1, C1), sub(X2, C2)] as const;
  const cross = (
    [
      [1, 2],
      [2, 0],
      [0, 1],
    ] as const
  ).map(([m, n]) => sub(mul(a[m], p[n]), mul(a[n], p[m])));
  const along = mul(add(add(mul(a[0], p[0]), mul(a[1], p[1])), mul(a[2], p[2])), sub(1, c));
  const q = p.map((each, m) => add(add(mul(each, c), mul(cross[m]!, s)), mul(a[m]!, along))) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const [u, v] = [div(q[0], q[2]), div(q[1], q[2])];
  const rr = add(square(u), square(v));
  const distortion = add(add(mul(rr, k1), mul(square(rr), k2)), 1);
  const image = stack([add(mul(mul(u, distortion), f), x0), add(mul(mul(v, distortion), f), y0)]);
  return mul(sub(image, feature), w);
}
type T = Tensor;
type Tensors15 = [T, T, T, T, T, T, T, T, T, T, T, T, T, T, T];

/** Log likelihood of a mixture of Gaussians with its prior, γ = 1, m = 0. */
export const mixture =
  (x: Tensor, S: Tensor, d: number) =>
  (alphas: Tensor, means: Tensor, icf: Tensor): Tensor => {
    const [n, k] = [x.shape[0]!, alphas.shape[0]!];
    const [logDiagonal, lower] = [slice(icf, [0, 0], [k, d]), slice(icf, [0, d], [k, S.shape[0]!])];
    const diagonal = exp(logDiagonal);
    const Q = add(reshape(matmul(lower, S), [k, d, d]), mul(reshape(diagonal, [k, d, 1]), eye(d, { dtype: x.dtype })));
    const centred = sub(reshape(x, [1, n, d]), reshape(means, [k, 1, d]));
    const distances = sum(square(matmul(centred, transpose(Q, [0, 2, 1]))), 2);
    const scores = sub(add(reshape(alphas, [k, 1]), reshape(sum(logDiagonal, 1), [k, 1])), mul(distances, 0.5));
    const prior = mul(add(sum(square(diagonal)), sum(square(lower))), 0.5);
    return add(sub(sum(logSumExp(scores, 0)), mul(logSumExp(alphas), n)), prior);
  };
