"""Writes conformance/cases/keras_names.json: the signatures that case files are checked against.

    python tools/keras_names.py [--check]

Needs the Keras that the catalogue is written for. ``--check`` writes nothing and exits with 1 where
the file is another.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")

import keras

FILE = Path(__file__).parents[1] / "conformance" / "cases" / "keras_names.json"
SUBMODULES = ("image", "linalg", "nn", "numpy")
"""Of ``keras.ops``: what one of them shares with ``keras.ops`` itself goes by the shorter name."""
PLAIN = ("activations", "losses", "metrics", "quantizers", "random")
"""Beside ``keras.ops``: where plain functions are."""
OF_UTILS = ("normalize", "pad_sequences", "to_categorical")
"""The functions of ``keras.utils`` that answer arrays."""
MADE = (
    "losses",
    "initializers",
    "regularizers",
    "constraints",
    "optimizers.schedules",
    "quantizers",
)
"""Classes whose instances are called on arrays and keep nothing."""
OBJECTS = ("metrics", "optimizers")
"""Classes whose instances have a memory."""
CALLBACKS = (
    "EarlyStopping",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TerminateOnNaN",
)
"""Those that change numbers, or write them to files; the others tell, draw or hold code."""
BASE = {"Loss", "Initializer", "Regularizer", "Constraint", "LearningRateSchedule", "Metric"}
BASE |= {"Optimizer", "QuantizationConfig", "Quantizer"}
OF_THE_CALL = {("AbsMaxQuantizer", "axis")}
"""Arguments of a constructor that are deprecated for the call's of the same name."""
INTERNAL = {"name", "kwargs", "args", "self"}


def signature(function: Any, *, without: set[str] = frozenset()) -> dict[str, str]:
    """Parameters in order: ``required``, ``flag`` or nothing; ``*operands`` is variadic."""
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in without or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            if name != "args":
                found[f"*{name}"] = ""
        elif parameter.default is parameter.empty:
            found[name] = "required"
        else:
            found[name] = "flag" if isinstance(parameter.default, bool) else ""
    return found


def members(namespace: str) -> dict[str, Any]:
    """Public members of a namespace of Keras, by name."""
    home = keras
    for part in namespace.split("."):
        home = getattr(home, part)
    return {n: getattr(home, n) for n in sorted(dir(home)) if not n.startswith("_")}


def classes(namespace: str) -> dict[str, Any]:
    """The classes of a namespace that are not bases, under their own names."""
    return {
        name: one
        for name, one in members(namespace).items()
        if inspect.isclass(one) and name not in BASE and not name[0].islower()
    }


def functions() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Every plain function with its signature, and other names of the same one."""
    found: dict[str, dict[str, str]] = {}
    aliases: dict[str, str] = {}
    homes = {f"ops.{name}": one for name, one in members("ops").items() if inspect.isfunction(one)}
    by_object = {id(one): symbol for symbol, one in homes.items()}
    for module in SUBMODULES:
        for name, one in members(f"ops.{module}").items():
            if inspect.isfunction(one):
                symbol = f"ops.{module}.{name}"
                if id(one) in by_object:
                    aliases[symbol] = by_object[id(one)]
                else:
                    homes[symbol] = one
    for namespace in PLAIN:
        for name, one in members(namespace).items():
            if inspect.isfunction(one) and name not in {"get", "serialize", "deserialize"}:
                homes[f"{namespace}.{name}"] = one
    homes |= {f"utils.{name}": members("utils")[name] for name in OF_UTILS}
    own, others = preprocessing()
    homes |= own
    aliases |= others
    for symbol, one in homes.items():
        found[symbol] = signature(one)
    return dict(sorted(found.items())), dict(sorted(aliases.items()))


def preprocessing() -> tuple[dict[str, Any], dict[str, str]]:
    """What each family of applications does to images, and other names of the same."""
    found: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    for family, home in members("applications").items():
        if inspect.ismodule(home) and hasattr(home, "preprocess_input"):
            symbol, one = f"applications.{family}.preprocess_input", home.preprocess_input
            same = next((known for known, other in found.items() if other is one), None)
            if same is None:
                found[symbol] = one
            else:
                aliases[symbol] = same
    return found, aliases


def made() -> dict[str, list[dict[str, str]]]:
    """Constructor and call of what is made and then called; their names are disjoint."""
    found = {}
    for namespace in MADE:
        for name, one in classes(namespace).items():
            if not any("__call__" in vars(base) for base in one.__mro__):
                continue  # a quantizer's config
            given_to_call = {argument for made, argument in OF_THE_CALL if made == name}
            both = [
                signature(one.__init__, without=INTERNAL | given_to_call),
                signature(one.__call__, without=INTERNAL),
            ]
            if overlap := both[0].keys() & both[1].keys():
                message = f"{namespace}.{name} has {overlap} in its constructor and in its call"
                raise ValueError(message)
            found[f"{namespace}.{name}"] = both
    return found


def objects() -> dict[str, dict[str, str]]:
    """Constructors of what has a memory."""
    found = {
        f"{namespace}.{name}": signature(one.__init__, without=INTERNAL)
        for namespace in OBJECTS
        for name, one in classes(namespace).items()
    }
    found["random.SeedGenerator"] = signature(keras.random.SeedGenerator.__init__, without=INTERNAL)
    return found


def applications() -> dict[str, dict[str, str]]:
    """What puts a model of keras.applications together."""
    return {
        name: signature(one)
        for name, one in members("applications").items()
        if inspect.isfunction(one)
    }


def callbacks() -> dict[str, dict[str, str]]:
    """Constructors of what ``fit`` calls."""
    return {
        name: signature(one.__init__, without=INTERNAL | {"verbose"})
        for name, one in classes("callbacks").items()
        if name in CALLBACKS
    }


def lines(table: dict[str, Any]) -> str:
    """A table with one symbol a line."""
    entries = (f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in table.items())
    return "{\n" + ",\n".join(entries) + "\n  }"


def text() -> str:
    """The whole file; what is said of layers, optimizers and losses of ``train`` stays."""
    kept = json.loads(FILE.read_text("utf-8"))
    plain, aliases = functions()
    tables = {key: kept[key] for key in ("layers", "aliases", "optimizers", "losses")}
    tables |= {
        "functions": plain,
        "function_aliases": aliases,
        "made": made(),
        "objects": objects(),
        "applications": applications(),
        "callbacks": callbacks(),
    }
    source = json.dumps(f"signatures of keras {keras.__version__}")
    parts = [f'  "source": {source}', *(f'  "{key}": {lines(one)}' for key, one in tables.items())]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    now = text()
    if not parser.parse_args().check:
        FILE.write_text(now, "utf-8")
        return 0
    same = now == FILE.read_text("utf-8")
    print("the same" if same else f"{FILE} is another: run tools/keras_names.py")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
