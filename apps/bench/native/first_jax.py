"""The first Jacobian of a process: [2, cos 1]."""

import jax
import jax.numpy as jnp

print(jax.jacobian(lambda x: jnp.stack([x**2, jnp.sin(x)]))(1.0).tolist())
