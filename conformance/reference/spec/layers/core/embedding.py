"""Layers of Keras's `core` folder that look rows up, and the one that masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from conformance.reference.engine import functions as f
from conformance.reference.engine.array import cast
from conformance.reference.engine.contraction import matmul
from conformance.reference.engine.structure import rows, transpose
from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import (
    Context,
    Elementwise,
    Layer,
    Mask,
    Variable,
    Weights,
    register,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


@register("Embedding")
class Embedding(Layer):
    """keras.layers.Embedding: whole numbers to the rows of a table."""

    def __init__(self, config: Config) -> None:
        """Args: input_dim, output_dim, mask_zero; of Embedding itself weights.

        Raises:
            Refused: The weights are no matrix of this size.
        """
        self.rows = config.positive("input_dim")
        self.width = config.positive("output_dim")
        begins, shape = config.get("weights"), (self.rows, self.width)
        # Keras 2 took a list of the one matrix.
        if begins is not None and np.shape(begins) not in {shape, (1, *shape)}:
            message = f"Embedding: weights are a matrix of the shape {shape}"
            raise Refused(message)
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

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask:  # noqa: ARG002
        """With ``mask_zero``, every number but 0 counts."""
        return self.numbers(inputs[0]) != 0 if self.mask_zero else None

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


@register("ReversibleEmbedding")
class ReversibleEmbedding(Embedding):
    """keras.layers.ReversibleEmbedding: a table that is looked up, or multiplied by."""

    keywords: ClassVar[frozenset[str]] = frozenset({"reverse"})

    def __init__(self, config: Config) -> None:
        """Args: input_dim, output_dim, tie_weights, mask_zero, logit_soft_cap, reverse_dtype."""
        super().__init__(config)
        self.tied = config.flag("tie_weights", default=True)
        cap = config.get("logit_soft_cap")
        self.cap = None if cap is None else config.number("logit_soft_cap", 0.0)
        dtypes = ("float32", "float16", "bfloat16")
        given = config.get("reverse_dtype")
        self.reverse_dtype = given and config.choice("reverse_dtype", dtypes, "float32")

    @property
    def reverse(self) -> bool:
        """Whether the call goes from vectors back to the vocabulary."""
        return bool(self.called.get("reverse", False))

    def weights(self, shapes: Sequence[Shape]) -> list[Variable]:
        """The table; without ``tie_weights`` another, (output_dim, input_dim), for the way back."""
        made = super().weights(shapes)
        if self.tied:
            return made
        shape = (self.width, self.rows)
        return [*made, Variable("reverse_embeddings", shape, fan_in=self.width)]

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Reversed, the last axis becomes ``input_dim``."""
        return [*shapes[0][:-1], self.rows] if self.reverse else super().output_shape(shapes)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:
        """Rows; reversed ``x @ table.T``, its size held below the cap by a tanh."""
        if not self.reverse:
            return super().forward(context, inputs, weights)
        x, tied = inputs[0], transpose(weights["embeddings"], (1, 0))
        table = tied if self.tied else weights["reverse_embeddings"]
        if self.reverse_dtype:
            x, table = cast(x, self.reverse_dtype), cast(table, self.reverse_dtype)
        y = matmul(x, table)
        return y if self.cap is None else f.tanh(y / self.cap) * self.cap

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask:
        """Of rows alone."""
        return None if self.reverse else super().output_mask(context, inputs)


@register("Masking")
class Masking(Elementwise):
    """keras.layers.Masking."""

    def __init__(self, config: Config) -> None:
        """Args: mask_value."""
        self.skipped = config.number("mask_value", 0.0)

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Zeros where all of the last axis is ``mask_value``."""
        kept = self._kept(inputs[0])
        return f.choose(kept[..., None], inputs[0], 0.0)

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask:  # noqa: ARG002
        """Where anything of the last axis is not ``mask_value``."""
        return self._kept(inputs[0])

    def _kept(self, x: Array) -> np.typing.NDArray[np.bool_]:
        # A framework compares in float32, to which the value is rounded.
        kept: np.typing.NDArray[np.bool_] = (x.value.real != np.float32(self.skipped)).any(axis=-1)
        return kept
