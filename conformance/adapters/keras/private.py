"""Every name of Keras that is not public and that the adapters use, each with what to do without.

A release may move or drop any of them. Whatever asks here gets an answer all the same.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from typing import Any


@functools.cache
def _mask_getter() -> Any:
    """Keras's function that finds a tensor's mask, since 3.7; None in releases before."""
    with contextlib.suppress(ImportError, AttributeError):
        return importlib.import_module("keras.src.backend.common.masking").get_keras_mask
    return None


def mask_of(tensor: Any) -> Any:
    """The mask that travels with a tensor, or None.

    Without Keras's own function: the attribute that every Keras has put it into where tensors take
    attributes; where they don't, no mask is seen.
    """
    getter = _mask_getter()
    return getter(tensor) if getter else getattr(tensor, "_keras_mask", None)


def remember_unsaved() -> None:
    """Have Keras 3 find out once for each kind of object which attributes are not saved.

    Without it, only time is lost.
    """
    with contextlib.suppress(ImportError, AttributeError):
        saving_lib: Any = importlib.import_module("keras.src.saving.saving_lib")
        known = saving_lib.get_attr_skipset
        if not hasattr(known, "cache_info"):
            saving_lib.get_attr_skipset = functools.cache(known)
