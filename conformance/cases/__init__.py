"""The case language: YAML files in, :class:`~conformance.cases.model.Case` objects out.

``load`` and ``load_file`` never raise for what is written in a file: they return a ``Catalogue``
with every sound case and every ``Problem``. See docs/cases.md for the language.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.cases.loading import (
        Catalogue,
        default_root,
        is_packaged,
        load,
        load_file,
        load_ids,
    )
    from conformance.cases.problems import CasesError, Problem
    from conformance.cases.schema import json_schema

__all__ = [
    "CasesError",
    "Catalogue",
    "Problem",
    "default_root",
    "is_packaged",
    "json_schema",
    "load",
    "load_file",
    "load_ids",
]

_HOMES = {
    "CasesError": "problems",
    "Catalogue": "loading",
    "Problem": "problems",
    "default_root": "loading",
    "is_packaged": "loading",
    "json_schema": "schema",
    "load": "loading",
    "load_file": "loading",
    "load_ids": "loading",
}


def __getattr__(name: str) -> Any:
    """Import on first use: whoever needs only the model shouldn't wait for a YAML parser."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
