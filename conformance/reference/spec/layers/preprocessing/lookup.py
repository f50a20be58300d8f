"""Keras's lookups: tokens to their places in a vocabulary, and places to tokens."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from conformance.adapters.shared.texts import encoded
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.config import ADAPT
from conformance.reference.spec.layers.base import Context, Weights, register
from conformance.reference.spec.layers.preprocessing.encoding import (
    MODES,
    Encoding,
    Hash,
    container,
    tokens,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


class Lookup(Encoding):
    """What lookups of numbers and of strings share.

    The vocabulary is given, or learned: the most frequent tokens first, those as frequent in
    inverse order.
    """

    method = "farmhash"
    token: Any

    def __init__(self, config: Config) -> None:
        """Args: those that both lookups have."""
        container(config)
        self.mode = config.choice("output_mode", (*MODES, "tf_idf"), "int")
        self.mask = self.as_token(config.get("mask_token"))
        self.unknown = config.integer("num_oov_indices", 1)
        if self.unknown < 0:
            message = f"{config.owner}: num_oov_indices={self.unknown} is no number of indices"
            raise Refused(message)
        self.invert = config.flag("invert", default=False)
        self.hash = Hash(config)
        self.longest = config.get("max_tokens")
        self.weights_of = config.get("idf_weights")
        # Among ints the mask has index 0; in arrays it has no place.
        self.first = self.unknown + (self.mask is not None and self.mode == "int")
        given, learned = config.get("vocabulary"), config.get(ADAPT)
        if (given is None) == (learned is None):
            message = f"{config.owner} takes either a vocabulary or what to adapt to"
            raise Unsupported(message)
        if given is None:
            self._learn(self.documents(learned))
        else:
            self.vocabulary = [self.as_token(token) for token in given]
            self._check(config.owner)
        self.depth = self.first + len(self.vocabulary)
        if self.longest is not None and self.longest < self.depth:
            message = f"{config.owner}: max_tokens={self.longest} is less than the vocabulary takes"
            raise Refused(message)
        if config.flag("pad_to_max_tokens", default=False):
            self.depth = config.positive("max_tokens")

    def as_token(self, token: Any) -> Any:
        """A token of the arguments as it is fed."""
        return token

    def documents(self, given: Any) -> list[list[Any]]:
        """The documents, each a list of its tokens, of what the layer is adapted to."""
        rows = given if isinstance(given[0], list) else [[one] for one in given]
        return [[self.as_token(token) for token in row] for row in rows]

    def _learn(self, documents: Sequence[Sequence[Any]]) -> None:
        counts = Counter(token for row in documents for token in row)
        for special in (self.mask, self.token):
            counts.pop(special, None)
        known = sorted(counts, key=lambda token: (counts[token], token), reverse=True)
        if self.longest is not None:
            known = known[: self.longest - self.first]
        self.vocabulary = known
        if self.mode == "tf_idf":
            within = Counter(token for row in documents for token in set(row))
            total = len(documents)
            self.weights_of = [math.log(1 + total / (1 + within[token])) for token in known]

    def _check(self, owner: str) -> None:
        if len(set(self.vocabulary)) != len(self.vocabulary):
            message = f"{owner}: a token stands in the vocabulary twice"
            raise Refused(message)
        if self.mask is not None and self.mask in self.vocabulary:
            message = f"{owner}: the mask token stands in the vocabulary"
            raise Refused(message)
        if self.invert and self.mode != "int":
            message = f"{owner}: invert=true is for output_mode='int' alone"
            raise Refused(message)
        if (self.weights_of is None) == (self.mode == "tf_idf"):
            message = f"{owner}: idf_weights and output_mode='tf_idf' belong together"
            raise Refused(message)
        if self.weights_of is not None and len(self.weights_of) != len(self.vocabulary):
            message = f"{owner}: idf_weights must be as many as the vocabulary"
            raise Refused(message)

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
        values = tokens(self, inputs)
        if self.invert:
            table = dict(enumerate(self.vocabulary, self.first))
            if self.mask is not None:
                table[0] = self.mask
            found = [table.get(int(index), self.token) for index in values.ravel()]
            return context.arithmetic.whole(self.answered(found, values.shape))
        return self.encoded(context.arithmetic, self.places(values))

    def answered(self, found: list[Any], shape: tuple[int, ...]) -> Any:
        """Tokens as they are answered."""
        return np.asarray(found, np.int64).reshape(shape)

    def places(self, values: Any) -> Any:
        """The index of every token; -1 for a mask that has no place.

        Raises:
            Refused: A token is unknown, and unknown tokens have no place.
        """
        table = {token: self.first + i for i, token in enumerate(self.vocabulary)}
        flat = list(values.ravel())
        indices = np.asarray([table.get(v, -1) for v in flat], np.int64).reshape(values.shape)
        masked = np.asarray([self.mask is not None and v == self.mask for v in flat], bool)
        masked = masked.reshape(values.shape)
        lost = (indices < 0) & ~masked
        if self.unknown == 0 and lost.any():
            message = f"{type(self).__name__}: with num_oov_indices=0 every token must be known"
            raise Refused(message, at="call")
        indices = np.where(lost, self._bins(values) + self.first - self.unknown, indices)
        return np.where(masked, 0 if self.mode == "int" else -1, indices)

    def _bins(self, values: Any) -> Any:
        if self.unknown <= 1:
            return np.zeros(values.shape, np.int64)
        if self.method == "floormod":
            return values % self.unknown
        return self.hash.bins(values, self.unknown)


@register("IntegerLookup")
class IntegerLookup(Lookup):
    """keras.layers.IntegerLookup."""

    def __init__(self, config: Config) -> None:
        """Args: also oov_token, oov_method."""
        self.token = config.integer("oov_token", -1)
        self.method = config.choice("oov_method", ("floormod", "farmhash"), "floormod")
        if config.get("salt") is not None and self.method != "farmhash":
            raise Refused("IntegerLookup: salt is for oov_method='farmhash' alone")
        config.choice("vocabulary_dtype", ("int64",), "int64")
        super().__init__(config)


@register("StringLookup")
class StringLookup(Lookup):
    """keras.layers.StringLookup."""

    reads_strings: ClassVar[bool] = True

    def __init__(self, config: Config) -> None:
        """Args: also oov_token, encoding."""
        self.encoding = config.get("encoding") or "utf-8"
        self.token = self.as_token(config.get("oov_token", "[UNK]"))
        super().__init__(config)
        self.answers_strings = self.invert

    def as_token(self, token: Any) -> Any:
        """Strings are fed as UTF-8."""
        return None if token is None else str(token).encode()

    def answered(self, found: Iterable[bytes], shape: tuple[int, ...]) -> Any:
        """Strings, which are arrays of one axis more."""
        texts = encoded([text.decode() for text in found])
        return texts.reshape(*shape, texts.shape[-1])
