"""Images a second of JAX, each step compiled as one program, on the VAEs of deploy/recipes.

Usage: train_jax.py BATCH [reference-vae | convolutional-vae]

Compiling and the first 20 steps are not counted. The Adam is the one of the recipe, with bias correction.
"""
import sys
import time

import jax
import jax.numpy as jnp

batch = int(sys.argv[1])
convolutional = len(sys.argv) > 2 and sys.argv[2] == "convolutional-vae"
steps = 40 if convolutional else 120
# Channels innermost: of both layouts the one that XLA is quick at on processors.
grids = ("NHWC", "HWIO", "NHWC")


def dense(key, inputs, outputs):
    return {"w": jax.random.normal(key, (inputs, outputs)) * inputs**-0.5, "b": jnp.zeros(outputs)}


def kernel(key, inputs, outputs):
    return {"w": jax.random.normal(key, (4, 4, inputs, outputs)) * (16 * inputs) ** -0.5, "b": jnp.zeros(outputs)}


def linear(layer, x):
    return x @ layer["w"] + layer["b"]


def halve(layer, x):
    return jax.lax.conv_general_dilated(x, layer["w"], (2, 2), ((1, 1), (1, 1)), dimension_numbers=grids) + layer["b"]


def double(layer, x):
    # A transposed convolution of stride 2: zeros between the inputs, and a border of kernel - 1 - padding.
    return jax.lax.conv_general_dilated(x, layer["w"], (1, 1), ((2, 2), (2, 2)), lhs_dilation=(2, 2), dimension_numbers=grids) + layer["b"]


keys = jax.random.split(jax.random.key(0), 8)
relu = jax.nn.relu
if convolutional:
    weights = [
        kernel(keys[0], 1, 32), kernel(keys[1], 32, 64), dense(keys[2], 3136, 256), dense(keys[3], 256, 128),
        dense(keys[4], 64, 256), dense(keys[5], 256, 3136), kernel(keys[6], 64, 32), kernel(keys[7], 32, 1)]

    def encode(w, x):
        h = relu(halve(w[1], relu(halve(w[0], x.reshape(-1, 28, 28, 1)))))
        return linear(w[3], relu(linear(w[2], h.reshape(-1, 3136))))

    def decode(w, z):
        h = relu(linear(w[5], relu(linear(w[4], z)))).reshape(-1, 7, 7, 64)
        return double(w[7], relu(double(w[6], h))).reshape(-1, 784)
else:
    weights = [dense(k, *size) for k, size in zip(keys, [(784, 512), (512, 512), (512, 128), (64, 512), (512, 512), (512, 784)])]

    def encode(w, x):
        return linear(w[2], relu(linear(w[1], relu(linear(w[0], x)))))

    def decode(w, z):
        return linear(w[5], relu(linear(w[4], relu(linear(w[3], z)))))


def loss(w, x, key):
    mean, log_variance = jnp.split(encode(w, x), 2, axis=1)
    z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
    logits = decode(w, z)
    cross_entropy = (jax.nn.softplus(logits) - logits * x).sum()
    return (cross_entropy - 0.5 * (1 + log_variance - mean**2 - jnp.exp(log_variance)).sum()) / x.shape[0]


def descend(state, x):
    w, first, second, time_, key = state
    key, own = jax.random.split(key)
    value, gradient = jax.value_and_grad(loss)(w, x, own)
    time_ = time_ + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
    rate = 1e-3 * jnp.sqrt(1 - 0.999**time_) / (1 - 0.9**time_)
    w = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), w, first, second)
    return (w, first, second, time_, key), value


step = jax.jit(descend, donate_argnums=0)
state = (weights, jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), jnp.float32(0), jax.random.key(1))
x = (jax.random.uniform(jax.random.key(2), (batch, 784)) > 0.8).astype(jnp.float32)
for number in range(steps + 20):
    if number == 20:
        value.block_until_ready()
        start = time.perf_counter()
    state, value = step(state, x)
value.block_until_ready()
print(round(steps * batch / (time.perf_counter() - start)))
