"""Which releases of a package there are, and when they came out.

uv is asked for the newest, then for the newest before that, and so on: each answer takes a fraction
of a second, and holds for whatever the user has configured: his index, his Python, yanked releases,
wheels that fit his system.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from conformance.environments.problems import BlockedError, PreparationError

if TYPE_CHECKING:
    import datetime as dt

    from packaging.version import Version

    from conformance.adapters.host.variant import Pin
    from conformance.environments.uv import Resolved, Uv

_MOST: Final = 400
"""No package has more releases that anyone would try."""

_KNOWN: Final = (
    "keras",
    "keras-nightly",
    "tf-keras",
    "tensorflow",
    "torch",
    "jax",
    "openvino",
    "flax",
    "numpy",
)


@dataclass(frozen=True)
class Release:
    """One release of a package."""

    version: Version
    published: dt.date | None
    """When its files came out; None where the index does not tell."""


def releases(
    uv: Uv, package: str, specifiers: SpecifierSet, *, prereleases: bool = False
) -> list[Release]:
    """All releases within the specifiers that have a wheel for this interpreter, oldest first.

    Raises:
        PreparationError: There is no such package, or the index cannot be asked.
    """
    found: list[Release] = []
    options = ("--prerelease", "allow" if prereleases else "disallow")
    before = ""
    while len(found) < _MOST:
        within = SpecifierSet(",".join(filter(None, [str(specifiers), before])))
        try:
            (newest,) = uv.resolve([f"{package}{within}"], dependencies=False, options=options)
        except BlockedError:
            raise
        except PreparationError:
            if not found:
                _newest(uv, package)  # says so where the package itself is unknown
            break
        found.append(Release(newest.version, newest.published.date() if newest.published else None))
        before = f"<{newest.version}"
    return found[::-1]


def release_at(uv: Uv, package: str, day: dt.date) -> Version:
    """The newest release that was out on a day.

    Raises:
        PreparationError: There was none, or the index does not tell when releases came out.
    """
    options = ("--exclude-newer", day.isoformat(), "--prerelease", "disallow")
    try:
        (found,) = uv.resolve([package], dependencies=False, options=options)
    except BlockedError:
        raise
    except PreparationError as problem:
        if _newest(uv, package).published is None:
            raise PreparationError(_undated(package)) from problem
        raise PreparationError(f"no release of {package} was out on {day}") from problem
    if found.published is None:  # in a folder of wheels no date keeps any away
        raise PreparationError(_undated(package))
    return found.version


def _undated(package: str) -> str:
    return (
        f"the package index does not tell when releases of {package} came out; "
        "name versions instead of dates"
    )


def no_such_release(uv: Uv, pin: Pin) -> str:
    """Say which releases there are where this one does not exist; empty where it does.

    Raises:
        PreparationError: There is no such package at all.
    """
    newest = _newest(uv, pin.package)
    near: list[str] = []
    for specifier, options in (
        (f"=={pin.version}", ()),
        (f"<{pin.version}", ()),
        (f">{pin.version}", ("--resolution", "lowest")),
    ):
        try:
            (found,) = uv.resolve(
                [f"{pin.package}{specifier}"], dependencies=False, options=options
            )
        except BlockedError:
            raise
        except PreparationError:
            continue
        if specifier.startswith("=="):
            return ""
        near.append(str(found.version))
    return (
        f"there is no release {pin.version} of {pin.package} with a wheel for this Python and "
        f"system; next to it are {' and '.join(near)}, the newest is {newest.version}"
    )


def _newest(uv: Uv, package: str) -> Resolved:
    try:
        (newest,) = uv.resolve([package], dependencies=False)
    except BlockedError:
        raise
    except PreparationError as problem:
        close = difflib.get_close_matches(canonicalize_name(package), _KNOWN, n=2, cutoff=0.7)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise PreparationError(
            f"the package index has no package {package} with a wheel for this Python and "
            f"system{hint}"
        ) from problem
    return newest
