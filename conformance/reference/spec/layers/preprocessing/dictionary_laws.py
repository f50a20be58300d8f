"""What is true of the answer to a dictionary in training, whatever an image layer draws.

What was drawn is read from the answered images, which must have been fed what tells it: pixels that
hold their own places, or images that each fill a channel of their own (``conformance.alignment``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.alignment import placed
from conformance.invariants import Invariants, Property
from conformance.reference.errors import Unsupported
from conformance.reference.spec.layers.preprocessing.augmentation import pair
from conformance.reference.spec.layers.preprocessing.dictionary_parts import (
    BOX_LABELS,
    BOXES,
    IMAGES,
    LABELS,
    MASKS,
    numbers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.engine.array import Values
    from conformance.reference.spec.config import Config
    from conformance.reference.spec.layers.preprocessing.dictionary_parts import Given

AFFINE: Final = frozenset(
    {
        "RandomCrop",
        "RandomFlip",
        "RandomRotation",
        "RandomShear",
        "RandomTranslation",
        "RandomZoom",
    }
)
"""Layers that move pixels so that parallel lines stay parallel."""

MOVING: Final = AFFINE | {"RandomPerspective"}
"""Layers that move pixels so that lines stay lines: boxes can be followed."""

BLENDS: Final = {"MixUp": "blend", "CutMix": "patch"}
"""Layers that mix images, and how."""

SEVERAL: Final = frozenset({"AugMix", "RandAugment"})
"""Layers that draw which of several others they apply."""

_READING: Final = 4.0
"""Rounding of a place that is read from an image, in units of u of the image's size.

A framework computes the place from four products and sums and the pixel there from eight, each
rounded in units of the size: a variance of 12/3. A fit by a dozen pixels and more, and its
prolongation to the image's edges, at most double that (docs/numerics.md)."""


class _Law:
    """Collects what is true of one answer."""

    def __init__(self, layer: str, config: Config, made: Any, held: Given) -> None:
        self.layer, self.config, self.made, self.held = layer, config, made, held
        self.arrays = held.flat()
        self.places = {key: at for at, key in enumerate(self.arrays)}
        self.shapes = {key: array.shape for key, array in self.arrays.items()}
        self.reading = np.full(1, _READING * max(held.size))
        self.properties: list[Property] = []

    def add(self, kind: Any, keys: Sequence[str], **parts: Any) -> None:
        """One property, of what is there of these keys; none where the first is missing."""
        if keys[0] in self.places:
            places = tuple(self.places[key] for key in keys)
            self.properties.append(Property(kind, places, axis=self.held.channels, **parts))

    def same(self, *keys: str) -> None:
        """What stays as it was fed."""
        for key in keys:
            if key in self.arrays:
                self.add("equals", [key], truth=numbers(self.arrays[key]))

    def said(self) -> Invariants:
        """All of it."""
        dtypes = [array.dtype for array in self.arrays.values()]
        return Invariants([self.shapes[key] for key in self.arrays], dtypes, self.properties)


def law(layer: str, config: Config, made: Any, held: Given) -> Invariants:
    """What must be true of an answer in training.

    Args:
        layer: Keras's name.
        config: Its arguments.
        made: The layer of the specification.
        held: What it is called on; one image has an axis for the batch.

    Raises:
        Unsupported: The images that are fed don't tell what is drawn, or nothing is documented.
    """
    found = _Law(layer, config, made, held)
    if layer in BLENDS:
        _blended(found)
    elif layer in MOVING:
        _moved(found)
    elif layer == "RandomElasticTransform":
        _bent(found)
    elif layer in SEVERAL and not _nought(config.get("factor")):
        _anyhow(found)
    else:
        found.same(BOXES, BOX_LABELS, LABELS)
        _masked(found)
    return found.said()


def _nought(factor: Any) -> bool:
    return factor in (0, [0, 0])


def _masked(found: _Law) -> None:
    """Masks of colours that change stay; where a patch is erased they may be erased with it."""
    if found.layer != "RandomErasing":
        found.same(MASKS)
        return
    fill = found.config.get("fill_value")
    if MASKS in found.arrays:
        allowed = np.append(numbers(found.arrays[MASKS]).ravel(), [0.0, fill or 0.0])
        found.add("grid", [MASKS], truth=allowed)


def _anyhow(found: _Law) -> None:
    """Pixels may have gone anywhere, or nowhere: labels and the numbers of masks stay."""
    found.same(LABELS)
    if BOXES in found.arrays:
        message = f"{found.layer} draws what moves boxes: say factor: 0, where none moves"
        raise Unsupported(message)
    if MASKS in found.arrays:
        found.add("grid", [MASKS], truth=np.append(numbers(found.arrays[MASKS]).ravel(), 0.0))


def _placed(found: _Law) -> None:
    """See that the images tell where each pixel is, and pixels from beyond the edge as well."""
    config, held = found.config, found.held
    images = np.moveaxis(held.images.value.real, held.channels, -1)
    if images.shape[-1] != 3 or (images != placed(*held.size)).any():  # noqa: PLR2004 (x, y and 1)
        message = f"{found.layer} needs images whose pixels hold their x, their y and 1"
        raise Unsupported(message)
    still = {"RandomCrop", "RandomFlip"}
    if found.layer not in still and config.get("interpolation", "bilinear") != "bilinear":
        message = f"{found.layer}: places can be read where interpolation is bilinear"
        raise Unsupported(message)
    filled = found.layer in still | {"RandomPerspective"}
    if not filled and config.get("fill_mode", "reflect") != "constant":
        message = f"{found.layer}: places can be read where fill_mode is constant"
        raise Unsupported(message)
    if not filled and config.get("fill_value", 0.0) != 0:
        message = f"{found.layer}: places can be read where fill_value is 0"
        raise Unsupported(message)


def _moved(found: _Law) -> None:
    """Boxes and masks go where the pixels went."""
    _placed(found)
    held = found.held
    kind = "affine" if found.layer in AFFINE else "projective"
    if found.layer == "RandomCrop":
        for key in {IMAGES, MASKS} & found.shapes.keys():
            shape = list(found.shapes[key])
            for axis, size in zip(held.space, found.made.sizes, strict=True):
                shape[axis] = size
            found.shapes[key] = tuple(shape)
    if held.boxes is not None and held.box_labels is not None:
        own = held.corners()
        marked = np.concatenate([own, numbers(held.box_labels)[..., None]], -1)
        how = f"{held.form} {kind}"
        found.add("boxes", [BOXES, IMAGES], how=how, truth=own, spread=found.reading)
        found.add("box labels", [BOX_LABELS, IMAGES], how=kind, truth=marked)
    if (options := lawful(found.layer, found.config, held.size)) is not None:
        found.add("map", [IMAGES], how="affine", truth=options, spread=found.reading)
    if held.masks is not None:
        found.add("mask", [MASKS, IMAGES], truth=numbers(held.masks))
    found.same(LABELS)


def _bent(found: _Law) -> None:
    """Masks go where the pixels went; of boxes nobody says where they end."""
    _placed(found)
    if found.held.boxes is not None:
        message = "RandomElasticTransform documents no boxes' edges"
        raise Unsupported(message)
    if found.held.masks is not None:
        found.add("mask", [MASKS, IMAGES], truth=numbers(found.held.masks))
    found.same(LABELS)


def _blended(found: _Law) -> None:
    """Labels in proportion to the images, masks mixed as they are, boxes of both."""
    held = found.held
    images = np.moveaxis(held.images.value.real, held.channels, -1)
    rows, channels = len(images), images.shape[-1]
    one = np.eye(rows)[:, None, None]
    if rows != channels or (images != one).any():
        message = f"{found.layer} needs images of which each fills a channel of its own with 1"
        raise Unsupported(message)
    rounding = np.full(1, _READING)
    if held.labels is not None:
        if (numbers(held.labels) != np.eye(rows)).any():
            message = f"{found.layer} needs labels that say which image each one is"
            raise Unsupported(message)
        found.add("mixture", [LABELS, IMAGES], how=BLENDS[found.layer], spread=rounding)
    if held.masks is not None:
        if (np.moveaxis(numbers(held.masks), held.channels, -1) != images).any():
            message = f"{found.layer} needs masks that hold the images' numbers"
            raise Unsupported(message)
        found.add("alike", [MASKS, IMAGES], spread=rounding)
    if held.boxes is not None and held.box_labels is not None:
        if found.layer == "CutMix":
            message = "CutMix documents no boxes"
            raise Unsupported(message)
        for key in (BOXES, BOX_LABELS):
            batch, number, *rest = found.shapes[key]
            found.shapes[key] = (batch, 2 * number, *rest)
        own = np.concatenate([numbers(held.boxes), numbers(held.box_labels)[..., None]], -1)
        found.add("mixed boxes", [BOXES, BOX_LABELS, IMAGES], truth=own)


def lawful(layer: str, config: Config, size: tuple[int, int]) -> Values | None:
    """The ways in which pixels may have moved: (options, 3, 3), from the answer back.

    None where the documentation doesn't tell, or leaves a range.
    """
    height, width = size
    if layer == "RandomFlip":
        mode = config.get("mode", "horizontal_and_vertical")
        across = (1, -1) if mode != "vertical" else (1,)
        down = (1, -1) if mode != "horizontal" else (1,)
        return np.stack([about((width, height), (a, 0, 0, d)) for a in across for d in down])
    if layer == "RandomCrop":
        tall, wide = config.positive("height"), config.positive("width")
        places = [
            shift(left, top) for top in range(height - tall + 1) for left in range(width - wide + 1)
        ]
        return np.stack(places)
    factors: Mapping[str, tuple[str, ...]] = {
        "RandomRotation": ("factor",),
        "RandomTranslation": ("height_factor", "width_factor"),
        "RandomZoom": ("height_factor", "width_factor"),
    }
    ends = [pair(config, name) for name in factors.get(layer, ()) if config.get(name) is not None]
    certain = [one[0] for one in ends if isinstance(one, tuple) and one[0] == one[1]]
    if not ends or len(certain) < len(ends):
        return None
    if layer == "RandomRotation":
        turn = 2 * math.pi * certain[0]
        turned = (math.cos(turn), -math.sin(turn), math.sin(turn), math.cos(turn))
        return about((width, height), turned)[None]
    if layer == "RandomTranslation":
        return shift(-certain[1] * width, -certain[0] * height)[None]
    return about((width, height), (1 + certain[-1], 0, 0, 1 + certain[0]))[None]


def shift(x: float, y: float) -> Values:
    """To a place so much further right and down."""
    return np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])


def about(size: Sequence[float], matrix: Sequence[float]) -> Values:
    """A linear map of places around the middle of an image, of this width and height."""
    turned = np.eye(3)
    turned[:2, :2] = np.reshape(matrix, (2, 2))
    x, y = (n / 2 for n in size)
    return np.asarray(shift(x, y) @ turned @ shift(-x, -y))
