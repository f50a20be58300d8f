"""What a config of Keras's says beyond defaults, in the words of the native adapters' tables."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.coverage.inventory import Inventory, kept
from conformance.port.model import PortError

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

MODELS = frozenset({"Functional", "Model", "Sequential"})
"""Classes of models that a file holds layer by layer."""
_NO_NUMBERS = ("_initializer",)
"""Arguments by the ends of their names that choose initial values alone."""
_IN_TRAINING = ("_regularizer", "_constraint")
"""Arguments by the ends of their names that count in training alone."""
_OF_EVERY_LAYER = frozenset({"name", "dtype", "trainable", "build_config", "autocast"})
_OLD = {"LayerNormalization": {"rms_scaling": False}}
"""Keys of a config that no argument has any more, with the values at which they say nothing."""
_DROPPED = frozenset({"dropout", "recurrent_dropout"})
_DROPPING = frozenset(
    {"AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"}
)
"""Layers whose dropout a port has."""
_NESTED = ("layer", "backward_layer", "cell")
_LORA = frozenset({"lora_rank", "lora_alpha"})
"""A file holds the kernel with what LoRA adds to it."""
_AUGMENTATION = frozenset(
    {
        *("AugMix", "CutMix", "MixUp", "RandAugment", "RandomBrightness"),
        *("RandomColorDegeneration", "RandomColorJitter", "RandomContrast"),
        *("RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur"),
        *("RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective"),
        *("RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness"),
        *("RandomShear", "RandomTranslation", "RandomZoom"),
    }
)
"""Layers that change images in training alone, by what they draw."""
_LOSS_ALONE = frozenset({"ActivityRegularization"})
"""Layers that hand on their input, and add to the loss."""


class Simple(NamedTuple):
    """A layer's config with what it says of training taken out."""

    arguments: dict[str, Json]
    trainable: bool
    notes: list[str]
    """What it asks for in training alone, in words."""


def is_keras(written: Mapping[str, Json]) -> bool:
    """Whether a serialized object is of a class of Keras's own."""
    module = str(written.get("module") or "")
    return module == "keras" or module.startswith(("keras.", "keras_core."))


def in_training_alone(kind: str, config: Mapping[str, Json]) -> str:
    """What is left out of a port with a layer that hands on its input in inference, in words.

    Args:
        kind: Its class.
        config: As a file holds it.

    Returns:
        Empty for every other layer.
    """
    told = ", ".join(
        f"{key}={_shown(value)}"
        for key, value in config.items()
        if key not in _OF_EVERY_LAYER and value != _defaults(kind).get(key)
    )
    if kind in _LOSS_ALONE:
        return f"what {kind}({told}) adds to the loss"
    if kind in _AUGMENTATION:
        return f"{kind}({told}), which draws: it hands its input on, in training too"
    return ""


def simple(kind: str, config: Mapping[str, Json], *, within: str = "") -> Simple:
    """The arguments of a layer that differ from Keras's defaults.

    Args:
        kind: Its class.
        config: What ``get_config()`` told, as a file holds it.
        within: The class of the layer that it is in, if it is in one.

    Raises:
        PortError: It computes in another dtype than float32.
    """
    defaults = {**_defaults(kind), **_OLD.get(kind, {})}
    found: dict[str, Json] = {}
    notes: list[str] = []
    for key, value in config.items():
        if key in _OF_EVERY_LAYER or key.endswith(_NO_NUMBERS):
            continue
        if key in defaults and defaults[key] == value:
            continue
        if (said := _of_training(kind, key, value)) is not None:
            notes += said
            continue
        if within == "Bidirectional" and key == "zero_output_for_mask":
            continue  # Bidirectional sets it, whatever the layer said
        found[key] = _value(kind, key, value, notes)
    _dtype(kind, config.get("dtype"))
    return Simple(found, config.get("trainable", True) is not False, notes)


def _of_training(kind: str, key: str, value: Json) -> list[str] | None:
    """Of an argument that counts in training alone, what it asks for; None of any other.

    Raises:
        PortError: It says that the weights are quantized.
    """
    if key == "quantization_config" and value is not None:
        raise PortError(
            f"{kind}: its weights are quantized; a port computes in float32. Port the model as it "
            "was saved before quantize()"
        )
    if key.endswith(_IN_TRAINING):
        return [f"{key} {_shown(value)}"] if value is not None else []
    if key in _LORA:
        told = f"LoRA of rank {value}: it is part of the kernel, as in the file"
        return [told] if key == "lora_rank" and value else []
    if key in _DROPPED and kind not in _DROPPING:  # of a recurrent layer
        return [f"{key} {value!r}"]
    return None


def _value(kind: str, key: str, value: Json, notes: list[str]) -> Json:
    if key in _NESTED and isinstance(value, dict) and "class_name" in value:
        return _nested(kind, value, notes)
    if key in {"cell", "cells"} and isinstance(value, list):
        return [_nested(kind, one, notes) for one in value]
    if isinstance(value, dict) and value.get("class_name") == "function":
        if ">" in str(value.get("config")):  # registered under a package of the user's
            raise PortError(
                f"{kind}: {key}={value['config']} is a function of yours; call it in a layer of "
                "your own behind this one, which becomes a hole"
            )
        return value.get("config")
    if isinstance(value, dict) and {"class_name", "config"} <= set(value):
        if is_keras(value) and key.endswith("activation"):
            # An activation given as a layer: only what its name alone says can be told apart.
            given = f"{kind}: {key}={value['class_name']} is an object"
            raise PortError(f"{given}; give its name, or the layer behind this one")
        if value["class_name"] in {"__tuple__", "__numpy__"}:
            inner = value["config"]
            return inner.get("value") if isinstance(inner, dict) else inner
    return value


def _nested(kind: str, written: Mapping[str, Json], notes: list[str]) -> Json:
    inner = str(written["class_name"])
    if is_keras(written) and inner in MODELS:
        raise PortError(
            f"{kind}: a model inside it is not ported; put each of that model's layers into a "
            f"{kind} of its own"
        )
    if not is_keras(written):
        raise PortError(f"{kind}: {inner} inside it is no class of Keras's; port it by hand")
    told = simple(inner, written["config"], within=kind)
    notes += told.notes
    name = written["config"].get("name")
    return {inner: {**told.arguments, **({"name": name} if name else {})}}


def _dtype(kind: str, value: Json) -> None:
    name = value
    if isinstance(value, dict):
        inner = value.get("config", {})
        name = inner.get("name") if isinstance(inner, dict) else None
    if name not in {None, "float32"}:
        raise PortError(
            f"{kind}: it computes in {name}; a port computes in float32. Save the model with the "
            "dtype policy float32 first"
        )


def _shown(value: Json) -> str:
    if isinstance(value, dict) and "class_name" in value:
        inner = value.get("config") or {}
        told = ", ".join(f"{k}={v!r}" for k, v in inner.items()) if isinstance(inner, dict) else ""
        return f"{value['class_name']}({told})"
    return repr(value)


@functools.cache
def _inventory() -> Inventory:
    return kept()


@functools.cache
def _defaults(kind: str) -> dict[str, Json]:
    signature = _inventory().layers.get(kind)
    if signature is None:
        return {}
    return {one.name: one.default for one in signature.constructor if not one.required}


def parameters_of(symbol: str) -> list[str]:
    """The names of a function's parameters, in Keras's order; of none that is not known.

    Args:
        symbol: ``ops.add``.
    """
    signature = _inventory().symbols.get(symbol)
    return [] if signature is None else [one.name for one in signature.call]


def defaults_of(symbol: str) -> dict[str, Json]:
    """A function's defaults, by parameter."""
    signature = _inventory().symbols.get(symbol)
    if signature is None:
        return {}
    return {one.name: one.default for one in signature.call if not one.required}


def is_symbol(symbol: str) -> bool:
    """Whether Keras has a public function of this name."""
    return symbol in _inventory().symbols
