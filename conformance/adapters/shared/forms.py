"""In which form an argument is passed: where objects are public, and the paths of forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOMES = {
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "activation": "activations",
}
"""Where Keras has the object that an argument holds, by the argument's last word."""


def within(forms: Mapping[str, str], step: str) -> dict[str, str]:
    """The forms of what is behind one step of their paths, by the rest of the path.

    Args:
        forms: A form by its path, ``layer.Dense.activation``; that of the value itself has none.
        step: The first part of the paths that count.
    """
    found = {}
    for path, form in forms.items():
        first, _, rest = path.partition(".")
        if path and first == step:
            found[rest] = form
    return found
