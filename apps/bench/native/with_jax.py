"""JAX on the CPU, everything under jit."""

import jax
import numpy as np
from harness import Idiom, Input, bands_of, job_words, main, three_seeds

job = job_words()
jax.config.update("jax_enable_x64", job["dtype"] == "float64")
jnp = jax.numpy
data = Input(job["input"])
WEIGHTS = ("W1", "b1", "W2", "b2", "W3", "b3")


def array(name):
    return jnp.asarray(data.arrays[name], dtype=job["dtype"])


def arrays(*names):
    return [array(name) for name in names]


def jitted(f, *args, in_order=None):
    def make():
        g = jax.jit(f)
        return Idiom(lambda: [np.asarray(a) for a in jax.tree_util.tree_leaves(g(*args))], in_order)

    return make


def of_vector(f, x):
    return {"jacrev": jitted(jax.jacrev(f), x), "jacfwd": jitted(jax.jacfwd(f), x)}


def mlp(x, p):
    h = jnp.tanh(x @ p[0] + p[1])
    return jnp.tanh(h @ p[2] + p[3]) @ p[4] + p[5]


def seed3():
    W1, b1, W2, b2 = arrays("W1", "b1", "W2", "b2")

    def summed(x):
        h = jax.nn.elu(x @ W1 + b1)
        c = h - h.mean(0)
        return jax.nn.elu(c / jnp.sqrt((c * c).mean(0) + data.number("eps")) @ W2 + b2).sum(0)

    return {"jacrev": jitted(lambda x: jax.jacrev(summed)(x).transpose(1, 0, 2), array("x"))}


def arm():
    K0, K1, K2, flange, q = arrays("K0", "K1", "K2", "F", "q")

    def f(q):
        joints = K0 + jnp.cos(q)[:, None, None] * K1 + jnp.sin(q)[:, None, None] * K2
        pose = joints[0]
        for i in range(1, 7):
            pose = pose @ joints[i]
        pose = pose @ flange
        return jnp.concatenate([pose[:3, 3], pose[:3, :3].reshape(9)])

    if data.n == 1:
        return of_vector(f, q[0])
    return {"vmap jacrev": jitted(jax.vmap(jax.jacrev(f)), q), "vmap jacfwd": jitted(jax.vmap(jax.jacfwd(f)), q)}


def mlp_batch():
    p = arrays(*WEIGHTS)
    return {"vmap jacrev": jitted(jax.vmap(jax.jacrev(lambda x: mlp(x, p))), array("x"))}


def mlp_params():
    J = jax.jacrev(mlp, argnums=1)
    if data.n > 1:
        return {"vmap jacrev": jitted(jax.vmap(J, in_axes=(0, None)), array("x"), arrays(*WEIGHTS))}
    return {"jacrev": jitted(J, array("x")[0], arrays(*WEIGHTS))}


def burgers_function():
    c1, c2 = data.number("c1"), data.number("c2")

    def f(u):
        right, left = jnp.roll(u, -1), jnp.roll(u, 1)
        return -c1 * u * (right - left) + c2 * (right + left - 2 * u)

    return f


def burgers_sparse():
    f, V = burgers_function(), jnp.asarray(three_seeds(data.n), dtype=job["dtype"])
    products = lambda u, V: jax.vmap(lambda v: jax.jvp(f, (u,), (v,))[1])(V)
    return {"vmap jvp": jitted(products, array("u"), V, in_order=lambda result: bands_of(result[0]))}


def rosen():
    def f(x):
        a, b = x[:-1], x[1:]
        return (100 * (b - a * a) ** 2 + (1 - a) ** 2).sum()

    return {"hessian": jitted(jax.hessian(f), array("x"))}


def logreg():
    f = lambda w, X, y: jax.nn.softplus(-(X @ w) * y).mean() + data.number("lambda") / 2 * (w * w).sum()
    return {"hessian": jitted(jax.hessian(f), *arrays("w", "X", "y"))}


def residual(P, e):
    r, C, f, x0, k1, k2, X, w = P[0:3], P[3:6], P[6], P[7:9], P[9], P[10], P[11:14], P[14]
    angle = jnp.sqrt((r * r).sum())
    c, a, p = jnp.cos(angle), r / angle, X - C
    q = p * c + jnp.cross(a, p) * jnp.sin(angle) + a * ((a * p).sum() * (1 - c))
    uv = q[:2] / q[2]
    rr = (uv * uv).sum()
    return w * (uv * (1 + k1 * rr + k2 * rr * rr) * f + x0 - e)


def ba():
    P, e = arrays("P", "features")
    return {
        "vmap jacrev": jitted(jax.vmap(jax.jacrev(residual)), P, e),
        "vmap jacfwd": jitted(jax.vmap(jax.jacfwd(residual)), P, e),
    }


def gmm():
    x, S = arrays("x", "S")
    d, k = int(data.number("d")), int(data.number("k"))

    def f(alphas, means, icf):
        log_diagonal, lower = icf[:, :d], icf[:, d:]
        diagonal = jnp.exp(log_diagonal)
        Q = (lower @ S).reshape(k, d, d) + diagonal[:, :, None] * jnp.eye(d)
        distances = (((x[None] - means[:, None]) @ Q.transpose(0, 2, 1)) ** 2).sum(2)
        scores = alphas[:, None] + log_diagonal.sum(1)[:, None] - 0.5 * distances
        prior = 0.5 * ((diagonal * diagonal).sum() + (lower * lower).sum())
        lse = jax.scipy.special.logsumexp
        return lse(scores, 0).sum() - data.n * lse(alphas) + prior

    return {"grad": jitted(jax.grad(f, argnums=(0, 1, 2)), *arrays("alphas", "means", "icf"))}


def dispatch():
    a, b = arrays("a", "b")

    def chain():
        total = a
        for _ in range(data.n):
            total = total + b
        return [np.asarray(total)]

    return {"eager": lambda: Idiom(chain)}


PROGRAMS = {
    "seed1": lambda: of_vector(lambda x: jnp.stack([x * x, jnp.sin(x)]), array("x")[0]),
    "seed2": lambda: of_vector(lambda x: x * x + 2 * x, array("x")),
    "seed3": seed3,
    "arm": arm,
    "mlp_batch": mlp_batch,
    "mlp_params": mlp_params,
    "burgers": lambda: of_vector(burgers_function(), array("u")),
    "burgers_sparse": burgers_sparse,
    "rosen": rosen,
    "logreg": logreg,
    "ba": ba,
    "gmm": gmm,
    "matmul": lambda: {"jit": jitted(jnp.matmul, *arrays("A", "B"))},
    "exp": lambda: {"jit": jitted(jnp.exp, array("x"))},
    "tanh": lambda: {"jit": jitted(jnp.tanh, array("x"))},
    "dispatch": dispatch,
}

make = PROGRAMS.get(job["program"])
main(job, jax.__version__, make() if make else {})
