"""What can be wrong with a ``fit`` and its callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.cases.model import Fit, Named
from conformance.reference.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.cases.model import Train

_NEEDED = {"schedule", "filepath"}
"""Arguments without which there is no callback."""
_INERT = {"jit_compile", "steps_per_execution", "save_weights_only", "data"}
"""What says how the same is computed, or written: an adapter that ignores it answers the same."""


def of_fit(train: Train) -> Iterator[Fault]:
    """Faults of a ``fit``: only those that the training could show."""
    if train.fit is not None:
        yield from _of_fit(train.fit)
    for callback in train.callbacks:
        yield Fault(
            name=f"ignored:{callback.name}",
            says=f"did not call {callback.name}",
            train=_without(callback),
        )
        for key in sorted({*callback.config} - _NEEDED - _INERT):
            yield Fault(
                name=f"ignored:{callback.name}.{key}",
                says=f"ignored the argument {key} of {callback.name}",
                train=_with(callback, drop=key),
            )
        otherwise = _OTHERWISE.get(callback.name, _nothing)
        for key, value, says in otherwise(callback.config):
            yield Fault(
                name=f"{callback.name}.{key}={value}",
                says=says,
                train=_with(callback, **{key: value}),
            )


def _of_fit(fit: Fit) -> Iterator[Fault]:
    for key in sorted({*msgspec.to_builtins(fit)} - _INERT):
        default = 0 if key == "initial_epoch" else None
        yield Fault(
            name=f"ignored:fit.{key}",
            says=f"ignored the argument {key} of fit",
            train=_refitted(key, default),
        )
    if fit.validation_split is not None:
        yield Fault(
            name="validation-trained-on",
            says="trained on fewer rows than it left for it",
            train=_refitted("validation_split", 1.0 - fit.validation_split),
        )
    if fit.data == "generator":
        yield Fault(
            name="generator-begun-anew",
            says="began a generator anew with each epoch",
            train=_refitted("data", None),
        )
    if fit.validation_freq is not None:
        yield Fault(
            name="validation-seldom",
            says="let one epoch more go by before it validated",
            train=_refitted("validation_freq", fit.validation_freq + 1),
        )


def _nothing(config: dict[str, Any]) -> list[tuple[str, Any, str]]:  # noqa: ARG001 (as the others)
    return []


def _stopping(config: dict[str, Any]) -> list[tuple[str, Any, str]]:
    return [
        ("patience", config.get("patience", 0) + 2, "waited two epochs longer than the patience"),
        *_turned(config),
    ]


def _plateau(config: dict[str, Any]) -> list[tuple[str, Any, str]]:
    found = [
        ("patience", config.get("patience", 10) + 1, "waited one epoch longer than the patience")
    ]
    if config.get("cooldown"):
        shorter = config["cooldown"] - 1
        found.append(("cooldown", shorter, "cooled down for one epoch less"))
    return found


def _turned(config: dict[str, Any]) -> list[tuple[str, Any, str]]:
    if config.get("mode", "auto") != "auto" or "accuracy" not in config.get("monitor", ""):
        return []
    return [("mode", "min", "took less of any quantity for better")]


_OTHERWISE: dict[str, Callable[[dict[str, Any]], list[tuple[str, Any, str]]]] = {
    "EarlyStopping": _stopping,
    "ReduceLROnPlateau": _plateau,
    "ModelCheckpoint": _turned,
}


def _refitted(key: str, value: Any) -> Callable[[Train], Train]:
    def rewrite(train: Train) -> Train:
        fit = msgspec.structs.replace(train.fit or Fit(), **{key: value})
        return msgspec.structs.replace(train, fit=fit)

    return rewrite


def _without(callback: Named) -> Callable[[Train], Train]:
    def rewrite(train: Train) -> Train:
        kept = [one for one in train.callbacks if one is not callback and one != callback]
        return msgspec.structs.replace(train, callbacks=kept)

    return rewrite


def _with(callback: Named, drop: str = "", **changes: Any) -> Callable[[Train], Train]:
    def rewrite(train: Train) -> Train:
        config = {key: one for key, one in callback.config.items() if key != drop} | changes
        changed = msgspec.structs.replace(callback, config=config)
        several = [changed if one == callback else one for one in train.callbacks]
        return msgspec.structs.replace(train, callbacks=several)

    return rewrite
