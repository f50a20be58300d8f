"""Faults of image layers that are called on a dictionary: what belongs to an image goes astray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.reference.engine.structure import flip
from conformance.reference.errors import Unsupported
from conformance.reference.faults.fault import Fault
from conformance.reference.faults.plain_images import floats
from conformance.reference.model.functions import DICTIONARY
from conformance.reference.spec.config import Config
from conformance.reference.spec.layers.preprocessing.boxes import edges, written
from conformance.reference.spec.layers.preprocessing.dictionary_parts import (
    BOX_LABELS,
    BOXES,
    IMAGES,
    LABELS,
    MASKS,
    Given,
    alike,
    given,
    numbers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.cases.model import Node
    from conformance.reference.engine.array import Array

    Parts = dict[str, Array]
    Change = Callable[[Parts, Given], Parts]
    """Takes an answer by its keys, and what was fed, to an answer."""


def of_dictionaries(node: Node) -> Iterator[Fault]:
    """The faults that may fit a layer's call on a dictionary."""
    for name, (says, change) in _CHANGES.items():
        yield Fault(name=name, says=says, definition=_changed(change))
    yield Fault(
        name="training-taken-for-the-other",
        says="took training for inference, and inference for training",
        definition=_rewritten(lambda config, training: (config, not training)),
    )
    for form in ("xyxy", "yxyx"):
        if node.config.get("bounding_box_format", form) != form:
            yield Fault(
                name=f"boxes-taken-for-{form}",
                says=f"took boxes for {form} whatever the bounding_box_format",
                definition=_rewritten(
                    lambda config, training, form=form: (  # type: ignore[misc] # a lambda with a default
                        {**config, "bounding_box_format": form},
                        training,
                    )
                ),
            )


def _of(wrapper: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    return lambda name, definition: wrapper(definition) if name == DICTIONARY else definition


def _rewritten(
    change: Callable[[Mapping[str, Any], bool], tuple[Mapping[str, Any], bool]],
) -> Callable[[str, Any], Any]:
    """The definition, told something else than it is called with."""

    def wrapper(honest: Any) -> Any:
        def call(arithmetic: Any, layer: str, config: Any, data: Any, training: Any) -> Any:
            config, training = change(config, training)
            return honest(arithmetic, layer, config, data, training)

        return call

    return _of(wrapper)


def _changed(change: Change) -> Callable[[str, Any], Any]:
    """The definition, with its answer changed."""

    def wrapper(honest: Any) -> Any:
        def call(arithmetic: Any, layer: str, config: Any, data: Any, training: Any) -> Any:
            answer = honest(arithmetic, layer, config, data, training)
            if not isinstance(answer, list):
                message = "an answer that is a law can't be changed number by number"
                raise Unsupported(message)
            fed = given(layer, Config(layer, config), data)
            parts = dict(zip(fed.flat(), answer, strict=True))
            return list(change(parts, fed).values())

        return call

    return _of(wrapper)


def _fed(key: str) -> Change:
    """What was fed under a key, where its shape fits."""

    def change(parts: Parts, fed: Given) -> Parts:
        own = dict(zip(fed.flat(), fed.answer(), strict=True))
        fits = key in parts and own[key].shape == parts[key].shape
        return {**parts, key: own[key]} if fits else parts

    return change


def _edited(key: str, edit: Callable[[Array], Array]) -> Change:
    return lambda parts, _: {**parts, key: edit(parts[key])} if key in parts else parts


def _as_floats(mask: Array) -> Array:
    return floats(mask, mask.value.real)


def _between(mask: Array) -> Array:
    """Half of each number of a mask, and half of the next one's along the second axis."""
    values = numbers(mask)
    return alike(mask, (values + np.roll(values, 1, 1)) / 2)


def _halved(labels: Array) -> Array:
    return labels * 0.5 if labels.integers is None else labels


def _as_xyxy(parts: Parts, fed: Given) -> Parts:
    """Boxes told as left, top, right and bottom in pixels, whatever the format."""
    if BOXES not in parts or fed.single:
        return parts
    height, width = (parts[IMAGES].shape[axis] for axis in fed.space)
    there = edges(parts[BOXES], fed.form, height, width)
    return {**parts, BOXES: written(there, "xyxy", height, width)}


def _shifted(boxes: Array) -> Array:
    """Boxes whose first number is a tenth of a pixel, or of an image, more."""
    return floats(boxes, boxes.value.real + np.array([0.1, 0, 0, 0]))


_CHANGES: dict[str, tuple[str, Change]] = {
    "boxes-left-behind": ("left boxes where they were", _fed(BOXES)),
    "boxes-shifted": ("moved one edge of each box by a tenth", _edited(BOXES, _shifted)),
    "boxes-told-as-xyxy": ("told boxes as xyxy whatever the bounding_box_format", _as_xyxy),
    "box-labels-turned": (
        "gave boxes the labels of other boxes",
        _edited(BOX_LABELS, lambda labels: flip(labels, labels.ndim - 1)),
    ),
    "labels-left-behind": ("left labels as they were", _fed(LABELS)),
    "labels-halved": ("mixed labels with nothing", _edited(LABELS, _halved)),
    "masks-as-floats": ("answered masks as floats", _edited(MASKS, _as_floats)),
    "masks-left-behind": ("left masks where they were", _fed(MASKS)),
    "masks-between": ("answered numbers between those of a mask", _edited(MASKS, _between)),
}
"""By name: what a faulty framework does, in words, and its answer."""
