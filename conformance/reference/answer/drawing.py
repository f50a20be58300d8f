"""The laws of a case's draws as the verdict needs them, and imagined draws that follow them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from conformance.reference.answer.expectation import (
    Expected,
    ExpectedAffine,
    ExpectedBounds,
    ExpectedChoice,
    ExpectedDistribution,
    ExpectedPermutation,
    ExpectedRandom,
)
from conformance.reference.answer.sampling import sampled, shuffled
from conformance.reference.engine.array import cast
from conformance.reference.engine.dtypes import DIGITS, NARROW, held
from conformance.reference.engine.laws import (
    Affine,
    Bounds,
    Choice,
    Distribution,
    Drawn,
    Permutation,
)
from conformance.reference.errors import Unsupported
from conformance.reference.spec.layers.base import Drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.answer.book import Book
    from conformance.reference.engine.array import Array, Values
    from conformance.reference.model.network import Network
    from conformance.reference.spec.layers.base import Context

_FAR = 6.0
"""Standard deviations of a normal draw that the rounding of an answer is worked out for."""

SEEDS = (1, 2)
"""Of imagined draws: the layer's own seed, and another."""


@runtime_checkable
class Dropping(Protocol):
    """A layer whose law is of its variables too: it drops what they are multiplied with."""

    def dropped(self, context: Context, x: Array, weights: Mapping[str, Array]) -> Drawn:
        """The law of the answer to ``x`` in training, with these variables by name."""


def drawn_by(network: Network, feeds: Mapping[str, Values], context: Context) -> Drawn:
    """The law of a model's draws on the arrays ``random/<input>``.

    Raises:
        Unsupported: The model is not one layer that draws.
    """
    layers = list(network.layers.values())
    x = context.arithmetic.leaf(feeds[f"random/{network.model.inputs[0].name}"])
    if len(layers) == 1 and isinstance(layers[0], Drawing):
        ((compute, _),) = network.policies.values()
        context.arithmetic = context.arithmetic.at(compute)
        drawn = replace(layers[0].drawn(context, cast(x, compute)), dtype=compute)
        # Half precision rounds a continuous draw to so few numbers that its law doesn't show.
        hidden = compute in NARROW and isinstance(drawn.law, Affine)
        return replace(drawn, law=Bounds(None, None)) if hidden else drawn
    if len(layers) == 1 and isinstance(layers[0], Dropping):
        weights = {
            name.split("/", 1)[1]: context.arithmetic.leaf(feeds[f"weight/{name}"])
            for name in network.variables
        }
        return layers[0].dropped(context, x, weights)
    message = "the facet random is for a model of one layer that draws in training"
    raise Unsupported(message)


def expected_random(drawn: Drawn, book: Book) -> ExpectedRandom:
    """The law with its arrays in the book."""
    law = drawn.law
    stated: (
        ExpectedChoice
        | ExpectedAffine
        | ExpectedBounds
        | ExpectedDistribution
        | ExpectedPermutation
    )
    if isinstance(law, Choice):
        options = [book.enter(f"random/option/{k}", a) for k, a in enumerate(law.options)]
        stated = ExpectedChoice(options=options, probabilities=list(law.probabilities))
    elif isinstance(law, Affine):
        stated = _affine(law, book)
    elif isinstance(law, Distribution):
        stated = _distribution(law, book)
    elif isinstance(law, Permutation):
        stated = ExpectedPermutation(array=book.enter("random/array", law.array), axis=law.axis)
    else:
        stated = ExpectedBounds(low=law.low, high=law.high)
    return ExpectedRandom(
        shape=list(drawn.shape),
        dtype=drawn.dtype,
        draws=list(drawn.draws),
        law=stated,
        certain=_certain(drawn),
    )


def _certain(drawn: Drawn) -> bool:
    """Whether a law leaves no choice: no numbers at all, one whole number, what never succeeds."""
    if 0 in drawn.shape:
        return True
    if not isinstance(drawn.law, Distribution):
        return False
    given = drawn.law.parameters
    if drawn.law.name == "integers":
        return bool((given["low"] + 1 == given["high"]).all())
    if drawn.law.name == "categories":
        return bool((given["odds"].max(-1) == 1).all())
    if drawn.law.name == "binomial":
        odds = given["probabilities"]
        return bool(((given["counts"] == 0) | (odds == 0) | (odds == 1)).all())
    return False


def _distribution(law: Distribution, book: Book) -> ExpectedDistribution:
    names = {key: f"truth/random/parameter/{key}" for key in law.parameters}
    for key, values in law.parameters.items():
        book.arrays[names[key]] = np.asarray(values, np.float64, order="C")
    return ExpectedDistribution(name=law.name, parameters=names)


def _affine(law: Affine, book: Book) -> ExpectedAffine:
    far = _FAR if law.law == "normal" else max(abs(law.low), abs(law.high))
    whole = law.location + law.scale * far
    other = law.location - law.scale * far
    spread = np.sqrt(np.maximum(_squares(whole), _squares(other)))
    scale = book.enter("random/scale", law.scale)
    location = book.enter("random/location", law.location)
    book.arrays["spread/random/location"] = np.asarray(spread, np.float32)
    return ExpectedAffine(
        location=Expected(
            shape=location.shape,
            dtype=location.dtype,
            tensor=location.tensor,
            spread="spread/random/location",
        ),
        scale=scale,
        law=law.law,
        low=law.low,
        high=law.high,
    )


def _squares(a: Array) -> Values:
    return np.asarray(a.variance + np.square(a.value))


def imagined(drawn: Drawn) -> dict[str, Values]:
    """Answers that follow a law: ``first``, ``second``, ``again`` and ``other`` as an adapter's."""
    own, anew, other = (np.random.default_rng(seed) for seed in (SEEDS[0], SEEDS[0], SEEDS[1]))
    return {
        "first": _one(drawn, own),
        "second": _one(drawn, own),
        "again": _one(drawn, anew),
        "other": _one(drawn, other),
    }


def _one(drawn: Drawn, generator: np.random.Generator) -> Values:
    law = drawn.law
    if isinstance(law, Choice):
        odds = law.probabilities or [1 / len(law.options)] * len(law.options)
        # Broadcasting picks by draw; numbers that share a draw pick alike.
        levels = generator.random(drawn.draws)
        picked = np.searchsorted(np.cumsum(odds)[:-1], levels, side="right")
        values = np.broadcast_to(law.options[0].value, drawn.shape)
        for option, array in enumerate(law.options[1:], 1):
            values = np.where(picked == option, array.value, values)
    elif isinstance(law, Affine):
        theta = drawn_theta(law, drawn.draws, generator)
        values = law.location.value + law.scale.value * theta
    elif isinstance(law, Distribution):
        values = sampled(law, drawn.shape, generator, drawn.dtype)
    elif isinstance(law, Permutation):
        values = shuffled(law, generator)
    else:
        low = -1.0 if law.low is None else law.low
        high = low + 2.0 if law.high is None else law.high
        values = generator.uniform(min(low, high), high, drawn.shape)
    whole = np.broadcast_to(values, drawn.shape)
    if drawn.dtype not in DIGITS:
        return np.ascontiguousarray(whole, drawn.dtype)
    # NumPy has no bfloat16: such numbers travel as float32.
    kind = {"bfloat16": "float32"}.get(drawn.dtype, drawn.dtype)
    return np.ascontiguousarray(held(whole, drawn.dtype), kind)


def drawn_theta(law: Affine, shape: Sequence[int], generator: np.random.Generator) -> Values:
    """Draws of this shape, before location and scale."""
    if law.law == "uniform":
        return generator.uniform(law.low, law.high, shape)
    theta = generator.standard_normal(shape)
    if law.law == "truncated":
        while (outside := (theta < law.low) | (theta > law.high)).any():
            theta[outside] = generator.standard_normal(int(outside.sum()))
    return theta
