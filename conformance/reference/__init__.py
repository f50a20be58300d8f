"""The executable specification: what Keras documents, in NumPy, with the spread of rounding.

It imports no framework. ``evaluate`` answers a case; ``store`` keeps answers; ``faults`` and
``observe`` imitate frameworks, honest and not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.reference.answer.answer import evaluate
    from conformance.reference.answer.book import Answer
    from conformance.reference.errors import (
        Contradiction,
        NoAnswer,
        NotClear,
        Refused,
        Unsupported,
    )

__all__ = [
    "Answer",
    "Contradiction",
    "NoAnswer",
    "NotClear",
    "Refused",
    "Unsupported",
    "evaluate",
]


def __getattr__(name: str) -> Any:
    """Import on first use: whoever only reads stored answers needs no layers."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    home = {"Answer": "answer.book", "evaluate": "answer.answer"}.get(name, "errors")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
