"""Layers of Keras's `merging` folder."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from conformance.reference.engine.array import reshape
from conformance.reference.engine.functions import maximum
from conformance.reference.engine.structure import concatenate
from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.layers.base import Context, Layer, Mask, Weights, register

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config


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

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask:
        """The masks one after the other, as the inputs; an input without one counts wholly.

        Along the last axis a place counts if it counts in any input.
        """
        if all(mask is None for mask in context.masks):
            return None
        whole = [
            np.ones(x.shape, bool) if mask is None else np.broadcast_to(mask[..., None], x.shape)
            for x, mask in zip(inputs, context.masks, strict=True)
        ]
        return np.asarray(np.concatenate(whole, axis=self.axis).any(axis=-1))


class Merge(Layer):
    """Layers that combine inputs number by number.

    Inputs of fewer axes get axes of size 1 behind the batch axis; axes of size 1 are repeated.
    """

    arity: ClassVar[int | None] = None
    ignores_masks: ClassVar[bool] = False
    """Whether masks leave the numbers as they are."""

    def __init__(self, config: Config) -> None:
        """No arguments."""
        self.owner = config.owner

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """The inputs' common shape, by broadcasting behind the batch axis."""
        rank = max(map(len, shapes))
        made: Shape = [_agreed(self.owner, [shape[0] for shape in shapes])]
        aligned: list[Shape] = [[*[1] * (rank - len(shape)), *shape[1:]] for shape in shapes]
        for sizes in zip(*aligned, strict=True):
            if any(size is None for size in sizes):
                made.append(None)
            else:
                made.append(_agreed(self.owner, [n for n in sizes if n != 1] or [1]))
        return made

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """All inputs by the function, after their axes have been aligned."""
        rank = max(x.ndim for x in inputs)
        return self.merged(
            [reshape(x, (x.shape[0], *[1] * (rank - x.ndim), *x.shape[1:])) for x in inputs]
        )

    def output_mask(self, context: Context, inputs: Sequence[Array]) -> Mask:  # noqa: ARG002
        """An entry counts if it counts in any input; all inputs must have masks."""
        masks = [mask for mask in context.masks if mask is not None]
        if len(masks) < len(context.masks) or not masks:
            return None
        if not self.ignores_masks:
            message = f"{self.owner}: what it does to masked entries is not documented"
            raise Unsupported(message)
        return np.asarray(np.logical_or.reduce(masks), bool)

    @abstractmethod
    def merged(self, inputs: Sequence[Array]) -> Array:
        """The layer's function of arrays of one rank."""


def _agreed(owner: str, sizes: Sequence[int | None]) -> int | None:
    given = {n for n in sizes if n is not None}
    if len(given) > 1:
        message = f"{owner}: the inputs' sizes {list(sizes)} differ"
        raise Refused(message)
    return given.pop() if given else None


@register("Add")
class Add(Merge):
    """keras.layers.Add."""

    ignores_masks: ClassVar[bool] = True

    def merged(self, inputs: Sequence[Array]) -> Array:
        """The sum."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


@register("Average")
class Average(Merge):
    """keras.layers.Average."""

    ignores_masks: ClassVar[bool] = True

    def merged(self, inputs: Sequence[Array]) -> Array:
        """The mean."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total / float(len(inputs))


@register("Multiply")
class Multiply(Merge):
    """keras.layers.Multiply."""

    def merged(self, inputs: Sequence[Array]) -> Array:
        """The product."""
        product = inputs[0]
        for x in inputs[1:]:
            product = product * x
        return product


@register("Subtract")
class Subtract(Merge):
    """keras.layers.Subtract."""

    ignores_masks: ClassVar[bool] = True
    arity: ClassVar[int | None] = 2

    def merged(self, inputs: Sequence[Array]) -> Array:
        """The first less the second."""
        return inputs[0] - inputs[1]


@register("Maximum")
class Maximum(Merge):
    """keras.layers.Maximum."""

    def merged(self, inputs: Sequence[Array]) -> Array:
        """The largest."""
        result = inputs[0]
        for x in inputs[1:]:
            result = maximum(result, x)
        return result


@register("Minimum")
class Minimum(Merge):
    """keras.layers.Minimum."""

    def merged(self, inputs: Sequence[Array]) -> Array:
        """The smallest."""
        result = -inputs[0]
        for x in inputs[1:]:
            result = maximum(result, -x)
        return -result
