"""Keras 3 on every backend, and Keras 2.

:class:`KerasBackend` is public: what only the owner of a backend can know (``docs/backends.md``).
"""

from __future__ import annotations

from typing import Any

__all__ = ["KerasBackend"]


def __getattr__(name: str) -> Any:
    # Looked up late, as this package is also read for its names alone.
    if name == "KerasBackend":
        from conformance.adapters.keras.backends.generic import KerasBackend

        return KerasBackend
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
