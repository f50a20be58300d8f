"""Layers of Keras's `preprocessing` folder that make indices of numbers, and arrays of indices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from conformance.reference.array import Array
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.hashing import farmhash64, siphash64
from conformance.reference.layer import Context, Layer, Weights, register
from conformance.reference.structure import expand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.arithmetic import Arithmetic
    from conformance.reference.config import Config

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


def _dense(config: Config) -> None:
    if config.get("sparse") not in {None, False}:
        message = f"{config.owner}: sparse answers are not in the reference"
        raise Unsupported(message)


@register("Discretization")
class Discretization(Encoding):
    """keras.layers.Discretization with the boundaries that it is given."""

    whole = "int32"

    def __init__(self, config: Config) -> None:
        """Args: bin_boundaries, output_mode."""
        _dense(config)
        self.mode = config.choice("output_mode", MODES, "int")
        boundaries, count = config.get("bin_boundaries"), config.get("num_bins")
        if (boundaries is None) == (count is None):
            raise Refused("Discretization takes either bin_boundaries or num_bins")
        if boundaries is None:
            raise Unsupported("Discretization: num_bins without adapt() has no answer")
        config.get("epsilon")
        self.boundaries = np.asarray(boundaries, np.float32)
        self.depth = len(boundaries) + 1

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """How many boundaries are at or below each number."""
        values = inputs[0].value.real
        below = values[..., None] >= self.boundaries
        return self.encoded(context.arithmetic, below.sum(axis=-1))


@register("CategoryEncoding")
class CategoryEncoding(Encoding):
    """keras.layers.CategoryEncoding."""

    keywords: ClassVar[frozenset[str]] = frozenset({"count_weights"})

    def __init__(self, config: Config) -> None:
        """Args: num_tokens, output_mode."""
        _dense(config)
        self.depth = config.positive("num_tokens")
        self.mode = config.choice("output_mode", MODES[1:], "multi_hot")

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Places of tokens; a token that is none of ``num_tokens`` is refused."""
        tokens = inputs[0].value.real
        if tokens.size and not ((tokens >= 0) & (tokens < self.depth)).all():
            message = f"CategoryEncoding: tokens must be within 0..{self.depth - 1}"
            raise Refused(message, at="call")
        given = context.tensors.get("count_weights")
        if given is None:
            return self.encoded(context.arithmetic, tokens)
        if self.mode != "count" or not isinstance(given, Array):
            message = "CategoryEncoding: count_weights are for output_mode='count' alone"
            raise Refused(message, at="call")
        return self.encoded(context.arithmetic, tokens, expand(given, given.ndim))


class _Hash:
    """Numbers to one of some bins, by their decimal digits."""

    def __init__(self, config: Config) -> None:
        """Args: salt."""
        salt = config.get("salt")
        pair = [salt, salt] if isinstance(salt, int) else salt
        if pair is not None and (not isinstance(pair, list) or len(pair) != 2):  # noqa: PLR2004 (a key)
            message = f"{config.owner}: salt must be an integer or two, not {salt!r}"
            raise Refused(message)
        self._key = None if pair is None else (int(pair[0]), int(pair[1]))

    def bins(self, values: Any, count: int) -> Any:
        """The bin of every number, 0 to ``count - 1``."""
        return np.vectorize(lambda value: self._one(int(value)) % count, otypes=[np.int64])(values)

    def _one(self, value: int) -> int:
        text = str(value).encode()
        return farmhash64(text) if self._key is None else siphash64(text, self._key)


@register("Hashing")
class Hashing(Encoding):
    """keras.layers.Hashing of whole numbers."""

    def __init__(self, config: Config) -> None:
        """Args: num_bins, mask_value, salt, output_mode."""
        _dense(config)
        self.depth = config.positive("num_bins")
        self.mode = config.choice("output_mode", MODES, "int")
        mask = config.get("mask_value")
        if mask is not None and not isinstance(mask, int):
            raise Unsupported("Hashing: the reference hashes whole numbers alone")
        self.mask = mask
        self.hash = _Hash(config)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The bin of each number; with a mask value, bin 0 is that one's alone."""
        values = inputs[0].value.real.astype(np.int64)
        if self.mask is None or self.depth == 1:
            return self.encoded(context.arithmetic, self.hash.bins(values, self.depth))
        bins = 1 + self.hash.bins(values, self.depth - 1)
        return self.encoded(context.arithmetic, np.where(values == self.mask, 0, bins))


@register("IntegerLookup")
class IntegerLookup(Encoding):
    """keras.layers.IntegerLookup with the vocabulary that it is given."""

    def __init__(self, config: Config) -> None:
        """Args: all of Keras's but sparse."""
        _dense(config)
        self.mode = config.choice("output_mode", (*MODES, "tf_idf"), "int")
        self.mask = config.get("mask_token")
        self.unknown = config.integer("num_oov_indices", 1)
        self.token = config.integer("oov_token", -1)
        self.invert = config.flag("invert", default=False)
        self.method = config.choice("oov_method", ("floormod", "farmhash"), "floormod")
        self.hash = _Hash(config)
        self._check(config)
        # Among ints the mask has index 0; in arrays it has no place.
        self.first = self.unknown + (self.mask is not None and self.mode == "int")
        self.depth = self.first + len(self.vocabulary)
        longest = config.get("max_tokens")
        if longest is not None and longest < self.depth:
            message = f"IntegerLookup: max_tokens={longest} is less than the vocabulary takes"
            raise Refused(message)
        if config.flag("pad_to_max_tokens", default=False):
            self.depth = config.positive("max_tokens")

    def _check(self, config: Config) -> None:
        vocabulary = config.get("vocabulary")
        if vocabulary is None:
            raise Unsupported("IntegerLookup: without a vocabulary it has to be adapted first")
        self.vocabulary = [int(token) for token in vocabulary]
        if len(set(self.vocabulary)) != len(self.vocabulary):
            raise Refused("IntegerLookup: a token stands in the vocabulary twice")
        if self.invert and self.mode != "int":
            raise Refused("IntegerLookup: invert=true is for output_mode='int' alone")
        weights = config.get("idf_weights")
        if (weights is None) == (self.mode == "tf_idf"):
            raise Refused("IntegerLookup: idf_weights and output_mode='tf_idf' belong together")
        if weights is not None and len(weights) != len(self.vocabulary):
            raise Refused("IntegerLookup: idf_weights must be as many as the vocabulary")
        if config.get("salt") is not None and self.method != "farmhash":
            raise Refused("IntegerLookup: salt is for oov_method='farmhash' alone")
        self.weights_of = weights

    def encoded(self, arithmetic: Arithmetic, indices: Any, weights: Any = None) -> Array:
        """As every encoding; ``tf_idf`` counts, then weighs."""
        if self.mode != "tf_idf":
            return super().encoded(arithmetic, indices, weights)
        counts = (indices[..., None] == np.arange(self.depth)).sum(axis=-2)
        given = np.asarray(self.weights_of, np.float64)
        # What is out of the vocabulary weighs as the average does; padding weighs nothing.
        scale = np.zeros(self.depth)
        scale[: self.unknown] = given.mean()
        scale[self.first : self.first + len(given)] = given
        return arithmetic.exact(counts.astype(np.float64)) * arithmetic.leaf(scale)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The index of every token, or the token of every index."""
        values = inputs[0].value.real.astype(np.int64)
        if self.invert:
            table = dict(enumerate(self.vocabulary, self.first))
            if self.mask is not None:
                table[0] = self.mask
            return context.arithmetic.whole(self._mapped(values, table, self.token))
        table = {token: self.first + i for i, token in enumerate(self.vocabulary)}
        indices = self._mapped(values, table, -1)
        masked = np.zeros(values.shape, bool) if self.mask is None else values == self.mask
        lost = (indices < 0) & ~masked
        if self.unknown == 0 and lost.any():
            message = "IntegerLookup: with num_oov_indices=0 every token must be known"
            raise Refused(message, at="call")
        indices = np.where(lost, self._bins(values) + self.first - self.unknown, indices)
        return self.encoded(
            context.arithmetic, np.where(masked, 0 if self.mode == "int" else -1, indices)
        )

    def _bins(self, values: Any) -> Any:
        if self.unknown <= 1:
            return np.zeros_like(values)
        if self.method == "floormod":
            return values % self.unknown
        return self.hash.bins(values, self.unknown)

    @staticmethod
    def _mapped(values: Any, table: dict[int, int], default: int) -> Any:
        return np.vectorize(lambda v: table.get(int(v), default), otypes=[np.int64])(values)
