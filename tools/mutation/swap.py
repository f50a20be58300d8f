"""Put a changed definition in the place of the one that runs, and back again.

Functions keep their identity, whoever holds them: what changes is their code and their defaults.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import importlib
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Place = tuple[str, int]
"""A function in its module: its qualified name and its first line."""


class Module:
    """A module whose functions can be changed while it is loaded."""

    def __init__(self, name: str) -> None:
        """Import it, and find every function that its source has made."""
        loaded = importlib.import_module(name)
        self.name, self.path = name, str(loaded.__file__)
        with open(self.path, encoding="utf-8") as file:  # noqa: PTH123 (tools may be plain)
            self.source = file.read()
        self._functions: dict[Place, list[types.FunctionType]] = {}
        self._caches: list[Any] = []
        for one in gc.get_objects():
            if isinstance(one, types.FunctionType) and one.__code__.co_filename == self.path:
                code = one.__code__
                place = code.co_qualname, code.co_firstlineno
                self._functions.setdefault(place, []).append(one)
            elif (
                isinstance(one, functools._lru_cache_wrapper)  # noqa: SLF001 (it has no other name)
                and one.__module__ == name
            ):
                self._caches.append(one)

    @contextlib.contextmanager
    def changed(self, tree: ast.Module) -> Iterator[int]:
        """Run what a changed tree says; says how many functions are other than before."""
        new = dict(_codes(compile(tree, self.path, "exec", dont_inherit=True)))
        defaults = dict(_defaults(tree, ""))
        before: list[tuple[types.FunctionType, Any, Any, Any]] = []
        for place, functions in self._functions.items():
            code = new.get(place)
            for one in functions:
                if code is None or code.co_freevars != one.__code__.co_freevars:
                    continue
                plain, named = defaults.get(place, (one.__defaults__, one.__kwdefaults__))
                if (
                    code == one.__code__
                    and plain == one.__defaults__
                    and named == one.__kwdefaults__
                ):
                    continue
                before.append((one, one.__code__, one.__defaults__, one.__kwdefaults__))
                one.__code__, one.__defaults__, one.__kwdefaults__ = code, plain, named
        try:
            self._forget()
            yield len(before)
        finally:
            for one, code, plain, named in before:
                one.__code__, one.__defaults__, one.__kwdefaults__ = code, plain, named
            self._forget()

    def _forget(self) -> None:
        for cache in self._caches:
            cache.cache_clear()


def _codes(code: types.CodeType) -> Iterator[tuple[Place, types.CodeType]]:
    for one in code.co_consts:
        if isinstance(one, types.CodeType):
            yield (one.co_qualname, one.co_firstlineno), one
            yield from _codes(one)


def _defaults(node: ast.AST, prefix: str) -> Iterator[tuple[Place, tuple[Any, Any]]]:
    """Defaults of outermost functions and of methods, where all of them are literals."""
    for child in getattr(node, "body", []):
        if isinstance(child, ast.ClassDef):
            yield from _defaults(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef):
            first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
            with contextlib.suppress(ValueError):
                plain = tuple(ast.literal_eval(one) for one in child.args.defaults)
                named = {
                    argument.arg: ast.literal_eval(default)
                    for argument, default in zip(
                        child.args.kwonlyargs, child.args.kw_defaults, strict=True
                    )
                    if default is not None
                }
                yield (prefix + child.name, first), (plain or None, named or None)
