"""The small texts of a porting guide: names, values, links and conditions as cells of a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.porting.model import Condition, Row

_PREFIXES = ("torch.nn.functional.", "torch.nn.", "torch.", "flax.nnx.", "jax.", "numpy.")
_SHORT = {
    "torch.nn.functional.": "F.",
    "torch.nn.": "nn.",
    "torch.": "torch.",
    "flax.nnx.": "nnx.",
    "jax.": "jax.",
    "numpy.": "np.",
}
_LONG = 48
"""Characters of a case's id that are shown at most."""


def sentence(note: str) -> str:
    """A docstring's sentence in Markdown."""
    return cell(re.sub(r"``([^`]+)``", r"`\1`", note))


def linked(row: Row, cases: Sequence[str]) -> str:
    """Ids of cases, each leading to its file."""
    return ", ".join(f"[{case_id(case)}](../../cases/{row.files[case]})" for case in cases)


def case_id(case: str) -> str:
    """An id that fits into a cell: what it varies is cut off where it is long."""
    short = case.removeprefix("layers/")
    name, bracket, _ = short.partition("[")
    return cell(f"{name}[…]" if bracket and len(short) > _LONG else short)


def occasion(conditions: Sequence[Condition], sometimes: str = "at times with ") -> str:
    """When something applies that does not always."""
    if not conditions:
        return "at times"
    texts = []
    for condition in conditions:
        values = " or ".join(f"`{condition.keras}={literal(value)}`" for value in condition.values)
        texts.append(values if condition.always else f"{sometimes}{values}")
    return ", ".join(texts)


def literal(value: Any) -> str:
    """A value as Python writes it, without the last digits of a difference of floats."""
    if value == "array":
        return "…"
    if isinstance(value, float):
        return f"{value:.6g}"
    return repr(value)


def short(symbol: str) -> str:
    """``torch.nn.functional.pad`` as its users write it: ``F.pad``."""
    prefix = next((p for p in _PREFIXES if symbol.startswith(p)), "")
    return _SHORT.get(prefix, prefix) + symbol[len(prefix) :]


def cell(text: str) -> str:
    """Text that stays within a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def slug(title: str) -> str:
    """The anchor of a heading."""
    return title.lower().replace(" ", "-").replace(".", "")


def heading(family: str) -> str:
    """A family's name as a heading."""
    if family == "activation":
        return "Activation layers"
    if family.partition(".")[0] in {"ops", "losses", "optimizers", "initializers"}:
        return f"keras.{family}"
    return family.replace("_", " ").capitalize() or "Others"
