"""
Values, Jacobians and batch Jacobians as TensorFlow computes them, for packages/jacobi/src/tensorflow.test.ts.

    python3 packages/testing/tools/with_tensorflow.py > packages/testing/src/references/tensorflow.json

Asks for tensorflow. All in float64, on numbers that both sides make: 0.7 * sin(seed + 2.3 * i).
"""

import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf


def numbers(seed, *shape):
    count = int(np.prod(shape))
    return tf.constant((0.7 * np.sin(seed + 2.3 * np.arange(count))).reshape(shape), tf.float64)


def network(x, weights, training):
    """Dense with elu, batch normalisation, Dense with elu: the third program of the seed article."""
    kernel1, bias1, gamma, beta, kernel2, bias2 = weights
    normal = tf.keras.layers.BatchNormalization(dtype="float64")
    normal.build((None, 5))
    normal.set_weights([gamma.numpy(), beta.numpy(), np.full(5, 0.1), np.full(5, 0.5)])
    # Keras keeps gamma and beta as variables; so that a tape can ask for these here, they are put in again by hand.
    normal.gamma, normal.beta = gamma, beta
    h = tf.nn.elu(tf.matmul(x, kernel1) + bias1)
    return tf.nn.elu(tf.matmul(normal(h, training=training), kernel2) + bias2)


def cell(x):
    """A long short-term memory over the steps of x [batch, steps, features]."""
    kernel = numbers(6, 5, 8)
    h = c = tf.zeros([x.shape[0], 2], tf.float64)
    for step in tf.unstack(x, axis=1):
        i, f, o, g = tf.split(tf.matmul(tf.concat([step, h], 1), kernel), 4, 1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
    return h


def attention(x):
    scores = tf.einsum("bsf,btf->bst", x, x) / np.sqrt(3.0)
    return tf.einsum("bst,btf->bsf", tf.nn.softmax(scores), x)


def layer_norm(x):
    mean, variance = tf.nn.moments(x, [1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-3)


def gelu(x):
    """Written out: tf.nn.gelu rounds its square root of 2 to float32."""
    return 0.5 * x * (1 + tf.math.erf(x / np.sqrt(2.0)))


WEIGHTS = [numbers(1, 3, 5), numbers(2, 5), numbers(3, 5), numbers(4, 5), numbers(5, 5, 2), numbers(6, 2)]
NAMES = ["kernel1", "bias1", "gamma", "beta", "kernel2", "bias2"]

# Name: (function, shape of its argument, whether it has a batch axis).
CASES = {
    "elu, batch normalisation in training, elu": (lambda x: network(x, WEIGHTS, True), (4, 3), True),
    "elu, batch normalisation in inference, elu": (lambda x: network(x, WEIGHTS, False), (4, 3), True),
    "lstm": (cell, (3, 2, 3), True),
    "attention": (attention, (2, 4, 3), True),
    "layer normalisation": (layer_norm, (3, 4), True),
    "log softmax": (lambda x: tf.nn.log_softmax(3 * x), (2, 5), True),
    "logSumExp along the first axis": (lambda x: tf.reduce_logsumexp(x, 0), (4, 3), False),
    "gelu, swish, softplus": (
        lambda x: tf.stack([gelu(x), tf.nn.silu(x), tf.nn.softplus(x)], 1),
        (2, 3),
        True,
    ),
    "product and cumulative product": (lambda x: tf.math.cumprod(x, 1) * tf.reduce_prod(x, 1, keepdims=True), (2, 4), True),
    "reversed cumulative sum": (lambda x: tf.cumsum(x, 1, reverse=True) ** 2, (2, 4), True),
    "gather with repeated indices": (lambda x: tf.gather(x, [2, 0, 2], axis=1) ** 3, (2, 4), True),
    "norms of rows": (lambda x: tf.norm(x, axis=1, keepdims=True), (3, 4), True),
    "trace of a product": (lambda x: tf.linalg.trace(tf.matmul(x, x, transpose_b=True) @ x), (3, 3), False),
    "atan2, erf, expm1": (lambda x: tf.atan2(tf.math.erf(x), tf.math.expm1(x) + 2), (2, 3), True),
    "padded, flipped, tiled": (lambda x: tf.tile(tf.reverse(tf.pad(x * x, [[0, 0], [1, 2]]), [1]), [1, 2]), (2, 3), True),
}


def dense(tensor):
    return {"shape": list(tensor.shape), "data": tensor.numpy().ravel().tolist()}


def case(f, shape, batched):
    x = numbers(7, *shape)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = f(x)
    found = {"y": dense(y), "jacobian": dense(tape.jacobian(y, x))}
    if batched:
        found["batch"] = dense(tape.batch_jacobian(y, x))
    return {"shape": list(shape), **found}


def parameters():
    """The Jacobian of the first network with respect to each of its weights."""
    with tf.GradientTape() as tape:
        for w in WEIGHTS:
            tape.watch(w)
        y = network(numbers(7, 4, 3), WEIGHTS, True)
    return dict(zip(NAMES, map(dense, tape.jacobian(y, WEIGHTS))))


found = {name: case(*of) for name, of in CASES.items()}
print(json.dumps({"tensorflow": tf.__version__, "cases": found, "parameters": parameters()}))
