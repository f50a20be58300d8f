"""What every optimizer of Keras's takes besides its own arguments, once for all frameworks."""

from __future__ import annotations

import inspect
from typing import Any, Callable

COMMON: dict[str, Any] = {
    "learning_rate": 0.001,
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
}
"""With Keras's defaults."""


def takes_common(moved: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function of ``(kind, variables, **config)`` the signature of Keras's classes.

    Args:
        moved: Makes what moves the variables of a case. ``kind`` takes the arguments of one class
            by its signature, and those of all as ``**common``, of which a signature tells nothing.

    Returns:
        The function, by whose signature the rows of a table are read.
    """
    own = list(inspect.signature(moved).parameters.values())
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value)
        for name, value in COMMON.items()
    ]
    moved.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*own[:-1], *common, own[-1]]
    )
    return moved
