"""What is asked of a model, whatever it is made of, and arrays on their way to the wire."""

from __future__ import annotations

import importlib.util
import math
import sys
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

MOST_ARRAYS = 4_000
"""Answers from inside a model that are sent; those after them are not looked at."""
MOST_BYTES = 256 * 2**20
"""Bytes of all of them together: half of the largest frame."""


def run_file(path: Path) -> ModuleType:
    """Run a Python file of the user's as ``python FILE`` would, and return its module.

    Its folder comes first among those that are imported from, as there.
    """
    sys.path.insert(0, str(path.parent))
    name = f"file_of_the_user_{path.stem}"  # none that it could take from another module
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Opened(Protocol):
    """A model that has been opened."""

    def told(self) -> dict[str, Any]:
        """``framework``, ``inputs``, ``trains``, ``notes``: an ``Opened`` of ``told.py``."""

    def infer(self, inputs: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What it answers in inference, and what is seen inside on the way."""

    def train(
        self, inputs: Sequence[Any], targets: Sequence[Any], settings: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The loss of each step, the variables before and after, and then as ``infer``."""


@runtime_checkable
class Weighted(Protocol):
    """A model whose weights can be asked for."""

    def weights(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Its parameters and buffers: ``variable/before/<name>``."""


class Sent:
    """Arrays by name, up to what a frame holds."""

    def __init__(self) -> None:
        """Hold none yet."""
        self.arrays: dict[str, Any] = {}
        self.left_out = 0
        self._bytes = 0

    def put(self, name: str, array: Any) -> str | None:
        """Keep an array; None where there is no room left for it."""
        if len(self.arrays) >= MOST_ARRAYS or self._bytes + array.nbytes > MOST_BYTES:
            self.left_out += 1
            return None
        self.arrays[name] = array
        self._bytes += array.nbytes
        return name


def finite(number: float) -> float | None:
    """A number as JSON can carry it."""
    return number if math.isfinite(number) else None


def flat(value: Any) -> list[Any]:
    """What lists, tuples and dictionaries hold, in order; None and texts are left out."""
    if isinstance(value, dict):
        return [one for part in value.values() for one in flat(part)]
    if isinstance(value, (list, tuple)):
        return [one for part in value for one in flat(part)]
    return [] if value is None or isinstance(value, str) else [value]
