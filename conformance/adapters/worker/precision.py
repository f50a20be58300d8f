"""The precision that an adapter's column declares for its float32 work.

``keras-torch@precision=tf32`` sets a variable of the process; what reads it here turns the switches
of its framework. Nothing is measured here: that is the probe's business.
"""

from __future__ import annotations

import os

from conformance.adapters.shared.naming import PRECISION_VARIABLE


def declared() -> str:
    """``float32``, or what the column says: ``tensorfloat32`` or ``bfloat16``."""
    return os.environ.get(PRECISION_VARIABLE) or "float32"


def torch_precision(torch: object) -> str:
    """Have PyTorch work as declared; returns its name of the setting."""
    word = {"float32": "highest", "tensorfloat32": "high", "bfloat16": "medium"}[declared()]
    torch.set_float32_matmul_precision(word)  # type: ignore[attr-defined]
    coarse = declared() != "float32"
    torch.backends.cudnn.allow_tf32 = coarse  # type: ignore[attr-defined]
    return word


def jax_precision() -> str:
    """What ``jax_default_matmul_precision`` is to be."""
    return "highest" if declared() == "float32" else declared()
