"""A native adapter whose code is the blocks of docs/porting/code, as they are printed there.

The last argument of its command is the framework; with ``-alone`` behind it, without the libraries
that rows of its tables need. What has no block can't be called.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

CODE = Path(__file__).parents[2] / "docs" / "porting" / "code"
BLOCK = re.compile(r"((?:<!-- \S+ \S+ -->\n)+)\n```python\n(.*?)\n```", re.DOTALL)
MARK = re.compile(r"<!-- (\S+) (\S+) -->")
PROBE = "core", "probe"
"""What notes shapes for a case: no layer of Keras's."""
ASKING = ".moving"
"""How the module is called that asks optimizers and schedules for what a case asks."""
LENT = {"flax": "jax"}
"""Whose functions a framework calls that are on its own pages under another name."""


def blocks(page: Path) -> list[tuple[list[tuple[str, str]], dict[str, Any]]]:
    """Each block of a page: what it is, and everything that it defines."""
    found = []
    for marks, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        space: dict[str, Any] = {}
        exec(compile(text, str(page), "exec"), space)  # noqa: S102 - our own pages
        found.append((MARK.findall(marks), space))
    return found


def create(name: str) -> Any:
    """The adapter of a framework, on printed code."""
    from conformance.adapters.native import functions, model

    name, _, alone = name.partition("-")
    if alone:
        functions.installed = lambda _: False
    known: dict[tuple[str, str], Any] = {}
    for folder in [name, *([LENT[name]] if name in LENT else [])]:
        for page in sorted((CODE / folder).glob("*.md")):
            for marks, space in blocks(page):
                for module, function in marks:
                    known.setdefault((module, function), space[function])
                masks = {key: one for key, one in space.items() if key.endswith("_mask")}
                known.update({(marks[0][0], key): one for key, one in masks.items()})
    taken, own = model._function, functions._function

    def printed(package: str, module: str, function: str) -> Any:
        if (module, function) == PROBE:
            return taken(package, module, function)
        return known[f"{package}.{module}".removeprefix("conformance.adapters."), function]

    def printed_function(module: str, function: str) -> Any:
        if module.endswith(ASKING):
            return own(module, function)
        return known[module.removeprefix("conformance.adapters."), function]

    functions._function, model._function = printed_function, printed
    return importlib.import_module(f"conformance.adapters.{name}.adapter").create(name)
