"""What Keras says of itself: every public layer with its arguments, as JSON on stdout.

Run by path in the interpreter that holds Keras: ``python inventory.py``. It needs the standard
library and Keras alone; the coordinator, which imports no framework, reads what it prints.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from typing import Any

_OWN = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY


def inventory(keras: Any) -> dict[str, Any]:
    """Every public layer of a Keras.

    Args:
        keras: The module.

    Returns:
        ``{"keras": version, "layers": {name: {"constructor": …, "call": …}}}``. Constructor and
        call are lists of ``{"name": …}`` in the signature's order, with ``default`` where there
        is one; a default that JSON can't carry is its ``repr``. A class that is exported under
        several names stands under the one that it calls itself.
    """
    base = keras.layers.Layer
    names: dict[Any, list[str]] = {}
    for name in sorted(dir(keras.layers)):
        found = getattr(keras.layers, name)
        if inspect.isclass(found) and issubclass(found, base):
            names.setdefault(found, []).append(name)
    layers = {}
    for found, known in names.items():
        name = found.__name__ if found.__name__ in known else known[0]
        layers[name] = {"constructor": _constructor(found, base), "call": _call(found)}
    return {"keras": str(keras.__version__), "layers": dict(sorted(layers.items()))}


def _constructor(layer: Any, base: Any) -> list[dict[str, Any]]:
    """The arguments that a layer's own constructor names.

    A constructor that names none and hands everything on is its parent's. What the base of all
    layers takes is told of the base alone.
    """
    for owner in layer.__mro__:
        if owner is base and layer is not base:
            break
        if "__init__" in vars(owner):
            parameters = list(inspect.signature(owner.__init__).parameters.values())[1:]
            named = [_argument(one) for one in parameters if one.kind in _OWN]
            if named:
                shared = () if layer is base else inspect.signature(base.__init__).parameters
                return [one for one in named if one["name"] not in shared]
    return []


def _call(layer: Any) -> list[dict[str, Any]]:
    parameters = list(inspect.signature(layer.call).parameters.values())[1:]
    return [_argument(one) for one in parameters if one.kind in _OWN]


def _argument(parameter: inspect.Parameter) -> dict[str, Any]:
    if parameter.default is inspect.Parameter.empty:
        return {"name": parameter.name}
    try:
        default = json.loads(json.dumps(parameter.default, allow_nan=False))
    except (TypeError, ValueError):
        default = repr(parameter.default)
    return {"name": parameter.name, "default": default}


def main() -> None:
    """Print the inventory of the Keras that is installed here."""
    # Python puts this script's folder first, where modules have names of their own.
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - as bootstrap.py
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]  # noqa: PTH100
    # Frameworks print what they like while they are imported; stdout is the answer's.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    import keras

    with answer:
        json.dump(inventory(keras), answer)


if __name__ == "__main__":
    main()
