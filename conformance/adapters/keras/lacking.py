"""What the installed Keras lacks, by its own signatures: a layer, an argument, an activation.

A case that needs what a release doesn't have says nothing of that release: it is *absent* there,
neither a failure nor a refusal. Signatures alone don't tell, as some layers take arguments that
they no longer list; so they are looked at once the layer has refused.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from conformance.adapters.worker.failure import Absent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NEVER_NAMED = frozenset({"batch_input_shape", "batch_shape", "input_dim", "input_shape"})
"""Arguments that every layer of Keras 2 took although no signature named them: whether they are
taken is what a case with one of them is about."""

_ACTIVATIONS = ("activation", "recurrent_activation")
"""Arguments that may name one of ``keras.activations``."""

_BY_THE_BASE = frozenset({"mask", "training"})
"""Keywords of a call that the base of all layers may take for a layer that doesn't."""


def layer_class(keras: Any, kind: str) -> Any:
    """The class of a layer.

    Raises:
        Absent: The installed Keras has no such layer.
    """
    if kind == "Sequential":  # a model as a layer of another one
        return keras.Sequential
    found = getattr(keras.layers, kind, None) if kind.isidentifier() else None
    if not isinstance(found, type) or not issubclass(found, keras.layers.Layer):
        raise Absent(f"{_release(keras)} has no layer named {kind}")
    return found


def explain_constructor(
    keras: Any, layer: Any, config: Mapping[str, Any], error: Exception
) -> None:
    """See whether a layer was refused because this release lacks something.

    Args:
        keras: The module.
        layer: The layer's class.
        config: The arguments of its constructor.
        error: What it raised.

    Raises:
        Absent: No signature of the layer and its bases names an argument that the error names; or
            Keras has no activation of the name that was given.
    """
    owners = [owner for owner in layer.__mro__ if "__init__" in vars(owner)]
    known = frozenset().union(*(_names(owner.__init__) for owner in owners))
    unknown = _told([name for name in config if name not in known | _NEVER_NAMED], error)
    if unknown:
        raise Absent(f"{_release(keras)}: {layer.__name__} has no argument {unknown}") from error
    for key in _ACTIVATIONS:
        name = config.get(key)
        if isinstance(name, str) and not hasattr(keras.activations, name):
            raise Absent(f"{_release(keras)} has no activation named {name}") from error


def explain_call(keras: Any, layer: Any, keywords: Iterable[str], error: Exception) -> None:
    """See whether a layer's call was refused because this release lacks a keyword of it.

    Args:
        keras: The module.
        layer: A layer.
        keywords: Names of arguments of its call.
        error: What it raised.

    Raises:
        Absent: The signature of its call doesn't name a keyword that the error names.
    """
    known = _names(layer.call) | _BY_THE_BASE
    unknown = _told([name for name in keywords if name not in known], error)
    if unknown:
        kind = type(layer).__name__
        raise Absent(f"{_release(keras)}: the call of {kind} has no argument {unknown}") from error


def _told(names: Iterable[str], error: Exception) -> str:
    """Those of the names that an error's text holds, in words."""
    text = str(error)
    return " and ".join(name for name in names if name in text)


def _names(function: Any) -> frozenset[str]:
    """The arguments that a function names; none where its signature can't be read."""
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _release(keras: Any) -> str:
    return f"{keras.__name__} {keras.__version__}"
