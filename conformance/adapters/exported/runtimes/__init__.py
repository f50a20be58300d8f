"""What runs an exported file: a module each, with one function ``open_file``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from conformance.adapters.exported.runtimes.base import Running
    from conformance.adapters.keras.backends.base import Feed


def find(runtime: str) -> Callable[[Path], Running]:
    """What loads the files of a runtime, by its module's name."""
    module = importlib.import_module(f"{__name__}.{runtime}")
    found: Callable[[Path], Running] = module.open_file
    return found


class LoadError(Exception):
    """A runtime doesn't take a file."""

    def __init__(self, cause: Exception) -> None:
        """Hold what the runtime raised."""
        super().__init__(str(cause))
        self.cause = cause


class NotLoaded:
    """Stands for a file that its runtime doesn't take: each call says so."""

    def __init__(self, cause: Exception) -> None:
        """Hold what the runtime raised."""
        self._cause = cause

    def __call__(self, feeds: Sequence[Feed]) -> list[Any]:
        """Raise ``LoadError``."""
        del feeds
        raise LoadError(self._cause)
