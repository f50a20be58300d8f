"""What Keras's image layers answer to a dictionary of images and of what belongs to them.

Documented are the dictionary (``bounding_boxes`` of ``boxes`` and ``labels``, ``labels`` of the
images, ``segmentation_masks``), the formats of boxes, and what a layer does to images. So boxes and
masks move with the pixels, numbers of a mask stay what they are, labels stay with their images, and
where images are mixed labels are mixed in proportion. Where a layer draws, that is said as a law
(``dictionary_laws``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.invariants import Invariants
from conformance.reference.engine.structure import pad, take
from conformance.reference.errors import Unsupported
from conformance.reference.spec.config import Config
from conformance.reference.spec.layers.base import Context, make
from conformance.reference.spec.layers.preprocessing.boxes import Boxes, Window, edges, written
from conformance.reference.spec.layers.preprocessing.dictionary_laws import law
from conformance.reference.spec.layers.preprocessing.dictionary_parts import (
    Given,
    alike,
    given,
    numbers,
)
from conformance.reference.spec.layers.preprocessing.images import CenterCrop, Resizing
from conformance.reference.spec.ops.image import aspect
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.reference.engine.arithmetic import Arithmetic
    from conformance.reference.engine.array import Array, Values

RESTING: Final = frozenset(
    {"AutoContrast", "CenterCrop", "Equalization", "Resizing", "Solarization"}
)
"""Layers that answer the same in training and out of it, where nothing is left to chance."""

UNMADE: Final = "ContrastLimitedAdaptiveHistogramEqualization"
"""A layer of which the documentation does not say what it does to pixels."""


@defines("dictionary.images", differentiable=False)
def answered(
    arithmetic: Arithmetic,
    layer: str,
    config: Mapping[str, Any],
    data: Mapping[str, Any],
    training: bool,
) -> list[Array] | Invariants:
    """A dictionary's answer, in the order of its sorted keys.

    Args:
        arithmetic: In which to compute.
        layer: Keras's name: ``RandomCrop``.
        config: Its arguments.
        data: What it is called on.
        training: Whether it is called in training.

    Raises:
        Refused: There are boxes and no format, or an unknown one.
        Unsupported: The reference has no answer.
    """
    read = Config(layer, config)
    held = given(layer, read, data)
    if layer == "MaxNumBoundingBoxes":
        return _cut(held, read).answer()
    own = {key: one for key, one in config.items() if key != "bounding_box_format"}
    # Makes it for what it refuses; of one that is not in the reference no pixel is judged.
    made: Any = None if layer == UNMADE else make(layer, own)
    if layer in RESTING or (layer == "RandomCrop" and not training):
        sized = getattr(made, "resting", made)
        images = made.forward(Context(arithmetic), [held.images], {})
        return _sized(sized, held, held._replace(images=images)).answer()
    if not training:
        return held.answer()
    said = law(layer, read, made, held)
    if not held.single:
        return said
    properties = [
        replace(one, truth=one.truth[0]) if one.kind == "equals" and one.truth is not None else one
        for one in said.properties
    ]
    return Invariants([shape[1:] for shape in said.shapes], said.dtypes, properties)


def _cut(held: Given, config: Config) -> Given:
    """keras.layers.MaxNumBoundingBoxes: the first so many boxes, filled up with a number."""
    most, fill = config.positive("max_number"), config.integer("fill_value", -1)
    if held.boxes is None or held.box_labels is None:
        return held
    missing = max(most - held.boxes.shape[1], 0)
    kept = min(most, held.boxes.shape[1])
    boxes = pad(take(held.boxes, 1, 0, kept), [(0, 0), (0, missing), (0, 0)], float(fill))
    labels = np.pad(
        numbers(held.box_labels)[:, :kept], [(0, 0), (0, missing)], constant_values=fill
    )
    return held._replace(boxes=boxes, box_labels=alike(held.box_labels, labels))


def _sized(layer: Any, held: Given, changed: Given) -> Given:
    """What belongs to images that were cut and resized."""
    if not isinstance(layer, Resizing | CenterCrop):
        return changed
    windows = _windows(layer, held)
    if held.masks is not None:
        fill = layer.fill if isinstance(layer, Resizing) else 0.0
        changed = changed._replace(masks=alike(held.masks, _nearest(held, windows, fill)))
    if held.boxes is None:
        return changed
    rows, columns = windows
    left, top, right, bottom = edges(held.boxes, held.form, *held.size)
    there = Boxes(columns.at(left), rows.at(top), columns.at(right), rows.at(bottom))
    empty = (there.right.value <= there.left.value) | (there.bottom.value <= there.top.value)
    if empty.any():
        message = "a box of which nothing is left: its label may be -1 or not"
        raise Unsupported(message)
    return changed._replace(boxes=written(there, held.form, rows.target, columns.target))


def _nearest(held: Given, windows: list[Window], fill: float) -> Values:
    """A mask's numbers at the pixels that the middles of the answered ones lie in."""
    masks = numbers(held.masks) if held.masks is not None else np.zeros(0)
    for axis, one in zip(held.space, windows, strict=True):
        places = one.start + np.floor((np.arange(one.target) + 0.5) * one.size / one.target)
        inside = (places >= 0) & (places < masks.shape[axis])
        masks = np.take(masks, np.clip(places, 0, masks.shape[axis] - 1).astype(int), axis)
        shape = [1] * masks.ndim
        shape[axis] = one.target
        masks = np.where(inside.reshape(shape), masks, fill)
    return masks


def _windows(layer: Any, held: Given) -> list[Window]:
    """What of height and width becomes the answer; it may reach beyond what was fed."""
    own, target = held.size, layer.size
    wanted = aspect(held.images, held.space, target)
    small = any(size < to for size, to in zip(own, target, strict=True))
    if isinstance(layer, CenterCrop) and not small:
        return [Window((n - to) // 2, to, to) for n, to in zip(own, target, strict=True)]
    if isinstance(layer, CenterCrop) or layer.crop:
        kept = [max(min(n, want), 1) for n, want in zip(own, wanted, strict=True)]
        starts = [(n - k) // 2 for n, k in zip(own, kept, strict=True)]
        return [Window(*one) for one in zip(starts, kept, target, strict=True)]
    if layer.pad:
        sides = [max(want - n, 0) // 2 for n, want in zip(own, wanted, strict=True)]
        return [Window(-s, n + 2 * s, to) for s, n, to in zip(sides, own, target, strict=True)]
    return [Window(0, n, to) for n, to in zip(own, target, strict=True)]
