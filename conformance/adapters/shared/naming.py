"""Names of adapters and of their columns.

``keras-torch`` is an adapter; ``keras-torch@keras==3.14.1`` is a column: the same adapter in
another environment. Whatever is known of the adapter, by name, is known of all its columns.
"""

from __future__ import annotations

SEPARATOR = "@"

KERAS_3 = "keras-"
"""Begins the name of every adapter of Keras 3; what follows is ``KERAS_BACKEND``."""

BACKEND_VARIABLE = "KERAS_CONFORMANCE_BACKEND"
"""Environment variable that tells an adapter of Keras the file or module of the backend's class."""

PRECISION_VARIABLE = "KERAS_CONFORMANCE_PRECISION"
"""Environment variable that tells an adapter the precision that its column declares."""


def base_of(name: str) -> str:
    """The adapter whose column this is: ``keras-torch`` of ``keras-torch@keras==3.14.1``."""
    return name.partition(SEPARATOR)[0]
