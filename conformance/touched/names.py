"""What a module or class binds to names, compared: who is affected where a name changes hands."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Final

from conformance.touched.mentions import absolute
from conformance.touched.units import dump

if TYPE_CHECKING:
    from conformance.touched.changes import Comparison, Known
    from conformance.touched.units import Item, Parts, Scope

INIT: Final = "__init__.py"

BARE: Final = frozenset(
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
        self._users(self._new, item)
        if item.kind == "import":
            self._unimported(item)
        else:
            self._within.follow_after(self._path, item.name, self._said("lost", item))

    def _fresh(self, item: Item) -> None:
        """A name that was not bound: whoever looked for it in vain would find it now."""
        if item.kind == "def" and not self._comes_and_goes(item, "got"):
            return
        self._users(self._old, item)
        if item.kind == "import":
            self._imported(item)
            return
        self._within.follow_before(self._path, item.name, self._said("got", item))
        if not self._scope and (taker := self._taken("*")):
            self._everything(f"has got {item.name}, and {taker} imports all that it has")

    def _rebound(self, was: Item, now: Item) -> None:
        """A name that is bound to something else: whoever uses it has changed with it."""
        self._users(self._old, was)
        self._users(self._new, now)
        if now.kind == "import":
            self._unimported(was)
            self._imported(now)
        else:
            self._within.follow_before(self._path, was.name, self._said("another", was))

    def _users(self, parts: Parts, item: Item) -> None:
        """Count the functions of this file that use a global name as changed."""
        if not self._scope:
            self._within.use(self._path, parts, item.name)

    def _said(self, how: str, item: Item) -> str:
        return f"has {how} {self._qualified(item)}"

    def _comes_and_goes(self, item: Item, how: str) -> bool:
        """Whether a function may come or go unnoticed by all that don't use its name."""
        header = self._old.scopes[self._scope].header
        reason = hidden_users(item.name, header, self._within.known)
        if item.text not in BARE:
            reason = "with decorators, which run at import"
        if reason:
            self._everything(f"{self._said(how, item)}, {reason}")
        return not reason

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
        return self._within.takers(dotted(self._within.known.package, self._path), name)

    def _is_init(self) -> bool:
        return self._path.rpartition("/")[2] == INIT

    def _qualified(self, item: Item) -> str:
        return f"{self._scope}.{item.name}" if self._scope else item.name

    def _everything(self, reason: str) -> None:
        self._within.everything(self._path, reason)


def dotted(package: str, path: str) -> str:
    """The dotted name of a package's module, by its path below the package's folder."""
    parts = [package, *path.removesuffix(".py").split("/")]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def hidden_users(name: str, header: str, known: Known) -> str:
    """Why others may use a function of this name without speaking of it; empty: none does.

    Args:
        name: The function's, without its class.
        header: What stands in the head of its class; empty where there is nothing, or no class.
        known: What is known of the package.
    """
    if name.startswith("__") and name.endswith("__"):
        return "which Python itself looks for"
    # A class with bases may be somebody else's to call, by names that stand elsewhere.
    if header and (not name.startswith("_") or name in known.inherited):
        return "which may take the place of an inherited one"
    return ""


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
