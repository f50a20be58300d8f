"""What an image layer is called on: the arrays of a dictionary, and how they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from conformance.alignment import FORMATS, corners
from conformance.reference.engine.structure import expand, squeeze
from conformance.reference.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.array import Array, Values
    from conformance.reference.spec.config import Config

_SINGLE: Final = 3
"""Axes of an image by itself."""

_RANKS: Final = (2, 3)
"""Axes of boxes: of one image, or of as many as there are."""

IMAGES: Final = "images"
BOXES: Final = "bounding_boxes/boxes"
BOX_LABELS: Final = "bounding_boxes/labels"
LABELS: Final = "labels"
MASKS: Final = "segmentation_masks"


class Given(NamedTuple):
    """What a layer is called on, and what the dictionary says of it.

    Attributes:
        images: (batch, height, width, channels), or with the channels first.
        boxes: (batch, number, 4), and their labels (batch, number).
        box_labels: See ``boxes``.
        labels: One row for each image.
        masks: As the images are, of any number of channels.
        form: The boxes' format.
        first: Whether the channels come before height and width.
        single: Whether it was one image without an axis for the batch, which is there all the same.
    """

    images: Array
    boxes: Array | None
    box_labels: Array | None
    labels: Array | None
    masks: Array | None
    form: str
    first: bool
    single: bool

    @property
    def space(self) -> tuple[int, int]:
        """The axes of height and width."""
        return (2, 3) if self.first else (1, 2)

    @property
    def channels(self) -> int:
        """The axis of channels, counted from the last one."""
        return -3 if self.first else -1

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        height, width = (self.images.shape[axis] for axis in self.space)
        return height, width

    def flat(self) -> dict[str, Array]:
        """Everything, in the order of its sorted keys, which is that of the answers."""
        named = {
            BOXES: self.boxes,
            BOX_LABELS: self.box_labels,
            IMAGES: self.images,
            LABELS: self.labels,
            MASKS: self.masks,
        }
        return {key: array for key, array in named.items() if array is not None}

    def answer(self) -> list[Array]:
        """The arrays of :meth:`flat`, as one image has them where there was one."""
        arrays = list(self.flat().values())
        return [squeeze(array, 0) for array in arrays] if self.single else arrays

    def corners(self) -> Values:
        """The boxes as numbers: left, top, right, bottom in pixels."""
        if self.boxes is None:
            return np.zeros((self.images.shape[0], 0, 4))
        return corners(self.boxes.value.real, self.form, *self.size)


def given(layer: str, config: Config, data: Mapping[str, Any]) -> Given:
    """Read a dictionary.

    Raises:
        Refused: There are boxes and no format, or an unknown one; or no boxes with their labels.
    """
    boxes = data.get("bounding_boxes") or {}
    _check_boxes(layer, boxes)
    form = config.get("bounding_box_format")
    # The cut to so many boxes asks for no format, as no box is changed.
    if boxes and form is None and layer != "MaxNumBoundingBoxes":
        message = f"{layer}: bounding boxes without a bounding_box_format"
        raise Refused(message, at="call")
    form = str(form or FORMATS[0]).lower()
    if boxes and form not in FORMATS:
        message = f"{layer}: bounding_box_format={form!r} is none of {', '.join(FORMATS)}"
        raise Refused(message, at="call")
    single = data["images"].ndim == _SINGLE

    def read(array: Any) -> Any:
        return expand(array, 0) if single and array is not None else array

    return Given(
        images=read(data["images"]),
        boxes=read(boxes.get("boxes")),
        box_labels=read(boxes.get("labels")),
        labels=read(data.get("labels")),
        masks=read(data.get("segmentation_masks")),
        form=form,
        first=config.get("data_format") == "channels_first",
        single=single,
    )


def _check_boxes(layer: str, boxes: Mapping[str, Any]) -> None:
    if not boxes:
        return
    for key in ("boxes", "labels"):
        if key not in boxes:
            raise Refused(f"{layer}: bounding_boxes without {key}", at="call")
    rank, of_labels = boxes["boxes"].ndim, boxes["labels"].ndim
    if rank not in _RANKS or of_labels not in {rank - 1, rank}:
        message = f"{layer}: bounding_boxes of {rank} axes, and labels of {of_labels}"
        raise Refused(message, at="call")


def numbers(array: Array) -> Values:
    """An array's numbers: integers as they are."""
    return np.asarray(array.value.real if array.integers is None else array.integers)


def alike(like: Array, values: Values) -> Array:
    """Numbers in the dtype of an array, exactly."""
    if like.integers is None:
        return like.arithmetic.exact(values)
    return like.arithmetic.whole(np.asarray(values, like.whole))
