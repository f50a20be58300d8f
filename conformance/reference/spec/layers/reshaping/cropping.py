"""Cropping and zero padding: layers of Keras's `reshaping` folder that cut or add borders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.reference.engine.structure import pad, take
from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import Context, Layer, Weights, of_rank, register
from conformance.reference.spec.layers.reshaping.reshape import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config

Pairs = list[tuple[int, int]]


def pairs(owner: str, name: str, value: Any, axes: int) -> Pairs:
    """(before, after) by axis: from one number, a number or a pair an axis, or, in 1D, a pair.

    Raises:
        Refused: It is none of these, or negative.
    """
    if isinstance(value, int):
        value = [value] * axes
    elif axes == 1 and isinstance(value, list | tuple) and len(value) == 2:  # noqa: PLR2004 (a pair)
        value = [value]
    made = [(n, n) if isinstance(n, int) else tuple(n) for n in value]
    if len(made) != axes or not all(
        len(pair) == 2 and all(isinstance(n, int) and n >= 0 for n in pair)  # noqa: PLR2004 (a pair)
        for pair in made
    ):
        message = f"{owner}: {name}={value!r} is not a number or a pair of them for {axes} axes"
        raise Refused(message)
    return [(before, after) for before, after in made]


class Border(Layer):
    """What cropping and padding have in common.

    Attributes:
        amounts: (before, after) by axis of the array, batch axis included.
    """

    argument: str
    default: int

    def __init__(self, config: Config) -> None:
        """Args: padding or cropping, and data_format, which 1D cropping lacks."""
        self.owner = config.owner
        self.axes = int(config.owner[-2])
        value = config.get(self.argument, self.default)
        inner = pairs(self.owner, self.argument, value, self.axes)
        first = False
        if self.owner != "Cropping1D":
            first = config.choice("data_format", FORMATS, "channels_last") == "channels_first"
        self.amounts: Pairs = [(0, 0), (0, 0), *inner] if first else [(0, 0), *inner, (0, 0)]

    def checked(self, shapes: Sequence[Shape]) -> Shape:
        """The input's shape, if its rank is right."""
        return of_rank(shapes[0], self.axes + 2, self.owner)


@register("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
class ZeroPadding(Border):
    """keras.layers.ZeroPadding1D, 2D and 3D."""

    argument = "padding"
    default = 1

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Spatial sizes grow by what is added."""
        return [
            n if n is None else n + before + after
            for n, (before, after) in zip(self.checked(shapes), self.amounts, strict=True)
        ]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Zeros around the input."""
        return pad(inputs[0], self.amounts)


@register("Cropping1D", "Cropping2D", "Cropping3D")
class Cropping(Border):
    """keras.layers.Cropping1D, 2D and 3D."""

    argument = "cropping"
    default = 0

    def __init__(self, config: Config) -> None:
        """Args: cropping (by default 1 a side, in 2D none) and data_format."""
        self.default = 0 if config.owner == "Cropping2D" else 1
        super().__init__(config)

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """Spatial sizes shrink by what is cut; something must be left."""
        made: Shape = []
        for n, (before, after) in zip(self.checked(shapes), self.amounts, strict=True):
            if n is not None and before + after and before + after >= n:
                message = f"{self.owner}: {before} + {after} can't be cut from {n}"
                raise Refused(message)
            made.append(n if n is None else n - before - after)
        return made

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """What is left between the borders."""
        x = inputs[0]
        for axis, (before, after) in enumerate(self.amounts):
            if before or after:
                x = take(x, axis, before, x.shape[axis] - after)
        return x
