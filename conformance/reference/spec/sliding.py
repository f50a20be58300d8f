"""Windows that slide over images and sequences: shared by convolutions and poolings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from conformance.reference.engine.contraction import correlate
from conformance.reference.engine.structure import concatenate, pad, take, transpose
from conformance.reference.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.cases.model import Shape
    from conformance.reference.engine.array import Array
    from conformance.reference.engine.windows import Windows


class Halving(Protocol):
    """Splits padding that can't be split evenly: a layer's context, or Keras's own rule."""

    def halves(self, total: int) -> tuple[int, int]:
        """Padding before and after an axis."""


class OddAfter:
    """Keras's rule: the odd one goes after."""

    def halves(self, total: int) -> tuple[int, int]:
        """Padding before and after an axis."""
        return total // 2, total - total // 2


@dataclass(frozen=True)
class Sliding:
    """Windows along the spatial axes of an image or a sequence, as Keras pads and strides them.

    ``valid``: only windows that lie inside; ``same``: as many
    windows as ``ceil(size / stride)``, padding split evenly and the odd one after; ``causal``:
    padding before only, so that no output sees a later input.
    """

    geometry: Windows
    padding: str
    channels_first: bool

    @property
    def axes(self) -> int:
        """Number of spatial axes."""
        return len(self.geometry.size)

    def split(self, shape: Shape) -> tuple[int | None, Shape, int | None]:
        """Batch, spatial sizes and channels of a symbolic shape."""
        if self.channels_first:
            return shape[0], shape[2:], shape[1]
        return shape[0], shape[1:-1], shape[-1]

    def join(self, batch: int | None, space: Shape, channels: int | None) -> Shape:
        """The symbolic shape in the layer's data format."""
        return [batch, channels, *space] if self.channels_first else [batch, *space, channels]

    def output_space(self, space: Shape, owner: str) -> Shape:
        """Symbolic spatial sizes of the output.

        Raises:
            Refused: A window is larger than the input.
        """
        result: Shape = []
        for i, n in enumerate(space):
            if n is None:
                result.append(None)
                continue
            if self.padding in {"same", "causal"}:
                result.append(-(-n // self.geometry.strides[i]))
                continue
            reach = (self.geometry.size[i] - 1) * self.geometry.dilation[i] + 1
            if reach > n:
                message = f"{owner}: a window of {reach} does not fit into the input's {n}"
                raise Refused(message)
            result.append((n - reach) // self.geometry.strides[i] + 1)
        return result

    def amounts(self, space: Sequence[int], context: Halving) -> list[tuple[int, int]]:
        """Padding before and after each spatial axis."""
        if self.padding == "valid":
            return [(0, 0)] * self.axes
        amounts = []
        for i, n in enumerate(space):
            reach = (self.geometry.size[i] - 1) * self.geometry.dilation[i] + 1
            stride = self.geometry.strides[i]
            if self.padding == "causal":
                amounts.append((reach - 1, 0))
            else:
                total = max((-(-n // stride) - 1) * stride + reach - n, 0)
                amounts.append(context.halves(total))
        return amounts

    def arranged(self, x: Array) -> Array:
        """The input with its channels last."""
        return transpose(x, (0, *range(2, x.ndim), 1)) if self.channels_first else x

    def restored(self, y: Array) -> Array:
        """A channels-last result in the layer's data format."""
        return transpose(y, (0, y.ndim - 1, *range(1, y.ndim - 1))) if self.channels_first else y

    def padded(self, x: Array, context: Halving, fill: float = 0.0) -> Array:
        """A channels-last input with its padding."""
        return pad(x, [(0, 0), *self.amounts(x.shape[1:-1], context), (0, 0)], fill)


def grouped(x: Array, kernel: Array, geometry: Windows, groups: int) -> Array:
    """A padded channels-last input under a kernel, channels and filters in groups side by side."""
    if groups == 1:
        return correlate(x, kernel, geometry)
    inner, outer = kernel.shape[-2], kernel.shape[-1] // groups
    parts = [
        correlate(
            take(x, x.ndim - 1, g * inner, (g + 1) * inner),
            take(kernel, kernel.ndim - 1, g * outer, (g + 1) * outer),
            geometry,
        )
        for g in range(groups)
    ]
    return concatenate(parts, -1)
