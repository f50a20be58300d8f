"""Writes conformance/reference/spec/configs/defaults.json: what arguments are where nobody says.

    python tools/keras_defaults.py [--check]

The source is the signatures of constructors, which are part of Keras's documentation; nothing is
made and no config is looked at. Needs the Keras that the catalogue is written for. ``--check``
writes nothing and exits with 1 where the file is another.
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

FILE = (
    Path(__file__).parents[1] / "conformance" / "reference" / "spec" / "configs" / "defaults.json"
)
NAMES = Path(__file__).parents[1] / "conformance" / "cases" / "keras_names.json"
NAMESPACES = ("layers", "initializers", "regularizers", "constraints")
BASES = {"Layer", "Input", "InputLayer", "InputSpec", "Initializer", "Regularizer", "Constraint"}
ELSEWHERE = {"FlaxLayer", "JaxLayer", "TorchModuleWrapper", "TFSMLayer", "Wrapper"}
"""Layers around other frameworks' modules, which no case can write, and a base class."""


OF_EVERY_LAYER = ("trainable", "dtype", "autocast")
"""Arguments of Layer, which a layer has that takes keyword arguments beside its own."""


def defaults(made: type) -> dict[str, Any]:
    """The arguments of a constructor that need not be given, with what they are then."""
    parameters = inspect.signature(made.__init__).parameters
    base: dict[str, Any] = {}
    if issubclass(made, keras.layers.Layer) and any(
        parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()
    ):
        layer = inspect.signature(keras.layers.Layer.__init__).parameters
        base = {name: layer[name].default for name in OF_EVERY_LAYER}
    own = {
        name: parameter.default
        for name, parameter in parameters.items()
        if parameter.default is not parameter.empty and name != "name"
    }
    return {**base, **own}


def classes(namespace: str) -> dict[str, type]:
    """The classes of a namespace under the names that cases use, but for bases."""
    home = getattr(keras, namespace)
    known = json.loads(NAMES.read_text("utf-8"))
    listed = known["layers"] if namespace == "layers" else known["made"]
    names = (name.removeprefix(f"{namespace}.") for name in listed)
    public = sorted(name for name in names if "." not in name and hasattr(home, name))
    return {name: getattr(home, name) for name in public if name not in BASES | ELSEWHERE}


def text() -> str:
    """The whole file, one class a line."""
    parts = [f'  "source": {json.dumps(f"signatures of keras {keras.__version__}")}']
    for namespace in NAMESPACES:
        lines = (
            f"    {json.dumps(name)}: {json.dumps(defaults(made))}"
            for name, made in classes(namespace).items()
        )
        parts.append(f'  "{namespace}": {{\n' + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    now = text()
    if not parser.parse_args().check:
        FILE.write_text(now, "utf-8")
        return 0
    same = FILE.exists() and now == FILE.read_text("utf-8")
    print("the same" if same else f"{FILE} is another: run tools/keras_defaults.py")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
