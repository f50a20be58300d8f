"""Weights that a case has not drawn: those that it writes out, and what initializers give."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from conformance.reference.engine.arithmetic import Arithmetic
from conformance.reference.engine.array import Array
from conformance.reference.engine.dtypes import held
from conformance.reference.errors import Contradiction, Statement
from conformance.reference.spec.initial import made, read

if TYPE_CHECKING:
    from conformance.cases.model import Graph
    from conformance.reference.engine.array import Values
    from conformance.reference.model.network import Network
    from conformance.reference.spec.layers.base import Variable

INITIAL: Final = "initial"
"""Stands in a case for what a variable's initializer gives."""
_SHOWN: Final = 12
"""Names of variables that a message lists."""


def written(program: Graph, network: Network) -> dict[str, Values]:
    """The numbers of the variables that the case says itself, by ``<node>/<variable>``.

    Args:
        program: Of the case.
        network: Its model.

    Returns:
        float32, as all weights travel; each number is one that the variable's dtype holds.

    Raises:
        Contradiction: With every name, shape and number that doesn't fit, or can't be told.
    """
    wrong: list[Statement] = []
    found: dict[str, Values] = {}
    learned = network.learned
    asked = dict(program.given)
    if program.initial:
        asked |= {name: INITIAL for name in network.drawn if name not in learned}
    for name, literal in asked.items():
        variable = network.drawn.get(name)
        if variable is None:
            wrong.append(Statement(f"weights.{name}", _unknown(name, network)))
        elif name in learned:
            message = "the layer learns it from what it is adapted to (`adapt`)"
            wrong.append(Statement(f"weights.{name}", message))
        else:
            initial = literal == INITIAL
            numbers = _initial(name, variable) if initial else _literal(literal, variable)
            if isinstance(numbers, str):
                key = "weights" if program.initial else f"weights.{name}"
                wrong.append(Statement(key, numbers))
            else:
                found[name] = np.asarray(held(numbers, variable.dtype), np.float32)
    if wrong:
        raise Contradiction(wrong)
    return found


def _unknown(name: str, network: Network) -> str:
    known = list(network.drawn)
    if not known:
        return "the model has no weights"
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"no weight has this name; expected one of {', '.join(known[:_SHOWN])}{more}{hint}"


def _literal(literal: Any, variable: Variable) -> Values | str:
    """A variable's numbers, or why they can't be its."""
    values = np.asarray(literal)
    if values.dtype.kind == "U":  # NaN and infinities travel as words
        values = np.asarray(literal, np.float64)
    if values.size == 0 and 0 in variable.shape:
        return np.zeros(variable.shape)
    if values.shape != variable.shape:
        return f"has the shape {list(values.shape)}; expected {list(variable.shape)}"
    if values.dtype == bool:
        return f"holds true and false; expected numbers of {variable.dtype}"
    values = values.astype(np.float64)
    beyond = np.isinf(held(values, variable.dtype)) & ~np.isinf(values)
    if beyond.any():
        number = float(values[beyond][0])
        return f"holds {number}, which is beyond the largest number of {variable.dtype}"
    return values


def _initial(name: str, variable: Variable) -> Values | str:
    """What a variable's initializer gives, or why that can't be told."""
    parts = []
    for part in variable.initial:
        shape = (*variable.shape[:-1], part.size) if part.size else variable.shape
        numbers = made(part, shape, variable.dtype, Arithmetic())
        if not isinstance(numbers, Array):
            drawn = read(part.initializer)[0]
            return (
                f"{name} is drawn at random by {drawn}, so nobody can say which numbers it holds; "
                "give it an initializer such as ones, or write its numbers out: "
                f"`weights: {{{name}: …}}`"
            )
        parts.append(np.broadcast_to(numbers.value, shape))
    if not parts:
        return (
            f"it is not documented what {name} holds before it is set; write its numbers out: "
            f"`weights: {{{name}: …}}`"
        )
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
