"""Dictionaries of images and of what belongs to them: ``of: {images: x, labels: y}``.

Keras's image layers take such a dictionary in the place of an array. They answer a dictionary of
the same keys, which counts as several answers, in the order of their sorted keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.cases import references
from conformance.cases.problems import closest, described
from conformance.cases.reading import Map

if TYPE_CHECKING:
    from conformance.cases.model import Dictionary
    from conformance.cases.problems import Where

PREFIX: Final = "layers."
"""With it a layer is called as a function is, on arrays by themselves."""

LAYERS: Final = (
    "AugMix",
    "AutoContrast",
    "CenterCrop",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "CutMix",
    "Equalization",
    "MaxNumBoundingBoxes",
    "MixUp",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
    "Solarization",
)
"""The layers of Keras that take dictionaries."""

MOVING: Final = (
    "CenterCrop",
    "RandomCrop",
    "RandomFlip",
    "RandomPerspective",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
)
"""Those of them that move boxes, so that it matters in which format boxes are told."""

SYMBOLS: Final = tuple(PREFIX + name for name in LAYERS)

KEYS: Final = ("images", "bounding_boxes", "labels", "segmentation_masks")
"""What a dictionary may hold; images it must."""

OF_BOXES: Final = ("boxes", "labels")
"""What its bounding boxes hold, always both where no refusal is wanted."""

BASE_ARGUMENTS: Final = ("bounding_box_format", "data_format")
"""What the base of these layers takes, which some constructors hand on unnamed."""

CALL: Final = {"data": "required", "training": "flag"}
"""What they are called with."""


def takes(symbol: str) -> bool:
    """Whether a symbol is a layer that takes a dictionary: ``layers.RandomCrop``."""
    return symbol in SYMBOLS


def read_dictionary(
    value: Map, where: Where, scope: references.Scope, *, incomplete: bool = False
) -> Dictionary | None:
    """A dictionary of inputs by their names.

    Args:
        value: The mapping as written.
        where: Its place.
        scope: The names that it may hold.
        incomplete: Boxes may lack a key, for a case that wants the call refused.

    Returns:
        None where it was refused; the reason is in the log.
    """
    found: Dictionary = {}
    problems = where.log.noted
    _check_keys(value, where, KEYS, needed=("images",))
    for key in value:
        place = where.value(value, key)
        if key == "bounding_boxes":
            inner = value[key]
            if not isinstance(inner, Map):
                place.refuse(f"is {described(inner)}", expected="{boxes: …, labels: …}")
                continue
            _check_keys(inner, place, OF_BOXES, needed=() if incomplete else OF_BOXES)
            found[key] = {
                one: str(inner[one])
                for one in inner
                if references.is_earlier(inner[one], place.value(inner, one), scope)
            }
        elif references.is_earlier(value[key], place, scope):
            found[key] = str(value[key])
    return found if where.log.noted == problems else None


def _check_keys(value: Map, where: Where, known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    for key in value:
        if key not in known:
            meant = closest(key, known, cutoff=0.5)
            where.key(value, key).refuse(
                f"{key!r} is no key of it",
                expected=f"one of {', '.join(known)}",
                hint=f"did you mean {meant!r}?" if meant else "",
            )
    for key in needed:
        if key not in value:
            where.refuse(f"the key {key!r} is missing", expected="the name of an input")
