"""What Keras says of itself: every public layer and symbol with its arguments, as JSON on stdout.

Run by path in the interpreter that holds Keras: ``python inventory.py``. It needs the standard
library and Keras alone; the coordinator, which imports no framework, reads what it prints.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from typing import Any

_OF_OPS = ("ops", "ops.image", "ops.linalg", "ops.nn", "ops.numpy")
PLAIN = (*_OF_OPS, "activations", "losses", "metrics", "quantizers", "random")
"""Where functions are. What has several names goes by the first."""
MADE = (
    "losses",
    "initializers",
    "regularizers",
    "constraints",
    "optimizers.schedules",
    "quantizers",
)
"""Where there are classes whose instances are called on arrays; quantizers' configs are not."""
OBJECTS = ("metrics", "optimizers", "random", "callbacks")
"""Where there are classes whose instances have a memory."""
OF_UTILS = ("normalize", "pad_sequences", "to_categorical")
"""The functions of ``keras.utils`` that answer arrays."""
APPLICATIONS = "applications"
"""Where there are functions that put models together, and a module for each family of them."""

_BASES = {"Loss", "Initializer", "Regularizer", "Constraint", "LearningRateSchedule", "Metric"}
_BASES |= {"Optimizer", "QuantizationConfig", "Quantizer"}
_HELPERS = {"get", "serialize", "deserialize"}
_NO_NAMESPACES = {"src"}
"""Where Keras keeps what it exports elsewhere."""
_ASKED = {"layers", *PLAIN, *MADE, *OBJECTS, APPLICATIONS}
_OF_NO_INTEREST = {"name", "self"}
_OWN = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY


def inventory(keras: Any) -> dict[str, Any]:
    """Every public layer of a Keras, and every function and object of the suite's namespaces.

    Args:
        keras: The module.

    Returns:
        ``{"keras": version, "layers": {name: {"constructor": …, "call": …}}, "symbols": …,
        "elsewhere": …}``, symbols likewise by their public names without ``keras.``, and below
        ``elsewhere`` the names that other namespaces hold; of a layer also whether it takes
        a dictionary of images (``dictionary``). A function has no constructor; the call of a metric
        is its ``update_state``. Constructor and call are lists of ``{"name": …}`` in the
        signature's order, with ``default`` where there is one; a default that JSON can't carry is
        its ``repr``. A class that is exported under several names stands under the one that it
        calls itself.
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
        layers[name] = {
            "constructor": _constructor(found, base),
            "call": _call(found),
            "dictionary": hasattr(found, "transform_bounding_boxes"),
        }
    return {
        "keras": str(keras.__version__),
        "layers": dict(sorted(layers.items())),
        "symbols": symbols(keras),
        "elsewhere": elsewhere(keras),
    }


def elsewhere(keras: Any) -> dict[str, list[str]]:
    """Public functions and classes of the namespaces that hold no layer and no symbol of these.

    Args:
        keras: The module.

    Returns:
        Names by namespace, ``{"callbacks": ["EarlyStopping", …]}``; those of ``keras`` itself,
        which no other namespace has, under ``keras``. What has several names stands under the
        first of its namespaces.
    """
    asked = {*_ASKED, *_families(keras)}
    known = {id(one) for space in asked for one in _members(keras, space).values()}
    known |= {id(_members(keras, "utils").get(name)) for name in OF_UTILS}
    found = {}
    spaces = [space for space in _namespaces(keras) if space not in asked]
    for space in [*spaces, ""]:
        members = _members(keras, space) if space else _public(keras)
        names = []
        for name, one in members.items():
            its_own = inspect.isclass(one) or inspect.isfunction(one)
            if its_own and name not in _HELPERS and id(one) not in known:
                known.add(id(one))
                names.append(name)
        if names:
            found[space or "keras"] = names
    return found


def _namespaces(module: Any, prefix: str = "") -> list[str]:
    """Public modules of Keras, those inside others behind them."""
    found = []
    for name, one in _public(module).items():
        if inspect.ismodule(one) and one.__name__.split(".")[0] == "keras":
            if not prefix and name in _NO_NAMESPACES:
                continue
            found.append(prefix + name)
            found += _namespaces(one, f"{prefix}{name}.")
    return found


def _public(module: Any) -> dict[str, Any]:
    return {name: getattr(module, name) for name in sorted(dir(module)) if name[0] != "_"}


def symbols(keras: Any) -> dict[str, Any]:
    """Functions, what is made and then called, and what has a memory, each under one name."""
    found, known = _applications(keras)
    for name in OF_UTILS:
        one = _members(keras, "utils").get(name)
        if one is not None:
            found[f"utils.{name}"] = {"constructor": [], "call": _parameters(one)}
    for namespace in (*PLAIN, *_families(keras)):
        for name, one in _members(keras, namespace).items():
            if inspect.isfunction(one) and name not in _HELPERS and id(one) not in known:
                known.add(id(one))
                found[f"{namespace}.{name}"] = {"constructor": [], "call": _parameters(one)}
    for namespace in (*MADE, *OBJECTS):
        members = _members(keras, namespace)
        for name, one in members.items():
            if not inspect.isclass(one) or name in _BASES or name[0].islower():
                continue
            if name != one.__name__ and members.get(one.__name__) is one:
                continue  # another name of it
            update = getattr(one, "update_state", None)
            call = _called_by(one) if namespace in MADE else update
            found[f"{namespace}.{name}"] = {
                "constructor": _parameters(one.__init__),
                "call": [] if call is None else _parameters(call),
            }
    return dict(sorted(found.items()))


def _called_by(made: type) -> Any:
    """What calls an instance; None where nothing does."""
    return next((vars(one)["__call__"] for one in made.__mro__ if "__call__" in vars(one)), None)


def _applications(keras: Any) -> tuple[dict[str, Any], set[int]]:
    """What puts models together, and their ids: each family's module has them once more."""
    made = {
        name: one for name, one in _members(keras, APPLICATIONS).items() if inspect.isfunction(one)
    }
    # Their arguments say what is made, as a constructor's do.
    told = {
        f"{APPLICATIONS}.{name}": {"constructor": _parameters(one), "call": []}
        for name, one in made.items()
    }
    return told, {id(one) for one in made.values()}


def _families(keras: Any) -> list[str]:
    """The modules of families of applications: ``applications.resnet``."""
    return [f"{APPLICATIONS}.{one}" for one in _namespaces(getattr(keras, APPLICATIONS, None))]


def _members(keras: Any, namespace: str) -> dict[str, Any]:
    """Public members of a namespace; none where this Keras lacks it."""
    home = keras
    for part in namespace.split("."):
        home = getattr(home, part, None)
    return _public(home)


def _parameters(function: Any) -> list[dict[str, Any]]:
    """The arguments of a function; those that all take, and variadic ones, left out."""
    parameters = inspect.signature(function).parameters.values()
    return [
        _argument(one) for one in parameters if one.kind in _OWN and one.name not in _OF_NO_INTEREST
    ]


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
