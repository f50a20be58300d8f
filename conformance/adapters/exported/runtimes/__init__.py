"""What runs an exported file: a module each, with one function ``open_file``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.adapters.exported.runtimes.base import Running


def find(runtime: str) -> Callable[[Path], Running]:
    """What loads the files of a runtime, by its module's name."""
    module = importlib.import_module(f"{__name__}.{runtime}")
    found: Callable[[Path], Running] = module.open_file
    return found
