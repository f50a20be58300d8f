"""Keeps TensorFlow out of the processes that don't test it."""

from __future__ import annotations

import sys


def hide_tensorflow() -> None:
    """Let Keras find TensorFlow not installed, as on a machine that has this backend alone.

    The first ``from_config`` asks whether TensorFlow is there, and asking imports it: 4 seconds and
    half a gigabyte in a process that has no other use for it. Must be called before Keras is
    imported.
    """
    sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type]  # "not importable"
