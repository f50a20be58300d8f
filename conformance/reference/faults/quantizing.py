"""Faults of quantizing a model: what is left as it was, or becomes other levels than are due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from conformance.reference.faults.fault import Fault
from conformance.reference.spec.quantization import BLOCK, MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.cases.model import Model, Quantize

_ACTIVATIONS: Final = "activation_quantizer"
_WEIGHTS: Final = "weight_quantizer"
_SIZE: Final = "block_size"


def of_quantize(model: Model) -> Iterator[Fault]:
    """What can be wrong with ``model.quantize``; nothing of a model that isn't quantized."""
    asked = model.quantize
    if asked is None:
        return
    yield Fault(
        name="not-quantized",
        says="left the weights as they were",
        model=lambda other: msgspec.structs.replace(other, quantize=None),
    )
    if asked.filters is not None:
        yield Fault(
            name="ignored-filters",
            says="quantized every layer, whatever the filters say",
            model=_changed(lambda one: msgspec.structs.replace(one, filters=None)),
        )
    name, given = _config(asked)
    mode = MODES[name]
    if mode == "float8":
        return
    held = given.get(_ACTIVATIONS, "default")
    acting = {_ACTIVATIONS: None if held is not None else "default"}
    grouped = mode == "int4" and given.get(_SIZE, BLOCK) not in (None, -1)
    if not grouped:
        yield Fault(
            name="activations-otherwise",
            says=f"{'left' if held is not None else 'quantized'} the inputs of quantized layers"
            f"{' as floats' if held is not None else ''}",
            model=_configured(acting),
        )
    if mode == "int8":
        yield Fault(
            name="fewer-levels",
            says="used seven bits of eight",
            model=_configured({_WEIGHTS: {"AbsMaxQuantizer": {"value_range": [-63, 63]}}}),
        )
    elif grouped:
        size = given.get(_SIZE, BLOCK)
        yield Fault(
            name="block-of-all",
            says="took all numbers for one group",
            model=_configured({_SIZE: 2**20}),
        )
        yield Fault(
            name="block-halved",
            says="made groups of half as many numbers",
            model=_configured({_SIZE: max(1, min(size, 4) // 2)}),
        )
    else:
        yield Fault(
            name="with-zero-points",
            says="gave zero points to whole channels",
            model=_configured({_SIZE: 2**20, _ACTIVATIONS: None, _WEIGHTS: None}),
        )


def _config(asked: Quantize) -> tuple[str, dict[str, Any]]:
    """The config's class and arguments; those of the mode's own where none is given."""
    if asked.config is not None:
        ((name, given),) = asked.config.items()
        return name, dict(given or {})
    return next(name for name, mode in MODES.items() if mode == asked.mode), {}


def _configured(changes: dict[str, Any]) -> Callable[[Model], Model]:
    """The model quantized with other arguments of the config."""

    def rewrite(one: Quantize) -> Quantize:
        name, given = _config(one)
        return msgspec.structs.replace(one, config={name: {**given, **changes}})

    return _changed(rewrite)


def _changed(rewrite: Callable[[Quantize], Quantize]) -> Callable[[Model], Model]:
    def model(other: Model) -> Model:
        if other.quantize is None:
            return other
        return msgspec.structs.replace(other, quantize=rewrite(other.quantize))

    return model
