"""A model quantized, as source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.repro.text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.cases.model import Quantize
    from conformance.reference.model.network import Network


def lines(asked: Quantize | None) -> list[str]:
    """Statements that quantize ``model``, once it has its weights.

    Args:
        asked: How, if it is.
    """
    if asked is None:
        return []
    given = [] if asked.mode is None else [literal(asked.mode)]
    if asked.config is not None:
        given.append(f"config={made(asked.config)}")
    if asked.filters is not None:
        given.append(f"filters={literal(asked.filters)}")
    return [f"model.quantize({', '.join(given)})"]


def made(written: Mapping[str, Any]) -> str:
    """A config or a quantizer, written as its class and its arguments, as an expression."""
    ((name, given),) = written.items()
    arguments = [f"{identifier(key)}={_argument(one)}" for key, one in (given or {}).items()]
    return f"keras.quantizers.{identifier(name)}({', '.join(arguments)})"


def _argument(value: Any) -> str:
    if isinstance(value, dict):
        return made(value)
    return literal(tuple(value) if isinstance(value, list) else value)


def names(network: Network) -> str:
    """The names of the quantized variables by their layers, in the order that the layers have."""
    found: dict[str, list[str]] = {}
    for name in network.variables:
        node, own = name.split("/", 1)
        found.setdefault(node, []).append(own)
    return f"weights = {literal(found)}  # by their names"
