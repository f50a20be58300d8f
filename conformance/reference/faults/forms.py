"""Faults of arguments that are passed in a form of their own: one inside a layer is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from conformance.reference.faults.fault import Fault, nodewise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.cases.model import Node


def of_forms(nodes: Sequence[Node]) -> Iterator[Fault]:
    """An object that a layer inside another one is given, and that is lost as that one is made.

    The arguments of the outer layer itself are among those that any fault of arguments ignores.
    """
    for node in nodes:
        for path in node.forms:
            *steps, argument = path.split(".")
            if not steps or argument.isdecimal():
                continue

            def rewrite(other: Node, node: Node = node, path: str = path) -> list[Node]:
                if other.name != node.name:
                    return [other]
                config = _without(other.config, path.split("."))
                return [msgspec.structs.replace(other, config=config)]

            yield Fault(
                name=f"lost:{node.layer}.{path}",
                says=f"lost the argument {argument} of the layer inside {node.layer}",
                model=nodewise(rewrite),
            )


def _without(value: Any, steps: Sequence[str]) -> Any:
    """Arguments without the one at a path."""
    first, *rest = steps
    if isinstance(value, list):
        return [_without(one, rest) if str(i) == first else one for i, one in enumerate(value)]
    if rest:
        return {**value, first: _without(value[first], rest)}
    return {key: one for key, one in value.items() if key != first}
