"""What a module or class binds to names, compared: who is affected where a name changes hands."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Final

from conformance.touched.mentions import absolute, users
from conformance.touched.units import dump

if TYPE_CHECKING:
    from conformance.touched.changes import Comparison
    from conformance.touched.units import Item, Parts, Scope

INIT: Final = "__init__.py"

_BARE: Final = frozenset(
    {"", *(dump([ast.Name(one, ast.Load())]) for one in ("staticmethod", "classmethod"))}
    | {dump([ast.Name("property", ast.Load())])}
)
"""Decorators that do nothing but to make a method."""


class Names:
    """Compares one module or class of a file."""

    def __init__(self, path: str, old: Parts, new: Parts, scope: str, within: Comparison) -> None:
        """Hold both versions of the file.

        Args:
            path: The file.
            old: What it was.
            new: What it is.
            scope: A class of it, or nothing for the module.
            within: Takes what is found, and knows the rest of the package.
        """
        self._path = path
        self._old = old
        self._new = new
        self._scope = scope
        self._within = within

    def compare(self) -> None:
        """Compare, and follow each name that is bound to something else."""
        old, new = self._old.scopes.get(self._scope), self._new.scopes.get(self._scope)
        if old is None or new is None:
            self._everything(f"has {'a new' if old is None else 'lost its'} class {self._scope}")
            return
        if old.header != new.header:
            self._everything(f"has other bases or decorators on the class {self._scope}")
            return
        was, now = _movable(old), _movable(new)
        gone, fresh = was.keys() - new.names(), now.keys() - old.names()
        other = {
            name
            for name in was.keys() & now.keys()
            if was[name].kind == now[name].kind != "def" and was[name] != now[name]
        }
        if _order(old, was, gone | other) != _order(new, now, fresh | other):
            what = f"the class {self._scope}" if self._scope else "the module"
            self._everything(f"has changed what runs when {what} is made")
            return
        for name in sorted(gone):
            self._gone(was[name])
        for name in sorted(fresh):
            self._fresh(now[name])
        for name in sorted(other):
            self._rebound(was[name], now[name])

    # -- one name ------------------------------------------------------------------------------

    def _gone(self, item: Item) -> None:
        """A name that is bound no longer: whoever used it has changed, or uses it in vain."""
        if item.kind == "def":
            if not self._comes_and_goes(item, "lost"):
                return
            self._within.add(self._path, self._qualified(item))
        if not self._scope and not self._followed(self._new, item.name):
            return
        if item.kind == "import":
            self._unimported(item)
        elif said := self._within.speaks_after(item.name):
            self._everything(f"has lost {self._qualified(item)}, a name that {said} speaks of")

    def _fresh(self, item: Item) -> None:
        """A name that was not bound: whoever looked for it in vain would find it now."""
        if item.kind == "def" and not self._comes_and_goes(item, "got"):
            return
        if not self._scope and not self._followed(self._old, item.name):
            return
        if item.kind == "import":
            self._imported(item)
        elif said := self._within.speaks_before(item.name):
            self._everything(f"has got {self._qualified(item)}, a name that {said} speaks of")
        elif taker := self._taken("*"):
            self._everything(f"has got {item.name}, and {taker} imports all that it has")

    def _rebound(self, was: Item, now: Item) -> None:
        """A name that is bound to something else: whoever uses it has changed with it."""
        if not (self._followed(self._old, was.name) and self._followed(self._new, was.name)):
            return
        if now.kind == "import":
            self._unimported(was)
            self._imported(now)
        elif said := self._within.speaks_before(was.name):
            self._everything(f"has another {was.name}, a name that {said} speaks of")

    def _followed(self, parts: Parts, name: str) -> bool:
        """Count the functions that use a global name as changed; False where that isn't all."""
        found = users(parts, name)
        for function in found.functions:
            self._within.add(self._path, function)
        if found.at_import:
            self._everything(f"uses {name}, which has changed, when it is imported")
        return not found.at_import

    def _comes_and_goes(self, item: Item, how: str) -> bool:
        """Whether a function may come or go unnoticed by all that don't speak of its name."""
        name = self._qualified(item)
        special = item.name.startswith("__") and item.name.endswith("__")
        if item.text not in _BARE:
            self._everything(f"has {how} {name}, with decorators, which run at import")
        elif special:
            self._everything(f"has {how} {name}, which Python itself looks for")
        elif self._scope and self._old.scopes[self._scope].header:
            # A class with bases may be somebody else's to call, by names that stand elsewhere.
            if item.name.startswith("_") and item.name not in self._within.known.inherited:
                return True
            self._everything(f"has {how} {name}, which may take the place of an inherited one")
        else:
            return True
        return False

    # -- imports -------------------------------------------------------------------------------

    def _imported(self, item: Item) -> None:
        """What comes with an import: names, and what runs when the module is imported."""
        module, _, name = item.text.partition(":")
        target = absolute(self._within.known.package, self._path, module)
        root = target.partition(".")[0]
        if self._is_init():
            self._everything(f"imports {item.name}: what it binds is what others look for")
        elif root in sys.stdlib_module_names:
            return
        elif root == self._within.known.package:
            imported = self._within.module_of(target, name)
            if not self._within.is_started(imported):
                self._everything(f"imports {imported}, which is not imported without that")
        elif root not in _roots(self._old):
            self._everything(f"imports {root} for the first time")

    def _unimported(self, item: Item) -> None:
        """What goes with an import."""
        module, _, name = item.text.partition(":")
        target = absolute(self._within.known.package, self._path, module)
        root = target.partition(".")[0]
        if self._is_init():
            self._everything(f"no longer imports {item.name}, which others may look for")
        elif taker := self._taken(item.name):
            self._everything(f"no longer has {item.name}, which {taker} imports from it")
        elif root not in sys.stdlib_module_names:
            own = root == self._within.known.package
            imported = self._within.module_of(target, name) if own else root
            if not self._within.importer_after(imported):
                self._everything(f"no longer imports {imported}, as nothing else does")

    def _taken(self, name: str) -> str | None:
        """Who imports a name from this module."""
        parts = [self._within.known.package, *self._path.removesuffix(".py").split("/")]
        module = parts[-2] if self._is_init() else parts[-1]
        return self._within.takers(module, name)

    def _is_init(self) -> bool:
        return self._path.rpartition("/")[2] == INIT

    def _qualified(self, item: Item) -> str:
        return f"{self._scope}.{item.name}" if self._scope else item.name

    def _everything(self, reason: str) -> None:
        self._within.everything(self._path, reason)


def _movable(scope: Scope) -> dict[str, Item]:
    """What of a scope may come and go without a change of the rest."""
    kinds = {"def"} if scope.name else {"def", "assign", "import"}
    return {name: item for name, item in scope.bound().items() if item.kind in kinds}


def _order(scope: Scope, movable: dict[str, Item], but: set[str]) -> list[Item]:
    """What stays of a scope, in its order; where imports stand in it is of no importance."""
    return [
        item
        for item in scope.items
        if not (item.name in movable and (item.name in but or item.kind == "import"))
    ]


def _roots(parts: Parts) -> set[str]:
    """The packages that a file imports when it is imported, whatever happens."""
    return {
        item.text.partition(":")[0].partition(".")[0]
        for item in parts.scopes[""].items
        if item.kind == "import"
    }
