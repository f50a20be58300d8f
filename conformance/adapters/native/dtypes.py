"""In which dtypes a node computes and keeps its variables: Keras's policies, for native functions.

A native function computes in the dtype of what it is given. So a layer's policy comes down to
casts: of the variables when they are set, and of inputs and variables before each node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from conformance.adapters.native.binding import NESTED
from conformance.adapters.worker.failure import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Array = Any
Cast = Callable[[Array, str], Array]
"""Casts an array to the dtype of this name."""

DIGITS = {"bfloat16": 8, "float16": 11, "float32": 24, "float64": 53}
"""Significand bits of the float dtypes."""


class Policy(NamedTuple):
    """The argument ``dtype`` of a layer, and its ``autocast``."""

    compute: str = "float32"
    variable: str = "float32"
    autocast: bool = True


DEFAULT = Policy()


def policy(layer: str, config: Mapping[str, Any]) -> Policy:
    """The dtypes of one layer.

    Raises:
        Unsupported: The dtype is none of floats, or the layer holds others, which have their own.
    """
    named = config.get("dtype") or "float32"
    mixed = isinstance(named, str) and named.startswith("mixed_")
    compute = named[len("mixed_") :] if mixed else named
    found = Policy(compute, "float32" if mixed else compute, config.get("autocast", True) is True)
    if found == DEFAULT:
        return found
    if compute not in DIGITS:
        raise Unsupported(f"{layer}: the argument dtype={named!r} is not handled here")
    if NESTED & set(config):
        raise Unsupported(f"{layer}: a dtype of a layer that holds others is not handled here")
    return found


def name_of(array: Array) -> str:
    """``float16``, also where the framework says ``torch.float16``."""
    return str(array.dtype).rpartition(".")[2]


def promoted(names: Sequence[str]) -> str:
    """The float dtype in which numbers of several meet, as Keras and JAX promote them."""
    if {"float16", "bfloat16"} <= set(names):
        names = [*names, "float32"]
    return max(names, key=DIGITS.__getitem__)


def cast_all(arrays: Any, dtype: str, cast: Cast) -> Any:
    """Arrays, or lists and dicts of them, in this dtype; what is no float stays as it is."""
    if isinstance(arrays, dict):
        return {key: cast_all(array, dtype, cast) for key, array in arrays.items()}
    if isinstance(arrays, (list, tuple)):
        return [cast_all(array, dtype, cast) for array in arrays]
    name = name_of(arrays)
    return cast(arrays, dtype) if name in DIGITS and name != dtype else arrays


def meeting(policy_: Policy, arrays: Sequence[Array], *, variables: bool) -> str:
    """The dtype of a node's arithmetic: its policy's; without autocast, what it is given."""
    if policy_.autocast:
        return policy_.compute
    floats = [name_of(array) for array in arrays if name_of(array) in DIGITS]
    return promoted([*floats, policy_.compute] if variables or not floats else floats)
