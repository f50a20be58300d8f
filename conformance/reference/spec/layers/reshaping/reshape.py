"""Layers of Keras's `reshaping` folder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.reference.engine.array import Array, broadcast, reshape
from conformance.reference.engine.structure import expand, transpose
from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import (
    Context,
    Layer,
    Weights,
    of_rank,
    register,
    volume,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.spec.config import Config

FORMATS = ("channels_last", "channels_first")


@register("Flatten")
class Flatten(Layer):
    """keras.layers.Flatten: C order of the channels-last form; the batch axis stays."""

    def __init__(self, config: Config) -> None:
        """Args: data_format."""
        self.data_format = config.choice("data_format", FORMATS, "channels_last")

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """(batch, product of the rest); (batch, 1) for an input without other axes."""
        return [shapes[0][0], volume(shapes[0][1:])]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Channels-first inputs are brought to channels-last first, as Keras documents."""
        x = inputs[0]
        if self.data_format == "channels_first" and x.ndim > 1:
            x = transpose(x, (0, *range(2, x.ndim), 1))
        return reshape(x, (x.shape[0], math.prod(x.shape[1:])))


@register("Reshape")
class Reshape(Layer):
    """keras.layers.Reshape."""

    def __init__(self, config: Config) -> None:
        """Args: target_shape, without the batch axis, one size may be -1."""
        target = config.required("target_shape")
        self.target = [target] if isinstance(target, int) else list(target)
        if not all(isinstance(n, int) and n >= -1 for n in self.target):
            message = f"Reshape: target_shape must be sizes, one of them -1 at most, not {target!r}"
            raise Refused(message)
        if self.target.count(-1) > 1:
            message = f"Reshape: only one size of target_shape may be -1, not {target!r}"
            raise Refused(message)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """(batch, *target_shape), -1 worked out where the input's sizes are known."""
        total = volume(shapes[0][1:])
        fixed = math.prod(n for n in self.target if n != -1)
        if total is not None:
            open_ = -1 in self.target
            if (open_ and (fixed == 0 or total % fixed)) or (not open_ and total != fixed):
                message = f"Reshape: {total} numbers can't take the shape {self.target}"
                raise Refused(message)
        missing = None if total is None or fixed == 0 else total // fixed
        return [shapes[0][0], *(missing if n == -1 else n for n in self.target)]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """C order."""
        shape = self.output_shape([list(inputs[0].shape)])
        return reshape(inputs[0], [n for n in shape if n is not None])


@register("Permute")
class Permute(Layer):
    """keras.layers.Permute."""

    def __init__(self, config: Config) -> None:
        """Args: dims, counted from 1, without the batch axis."""
        self.dims = list(config.required("dims"))
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            message = f"Permute: dims must be the numbers 1 to {len(self.dims)}, not {self.dims}"
            raise Refused(message)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Axis i of the output is axis ``dims[i]`` of the input."""
        shape = of_rank(shapes[0], len(self.dims) + 1, "Permute")
        return [shape[0], *(shape[i] for i in self.dims)]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Axes in another order."""
        return transpose(inputs[0], (0, *self.dims))


@register("RepeatVector")
class RepeatVector(Layer):
    """keras.layers.RepeatVector."""

    def __init__(self, config: Config) -> None:
        """Args: n."""
        self.n = config.positive("n")

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """(batch, n, features)."""
        batch, features = of_rank(shapes[0], 2, "RepeatVector")
        return [batch, self.n, features]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The input n times."""
        batch, features = inputs[0].shape
        return broadcast(expand(inputs[0], 1), (batch, self.n, features))
