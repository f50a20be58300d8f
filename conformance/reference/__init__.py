"""The executable specification: what Keras documents, in NumPy, with the spread of rounding.

It imports no framework. :func:`evaluate` answers a case.
"""

from __future__ import annotations

from conformance.reference.answer import Answer, evaluate
from conformance.reference.errors import Contradiction, NoAnswer, NotClear, Refused, Unsupported

__all__ = [
    "Answer",
    "Contradiction",
    "NoAnswer",
    "NotClear",
    "Refused",
    "Unsupported",
    "evaluate",
]
