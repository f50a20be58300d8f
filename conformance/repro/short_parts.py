"""What the short scripts' questions and answers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from conformance.repro.keras import listed

if TYPE_CHECKING:
    from conformance.repro.plan import Plan

Writer = Callable[[NDArray[Any]], str]
"""Gives an array as source."""

_AS_NUMPY = "keras.ops.convert_to_numpy"


class TooLong(Exception):  # noqa: N818 - a reason for the caller to write another script
    """It can't be said on so few lines. The text says why."""


def as_numpy(plan: Plan, tensor: str) -> str:
    """The numbers of a tensor, as an expression."""
    return f"np.asarray({tensor})" if plan.old else f"{_AS_NUMPY}({tensor})"


def each_input(plan: Plan) -> list[str]:
    """Every input by itself, of ``x``."""
    count = len(plan.program.model.inputs)
    return ["x"] if count == 1 else [f"x[{at}]" for at in range(count)]


def fed(plan: Plan) -> str:
    """``x``, in the dtypes that the model declares."""
    specs = plan.program.model.inputs
    if all("float" not in spec.dtype or spec.dtype == "float32" for spec in specs):
        return "x"
    convert = "tf.cast" if plan.old else "keras.ops.convert_to_tensor"
    pairs = zip(each_input(plan), specs, strict=True)
    return listed([f"{convert}({text}, {spec.dtype!r})" for text, spec in pairs])
