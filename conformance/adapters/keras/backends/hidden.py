"""Keeps out of processes what they have no use for: TensorFlow, JAX, what reports to a vendor."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any


class _Refusing(Loader):
    """Loads nothing."""

    def create_module(self, spec: ModuleSpec) -> Any:
        """Fail as the import of a package that is not installed."""
        message = f"No module named {spec.name!r}"
        raise ModuleNotFoundError(message, name=spec.name)


class _Hiding(MetaPathFinder):
    """Finds something that can't be loaded where a package is looked for."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The package and what is inside it; everything else is left to the next finder."""
        del path, target
        hidden = fullname.split(".", 1)[0] == self.package
        return ModuleSpec(fullname, _Refusing()) if hidden else None


def hide_tensorflow() -> None:
    """Let Keras find TensorFlow not installed, as on a machine that has this backend alone.

    The first ``from_config`` asks whether TensorFlow is there, and asking imports it: 4 seconds and
    half a gigabyte in a process that has no other use for it. Must be called before Keras is
    imported. ``sys.modules`` is left without an entry, as preprocessing layers take any for a sign
    that TensorFlow is there.
    """
    _hide("tensorflow")


def hide_jax() -> None:
    """Let TensorFlow and Keras find JAX not installed.

    TensorFlow's converter to LiteRT imports JAX with it, and so does Keras for one callback: half a
    second of every start, for nothing that is used here.
    """
    _hide("jax")


def hide_telemetry() -> None:
    """Let OpenVINO find its reports about its use not installed, for which it has a stand-in.

    A conversion sends half a dozen of them to a server, each from a forked copy of this process: of
    a gigabyte, that takes more than the conversion. And no answer may hang on a server.
    """
    _hide("openvino_telemetry")


def show(package: str) -> None:
    """Let a hidden package be found again, where what is imported next has a use for it."""
    sys.meta_path[:] = [
        finder
        for finder in sys.meta_path
        if not (isinstance(finder, _Hiding) and finder.package == package)
    ]


def _hide(package: str) -> None:
    finders = [finder for finder in sys.meta_path if isinstance(finder, _Hiding)]
    if all(finder.package != package for finder in finders):
        sys.meta_path.insert(0, _Hiding(package))
