"""The first Jacobian of a process: [2, cos 1]."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import tensorflow as tf

x = tf.constant(1.0)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.stack([x**2, tf.sin(x)])
print(tape.jacobian(y, x).numpy().tolist())
