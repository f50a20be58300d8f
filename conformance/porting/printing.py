"""Functions and classes of the native adapters as blocks of code, with all that they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.repro.native import Extract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.porting.sources import Source

MARK = "<!-- {module} {function} -->"
"""Stands before a block, once for each function of the adapter's that it is: so it can be run."""
_ADAPTERS = "conformance.adapters."


class Block(NamedTuple):
    """Code that runs with a framework alone."""

    names: Sequence[tuple[str, str]]
    """What it is: module, below the adapters, and name."""
    text: str
    own: str
    """The last definition of it, which is what it is about."""
    holds: frozenset[tuple[str, str]]
    """Everything in it under its own name, by module and name."""

    def also(self, module: str, function: str) -> Block:
        """The block as another of the adapter's functions besides."""
        return self._replace(names=[*self.names, (module, function)])


def block(source: Source, module: str, names: Sequence[str], package: str = "") -> Block:
    """A function and what goes with it.

    Args:
        source: Whose.
        module: Below the package: ``layers.core``.
        names: The function, and others that belong to it.
        package: Where the module is, unless it is the source's own.
    """
    package = package or source.package
    extract = Extract(source.layers)
    for name in names:
        extract.add(module, name, package)
    imports = sorted(extract.imports, key=lambda one: (one.split()[1], one))
    standard = [one for one in imports if one.split()[1] in {"functools", "itertools", "math"}]
    others = [one for one in imports if one not in standard]
    head = "\n".join([*standard, *([""] if standard and others else []), *others])
    text = "\n\n\n".join([*([head] if head else []), *extract.texts.values()])
    holds = frozenset((where(one, part), name) for one, part, name in extract.kept())
    return Block([(where(package, module), names[0])], text, extract.texts[names[0]], holds)


def where(package: str, module: str) -> str:
    """A module as a mark names it: ``torch.layers.core``."""
    return f"{package}.{module}".removeprefix(_ADAPTERS)


def printed(some: Block) -> list[str]:
    """The lines of a block on a page."""
    marks = [MARK.format(module=module, function=name) for module, name in some.names]
    return ["", *marks, "", "```python", some.text, "```"]


def identified(symbol: str) -> str:
    """The anchor of a symbol of Keras's: ``losses-huber``, of a class and its function alike."""
    return symbol.lower().replace(".", "-")
