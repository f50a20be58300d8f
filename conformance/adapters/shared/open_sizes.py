"""Which sizes of a function's inputs are left open where it is called symbolically."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def opened(facet: str, shapes: Sequence[Sequence[int]]) -> list[list[int | None]]:
    """The shapes of a program's inputs as a facet has them.

    Args:
        facet: ``open_sizes``: no size is known. ``open_batch``: that of a batch isn't, the first
            size of the first input that has an axis, nor is that of the others that share it: those
            whose first size is the same. Any other: all are known.
        shapes: of what is fed, one for each input.

    Returns:
        A shape for each input, ``None`` for a size that is open.
    """
    if facet == "open_sizes":
        return [[None for _ in shape] for shape in shapes]
    if facet != "open_batch":
        return [[*shape] for shape in shapes]
    batch = next((shape[0] for shape in shapes if shape), None)
    return [[None, *shape[1:]] if shape and shape[0] == batch else [*shape] for shape in shapes]
