"""keras.random: what its functions draw, as laws; no generator is imitated.

Sources: the docstrings of keras/src/random/random.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.array import Array
from conformance.reference.engine.dtypes import DIGITS, FLOATX, held
from conformance.reference.engine.laws import Choice, Distribution, Drawn, Named, Permutation
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.regularization import mask_shape
from conformance.reference.spec.ops.base import dtype_named
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.reference.engine.array import Values

GENERATOR = "SeedGenerator"
"""A seed that is an object: ``{SeedGenerator: {seed: 7}}``."""

_ROWS = 2
"""Axes of categorical's logits."""


@defines("random.normal", differentiable=False)
def normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: str | None = None,
    seed: Any = None,
) -> Drawn:
    """keras.random.normal."""
    _seeded("normal", seed)
    name = _float("normal", dtype)
    return _drawn("normal", shape, name, mean=mean, deviation=stddev)


@defines("random.truncated_normal", differentiable=False)
def truncated_normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: str | None = None,
    seed: Any = None,
) -> Drawn:
    """keras.random.truncated_normal: nothing beyond two deviations."""
    _seeded("truncated_normal", seed)
    name = _float("truncated_normal", dtype)
    return _drawn("truncated", shape, name, mean=mean, deviation=stddev)


@defines("random.uniform", differentiable=False)
def uniform(
    shape: Sequence[int],
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: str | None = None,
    seed: Any = None,
) -> Drawn:
    """keras.random.uniform: in ``[minval, maxval)``."""
    _seeded("uniform", seed)
    name = _float("uniform", dtype)
    low, high = (held(np.asarray(one, np.float64), name) for one in (minval, maxval))
    return _drawn("uniform", shape, name, low=low, high=high)


@defines("random.randint", differentiable=False)
def randint(
    shape: Sequence[int],
    minval: int,
    maxval: int,
    dtype: str | None = "int32",
    seed: Any = None,
) -> Drawn:
    """keras.random.randint: whole numbers in ``[minval, maxval)``.

    Raises:
        Refused: A dtype of other numbers.
    """
    _seeded("randint", seed)
    name = dtype_named(dtype, "int32", "randint")
    if "int" not in name:
        message = f"randint: dtype={dtype!r} is no integer one"
        raise Refused(message, at="call")
    return _drawn("integers", shape, name, low=minval, high=maxval)


@defines("random.gamma", differentiable=False)
def gamma(shape: Sequence[int], alpha: Any, dtype: str | None = None, seed: Any = None) -> Drawn:
    """keras.random.gamma, of scale 1."""
    _seeded("gamma", seed)
    return _drawn("gamma", shape, _float("gamma", dtype), alpha=alpha)


@defines("random.beta", differentiable=False)
def beta(
    shape: Sequence[int],
    alpha: Any,
    beta: Any,  # Keras's name
    dtype: str | None = None,
    seed: Any = None,
) -> Drawn:
    """keras.random.beta."""
    _seeded("beta", seed)
    return _drawn("beta", shape, _float("beta", dtype), alpha=alpha, beta=beta)


@defines("random.binomial", differentiable=False)
def binomial(
    shape: Sequence[int],
    counts: Any,
    probabilities: Any,
    dtype: str | None = None,
    seed: Any = None,
) -> Drawn:
    """keras.random.binomial."""
    _seeded("binomial", seed)
    name = _float("binomial", dtype)
    return _drawn("binomial", shape, name, counts=counts, probabilities=probabilities)


@defines("random.categorical", differentiable=False)
def categorical(
    logits: Array, num_samples: int, dtype: str | None = "int32", seed: Any = None
) -> Drawn:
    """keras.random.categorical: ``num_samples`` of each row of logits.

    Raises:
        Refused: Logits of another number of axes.
    """
    _seeded("categorical", seed)
    if logits.ndim != _ROWS:
        message = f"categorical: logits of the shape {logits.shape} are no rows of categories"
        raise Refused(message, at="call")
    name = dtype_named(dtype, "int32", "categorical")
    weights = np.exp(logits.value - logits.value.max(-1, keepdims=True))
    odds = (weights / weights.sum(-1, keepdims=True))[:, None, :]
    shape = (logits.shape[0], num_samples)
    return Drawn(shape, shape, Distribution("categories", {"odds": odds}), dtype=name)


@defines("random.dropout", differentiable=False)
def dropout(
    inputs: Array,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: Any = None,
) -> Drawn:
    """keras.random.dropout: what the layer does in training."""
    _seeded("dropout", seed)
    draws = mask_shape(noise_shape, inputs.shape)
    if not 0 <= rate <= 1:
        message = f"dropout: what rate={rate} does is documented nowhere"
        raise Unsupported(message)
    zero = inputs.arithmetic.at(inputs.dtype).constant(0.0, (1,) * inputs.ndim)
    if rate in (0, 1):
        law = Choice([zero if rate else inputs], [1.0])
    else:
        law = Choice([inputs / (1 - rate), zero], [1 - rate, rate])
    return Drawn(inputs.shape, draws, law, dtype=inputs.dtype)


@defines("random.shuffle", differentiable=False)
def shuffle(x: Array, axis: int = 0, seed: Any = None) -> Drawn:
    """keras.random.shuffle: the elements along an axis, in any order.

    Raises:
        Refused: An axis that is not there.
    """
    _seeded("shuffle", seed)
    if not -x.ndim <= axis < x.ndim:
        message = f"shuffle: an array of {x.ndim} axes has no axis {axis}"
        raise Refused(message, at="call")
    return Drawn(x.shape, x.shape, Permutation(x, axis % x.ndim), dtype=x.dtype)


def _seeded(function: str, seed: Any) -> None:
    """See that a seed is one.

    Raises:
        Refused: It is neither a whole number nor a generator.
    """
    generator = isinstance(seed, dict) and [*seed] == [GENERATOR]
    if not (seed is None or generator or (isinstance(seed, int) and not isinstance(seed, bool))):
        message = f"{function}: seed={seed!r} is neither an integer nor a SeedGenerator"
        raise Refused(message, at="call")


def _float(function: str, dtype: str | None) -> str:
    """The dtype of the answer, which is a float one.

    Raises:
        Refused: It isn't, of ``uniform``, which says that it refuses it.
        Unsupported: It isn't, of another function.
    """
    name = dtype_named(dtype, FLOATX, function)
    if name in DIGITS:
        return name
    message = f"{function}: dtype={dtype!r} is no floating point one"
    if function == "uniform":
        raise Refused(message, at="call")
    raise Unsupported(message)


_POSITIVE = ("deviation", "alpha", "beta")


def _drawn(name: Named, shape: Sequence[int], dtype: str, **parameters: Any) -> Drawn:
    """Every number drawn by itself.

    Raises:
        Refused: Parameters that don't broadcast to the shape.
        Unsupported: Parameters that are those of no distribution.
    """
    every = tuple(shape)
    given = {key: _numbers(one) for key, one in parameters.items()}
    try:
        fitting = np.broadcast_shapes(*(one.shape for one in given.values()), every) == every
    except ValueError:
        fitting = False
    if not fitting:
        message = f"parameters of {[one.shape for one in given.values()]} don't fit {every}"
        raise Refused(message, at="call")
    sound = [(given[key] > 0).all() for key in _POSITIVE if key in given]
    if "low" in given:
        sound.append((given["low"] < given["high"]).all())
    if "counts" in given:
        n, p = given["counts"], given["probabilities"]
        sound += [(n >= 0).all(), (n == np.floor(n)).all(), (p >= 0).all(), (p <= 1).all()]
    if not all(sound):
        said = ", ".join(f"{key} {one.tolist()}" for key, one in given.items())
        message = f"what is drawn with {said} is documented nowhere"
        raise Unsupported(message)
    return Drawn(every, every, Distribution(name, given), dtype=dtype)


def _numbers(one: Any) -> Values:
    """A parameter, which is a number or an array."""
    return np.asarray(one.value if isinstance(one, Array) else one, np.float64)
