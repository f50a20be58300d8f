"""Layers of Keras's `core` folder that look rows up, and the one that masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.reference.errors import Refused
from conformance.reference.layer import Context, Layer, Variable, Weights, register
from conformance.reference.structure import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.array import Array
    from conformance.reference.config import Config


@register("Embedding")
class Embedding(Layer):
    """keras.layers.Embedding: whole numbers to the rows of a table."""

    def __init__(self, config: Config) -> None:
        """Args: input_dim, output_dim, mask_zero."""
        self.rows = config.positive("input_dim")
        self.width = config.positive("output_dim")
        self.mask_zero = config.flag("mask_zero", default=False)

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:  # noqa: ARG002 (of any input)
        """The table (input_dim, output_dim)."""
        return [Variable("embeddings", (self.rows, self.width))]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The input's, and ``output_dim`` behind it."""
        return [*shapes[0], self.width]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Row by row."""
        return rows(weights["embeddings"], self.numbers(inputs[0]))

    def numbers(self, x: Array) -> np.typing.NDArray[np.int64]:
        """The input as row numbers.

        Raises:
            Refused: At the call: one is out of range, of which Keras promises nothing.
        """
        found = x.value.real.astype(np.int64)
        if found.size and (found.min() < 0 or found.max() >= self.rows):
            message = f"Embedding of {self.rows} rows: numbers from {found.min()} to {found.max()}"
            raise Refused(message, at="call")
        return found
