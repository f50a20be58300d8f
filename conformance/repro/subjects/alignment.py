"""How boxes, labels and masks are held against their images, as source for a script.

It is the source of :mod:`conformance.alignment` itself: the functions that a kind of property
needs, with neither annotations nor docstrings.
"""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING

from conformance import alignment

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = frozenset(alignment.RESIDUALS)
"""The kinds of property that have a function."""


def residual(kind: str) -> str:
    """The name of the function that a kind is computed by."""
    return alignment.RESIDUALS[kind][0].__name__


def source(kinds: Iterable[str]) -> list[str]:
    """The functions of these kinds and the constants and functions that they use, as lines."""
    own = _definitions()
    wanted: set[str] = set()
    left = [residual(kind) for kind in kinds]
    while left:
        name = left.pop()
        if name not in wanted:
            wanted.add(name)
            left += [one for one in _names(own[name]) if one in own]
    lines: list[str] = []
    for name, node in own.items():
        if name in wanted:
            gap = ["", ""] if isinstance(node, ast.FunctionDef) else []
            # Scripts run on Python 3.9 as well, whose zip has no `strict`.
            text = ast.unparse(_bare(node)).replace(", strict=True", "")
            lines += [*gap, *text.splitlines()]
    return [*lines, "", ""] if lines else []


def _definitions() -> dict[str, ast.stmt]:
    """Functions and constants of the module, in order."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(inspect.getsource(alignment)).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found


def _names(node: ast.stmt) -> set[str]:
    return {one.id for one in ast.walk(_bare(node)) if isinstance(one, ast.Name)}


def _bare(node: ast.stmt) -> ast.stmt:
    """Without annotations and docstring."""
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        return ast.fix_missing_locations(
            ast.copy_location(ast.Assign([node.target], node.value), node)
        )
    if not isinstance(node, ast.FunctionDef):
        return node
    arguments = node.args
    for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        one.annotation = None
    node.returns = None
    node.body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return node
