"""Keras's words for sizes, axes and padding, as numbers: no array is computed with here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

Array = Any
Sizes = Union[int, Sequence[int]]
"""One number for every spatial axis, or one for each."""
Pairs = Sequence[tuple[int, int]]
"""(before, after) by axis."""
Border = Union[int, Sequence[int], Sequence[Sequence[int]]]
"""One number for all sides; a number or a pair for each axis; for one axis, a pair."""
Axes = Union[int, Sequence[int]]
"""One axis or several, counted from the end where below 0."""


def each(value: Sizes, rank: int) -> tuple[int, ...]:
    """One number for each of ``rank`` spatial axes, as Keras reads ``3`` and ``[3, 5]``."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def sides(border: Border, rank: int) -> list[tuple[int, int]]:
    """(before, after) for each of ``rank`` spatial axes, as Keras reads ``padding``."""
    several: Sequence[Any] = [border] * rank if isinstance(border, int) or rank == 1 else border
    return [(n, n) if isinstance(n, int) else (n[0], n[1]) for n in several]


def spatial_axes(x: Array, data_format: str) -> tuple[int, ...]:
    """The axes between batch and channels."""
    return tuple(range(2, x.ndim) if data_format == "channels_first" else range(1, x.ndim - 1))


def ascending(x: Array, axis: Axes) -> tuple[int, ...]:
    """The axes counted from 0, in ascending order."""
    axes = (axis,) if isinstance(axis, int) else axis
    return tuple(sorted(i % x.ndim for i in axes))


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """(before, after) on one axis for ``padding="same"``: the odd one goes after.

    The output has ``ceil(size / stride)`` entries, so the padding depends on the stride.
    """
    steps = -(-size // stride)
    total = max((steps - 1) * stride + (window - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def cut(
    padding: str, window: int, stride: int, dilation: int, extra: int | None
) -> tuple[int, int]:
    """What a transposed convolution's output loses at both ends; below 0: zeros are added.

    Args:
        padding: ``valid`` or ``same``.
        window: Of one axis, as are all the others.
        stride: Steps from window to window.
        dilation: Steps from entry to entry within the window.
        extra: Keras's ``output_padding``.

    Returns:
        (first, last) of ``(size - 1) * stride + reach`` entries; the last is the larger by one
        where they differ.
    """
    reach = (window - 1) * dilation + 1
    if padding == "valid":
        return 0, -extra if extra is not None else min(reach - stride, 0)
    total = reach - stride if extra is None else reach - reach % 2 - extra
    first = max(total, 0) // 2
    return first, total - first


def amounts(padding: str, window: int, dilation: int, extra: int) -> tuple[int, int]:
    """Zeros before and after an input that is spread out by the stride; below 0: it is cut.

    Args:
        padding: ``valid`` or ``same``.
        window: Of one axis, as are all the others.
        dilation: Steps from entry to entry within the window.
        extra: Keras's ``output_padding``.

    Returns:
        (before, after): all windows that touch the input, less what ``same`` cuts off.
    """
    reach = (window - 1) * dilation + 1
    lost = 0 if padding == "valid" else reach - reach % 2
    first = max(lost - extra, 0) // 2
    return reach - 1 - first, reach - 1 - lost + extra + first


def aspect(size: Sequence[int], target: Sequence[int]) -> tuple[int, int]:
    """Height and width of the target's aspect ratio, each as the image's other size asks for."""
    return size[1] * target[0] // target[1], size[0] * target[1] // target[0]
