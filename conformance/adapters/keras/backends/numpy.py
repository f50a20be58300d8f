"""NumPy: eager calls, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from conformance.adapters.keras.backends.base import Backend, Value, import_keras_3
from conformance.adapters.keras.backends.hidden import hide_tensorflow

if TYPE_CHECKING:
    from collections.abc import Mapping


class NumpyBackend(Backend):
    """Keras 3 on NumPy (some of whose layers call JAX)."""

    distributions = ("numpy", "jax")
    unsupported: ClassVar[Mapping[str, str]] = {
        "gradients": "Keras's NumPy backend computes no gradients",
        "compiled": "Keras's NumPy backend has no graph mode",
        "state": "Keras's NumPy backend does not train",
    }

    def load(self) -> Any:
        """Import Keras."""
        hide_tensorflow()
        return import_keras_3()

    def settings(self) -> dict[str, str]:
        """How values are computed."""
        return {"values": "eager", "tensorflow": "hidden from Keras"}

    def tensor(self, array: Any, dtype: str) -> Any:
        """The array itself, or a copy in the declared dtype."""
        return array if array.dtype.name == dtype else self.keras.ops.cast(array, dtype)

    def value(self, tensor: Any) -> Value:
        """The array; convolutions answer with JAX's, which NumPy reads as it is."""
        return Value(np.asarray(tensor), self.dtype(tensor))
