"""The convolutional model as functions of JAX, which tells its activations and trains itself."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

NAMES = ("conv1", "bn1", "conv2", "bn2", "hidden", "classes")


def load(path):
    with np.load(path.removesuffix(".keras") + ".npz") as found:
        return {name: jnp.asarray(found[name]) for name in found.files}


def convolved(x, kernel, strides):
    dimensions = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        x, kernel, (strides, strides), "SAME", dimension_numbers=dimensions
    )


def normalized(w, name, x, training):
    if training:
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    else:
        mean, variance = w[f"{name}/moving_mean"], w[f"{name}/moving_variance"]
    moved = {
        f"{name}/moving_{what}": w[f"{name}/moving_{what}"] * 0.99 + new * 0.01
        for what, new in (("mean", mean), ("variance", variance))
    }
    y = (x - mean) / jnp.sqrt(variance + 1e-3) * w[f"{name}/gamma"] + w[f"{name}/beta"]
    return y, moved if training else {}


def answers(w, x, training):
    seen = {}
    x = jax.nn.relu(convolved(x, w["conv1/kernel"], 2) + w["conv1/bias"])
    seen["conv1"] = x
    x, moved1 = normalized(w, "bn1", x, training)
    seen["bn1"] = x
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
    seen["pool1"] = x
    x, moved2 = normalized(w, "bn2", convolved(x, w["conv2/kernel"], 1), training)
    seen["bn2"] = x
    x = jax.nn.leaky_relu(x, 0.3)
    window = ((1, 2, 2, 1), (1, 1, 1, 1), "SAME")
    total = lax.reduce_window(x, 0.0, lax.add, *window)
    x = total / lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, *window)
    seen["pool2"] = x
    x = jax.nn.relu(x.reshape(len(x), -1) @ w["hidden/kernel"] + w["hidden/bias"])
    seen["hidden"] = x
    x = jax.nn.softmax(x @ w["classes/kernel"] + w["classes/bias"])
    return x, seen, {**moved1, **moved2}


def forward(model, image, training=False):
    return answers(model, image, training)[0]


def activations(model, image):
    return answers(model, image, False)[1]


def split(weights):
    """What is trained, and what is not."""
    still = {name: array for name, array in weights.items() if "moving" in name}
    return {name: array for name, array in weights.items() if name not in still}, still


def joined(trainable, frozen):
    return {**trainable, **frozen}


def forward_and_update(weights, image):
    answer, _, moved = answers(weights, image, True)
    return answer, {**weights, **moved}


def train_step(model, inputs, targets, settings):
    def loss(w):
        y, _, moved = answers(w, inputs[0], True)
        return ((y - targets[0]) ** 2).mean(), moved

    (value, moved), slopes = jax.value_and_grad(loss, has_aux=True)(model)
    rate = settings["learning_rate"]
    trained = {name: w - rate * slopes[name] for name, w in model.items()}
    return {**trained, **moved}, value
