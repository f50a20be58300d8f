"""Optimizers that are made of others: a map of variables to them, and what each of them holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAP = "optimizers.OptimizerMap"
SEVERAL = "optimizers.MultiOptimizer"
DEFAULT = "default_optimizer"
FUNCTION = "function"
"""``{function: {…}}`` in the place of ``{OptimizerMap: {…}}``: the same as a function."""


class Chosen:
    """A function of a variable that answers with its optimizer, as an ``OptimizerMap`` would."""

    def __init__(
        self, default_optimizer: Any, optimizer_map: Mapping[str, Any] | None = None
    ) -> None:
        """The optimizers, each made once."""
        self.default_optimizer = default_optimizer
        self.by_key = dict(optimizer_map or {})

    def __call__(self, variable: Any) -> Any:
        """The optimizer of one variable.

        Raises:
            ValueError: More than one pattern fits.
        """
        path = variable.path
        fitting = (
            [path] if path in self.by_key else [k for k in self.by_key if re.fullmatch(k, path)]
        )
        if len(fitting) > 1:
            message = f"{len(fitting)} optimizers for {path}"
            raise ValueError(message)
        return self.by_key[fitting[0]] if fitting else self.default_optimizer


def inner(keras: Any, name: str, value: Any, make: Callable[..., Any]) -> Any:
    """An argument of an optimizer: ``{CosineDecay: {…}}`` is a schedule, ``{SGD: {…}}`` another.

    Args:
        keras: The module.
        name: The argument with its owner, ``optimizers.SGD.learning_rate``.
        value: As the program has it.
        make: Makes an instance of a class by its symbol.
    """
    if name == f"{MAP}.optimizer_map" and isinstance(value, dict):
        return {key: inner(keras, f"{MAP}.{DEFAULT}", one, make) for key, one in value.items()}
    if not name.startswith("optimizers.") or not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, config),) = value.items()
    if name.startswith(f"{SEVERAL}.") and kind == FUNCTION:
        return Chosen(
            **{key: inner(keras, f"{MAP}.{key}", one, make) for key, one in config.items()}
        )
    home = "optimizers.schedules"
    if not hasattr(keras.optimizers.schedules, kind) and hasattr(keras.optimizers, kind):
        home = "optimizers"
    return make(keras, f"{home}.{kind}", config or {})


def parts(optimizer: Any) -> list[tuple[str, Any]]:
    """The optimizers that one is made of, each with its key in the map; none of an ordinary one."""
    for held in vars(optimizer).values():
        if isinstance(held, Chosen):
            return [*held.by_key.items(), (DEFAULT, held.default_optimizer)]
        if hasattr(held, DEFAULT) and hasattr(held, "items"):
            return [*held.items(), (DEFAULT, held.default_optimizer)]
    return []


def variables(optimizer: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every variable of an optimizer with its owner, and what stands before the owner's own names.

    Of one that is made of others, its number of steps is asked for as documented: what else it
    holds itself is a learning rate that it documents not to have.
    """
    made_of = parts(optimizer)
    if not made_of:
        yield from (("", optimizer, one) for one in optimizer.variables)
        return
    yield "", optimizer, optimizer.iterations
    for key, part in made_of:
        yield from ((f"{key}/", part, one) for one in part.variables)
