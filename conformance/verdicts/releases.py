"""Versions against conditions on them, in plain order.

A development release stands where it was made: 3.16.0.dev1 comes after 3.15.1 and before 3.16.0,
so ``<3.16`` holds of it. (The specification of version specifiers has it the other way, as it is
made for installers, which should not take a development release for what was asked.)
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from packaging.specifiers import Specifier, SpecifierSet

_ORDER: Final[dict[str, Callable[[Version, Version], bool]]] = {
    "<": lambda version, bound: version < bound,
    "<=": lambda version, bound: version <= bound,
    ">": lambda version, bound: version > bound,
    ">=": lambda version, bound: version >= bound,
}


def within(version: str | None, specifiers: SpecifierSet) -> bool:
    """Tell whether a version meets conditions.

    Args:
        version: as a distribution reports it; a local part (``+cpu``) counts for nothing.
        specifiers: conditions that must all hold.

    Returns:
        False also where there is no version, or it is none.
    """
    found = parsed(version)
    if found is None:
        return False
    public = Version(found.public)
    return all(_meets(public, specifier) for specifier in specifiers)


def holds(when: Mapping[str, SpecifierSet], versions: Mapping[str, str]) -> bool:
    """Tell whether an adapter's versions meet conditions on distributions.

    Args:
        when: conditions by distribution; none always holds.
        versions: distribution name to version, as the adapter reported them.

    Returns:
        False also where a distribution is not among them, or its version is not one.
    """
    if not when:
        return True
    known = {_canonical(name): version for name, version in versions.items()}
    return all(within(known.get(_canonical(name)), specifiers) for name, specifiers in when.items())


def is_development(version: str | None) -> bool:
    """Tell whether a version is of a development or other pre-release."""
    found = parsed(version)
    return found is not None and found.is_prerelease


@functools.lru_cache(maxsize=4096)
def parsed(version: str | None) -> Version | None:
    """Read a version; None where there is none."""
    try:
        return None if version is None else Version(version)
    except InvalidVersion:
        return None


@functools.lru_cache(maxsize=4096)
def _canonical(name: str) -> str:
    return canonicalize_name(name)


def _meets(version: Version, specifier: Specifier) -> bool:
    compare = _ORDER.get(specifier.operator)
    if compare is None:  # ==, !=, ~= and ===, whose meaning has nothing to do with order
        return specifier.contains(version, prereleases=True)
    return compare(version, Version(specifier.version))
