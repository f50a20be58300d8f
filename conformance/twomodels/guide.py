"""Where the porting guide speaks of a layer: its code for the port's framework, or its section."""

from __future__ import annotations

from conformance.porting.blocks import place
from conformance.reference.errors import Unsupported
from conformance.reference.spec import table

PAGES = {"PyTorch": "torch", "JAX": "jax", "Flax": "flax"}
"""By the first word of a framework: its page of docs/porting."""
_GUIDE = "docs/porting/"
_FAMILIES = {"activations": "activation", "rnn": "recurrent"}
"""Families that are called otherwise than the folder of their definitions."""
_UNTOLD = frozenset({"nested"})
"""Families without a section: layers of models inside of models."""
_SECTIONS = {"activation": "activation-layers"}
"""Sections of a page that are called otherwise than the family."""


def anchor(framework: str, kind: str) -> str:
    """What to read: ``docs/porting/code/torch/recurrent.md#lstm``.

    Args:
        framework: What the other model is made of, with its version.
        kind: The layer's class, or a function: ``LSTM``, ``ops.gelu``.

    Returns:
        The layer's code; of a layer without code the section of the guide that it is in. Empty
        where no guide is about the framework or nothing about the layer.
    """
    page = PAGES.get(framework.split(" ", maxsplit=1)[0])
    if page is None:
        return ""
    function = kind.removeprefix("ops.")
    if function != kind:
        names = (f"activation: {function}", kind)
        return next((f"{_GUIDE}{code}" for one in names if (code := place(page, one, ""))), "")
    try:
        home = table.find(f"layers.{kind}").__module__
    except Unsupported:
        return ""
    folder = home.removeprefix("conformance.reference.spec.layers.").split(".")[0]
    family = _FAMILIES.get(folder, folder)
    code = place(page, kind, family)
    if not code and family in _UNTOLD:
        return ""
    return _GUIDE + (code or f"{page}.md#{_SECTIONS.get(family, family)}")
