"""Where the porting guide speaks of a layer."""

from __future__ import annotations

from conformance.reference.errors import Unsupported
from conformance.reference.spec import table

PAGES = {"PyTorch": "torch", "JAX": "jax", "Flax": "flax"}
"""By the first word of a framework: its page of docs/porting."""
_FAMILIES = {"activations": "activation-layers", "rnn": "recurrent"}
"""Sections of a page that are called otherwise than the family's folder."""


def anchor(framework: str, kind: str) -> str:
    """The section of the guide that a layer is in: ``docs/porting/torch.md#recurrent``.

    Args:
        framework: What the other model is made of, with its version.
        kind: The layer's class.

    Returns:
        Empty where no guide is about the framework or no section about the layer.
    """
    page = PAGES.get(framework.split(" ", maxsplit=1)[0])
    symbol = f"layers.{kind}"
    if page is None:
        return ""
    try:
        home = table.find(symbol).__module__
    except Unsupported:
        return ""
    family = home.removeprefix("conformance.reference.spec.layers.").split(".")[0]
    return f"docs/porting/{page}.md#{_FAMILIES.get(family, family)}"
