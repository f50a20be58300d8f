"""Spares the drawing of initial values that nobody will ever see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from types import TracebackType

    from conformance.adapters.keras.backends.base import Backend

_DRAWN = (
    "VarianceScaling",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "Orthogonal",
    "Zeros",
    "Ones",
)
"""The initializers that the others inherit from, and the two that fill."""


class UnseenInitialValues:
    """While this is entered, a Keras's initializers answer with zeros from NumPy.

    Every weight of a case comes with the case and is set before the model is called, so what a
    variable starts with is only seen where the facet ``initial`` asks for it. Drawing it is what
    costs: JAX compiles a generator for each new shape, 20 to 100 ms, and an orthogonal matrix takes
    a QR decomposition everywhere.
    """

    def __init__(self, backend: Backend, *, unseen: bool) -> None:
        """Hold the backend; ``unseen`` False makes entering do nothing."""
        self._backend = backend
        found = [getattr(backend.keras.initializers, name, None) for name in _DRAWN]
        self._classes = [one for one in found if one is not None] if unseen else []
        self._own: list[tuple[Any, Any]] = []

    def __enter__(self) -> None:
        """Take the initializers' place."""
        for one in self._classes:
            if "__call__" in vars(one):
                self._own.append((one, vars(one)["__call__"]))
                one.__call__ = self._zeros()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the initializers back."""
        while self._own:
            one, call = self._own.pop()
            one.__call__ = call

    def _zeros(self) -> Any:
        backend = self._backend

        def zeros(_: Any, shape: Any, dtype: Any = None, **__: Any) -> Any:
            name = getattr(dtype, "name", dtype) or "float32"
            return backend.tensor(np.zeros(tuple(shape), dtype=np.float32), str(name))

        return zeros
