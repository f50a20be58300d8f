"""The arrays that travel beside an answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.adapters.shared.wire import BF16


class Arrays:
    """Collects the arrays of one answer under the names by which the message calls them."""

    def __init__(self) -> None:
        """Start with none."""
        self.tensors: dict[str, Any] = {}
        """Arrays by name: the second part of what an adapter's ``run`` returns."""

    def put(self, name: str, array: Any) -> str:
        """Add an array (anything that NumPy understands, or a ``BF16``) and return its name.

        Raises:
            ValueError: The name is taken.
        """
        if name in self.tensors:
            raise ValueError(f"the answer already has an array named {name!r}")
        self.tensors[name] = array if isinstance(array, BF16) else np.asarray(array)
        return name

    def output(self, name: str, array: Any, dtype: str | None = None) -> dict[str, Any]:
        """Add an output array and describe it as an ``Output``.

        Args:
            name: The array's name, as in ``call/0/output/0``.
            array: The numbers in the framework's own dtype, not widened.
            dtype: Keras's name of the dtype that the framework returned; the array's by default.
        """
        self.put(name, array)
        stored = self.tensors[name]
        if isinstance(stored, BF16):
            shape, own = stored.bits.shape, "bfloat16"
        else:
            shape, own = stored.shape, stored.dtype.name
        return {"shape": list(shape), "dtype": dtype or own, "tensor": name}
