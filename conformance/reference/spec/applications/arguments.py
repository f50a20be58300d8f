"""What the arguments of an application mean: its image, and what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.errors import Refused, Unsupported
from conformance.reference.spec.applications.graph import Asked, Layers
from conformance.reference.spec.table import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Shape

_SHARED: Final = ("include_top", "pooling", "classes", "classifier_activation")
_OF_NO_MATTER: Final = ("name", "input_shape")
_USUAL_SIZE: Final = 224
_SIZES: Final = {
    "EfficientNetB1": 240,
    "EfficientNetB2": 260,
    "EfficientNetB3": 300,
    "EfficientNetB4": 380,
    "EfficientNetB5": 456,
    "EfficientNetB6": 528,
    "EfficientNetB7": 600,
    "EfficientNetV2B1": 240,
    "EfficientNetV2B2": 260,
    "EfficientNetV2B3": 300,
    "EfficientNetV2S": 384,
    "EfficientNetV2M": 480,
    "EfficientNetV2L": 480,
    "InceptionResNetV2": 299,
    "InceptionV3": 299,
    "NASNetLarge": 331,
    "Xception": 299,
}
"""Height and width of the image, where they are others than 224."""
_LEAST: Final = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
"""Height and width that an image must have, where these are others than 32."""
_USUAL_LEAST: Final = 32
_UNLIMITED: Final = ("EfficientNet", "ConvNeXt")
"""Families of which no least size is documented."""


def image_of(name: str, config: Mapping[str, Any]) -> Shape:
    """The shape of the image that a model is made for, without the batch axis.

    Args:
        name: Of the model: ``ResNet50``.
        config: Its arguments.

    Raises:
        Refused: The image is smaller than it may be.
    """
    given = config.get("input_shape")
    if given is None:
        size = _SIZES.get(name, _USUAL_SIZE) if config.get("include_top", True) else None
        return [size, size, 3]
    least = _LEAST.get(name, _USUAL_LEAST)
    small = any(size is not None and size < least for size in given[:2])
    if small and not name.startswith(_UNLIMITED):
        message = f"{name}: input_shape has at least {least} rows and columns, not {given[:2]}"
        raise Refused(message)
    return list(given)


def drawn(name: str, config: Mapping[str, Any], image: Shape) -> tuple[Layers, str]:
    """The layers of a model, and the name of the last one.

    Args:
        name: Of the model: ``ResNet50``.
        config: Its arguments.
        image: Its shape, without the batch axis.

    Raises:
        Unsupported: There is no such model here, or an argument is unknown.
    """
    own = {key: one for key, one in config.items() if key not in {*_SHARED, *_OF_NO_MATTER}}
    known = {"alpha", "depth_multiplier", "dropout", "dropout_rate", "minimalistic"}
    if odd := own.keys() - known - {"include_preprocessing"}:
        message = f"{name}: the argument {', '.join(sorted(odd))} is not in the reference"
        raise Unsupported(message)
    net = Layers(image)
    asked = Asked(**{key: config[key] for key in _SHARED if key in config}, own=own)
    return net, find(f"applications.{name}")(net, asked)
