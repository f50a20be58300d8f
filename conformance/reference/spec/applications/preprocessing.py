"""What keras.applications does to images before its models take them: each preprocess_input.

Their docstrings say: scaled between -1 and 1 (``tf``); scaled between 0 and 1 and then normalized
with respect to ImageNet by channel (``torch``); from RGB to BGR, and zero-centered with respect to
ImageNet by channel, without scaling (``caffe``); or nothing, where the model does it itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conformance.reference.engine.conversion import arithmetic_of, as_array, real
from conformance.reference.engine.structure import concatenate, take
from conformance.reference.errors import Refused
from conformance.reference.spec.table import defines

if TYPE_CHECKING:
    from conformance.reference.engine.array import Array

COLOURS: Final = 3
MEANS: Final = (0.485, 0.456, 0.406)
DEVIATIONS: Final = (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue between 0 and 1."""
BYTE_MEANS: Final = (123.68, 116.779, 103.939)
"""Of ImageNet's red, green and blue between 0 and 255."""


def _images(x: Any) -> Array:
    return real(as_array(x, arithmetic_of(x)))


def _by_channel(x: Any, data_format: str | None) -> tuple[list[Array], int]:
    """The three channels of an image, or of several, and their axis.

    Raises:
        Refused: The data format is unknown.
    """
    if data_format not in {None, "channels_last", "channels_first"}:
        message = f"preprocess_input: data_format={data_format!r}"
        raise Refused(message, at="call")
    a = _images(x)
    axis = a.ndim - COLOURS if data_format == "channels_first" else a.ndim - 1
    return [take(a, axis, i, i + 1) for i in range(COLOURS)], axis


@defines("applications.imagenet_utils.preprocess_input")
def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Array:
    """By the mode that is named: ``caffe``, ``tf`` or ``torch``."""
    if mode not in {"caffe", "tf", "torch"}:
        message = f"preprocess_input: mode={mode!r}"
        raise Refused(message, at="call")
    channels, axis = _by_channel(x, data_format)
    if mode == "tf":
        return _images(x) / 127.5 - 1.0
    if mode == "torch":
        scaled = zip(channels, MEANS, DEVIATIONS, strict=True)
        return concatenate([(one / 255.0 - mean) / by for one, mean, by in scaled], axis)
    centered = [one - mean for one, mean in zip(channels, BYTE_MEANS, strict=True)]
    return concatenate(centered[::-1], axis)


@defines(
    "applications.inception_resnet_v2.preprocess_input",
    "applications.inception_v3.preprocess_input",
    "applications.mobilenet.preprocess_input",
    "applications.mobilenet_v2.preprocess_input",
    "applications.nasnet.preprocess_input",
    "applications.resnet_v2.preprocess_input",
    "applications.xception.preprocess_input",
)
def between_minus_one_and_one(x: Any, data_format: str | None = None) -> Array:
    """Scaled between -1 and 1."""
    return preprocess_input(x, data_format, "tf")


@defines("applications.densenet.preprocess_input")
def normalized(x: Any, data_format: str | None = None) -> Array:
    """Scaled between 0 and 1, and normalized by channel."""
    return preprocess_input(x, data_format, "torch")


@defines(
    "applications.resnet.preprocess_input",
    "applications.vgg16.preprocess_input",
    "applications.vgg19.preprocess_input",
)
def centered(x: Any, data_format: str | None = None) -> Array:
    """The other way round, and centered by channel."""
    return preprocess_input(x, data_format, "caffe")


@defines(
    "applications.convnext.preprocess_input",
    "applications.efficientnet.preprocess_input",
    "applications.efficientnet_v2.preprocess_input",
    "applications.mobilenet_v3.preprocess_input",
)
def as_it_is(x: Any, data_format: str | None = None) -> Array:  # noqa: ARG001 - as all of them
    """The model does it: a placeholder that changes nothing."""
    return _images(x)
