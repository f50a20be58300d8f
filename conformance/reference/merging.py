"""Layers of Keras's `merging` folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from conformance.reference.errors import Refused, Unsupported
from conformance.reference.functions import maximum
from conformance.reference.layer import Context, Layer, Weights, register
from conformance.reference.structure import concatenate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.array import Array
    from conformance.reference.config import Config


@register("Concatenate")
class Concatenate(Layer):
    """keras.layers.Concatenate."""

    arity: ClassVar[int | None] = None

    def __init__(self, config: Config) -> None:
        """Args: axis."""
        self.axis = config.integer("axis", -1)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Sizes add up along the axis and must agree elsewhere."""
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes) or not -rank <= self.axis < rank:
            message = f"Concatenate: shapes {list(shapes)} can't be joined along axis {self.axis}"
            raise Refused(message)
        axis = self.axis % rank
        result: Shape = []
        for i in range(rank):
            sizes = [shape[i] for shape in shapes]
            if i == axis:
                given_sizes = [n for n in sizes if n is not None]
                result.append(sum(given_sizes) if len(given_sizes) == len(sizes) else None)
                continue
            given = {n for n in sizes if n is not None}
            if len(given) > 1:
                message = f"Concatenate: sizes {sizes} of axis {i} differ"
                raise Refused(message)
            result.append(given.pop() if given else None)
        return result

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """One after the other."""
        return concatenate(inputs, self.axis)


class Merge(Layer):
    """Layers that combine inputs of one shape number by number."""

    arity: ClassVar[int | None] = None

    def __init__(self, config: Config) -> None:
        """No arguments."""
        self.owner = config.owner

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The inputs' common shape; broadcasting is not in the reference."""
        if any(shape != shapes[0] for shape in shapes):
            message = (
                f"{self.owner}: inputs of different shapes {list(shapes)} are not in the reference"
            )
            raise Unsupported(message)
        return shapes[0]


@register("Add")
class Add(Merge):
    """keras.layers.Add."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The sum."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


@register("Average")
class Average(Merge):
    """keras.layers.Average."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The mean."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total / float(len(inputs))


@register("Multiply")
class Multiply(Merge):
    """keras.layers.Multiply."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The product."""
        product = inputs[0]
        for x in inputs[1:]:
            product = product * x
        return product


@register("Subtract")
class Subtract(Merge):
    """keras.layers.Subtract."""

    arity: ClassVar[int | None] = 2

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The first less the second."""
        return inputs[0] - inputs[1]


@register("Maximum")
class Maximum(Merge):
    """keras.layers.Maximum."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The largest."""
        result = inputs[0]
        for x in inputs[1:]:
            result = maximum(result, x)
        return result


@register("Minimum")
class Minimum(Merge):
    """keras.layers.Minimum."""

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """The smallest."""
        result = -inputs[0]
        for x in inputs[1:]:
            result = maximum(result, -x)
        return -result
