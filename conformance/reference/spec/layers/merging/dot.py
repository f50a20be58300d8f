"""keras.layers.Dot: the product of two arrays along one axis of each, sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from conformance.reference.engine.array import reshape
from conformance.reference.engine.contraction import einsum
from conformance.reference.engine.functions import maximum, sqrt, square
from conformance.reference.errors import Refused
from conformance.reference.spec.layers.base import Context, Layer, Weights, register

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.spec.config import Config

_TINY = 1e-14
"""Square of 1e-7, the least length by which Keras divides: a vector of zeros stays one."""

_LETTERS = ("abcdefgh", "ABCDEFGH")


@register("Dot")
class Dot(Layer):
    """keras.layers.Dot."""

    arity: ClassVar[int | None] = 2

    def __init__(self, config: Config) -> None:
        """Args: axes (one for both inputs or one each, the batch axis being 0), normalize."""
        axes = config.required("axes")
        self.axes = list(axes) if isinstance(axes, list | tuple) else [axes, axes]
        if len(self.axes) != 2 or not all(isinstance(a, int) for a in self.axes):  # noqa: PLR2004 (one an input)
            message = f"Dot: axes must be one axis or two of them, not {axes!r}"
            raise Refused(message)
        self.normalize = config.flag("normalize", default=False)

    def _checked(self, shapes: Sequence[Shape]) -> list[int]:
        """The axes, counted from 0."""
        made = [a % len(shape) for a, shape in zip(self.axes, shapes, strict=True)]
        if 0 in made:
            message = f"Dot: axes {self.axes} include the batch axis"
            raise Refused(message)
        sizes = [shape[a] for a, shape in zip(made, shapes, strict=True)]
        if None not in sizes and sizes[0] != sizes[1]:
            message = f"Dot: the axes {self.axes} of {list(shapes)} have different sizes {sizes}"
            raise Refused(message)
        return made

    def output_shape(self, shapes: Sequence[Shape]) -> Shape:
        """(batch, rest of the first, rest of the second); (batch, 1) if nothing is left."""
        left, right = self._checked(shapes)
        rest = [n for i, n in enumerate(shapes[0]) if i not in {0, left}]
        rest += [n for i, n in enumerate(shapes[1]) if i not in {0, right}]
        return [shapes[0][0], *(rest or [1])]

    def forward(self, context: Context, inputs: Sequence[Array], weights: Weights) -> Array:  # noqa: ARG002
        """Products summed along the axes, of vectors of length 1 if ``normalize``."""
        first, second = self._checked([list(x.shape) for x in inputs])
        a, b = inputs
        if self.normalize:
            a, b = _unit(a, first), _unit(b, second)
        # Letters: z the batch, s what is summed, and one for each axis that is left.
        left, right = (
            "".join("z" if i == 0 else "s" if i == at else names[i] for i in range(x.ndim))
            for x, at, names in ((a, first, _LETTERS[0]), (b, second, _LETTERS[1]))
        )
        out = "z" + (left + right).replace("z", "").replace("s", "")
        y = einsum(f"{left},{right}->{out}", a, b)
        return y if y.ndim > 1 else reshape(y, (y.shape[0], 1))


def _unit(x: Array, axis: int) -> Array:
    """Vectors along an axis, divided by their length."""
    length = square(x).sum(axis, keepdims=True)
    return x / sqrt(maximum(length, x.arithmetic.constant(_TINY)))
