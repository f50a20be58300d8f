"""Keras's settings of the whole process, for the time of one case."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEYS = ("image_data_format", "floatx", "epsilon")


@contextmanager
def in_force(keras: Any, settings: Mapping[str, Any] | None) -> Iterator[None]:
    """Set what a case sets, and afterwards what there was before, whatever happens.

    Args:
        keras: Keras 3, or tf_keras.
        settings: A ``Settings`` of ``conformance/cases/model.py`` as plain data; None: nothing.
    """
    if not settings:
        yield
        return
    home = getattr(keras, "config", keras.backend)
    before = {key: getattr(home, key)() for key in _KEYS}
    policy = _policy(keras)
    try:
        for key in _KEYS:
            if key in settings:
                getattr(home, f"set_{key}")(settings[key])
        if "dtype_policy" in settings:
            _set_policy(keras, settings["dtype_policy"])
        yield
    finally:
        for key, value in before.items():
            getattr(home, f"set_{key}")(value)
        _set_policy(keras, policy)


def _policy(keras: Any) -> Any:
    """The global policy. In Keras 2 none is one, which follows floatx."""
    return keras.config.dtype_policy() if hasattr(keras, "config") else None


def _set_policy(keras: Any, policy: Any) -> None:
    if hasattr(keras, "config"):
        keras.config.set_dtype_policy(policy)
    else:
        keras.mixed_precision.set_global_policy(policy)
