"""Writes small Keras models, each with a trap of ports: ``python small.py FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import keras

layers, ops = keras.layers, keras.ops


def left_out():
    """Layers that do nothing in inference."""
    x = keras.Input((8, 8, 3))
    y = layers.RandomRotation(0.2)(layers.RandomFlip("horizontal")(x))
    y = layers.ActivityRegularization(l2=0.1)(layers.Conv2D(4, 3)(y))
    return keras.Model(x, y)


def adapted():
    """LoRA beside a layer without."""
    x = keras.Input((6,))
    dense = layers.Dense(4, activation="tanh")
    model = keras.Model(x, layers.Dense(3)(dense(x)))
    dense.enable_lora(2)
    for weight in dense.weights:
        weight.assign(keras.random.normal(weight.shape, seed=1))
    return model


def einsum():
    """An attention that is written with functions."""
    a, b = keras.Input((4, 6)), keras.Input((5, 6))
    shares = ops.softmax(ops.einsum("btd,bsd->bts", a, b) / ops.sqrt(6.0))
    return keras.Model([a, b], ops.transpose(ops.einsum("bts,bsd->btd", shares, b), (0, 2, 1)))


def attentions():
    """Layers that are given one masked sequence."""
    tokens = keras.Input((7,), dtype="int32")
    x = layers.Embedding(9, 8, mask_zero=True)(tokens)
    first, scores = layers.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True)
    second = layers.MultiHeadAttention(2, 4)(x, x)
    third = layers.Attention()([first, x])
    return keras.Model(tokens, [layers.Add()([first, second, third]), scores])


def registered():
    """An activation of the user's."""
    keras.saving.register_keras_serializable("mine")(swoosh)
    x = keras.Input((6,))
    return keras.Model(x, layers.Dense(3, activation=swoosh)(x))


def swoosh(x):
    return ops.sigmoid(x) * x


def quantized():
    """Weights of int8."""
    x = keras.Input((6,))
    model = keras.Model(x, layers.Dense(3)(x))
    model.quantize("int8")
    return model


def every_step():
    """A model inside a wrapper."""
    x = keras.Input((4, 6))
    inner = keras.Sequential([layers.Dense(3), layers.Dense(2)])
    return keras.Model(x, layers.TimeDistributed(inner)(x))


if __name__ == "__main__":
    keras.utils.set_random_seed(3)
    for make in (left_out, adapted, einsum, attentions, registered, quantized, every_step):
        make().save(Path(sys.argv[1]) / f"{make.__name__}.keras")
