"""The columns of a search over versions: an adapter, with a release of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.adapters.host import registry
from conformance.adapters.shared.naming import SEPARATOR, base_of
from conformance.environments import Variant, VariantError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.host.registry import AdapterSpec

_NIGHTLY = "-nightly"
"""What the name of a distribution ends in that holds another's modules, a day old."""


class Sides(NamedTuple):
    """One adapter in two versions."""

    adapter: str
    """Its name, with whatever is the same on both sides."""
    old: AdapterSpec
    new: AdapterSpec


def column_of(adapter: str, text: str) -> str:
    """The name of an adapter's column: ``keras-torch@keras==3.14.1``.

    Args:
        adapter: An adapter's name or a glob, which may say more behind an ``@``.
        text: What is to be different, as it may stand behind an ``@``.
    """
    return f"{adapter}{',' if SEPARATOR in adapter else SEPARATOR}{text}"


def two_sides(
    adapters: Sequence[str], old: str, new: str, commands: Sequence[str] = ()
) -> list[Sides]:
    """The columns of two versions, adapter by adapter.

    Args:
        adapters: Names or globs; none: all that are installed and need what differs.
        old: What stands behind the ``@`` of OLD's columns.
        new: The same of NEW's.
        commands: Further adapters, as ``NAME=COMMAND``.

    Raises:
        VariantError: The two are the same, or can't be read; or no adapter is concerned.
        RegistryError: There is no such adapter, or it can't be run in another version.
    """
    variants = Variant.parse(old), Variant.parse(new)
    if variants[0].label == variants[1].label:
        raise VariantError(f"both sides would be named {variants[0].label}: nothing to compare")
    found: dict[str, Sides] = {}
    for adapter in adapters or _concerned(variants, old, commands):
        olds, news = (registry.select([column_of(adapter, text)], commands) for text in (old, new))
        own = adapter.partition(SEPARATOR)[2]
        for before, after in zip(olds, news, strict=True):
            name = base_of(before.name)
            if own:
                name = f"{name}{SEPARATOR}{Variant.parse(own).label}"
            found.setdefault(name, Sides(name, before, after))
    return list(found.values())


def _concerned(variants: Sequence[Variant], text: str, commands: Sequence[str]) -> list[str]:
    """The adapters that are installed and need what differs.

    Raises:
        VariantError: It cannot be told, or there are none.
    """
    named = {pin.package for variant in variants for pin in variant.pins}
    named |= {checkout.package for variant in variants for checkout in variant.checkouts}
    named |= {name.removesuffix(_NIGHTLY) for name in named}
    found = [
        spec.name
        for spec in registry.select((), commands)
        if not spec.problem
        and not spec.missing()
        and named & {name.replace("_", "-") for name in spec.requires}
        and _has_columns(spec.name, text, commands)
    ]
    if not found:
        raise VariantError("say on which adapters to compare: --adapter NAME")
    return found


def _has_columns(adapter: str, text: str, commands: Sequence[str]) -> bool:
    """Whether an adapter can be run in other versions; not one with a program of its own."""
    try:
        registry.select([column_of(adapter, text)], commands)
    except registry.RegistryError:
        return False
    return True
