"""Symbols of the installed Keras by their public names, and what it lacks of them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from conformance.adapters.keras.subjects import optimizers
from conformance.adapters.shared.functions import argument, literal, variadic
from conformance.adapters.worker.failure import Absent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def symbol(keras: Any, name: str) -> Any:
    """What ``ops.where`` or ``losses.Huber`` is.

    Raises:
        Absent: The installed Keras has no such symbol.
    """
    found = keras
    for part in name.split("."):
        found = getattr(found, part, None) if part.isidentifier() else None
        if found is None:
            raise Absent(f"{release(keras)} has no keras.{name}")
    return found


def make(keras: Any, name: str, config: Mapping[str, Any]) -> Any:
    """An instance of a class, from the arguments of its constructor.

    Raises:
        Absent: The installed Keras has no such class, or the class no such argument.
        Exception: Whatever Keras raises.
    """
    kind = symbol(keras, name)
    arguments = {
        key: optimizers.inner(keras, f"{name}.{key}", literal(value), make)
        for key, value in config.items()
    }
    try:
        return kind(**arguments)
    except TypeError as error:
        explain(keras, name, kind.__init__, config, error)
        raise
    except ValueError as error:
        reduction = config.get("reduction")
        if reduction is not None and "Invalid Reduction Key" in str(error):  # as Keras 2 says it
            raise Absent(f"{release(keras)} has no reduction {reduction!r}") from error
        raise


def called(
    keras: Any,
    node: Mapping[str, Any],
    function: Callable[..., Any],
    place: Sequence[Any],
    keywords: Mapping[str, Any],
) -> Any:
    """What a function answers.

    Args:
        keras: The module.
        node: The function's node, which has the literals.
        function: The function, or an instance of its class.
        place: Arrays by position.
        keywords: Arrays by name.

    Raises:
        Absent: This release's function has no such argument.
        Exception: Whatever Keras raises.
    """
    literals = {key: argument(one) for key, one in node.get("arguments", {}).items()}
    first = variadic(function) if place else []
    place = [*(literals.pop(name) for name in first if name in literals), *place]
    try:
        return function(*place, **keywords, **literals)
    except TypeError as error:
        explain(keras, node["layer"], function, {**keywords, **literals}, error)
        raise


def explain(
    keras: Any, name: str, function: Any, given: Mapping[str, Any], error: Exception
) -> None:
    """See whether a call was refused because this release's signature lacks an argument of it.

    Raises:
        Absent: It does.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    unknown = [key for key in given if key not in parameters and key in str(error)]
    if unknown:
        lacking = " and ".join(unknown)
        raise Absent(f"{release(keras)}: keras.{name} has no argument {lacking}") from error


def release(keras: Any) -> str:
    """``keras 3.15.1``."""
    return f"{keras.__name__} {keras.__version__}"
