"""Faults of layers that draw: another rate, another width, draws that are shared where they aren't.

They are what the statistics of the facet ``random`` must catch: the rate is off by a hundredth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.reference.faults.fault import Fault, nodewise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.cases.model import Model, Node

SLIGHTLY = 0.01
"""By how much a rate is off."""

_RATES = ("rate", "stddev", "dropout", "recurrent_dropout")
_RANGES = ("factor",)


def misdrawn(nodes: list[Node]) -> Iterator[Fault]:
    """The faults that fit these layers' arguments."""
    named = {key for node in nodes for key in node.config}
    for name in sorted(named.intersection(_RATES)):
        yield Fault(
            name=f"off:{name}",
            says=f"took a {name} that is {SLIGHTLY} off",
            model=_changed(name, _nudged),
        )
    for name in sorted(named.intersection(_RANGES)):
        yield Fault(
            name=f"off:{name}",
            says=f"drew from half of the range that {name} gives",
            model=_changed(name, _halved),
        )
    if any(node.layer in {"Dropout", "AlphaDropout"} for node in nodes):
        for axis, whose in ((0, "batch"), (-1, "last axis")):
            yield Fault(
                name=f"shared:{whose.replace(' ', '-')}",
                says=f"shared its draws along the {whose}",
                model=_sharing(axis),
            )


def misdropped(rate: float) -> float:
    """A rate that is slightly off."""
    return float(_nudged(rate))


def _changed(name: str, change: Callable[[Any], Any]) -> Callable[[Model], Model]:
    def rewrite(node: Node) -> list[Node]:
        if name not in node.config:
            return [node]
        config = {**node.config, name: change(node.config[name])}
        return [msgspec.structs.replace(node, config=config)]

    return nodewise(rewrite)


def _nudged(value: Any) -> Any:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    return value + SLIGHTLY if value <= 0.5 else value - SLIGHTLY  # noqa: PLR2004 - away from 0 and 1


def _halved(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - the ends of a range
        return [value[0], (value[0] + value[1]) / 2]
    return value / 2 if isinstance(value, float) else value


def _sharing(axis: int) -> Callable[[Model], Model]:
    def model(original: Model) -> Model:
        rank = 1 + len(original.inputs[0].shape)

        def rewrite(node: Node) -> list[Node]:
            sizes = list(node.config.get("noise_shape") or [None] * rank)
            sizes[axis] = 1
            return [msgspec.structs.replace(node, config={**node.config, "noise_shape": sizes})]

        return nodewise(rewrite)(original)

    return model
