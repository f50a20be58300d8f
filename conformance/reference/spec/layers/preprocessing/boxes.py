"""Bounding boxes of images: their formats, and where a window takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.reference.engine.functions import clip
from conformance.reference.engine.structure import concatenate, take

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array


class Boxes(NamedTuple):
    """The four edges of boxes, in pixels, each (batch, number, 1)."""

    left: Array
    top: Array
    right: Array
    bottom: Array


class Window(NamedTuple):
    """A window of an image that becomes the whole of the answer, along one axis."""

    start: int
    size: int
    target: int

    def at(self, edge: Array) -> Array:
        """Where an edge goes, cut at the edges of the answer."""
        there = (edge - float(self.start)) * (self.target / self.size)
        return clip(there, 0.0, float(self.target))


def edges(boxes: Array, form: str, height: int, width: int) -> Boxes:
    """Boxes of a format as edges in pixels."""
    a, b, c, d = (take(boxes, 2, i, i + 1) for i in range(4))
    kind = form.removeprefix("rel_")
    if kind in {"yxyx", "center_yxhw"}:
        a, b, c, d = b, a, d, c
    if form.startswith("rel_"):
        a, b, c, d = a * width, b * height, c * width, d * height
    if kind.startswith("center"):
        a, b = a - c / 2, b - d / 2
    return Boxes(a, b, c, d) if kind in {"xyxy", "yxyx"} else Boxes(a, b, a + c, b + d)


def written(boxes: Boxes, form: str, height: int, width: int) -> Array:
    """Edges in pixels as boxes of a format."""
    left, top, right, bottom = boxes
    if form.startswith("rel_"):
        left, top, right, bottom = left / width, top / height, right / width, bottom / height
    kind = form.removeprefix("rel_")
    if kind.startswith("center"):
        across = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    elif kind == "xywh":
        across = (left, top, right - left, bottom - top)
    else:
        across = (left, top, right, bottom)
    a, b, c, d = across
    if kind in {"yxyx", "center_yxhw"}:
        a, b, c, d = b, a, d, c
    return concatenate([a, b, c, d], 2)
