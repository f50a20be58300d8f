"""What ``quantize:`` says: with what ``model.quantize`` is called on the model once it has weights.

Its arguments are Keras's own. A config is written as layers are, by its class and its arguments;
``filters`` are words, each of them found in the names of the layers that it means, as Keras finds
a pattern there, so a case can't hold one that takes for ever.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from conformance.adapters.shared.policies import quantized_policy
from conformance.cases import fields
from conformance.cases.model import Quantize
from conformance.cases.problems import did_you_mean
from conformance.cases.reading import Map

if TYPE_CHECKING:
    from conformance.cases.model import Model, QuantizationMode
    from conformance.cases.models import Read
    from conformance.cases.problems import Where

MODES: Final = ("int8", "int4", "float8")
"""Those that need no data; GPTQ and AWQ are calibrated on some."""
KEYS: Final = ("mode", "config", "filters")

CONFIGS: Final[dict[str, tuple[str, ...]]] = {
    "Int8QuantizationConfig": ("weight_quantizer", "activation_quantizer"),
    "Int4QuantizationConfig": ("weight_quantizer", "activation_quantizer", "block_size"),
    "Float8QuantizationConfig": (),
}
"""Keras's configs with their arguments."""
QUANTIZERS: Final[dict[str, tuple[str, ...]]] = {
    "AbsMaxQuantizer": ("axis", "value_range", "epsilon", "output_dtype"),
}
"""Keras's quantizers, likewise."""
FILTER: Final = re.compile(r"\^?[A-Za-z0-9_]+\$?")
"""A word, which may be said to be the whole name, or its beginning or end."""
UNDOCUMENTED: Final = frozenset({"gradients", "initial"})
"""Facets of which no documentation says anything where weights are quantized."""

_HOLDING = frozenset({"weight_quantizer", "activation_quantizer"})
_ALONE = ("equals", "train", "targets", "random")
"""Keys that mean nothing beside it, as no source says what becomes of a quantized model there."""


def read_quantize(tree: Map, where: Where) -> Quantize | None:
    """How a case's model is quantized.

    Args:
        tree: The case.
        where: Its place.

    Returns:
        None where it isn't, and where the log says what is wrong.
    """
    if "quantize" not in tree:
        return None
    for key in _ALONE:
        if key in tree:
            where.key(tree, key).refuse(
                "is beside `quantize`", hint="of a quantized model only its answers are documented"
            )
    place, written = where.value(tree, "quantize"), tree["quantize"]
    if isinstance(written, str):
        mode = fields.choice(written, place, MODES)
        return None if mode is None else Quantize(mode=cast("QuantizationMode", mode))
    given = fields.mapping(written, place, KEYS)
    if given is None:
        return None
    problems = where.log.noted
    if "mode" not in given and "config" not in given:
        place.refuse("says neither `mode` nor `config`", expected=f"one of {', '.join(MODES)}")
    found: dict[str, Any] = {}
    if "mode" in given:
        found["mode"] = fields.choice(given["mode"], place.value(given, "mode"), MODES)
    if "config" in given:
        found["config"] = _made(given["config"], place.value(given, "config"), CONFIGS, "a config")
    if "filters" in given:
        found["filters"] = _filters(given["filters"], place.value(given, "filters"))
    return Quantize(**found) if where.log.noted == problems else None


def under(read: Read | None, quantize: Quantize | None) -> Read | None:
    """The model, to be quantized so once it has its weights."""
    if read is None or quantize is None:
        return read
    return read._replace(model=msgspec.structs.replace(read.model, quantize=quantize))


def holds_quantized(model: Model) -> bool:
    """Whether a layer of a model is made with quantized weights, as its dtype says."""
    return any(quantized_policy(node.config.get("dtype")) is not None for node in model.nodes)


def _filters(value: object, where: Where) -> list[str] | None:
    words = fields.items(value, where, "words in the names of layers")
    if words is None:
        return None
    found = [
        fields.word(one, where.item(words, i), FILTER, "a word in a layer's name, such as ^dense$")
        for i, one in enumerate(words)
    ]
    return [one for one in found if one is not None]


def _made(
    value: object, where: Where, known: dict[str, tuple[str, ...]], what: str
) -> dict[str, Any] | None:
    """One object by its class, with its arguments: ``{AbsMaxQuantizer: {axis: 0}}``."""
    if isinstance(value, str) and value in known:
        return {value: {}}
    if not isinstance(value, Map) or len(value) != 1:
        where.mistyped(f"{what}: one of {', '.join(known)}, with its arguments", value)
        return None
    ((name, arguments),) = value.items()
    if name not in known:
        hint = did_you_mean(name, known)
        where.key(value, name).refuse(
            f"{name!r} is no {what.removeprefix('a ')} of Keras", hint=hint
        )
        return None
    inside = where.value(value, name)
    own = fields.mapping(Map(inside.at) if arguments is None else arguments, inside, known[name])
    if own is None:
        return None
    return {name: {key: _argument(key, own[key], inside.value(own, key)) for key in own}}


def _argument(key: str, value: object, where: Where) -> Any:
    if key in _HOLDING and value not in (None, "default"):
        return _made(value, where, QUANTIZERS, "a quantizer")
    return fields.json_value(value, where)
