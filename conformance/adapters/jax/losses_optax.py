"""Classes of keras.losses by optax: numbers of samples, then Keras's reduction."""

from __future__ import annotations

import functools

from conformance.adapters.jax.losses import counted, weighed
from conformance.adapters.jax.samples_optax import (
    binary_crossentropy,
    ctc,
    huber,
    mean_squared_error,
    sparse_categorical_crossentropy,
)

Huber = functools.partial(weighed, huber)
MeanSquaredError = functools.partial(weighed, mean_squared_error)
BinaryCrossentropy = functools.partial(weighed, binary_crossentropy)
SparseCategoricalCrossentropy = functools.partial(counted, sparse_categorical_crossentropy)
CTC = functools.partial(weighed, ctc)
