"""What the rest of the adapter knows of a runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.keras.backends.base import Feed


class Running(Protocol):
    """An exported file, loaded once, that answers call after call."""

    def __call__(self, feeds: Sequence[Feed]) -> list[Any]:
        """Answer one call.

        Args:
            feeds: The arrays, in the order of the model's inputs, of the declared dtypes.

        Returns:
            The outputs as NumPy's arrays, in the order in which the file gives them.
        """


def fed(feed: Feed) -> Any:
    """The array of one input in the dtype that the model declares for it."""
    array = np.asarray(feed.array)
    if array.dtype.name == feed.dtype or feed.dtype in {"string", "bfloat16"}:
        return array
    return array.astype(feed.dtype)
