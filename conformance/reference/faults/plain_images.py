"""Image layers called on a dictionary, as a framework computes them: one draw, in float32.

The specification says what is true of an answer whatever is drawn; an observation has numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.alignment import moved
from conformance.invariants import Invariants
from conformance.reference.engine.structure import concatenate, take
from conformance.reference.spec.config import Config
from conformance.reference.spec.layers.preprocessing.boxes import Boxes, written
from conformance.reference.spec.layers.preprocessing.dictionaries import answered
from conformance.reference.spec.layers.preprocessing.dictionary_laws import (
    BLENDS,
    MOVING,
    about,
    lawful,
    shift,
)
from conformance.reference.spec.layers.preprocessing.dictionary_parts import (
    Given,
    alike,
    given,
    numbers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values

_KEPT = 0.75
"""The share of an image that a blend leaves of it."""

_PROJECTIVE = np.array([[1.1, 0.05, -0.3], [0.02, 0.95, 0.2], [0.01, 0.02, 1.0]])
"""From places of an answer to those that they came from, where lines stay lines."""


def images(
    arithmetic: Arithmetic,
    layer: str,
    config: Mapping[str, Any],
    data: Mapping[str, Any],
    training: bool,  # noqa: FBT001 (Keras's signature)
) -> list[Array]:
    """A dictionary's answer, in the order of its sorted keys."""
    said = answered(arithmetic, layer, config, data, training)
    if not isinstance(said, Invariants):
        return said
    read = Config(layer, config)
    held = given(layer, read, data)
    if layer in BLENDS:
        return (_blended if layer == "MixUp" else _pasted)(held).answer()
    if layer in MOVING:
        size = (read.positive("height"), read.positive("width")) if layer == "RandomCrop" else None
        return _moved(held, _back(layer, read, held), size or held.size).answer()
    if layer == "RandomElasticTransform":
        return _sampled(held, *_bent(*held.size)).answer()
    return held.answer()


def floats(like: Array, values: Values) -> Array:
    """Numbers in the arithmetic's own dtype."""
    return like.arithmetic.exact(np.asarray(values))


def _back(layer: str, config: Config, held: Given) -> Values:
    """From places of the answer to those that they came from."""
    options = lawful(layer, config, held.size)
    if options is not None:  # one that is not the first, where there are several
        return np.asarray(options[len(options) // 2])
    if layer == "RandomPerspective":
        return _PROJECTIVE
    height, width = held.size
    linear = {
        "RandomRotation": (0.98, -0.2, 0.2, 0.98),
        "RandomShear": (1, 0.2, 0.1, 1),
        "RandomZoom": (1.1, 0, 0, 1.2),
    }
    if layer in linear:
        return about((width, height), linear[layer])
    return shift(0.7, -0.4)


def _places(back: Values, size: Sequence[int]) -> tuple[Values, Values]:
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    there = np.stack([columns, rows, np.ones_like(rows)], -1) @ back.T
    return there[..., 0] / there[..., 2], there[..., 1] / there[..., 2]


def _bent(height: int, width: int) -> tuple[Values, Values]:
    x, y = _places(np.eye(3), (height, width))
    return x + 0.3 * np.sin(y), y + 0.3 * np.cos(x)


def _moved(held: Given, back: Values, size: Sequence[int]) -> Given:
    changed = _sampled(held, *_places(back, size))
    if held.boxes is None:
        return changed
    there = np.stack([moved(one, back, *size) for one in held.corners()])
    found = floats(held.boxes, there)
    parts = Boxes(*(take(found, 2, i, i + 1) for i in range(4)))
    return changed._replace(boxes=written(parts, held.form, *size))


def _sampled(held: Given, x: Values, y: Values) -> Given:
    """Images between their pixels, masks at the nearest one, 0 beyond the edge."""
    axis = held.channels
    fed = np.moveaxis(held.images.value.real, axis, -1)
    wide = np.pad(fed, [(0, 0), (2, 2), (2, 2), (0, 0)])
    # Places within the padded image, in pixels from the middle of the first one.
    column = np.clip(x + 1.5, 0, wide.shape[2] - 1.001)
    row = np.clip(y + 1.5, 0, wide.shape[1] - 1.001)
    left, top = column.astype(int), row.astype(int)
    right, down = (column - left)[..., None], (row - top)[..., None]
    upper = wide[:, top, left] * (1 - right) + wide[:, top, left + 1] * right
    lower = wide[:, top + 1, left] * (1 - right) + wide[:, top + 1, left + 1] * right
    made = np.moveaxis(upper * (1 - down) + lower * down, -1, axis)
    changed = held._replace(images=floats(held.images, made))
    if held.masks is None:
        return changed
    height, width = held.size
    mask = np.moveaxis(numbers(held.masks), axis, -1)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    down, right = (np.clip(one, 0, n - 1).astype(int) for one, n in ((y, height), (x, width)))
    found = np.where(inside[..., None], mask[:, down, right], 0)
    return changed._replace(masks=alike(held.masks, np.moveaxis(found, -1, axis)))


def _next(values: Values) -> Values:
    """Each image's partner: the next one of the batch."""
    return np.roll(values, -1, 0)


def _blended(held: Given) -> Given:
    """A share of each image, and the rest of its partner; the boxes of both."""

    def mixed(one: Any) -> Any:
        if one is None:
            return None
        fed = one.value.real
        return floats(one, fed * _KEPT + _next(fed) * (1 - _KEPT))

    changed = held._replace(
        images=mixed(held.images), labels=mixed(held.labels), masks=mixed(held.masks)
    )
    if held.boxes is None or held.box_labels is None:
        return changed
    other = floats(held.boxes, _next(held.boxes.value.real))
    labels = numbers(held.box_labels)
    return changed._replace(
        boxes=concatenate([held.boxes, other], 1),
        box_labels=alike(held.box_labels, np.concatenate([labels, _next(labels)], 1)),
    )


def _pasted(held: Given) -> Given:
    """Two by two pixels of each image's partner in its place."""

    def patched(one: Any) -> Any:
        if one is None:
            return None
        fed = np.moveaxis(numbers(one), held.channels, -1)
        made = fed.copy()
        made[:, :2, :2] = _next(fed)[:, :2, :2]
        return alike(one, np.moveaxis(made, -1, held.channels))

    share = 4 / np.prod(held.size)
    labels = held.labels
    if labels is not None:
        fed = labels.value.real
        labels = floats(labels, fed * (1 - share) + _next(fed) * share)
    return held._replace(images=patched(held.images), masks=patched(held.masks), labels=labels)
