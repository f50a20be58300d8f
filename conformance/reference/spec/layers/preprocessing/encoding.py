"""Layers of Keras's `preprocessing` folder that make indices of numbers, and arrays of indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from conformance.adapters.shared.texts import decoded
from conformance.reference.engine.array import Array
from conformance.reference.engine.structure import expand
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.config import ADAPT
from conformance.reference.spec.layers.base import Context, Layer, Weights, register
from conformance.reference.spec.layers.preprocessing.hashing import (
    farmhash64,
    joined_fingerprints,
    siphash64,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Values
    from conformance.reference.spec.config import Config

MODES = ("int", "one_hot", "multi_hot", "count")


class Encoding(Layer):
    """What they share: indices as they are, or a place for each index that there may be."""

    mode = "int"
    depth = 0
    """How many indices there may be."""
    whole = "int64"
    """The dtype of indices."""

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's; its last axis as places; or, one_hot, places for each of its numbers."""
        shape = shapes[0]
        if self.mode == "int":
            return shape
        if self.mode == "one_hot":
            return [*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), self.depth]
        if len(shape) < 2:  # noqa: PLR2004 (batch and sample)
            message = f"{type(self).__name__}: {self.mode} takes samples of one axis at least"
            raise Unsupported(message)
        return [*shape[:-1], self.depth]

    def encoded(self, arithmetic: Arithmetic, indices: Any, weights: Any = None) -> Array:
        """Indices, some of which may be outside of ``0 .. depth - 1`` and then leave no trace."""
        if self.mode == "int":
            return arithmetic.whole(np.asarray(indices, self.whole))
        places = (indices[..., None] == np.arange(self.depth)).astype(np.float64)
        if self.mode == "one_hot":
            squeeze = indices.ndim > 1 and indices.shape[-1] == 1
            return arithmetic.exact(places[..., 0, :] if squeeze else places)
        if self.mode == "multi_hot":
            return arithmetic.exact(places.max(axis=-2, initial=0.0))
        if weights is None:
            return arithmetic.exact(places.sum(axis=-2))
        weighted: Array = (arithmetic.exact(places) * weights).sum(-2)
        return weighted


def container(config: Config) -> None:
    """Read ``sparse``: how the numbers are kept, of which the answer is the same."""
    config.flag("sparse", default=False)


@register("Discretization")
class Discretization(Encoding):
    """keras.layers.Discretization with boundaries that it is given, or adapted.

    What it is adapted to has quantiles for boundaries, to a tolerance of ``epsilon``. So each
    boundary is a range, and a number within one has no answer.
    """

    whole = "int32"

    def __init__(self, config: Config) -> None:
        """Args: bin_boundaries, num_bins, epsilon, output_mode."""
        container(config)
        self.mode = config.choice("output_mode", MODES, "int")
        boundaries, count = config.get("bin_boundaries"), config.get("num_bins")
        if (boundaries is None) == (count is None):
            raise Refused("Discretization takes either bin_boundaries or num_bins")
        if isinstance(count, int) and count < 0:
            message = f"Discretization: num_bins={count} is no number of bins"
            raise Refused(message)
        samples, tolerance = config.get(ADAPT), config.number("epsilon", 0.01)
        if (boundaries is None) != (samples is not None):
            raise Unsupported("Discretization takes either boundaries or what to adapt to")
        if samples is None:
            self.least = self.most = np.asarray(boundaries, np.float32)
        else:
            count = config.positive("num_bins")
            self.least, self.most = _quantiles(np.asarray(samples, np.float32), count, tolerance)
        self.depth = len(self.least) + 1

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """How many boundaries are at or below each number."""
        values = inputs[0].value.real[..., None]
        if ((values >= self.least) & (values < self.most)).any():
            raise Unsupported("Discretization: a number as near to a boundary as its tolerance")
        return self.encoded(context.arithmetic, (values >= self.most).sum(axis=-1))


def _quantiles(samples: Values, count: int, tolerance: float) -> tuple[Values, Values]:
    """Between which of the samples each boundary of so many equal parts lies, at the least.

    It is whatever definition of a quantile is meant, which differ by less than a rank.
    """
    ranked = np.sort(samples, axis=None)
    shares = np.arange(1, count) / count
    last = ranked.size - 1
    least = np.floor(ranked.size * (shares - tolerance)) - 1
    most = np.ceil(ranked.size * (shares + tolerance))
    lowest, highest = (np.clip(places, 0, last).astype(int) for places in (least, most))
    return ranked[lowest], ranked[highest]


@register("CategoryEncoding")
class CategoryEncoding(Encoding):
    """keras.layers.CategoryEncoding."""

    keywords: ClassVar[frozenset[str]] = frozenset({"count_weights"})

    def __init__(self, config: Config) -> None:
        """Args: num_tokens, output_mode."""
        container(config)
        self.depth = config.positive("num_tokens")
        self.mode = config.choice("output_mode", MODES[1:], "multi_hot")

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Places of tokens; a token that is none of ``num_tokens`` is refused."""
        tokens = inputs[0].value.real
        if tokens.size and not ((tokens >= 0) & (tokens < self.depth)).all():
            message = (
                f"CategoryEncoding: tokens must be below num_tokens={self.depth} and not below 0"
            )
            raise Refused(message, at="call")
        given = context.tensors.get("count_weights")
        if given is None:
            return self.encoded(context.arithmetic, tokens)
        if self.mode != "count" or not isinstance(given, Array):
            message = "CategoryEncoding: count_weights are for output_mode='count' alone"
            raise Refused(message, at="call")
        return self.encoded(context.arithmetic, tokens, expand(given, given.ndim))


class Hash:
    """Strings, or numbers by their decimal digits, to one of some bins."""

    def __init__(self, config: Config) -> None:
        """Args: salt."""
        salt = config.get("salt")
        pair = [salt, salt] if isinstance(salt, int) else salt
        if pair is not None and (not isinstance(pair, list) or len(pair) != 2):  # noqa: PLR2004 (a key)
            message = f"{config.owner}: salt must be an integer or two, not {salt!r}"
            raise Refused(message)
        self._key = None if pair is None else (int(pair[0]), int(pair[1]))

    def __eq__(self, other: object) -> bool:
        """Whether it hashes alike."""
        return isinstance(other, Hash) and self._key == other._key

    __hash__ = None  # type: ignore[assignment] # compared, never looked up

    def bins(self, values: Any, count: int) -> Any:
        """The bin of every number or string, 0 to ``count - 1``."""
        return np.vectorize(lambda value: self._one(value) % count, otypes=[np.int64])(values)

    def _one(self, value: Any) -> int:
        text = value if isinstance(value, bytes) else str(int(value)).encode()
        return farmhash64(text) if self._key is None else siphash64(text, self._key)


def tokens(layer: Layer, inputs: Sequence[Array], index: int = 0) -> Any:
    """One of a layer's inputs: whole numbers, or ``bytes`` where it is of strings."""
    given = inputs[index].value.real
    return decoded(given.astype(np.uint8)) if layer.strings[index] else given.astype(np.int64)


@register("Hashing")
class Hashing(Encoding):
    """keras.layers.Hashing of whole numbers and of strings."""

    reads_strings = True

    def __init__(self, config: Config) -> None:
        """Args: num_bins, mask_value, salt, output_mode."""
        container(config)
        self.depth = config.positive("num_bins")
        self.mode = config.choice("output_mode", MODES, "int")
        mask = config.get("mask_value")
        self.mask = mask.encode() if isinstance(mask, str) else mask
        self.hash = Hash(config)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The bin of each number; with a mask value, bin 0 is that one's alone."""
        values = tokens(self, inputs)
        if self.mask is None or self.depth == 1:
            return self.encoded(context.arithmetic, self.hash.bins(values, self.depth))
        bins = 1 + self.hash.bins(values, self.depth - 1)
        return self.encoded(context.arithmetic, np.where(values == self.mask, 0, bins))


_CROSSING_KEY = 0xDECAFCAFFE
"""What TensorFlow's ``tf.sparse.cross_hashed`` starts from, unless it is told another key."""


@register("HashedCrossing")
class HashedCrossing(Encoding):
    """keras.layers.HashedCrossing: one bin for what several features are together.

    "hash(concatenate(features)) % num_bins", says the documentation; how is what TensorFlow's
    ``tf.sparse.cross_hashed`` documents: fingerprints put together one after the other.
    """

    arity = None
    reads_strings = True

    def __init__(self, config: Config) -> None:
        """Args: num_bins, output_mode."""
        container(config)
        self.depth = config.positive("num_bins")
        self.mode = config.choice("output_mode", ("int", "one_hot"), "int")

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The bin of each row."""
        columns = [tokens(self, inputs, index) for index in range(len(inputs))]
        crossed = np.vectorize(self._crossed, otypes=[np.int64])(*columns)
        return self.encoded(context.arithmetic, crossed)

    def _crossed(self, *features: Any) -> int:
        found = _CROSSING_KEY
        for feature in features:
            of_it = farmhash64(feature) if isinstance(feature, bytes) else int(feature) % 2**64
            found = joined_fingerprints(found, of_it)
        return found % self.depth
