"""TensorFlow on the CPU: GradientTape inside tf.function, in graph mode and compiled by XLA."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import tensorflow as tf
from harness import Idiom, Input, bands_of, job_words, main, three_seeds

tf.get_logger().setLevel("ERROR")
job = job_words()
data = Input(job["input"])
WEIGHTS = ("W1", "b1", "W2", "b2", "W3", "b3")


def tensor(name):
    return tf.constant(data.arrays[name], dtype=job["dtype"])


def tensors(*names):
    return [tensor(name) for name in names]


def functions(f, *args, in_order=None):
    """f as a tf.function, and as one compiled by XLA."""

    def make(**options):
        g = tf.function(f, **options)
        return Idiom(lambda: [t.numpy() for t in tf.nest.flatten(g(*args))], in_order)

    return {"function": make, "xla": lambda: make(jit_compile=True)}


def recorded(f, x, method):
    """y = f(x) on a tape, then the tape's method."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return getattr(tape, method)(y, x)


def of_vector(f, x):
    return functions(lambda x: recorded(f, x, "jacobian"), x)


def of_batch(f, *args):
    return functions(lambda x, *rest: recorded(lambda x: f(x, *rest), x, "batch_jacobian"), *args)


def mlp(x, W1, b1, W2, b2, W3, b3):
    return tf.tanh(tf.tanh(x @ W1 + b1) @ W2 + b2) @ W3 + b3


def seed3():
    W1, b1, W2, b2 = tensors("W1", "b1", "W2", "b2")

    def f(x):
        h = tf.nn.elu(x @ W1 + b1)
        c = h - tf.reduce_mean(h, 0)
        return tf.nn.elu(c / tf.sqrt(tf.reduce_mean(c * c, 0) + data.number("eps")) @ W2 + b2)

    return of_batch(f, tensor("x"))


def arm():
    K0, K1, K2, flange, q = tensors("K0", "K1", "K2", "F", "q")

    def f(q):
        turned = tf.cos(q)[:, :, None, None] * K1 + tf.sin(q)[:, :, None, None] * K2
        joints = tf.unstack(K0 + turned, axis=1)
        pose = joints[0]
        for joint in joints[1:]:
            pose = pose @ joint
        pose = pose @ flange
        return tf.concat([pose[:, :3, 3], tf.reshape(pose[:, :3, :3], [data.n, 9])], 1)

    return of_batch(f, q)


def mlp_params():
    def f(xs, *p):
        def one(x):
            with tf.GradientTape() as tape:
                tape.watch(p)
                y = mlp(x[None], *p)[0]
            return tape.jacobian(y, p)

        return one(xs[0]) if data.n == 1 else tf.vectorized_map(one, xs)

    return functions(f, tensor("x"), *tensors(*WEIGHTS))


def burgers_function():
    c1, c2 = data.number("c1"), data.number("c2")

    def f(u):
        right, left = tf.roll(u, -1, 0), tf.roll(u, 1, 0)
        return -c1 * u * (right - left) + c2 * (right + left - 2 * u)

    return f


def burgers_sparse():
    f, u, V = burgers_function(), tensor("u"), tf.constant(three_seeds(data.n), dtype=job["dtype"])

    def products(u, V):
        columns = []
        for v in tf.unstack(V):
            with tf.autodiff.ForwardAccumulator(u, v) as accumulator:
                y = f(u)
            columns.append(accumulator.jvp(y))
        return tf.stack(columns)

    return functions(products, u, V, in_order=lambda result: bands_of(result[0]))


def hessian_of(f, x, *args):
    def g(x, *rest):
        return recorded(lambda x: recorded(lambda x: f(x, *rest), x, "gradient"), x, "jacobian")

    return functions(g, x, *args)


def rosen():
    def f(x):
        a, b = x[:-1], x[1:]
        return tf.reduce_sum(100 * (b - a * a) ** 2 + (1 - a) ** 2)

    return hessian_of(f, tensor("x"))


def logreg():
    def f(w, X, y):
        loss = tf.reduce_mean(tf.nn.softplus(-tf.linalg.matvec(X, w) * y))
        return loss + data.number("lambda") / 2 * tf.reduce_sum(w * w)

    return hessian_of(f, *tensors("w", "X", "y"))


def residual(P, e):
    r, C, f, x0, k1, k2, X, w = tf.split(P, (3, 3, 1, 2, 1, 1, 3, 1), axis=-1)
    angle = tf.sqrt(tf.reduce_sum(r * r, -1, keepdims=True))
    c, a, p = tf.cos(angle), r / angle, X - C
    along = tf.reduce_sum(a * p, -1, keepdims=True) * (1 - c)
    q = p * c + tf.linalg.cross(a, p) * tf.sin(angle) + a * along
    uv = q[:, :2] / q[:, 2:]
    rr = tf.reduce_sum(uv * uv, -1, keepdims=True)
    return w * (uv * (1 + k1 * rr + k2 * rr * rr) * f + x0 - e)


def gmm():
    x, S = tensors("x", "S")
    d, k = int(data.number("d")), int(data.number("k"))

    def f(alphas, means, icf):
        with tf.GradientTape() as tape:
            tape.watch((alphas, means, icf))
            log_diagonal, lower = icf[:, :d], icf[:, d:]
            diagonal = tf.exp(log_diagonal)
            Q = tf.reshape(lower @ S, [k, d, d]) + diagonal[:, :, None] * tf.eye(d, dtype=job["dtype"])
            distances = tf.reduce_sum(tf.matmul(x[None] - means[:, None], Q, transpose_b=True) ** 2, 2)
            scores = alphas[:, None] + tf.reduce_sum(log_diagonal, 1)[:, None] - 0.5 * distances
            prior = 0.5 * (tf.reduce_sum(diagonal * diagonal) + tf.reduce_sum(lower * lower))
            total = tf.reduce_sum(tf.reduce_logsumexp(scores, 0)) - data.n * tf.reduce_logsumexp(alphas) + prior
        return tape.gradient(total, (alphas, means, icf))

    return functions(f, *tensors("alphas", "means", "icf"))


def dispatch():
    a, b = tensors("a", "b")

    def chain():
        total = a
        for _ in range(data.n):
            total = total + b
        return [total.numpy()]

    return {"eager": lambda: Idiom(chain)}


PROGRAMS = {
    "seed1": lambda: of_vector(lambda x: tf.stack([x * x, tf.sin(x)]), tensor("x")[0]),
    "seed2": lambda: of_vector(lambda x: x * x + 2 * x, tensor("x")),
    "seed3": seed3,
    "arm": arm,
    "mlp_batch": lambda: of_batch(mlp, tensor("x"), *tensors(*WEIGHTS)),
    "mlp_params": mlp_params,
    "burgers": lambda: of_vector(burgers_function(), tensor("u")),
    "burgers_sparse": burgers_sparse,
    "rosen": rosen,
    "logreg": logreg,
    "ba": lambda: of_batch(residual, *tensors("P", "features")),
    "gmm": gmm,
    "matmul": lambda: functions(tf.matmul, *tensors("A", "B")),
    "exp": lambda: functions(tf.exp, tensor("x")),
    "tanh": lambda: functions(tf.tanh, tensor("x")),
    "dispatch": dispatch,
}

make = PROGRAMS.get(job["program"])
main(job, tf.__version__, make() if make else {})
