"""A native adapter whose layers are the blocks of docs/porting/code, as they are printed there.

The last argument of its command is the framework. A function that has no block can't be called.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

CODE = Path(__file__).parents[2] / "docs" / "porting" / "code"
BLOCK = re.compile(r"<!-- (\S+) (\S+) -->\n\n```python\n(.*?)\n```", re.DOTALL)
PROBE = "core", "probe"
"""What notes shapes for a case: no layer of Keras's."""


def create(name: str) -> Any:
    """The adapter of a framework, on printed code."""
    from conformance.adapters.native import functions, model

    known: dict[tuple[str, str], Any] = {}
    for page in sorted((CODE / name).glob("*.md")):
        for module, function, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            space: dict[str, Any] = {}
            exec(compile(text, f"{page}: {function}", "exec"), space)  # noqa: S102 - our own pages
            known.setdefault((module, function), space[function])
            known.update(
                {(module, key): one for key, one in space.items() if key.endswith("_mask")}
            )
    taken = model._function

    def printed(package: str, module: str, function: str) -> Any:
        if (module, function) == PROBE:
            return taken(package, module, function)
        return known[f"{package}.{module}".removeprefix("conformance.adapters."), function]

    def printed_function(module: str, function: str) -> Any:
        if ".ops." not in module:  # losses, initializers and optimizers have no blocks
            return own(module, function)
        return known[module.removeprefix("conformance.adapters."), function]

    own, functions._function = functions._function, printed_function
    model._function = printed
    return importlib.import_module(f"conformance.adapters.{name}.adapter").create(name)
