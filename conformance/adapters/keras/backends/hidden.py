"""Keeps TensorFlow out of the processes that don't test it."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

_HIDDEN = "tensorflow"


class _Refusing(Loader):
    """Loads nothing."""

    def create_module(self, spec: ModuleSpec) -> Any:
        """Fail as the import of a package that is not installed."""
        message = f"No module named {spec.name!r}"
        raise ModuleNotFoundError(message, name=spec.name)


class _Hiding(MetaPathFinder):
    """Finds something that can't be loaded where TensorFlow is looked for."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """TensorFlow and what is inside it; everything else is left to the next finder."""
        del path, target
        hidden = fullname.split(".", 1)[0] == _HIDDEN
        return ModuleSpec(fullname, _Refusing()) if hidden else None


def hide_tensorflow() -> None:
    """Let Keras find TensorFlow not installed, as on a machine that has this backend alone.

    The first ``from_config`` asks whether TensorFlow is there, and asking imports it: 4 seconds and
    half a gigabyte in a process that has no other use for it. Must be called before Keras is
    imported. ``sys.modules`` is left without an entry, as preprocessing layers take any for a sign
    that TensorFlow is there.
    """
    if not any(isinstance(finder, _Hiding) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Hiding())
