"""Keras's TextVectorization: texts to tokens, and tokens to numbers."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import Context, Weights, register
from conformance.reference.spec.layers.preprocessing.encoding import tokens
from conformance.reference.spec.layers.preprocessing.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_STANDARDS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")


@register("TextVectorization")
class TextVectorization(Lookup):
    """keras.layers.TextVectorization: standardize, split, make n-grams, look up.

    The empty string is the mask, and is what shorter texts are filled up with.
    """

    reads_strings = True
    token = b"[UNK]"

    def __init__(self, config: Config) -> None:
        """Args: all of Keras's, but callables."""
        standards = config.get("standardize", _STANDARDS[0])
        if standards not in {None, *_STANDARDS}:
            message = f"TextVectorization: standardize is one of {_STANDARDS}, not {standards!r}"
            raise Refused(message)
        self.lower = standards is not None and "lower" in standards
        self.strip = standards is not None and "strip" in standards
        self.split = config.get("split", "whitespace")
        if self.split not in {None, "whitespace", "character"}:
            message = f"TextVectorization: split is whitespace or character, not {self.split!r}"
            raise Refused(message)
        given = config.get("ngrams")
        listed = given if isinstance(given, list) else [given]
        if given is not None and not all(isinstance(width, int) for width in listed):
            message = f"TextVectorization: ngrams is a whole number or several, not {given!r}"
            raise Refused(message)
        self.widths = range(1, given + 1) if isinstance(given, int) else given
        self.length = config.get("output_sequence_length")
        if not isinstance(self.length, int | None):
            message = (
                f"TextVectorization: output_sequence_length={self.length!r} is no whole number"
            )
            raise Refused(message)
        ragged = config.flag("ragged", default=False)
        config.get("encoding")
        super().__init__(config)
        if self.length is not None and self.mode != "int":
            raise Refused("TextVectorization: output_sequence_length is for output_mode='int'")
        if ragged and self.mode != "int":
            raise Refused("TextVectorization: ragged is for output_mode='int'")

    def as_token(self, token: Any) -> Any:
        """Strings as UTF-8; without one, the mask that this layer always has."""
        return b"" if token is None else str(token).encode()

    def documents(self, given: Any) -> list[list[Any]]:
        """The tokens of each text."""
        rows = given if isinstance(given[0], list) else [[text] for text in given]
        return [self.tokens_of([text.encode() for text in row]) for row in rows]

    def tokens_of(self, row: Sequence[bytes]) -> list[bytes]:
        """The tokens of one sample: of its only text, or, where nothing is split, its strings."""
        texts = [text.decode() for text in row]
        if self.lower:
            texts = [text.lower() for text in texts]
        if self.strip:
            texts = [text.translate(_PUNCTUATION) for text in texts]
        if self.split == "whitespace":
            texts = texts[0].split()
        elif self.split == "character":
            texts = list(texts[0])
        if self.widths is not None:
            texts = [
                " ".join(texts[at : at + width])
                for width in self.widths
                for at in range(len(texts) - width + 1)
            ]
        return [text.encode() for text in texts]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """As many indices as are asked for, or as the longest text has; or the vocabulary."""
        if self.mode == "int":
            return [shapes[0][0], self.length]
        return [shapes[0][0], self.depth]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The indices of each text's tokens, or what they encode to.

        Raises:
            Refused: A sample has several texts that are to be split.
        """
        fed = tokens(self, inputs)
        if self.split is not None and fed.ndim > 1 and fed.shape[-1] != 1:
            message = "TextVectorization: what is split must be one text a sample"
            raise Refused(message, at="call")
        rows = [self.tokens_of(row) for row in fed.reshape(fed.shape[0], -1)]
        width = self.length
        if width is None:
            width = max((len(row) for row in rows), default=0)
        filled = np.full((len(rows), width), b"", object)
        for index, row in enumerate(rows):
            filled[index, : min(len(row), width)] = row[:width]
        return self.encoded(context.arithmetic, self.places(filled))
