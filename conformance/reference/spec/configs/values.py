"""The forms in which a config may state an argument's value: all that are documented as the same.

What is not written here must come back as it was given, but for what JSON can't tell apart: a
tuple from a list, 1 from 1.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from conformance.adapters.shared.policies import quantized_policy
from conformance.reference.spec.configs.defaults import class_of, defaults
from conformance.reference.spec.configs.model import Argument, Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.reference.spec.configs.defaults import Namespace

_SUFFIXES: Final[dict[str, Namespace]] = {
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
}
_ACTIVATIONS: Final = frozenset({"activation", "recurrent_activation"})
_ALIASES: Final = {"swish": "silu", "hard_swish": "hard_silu"}
"""Activations of two documented names."""
_BY_AXIS: Final = (
    "kernel_size",
    "strides",
    "dilation_rate",
    "pool_size",
    "size",
    "output_padding",
    "output_size",
)


_HISTORY: Final = 1024
"""``amax_history_length`` of a QuantizedFloat8DTypePolicy that is told none."""


class Asked(NamedTuple):
    """An argument of a layer, and what its forms depend on."""

    layer: str
    arguments: Mapping[str, Any]
    """All of them, with defaults: some mean another one where nobody says."""
    rank: int | None
    """Axes of what the layer is fed first, the batch's included; None: it is not known."""

    @property
    def space(self) -> int:
        """The number in the layer's name, of axes that a window moves along: 2 of ``Conv2D``."""
        found = re.search(r"(\d)D", self.layer)
        return int(found[1]) if found else 1


def stated(key: str, asked: Asked) -> Argument:
    """What a config must say of one argument that holds no layer.

    Args:
        key: The argument's.
        asked: Of which layer.
    """
    value = asked.arguments[key]
    namespace = _SUFFIXES.get(key.rpartition("_")[2])
    if namespace is not None:
        return _object(namespace, value)
    if key in _ACTIVATIONS:
        word = value or "linear"
        return Argument(values=[word, _ALIASES[word]] if word in _ALIASES else [word])
    if key == "quantization_config" and isinstance(value, dict):
        return _by_class(value)
    if key == "dtype":
        return _policy(value or _usual_dtype(asked))
    forms = _FORMS.get((asked.layer, key)) or _FORMS.get(("", key))
    others = [] if forms is None else [form for form in forms(value, asked) if form != value]
    return Argument(values=[value, *others])


def _object(namespace: Namespace, value: Any) -> Argument:
    if value is None:
        return Argument(values=[None])
    name: str = value
    given: dict[str, Any] | None = {}
    if isinstance(value, dict) and "class_name" in value:  # as Keras itself writes an object
        name, given = value["class_name"], value.get("config")
    elif isinstance(value, dict):
        ((name, given),) = value.items()
    given = given or {}
    found = class_of(namespace, name)
    own = {**(defaults(namespace, found) or {}), **given}
    config = {key: Argument(values=[one], optional=key not in given) for key, one in own.items()}
    return Argument(made=Made(class_name=found, config=config))


def _policy(value: str) -> Argument:
    """A dtype policy: its name, or the policy itself."""
    quantized = quantized_policy(value)
    if quantized is not None:
        mode, _, source = value.partition("_from_")
        config: dict[str, Any] = {"mode": mode, "source_name": source}
        if quantized.mode == "float8":
            config["amax_history_length"] = _HISTORY
        # With a block, also that of all of a channel, the mode is a policy of its own.
        other = "Int4DTypePolicy" if "/" in mode else "QuantizedDTypePolicy"
        name = "QuantizedFloat8DTypePolicy" if quantized.mode == "float8" else other
        return Argument(values=[value, {"class_name": name, "config": config}])
    return Argument(values=[value, {"class_name": "DTypePolicy", "config": {"name": value}}])


def _by_class(value: dict[str, Any]) -> Argument:
    """An object that a case writes by its class and its arguments, others inside it as well."""
    ((name, given),) = value.items()
    config = {
        key: _by_class(one)
        if isinstance(one, dict)
        else Argument(values=[one, [one]] if key == "axis" else [one])  # one axis is a list of one
        for key, one in (given or {}).items()
        if one != "default"
    }
    return Argument(made=Made(class_name=name, config=config))


def _usual_dtype(asked: Asked) -> str:
    """The dtype of a layer that is told none: of those that answer with a hash, whole numbers."""
    hashes = asked.layer in {"Hashing", "HashedCrossing"}
    return "int64" if hashes and asked.arguments.get("output_mode") == "int" else "float32"


# --- forms by argument --------------------------------------------------------------------------


def _by_axis(value: Any, asked: Asked) -> Iterator[Any]:
    """A whole number stands for one for each axis."""
    if isinstance(value, int):
        yield [value] * asked.space
    elif isinstance(value, list) and len({*map(str, value)}) == 1:
        yield value[0]


def _as_the_window(value: Any, asked: Asked) -> Iterator[Any]:
    """Strides of a pooling: where none are given, those of its window."""
    if value is None:
        window = asked.arguments.get("pool_size")
        yield window
        yield from _by_axis(window, asked)
    else:
        yield from _by_axis(value, asked)


def _both_sides(value: Any, asked: Asked) -> Iterator[Any]:
    """What is added or cut at the two sides of each axis: of one number, that at both."""
    each = value if isinstance(value, list) else [value] * asked.space
    sides = [one if isinstance(one, list) else [one, one] for one in each]
    yield sides
    if asked.space == 1:
        yield [value, value]


def _lower(value: Any, _: Asked) -> Iterator[Any]:
    """Words are documented to be the same in any case."""
    if isinstance(value, str):
        yield value.lower()


def _as_a_list(value: Any, _: Asked) -> Iterator[Any]:
    """One axis or size is a list of one; of several axes the order means nothing."""
    if isinstance(value, list):
        yield sorted(value, key=lambda one: (one is None, one))
    elif value is not None:
        yield [value]


def _alone(value: Any, _: Asked) -> Iterator[Any]:
    """One size is a list of one."""
    if value is not None and not isinstance(value, list):
        yield [value]


def _all_by_one(value: Any, asked: Asked) -> Iterator[Any]:
    """Normalization's axes: none at all is the empty list."""
    yield from [[]] if value is None else _as_a_list(value, asked)


def _from_nought(value: Any, _: Asked) -> Iterator[Any]:
    """A single number is the upper end of a range that begins with nought."""
    if not isinstance(value, list):
        yield [0, value]


def _to_either_side(value: Any, _: Asked) -> Iterator[Any]:
    """A single number goes both ways."""
    if not isinstance(value, list):
        yield [-value, value]


def _twice(value: Any, _: Asked) -> Iterator[Any]:
    """A single number stands for two of it."""
    if value is not None and not isinstance(value, list):
        yield [value, value]


def _attended(value: Any, asked: Asked) -> Iterator[Any]:
    """Axes of attention: none given are all but batch and features; negative ones count back."""
    if asked.rank is not None:
        given = value if isinstance(value, list) else [value]
        every = list(range(1, asked.rank - 1))
        yield every if value is None else [axis % asked.rank for axis in given]
    if value is not None:
        yield from _as_a_list(value, asked)


def _in_order(value: Any, _: Asked) -> Iterator[Any]:
    if isinstance(value, list):
        yield sorted(value)


def _like(other: str, factor: float = 1) -> Callable[[Any, Asked], Iterator[Any]]:
    """Where it isn't given, another argument (or so much of it)."""

    def forms(value: Any, asked: Asked) -> Iterator[Any]:
        if value is None and asked.arguments.get(other) is not None:
            yield asked.arguments[other] * factor

    return forms


def _nothing(value: Any, _: Asked) -> Iterator[Any]:
    """No entries are an empty dictionary."""
    if value is None:
        yield {}


_RANGES: Final = (
    ("AugMix", "factor"),
    ("CutMix", "factor"),
    ("RandAugment", "factor"),
    ("RandomColorDegeneration", "factor"),
    ("RandomElasticTransform", "factor"),
    ("RandomElasticTransform", "scale"),
    ("RandomErasing", "factor"),
    ("RandomErasing", "scale"),
    ("RandomGaussianBlur", "factor"),
    ("RandomGaussianBlur", "sigma"),
    ("RandomHue", "factor"),
    ("RandomInvert", "factor"),
    ("RandomPerspective", "factor"),
    ("RandomSaturation", "factor"),
    ("RandomSharpness", "factor"),
    ("RandomShear", "x_factor"),
    ("RandomShear", "y_factor"),
    ("Solarization", "addition_factor"),
    ("Solarization", "threshold_factor"),
)
_POOLINGS: Final = tuple(f"{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2, 3))
_SIDED: Final = tuple((f"ZeroPadding{n}D", "padding") for n in (1, 2, 3)) + tuple(
    (f"Cropping{n}D", "cropping") for n in (1, 2, 3)
)

_FORMS: Final[dict[tuple[str, str], Callable[[Any, Asked], Iterator[Any]]]] = {
    **{("", key): _by_axis for key in _BY_AXIS},
    **{(layer, "strides"): _as_the_window for layer in _POOLINGS},
    **dict.fromkeys(_SIDED, _both_sides),
    **dict.fromkeys(_RANGES, _from_nought),
    ("", "data_format"): lambda value, _: iter(["channels_last"] if value is None else []),
    ("", "padding"): _lower,
    ("", "value_range"): _in_order,
    ("", "salt"): _twice,
    ("BatchNormalization", "renorm_clipping"): _nothing,
    ("EinsumDense", "output_shape"): _alone,
    ("Lambda", "arguments"): _nothing,
    ("LayerNormalization", "axis"): _as_a_list,
    ("MelSpectrogram", "max_freq"): _like("sampling_rate", 0.5),
    ("MelSpectrogram", "sequence_length"): _like("fft_length"),
    ("MultiHeadAttention", "attention_axes"): _attended,
    ("MultiHeadAttention", "output_shape"): _alone,
    ("MultiHeadAttention", "value_dim"): _like("key_dim"),
    ("Normalization", "axis"): _all_by_one,
    ("PReLU", "shared_axes"): _as_a_list,
    ("RMSNormalization", "axis"): _as_a_list,
    ("RandomBrightness", "factor"): _to_either_side,
    ("RandomContrast", "factor"): _twice,
    ("RandomGaussianBlur", "kernel_size"): _twice,
    ("RandomRotation", "factor"): _to_either_side,
}
"""By layer (any: an empty word) and argument, the forms that its value may take."""
