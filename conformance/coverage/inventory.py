"""What the installed Keras has: layers, functions and objects, and what arguments these take.

Keras is asked in a process of its own; nothing here imports it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from conformance.adapters.host.environment import environment, keras_pins, pins

KEPT = Path(__file__).with_name("keras.json")
"""What :func:`take` told of the Keras of ``constraints.txt``: ``tools/keras_inventory.py``."""
_SCRIPT = Path(__file__).parents[1] / "adapters" / "keras" / "inventory.py"
_SECONDS = 300
"""A first import of Keras, on a slow disk, compiles thousands of files."""
_BACKENDS = ("numpy", "torch", "jax", "tensorflow")
"""In the order of how long they take to import; which one is asked makes no difference."""


class InventoryError(Exception):
    """Keras could not be asked. The text says why, and what to do."""


class Argument(Struct, frozen=True):
    """One argument of a constructor or a call."""

    name: str
    default: Any = msgspec.UNSET
    """Its default as JSON; the ``repr`` of one that JSON can't carry; unset if it is required."""

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is msgspec.UNSET


class LayerInfo(Struct, frozen=True):
    """One layer, whose first argument of ``call`` is its input; or a function or an object."""

    constructor: list[Argument] = field(default_factory=list)
    call: list[Argument] = field(default_factory=list)
    dictionary: bool = False
    """Whether it is a layer that takes a dictionary of images and of what belongs to them."""


class Inventory(Struct, frozen=True):
    """Every public layer by name, and what else cases can be about."""

    keras: str
    """Keras's version."""
    layers: dict[str, LayerInfo]
    symbols: dict[str, LayerInfo] = field(default_factory=dict)
    """Every function and object, ``ops.sum``. A function has no constructor; the call of an object
    is its ``update_state``, where it has one."""
    elsewhere: dict[str, list[str]] = field(default_factory=dict)
    """Names of the namespaces that hold none of these: ``{"callbacks": ["EarlyStopping", …]}``."""


def kept() -> Inventory:
    """What the Keras has that the catalogue is written for; no Keras is needed."""
    return msgspec.json.decode(KEPT.read_bytes(), type=Inventory)


def take(python: str = sys.executable) -> Inventory:
    """Ask the Keras of an interpreter.

    Raises:
        InventoryError: There is no Keras 3, it can't be imported, or it answers nonsense.
    """
    said = ""
    for backend in _BACKENDS:
        env = environment({**pins(), **keras_pins(f"keras-{backend}", backend)})
        try:
            done = subprocess.run(
                [python, str(_SCRIPT)], env=env, capture_output=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InventoryError(f"{python} could not be asked about its Keras: {error}") from error
        if done.returncode == 0:
            return _decoded(done.stdout, python)
        # A Keras without its backend's framework doesn't import; another backend may do.
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = said or (lines[-1] if lines else f"exit code {done.returncode}")
    raise InventoryError(
        f"{python} has no Keras that can be asked: {said}\n"
        "install one (`pip install keras`), or name an interpreter that has one (--python)"
    )


def _decoded(answer: bytes, python: str) -> Inventory:
    try:
        return msgspec.json.decode(answer, type=Inventory)
    except msgspec.DecodeError as error:
        raise InventoryError(f"{python} gave no inventory of its Keras: {error}") from error
