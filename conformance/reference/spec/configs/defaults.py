"""The documented defaults of constructors, out of ``defaults.json``.

The file holds Keras's signatures (``tools/keras_defaults.py``): what documentation states, not what
any ``get_config()`` answers.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from conformance.adapters.shared.layer_names import automatic_name

if TYPE_CHECKING:
    from collections.abc import Mapping

Namespace = Literal["layers", "initializers", "regularizers", "constraints"]

_SHORT = {
    "initializers": {
        "uniform": "RandomUniform",
        "normal": "RandomNormal",
        "zero": "Zeros",
        "one": "Ones",
    },
    "regularizers": {"orthogonal": "OrthogonalRegularizer"},
    "constraints": {"nonneg": "NonNeg", "unitnorm": "UnitNorm", "maxnorm": "MaxNorm"},
    "layers": {},
}
"""Names that Keras takes beside the class's own and that in snake case."""


class _Defaults(msgspec.Struct, frozen=True):
    source: str
    layers: dict[str, dict[str, Any]]
    initializers: dict[str, dict[str, Any]]
    regularizers: dict[str, dict[str, Any]]
    constraints: dict[str, dict[str, Any]]


@cache
def _all() -> _Defaults:
    content = Path(__file__).with_suffix(".json").read_bytes()
    return msgspec.json.decode(content, type=_Defaults)


def defaults(namespace: Namespace, name: str) -> Mapping[str, Any] | None:
    """What the arguments of a class are where nobody says; None of a class that is not known.

    Args:
        namespace: Where the class is public.
        name: The class, ``Dense``.
    """
    table: dict[str, dict[str, Any]] = getattr(_all(), namespace)
    return table.get(name)


def class_of(namespace: Namespace, name: str) -> str:
    """The class that a word names, ``HeNormal`` for ``he_normal``; the word where there is none."""
    table: dict[str, Any] = getattr(_all(), namespace)
    if name in table:
        return name
    return _words(namespace).get(name, name)


@cache
def _words(namespace: Namespace) -> dict[str, str]:
    table: dict[str, Any] = getattr(_all(), namespace)
    # Keras writes l1, l2 and l1_l2 without a rule.
    words = {automatic_name(name): name for name in table} | {name.lower(): name for name in table}
    return {**words, "l1_l2": "L1L2", **_SHORT[namespace]}
