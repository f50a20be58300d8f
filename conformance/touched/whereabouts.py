"""What an adapter's interpreter would import, asked without importing any of it."""

from __future__ import annotations

import functools
import hashlib
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from packaging.utils import canonicalize_name

from conformance import adapters
from conformance.adapters.host.environment import environment
from conformance.adapters.host.registry import BOOTSTRAP
from conformance.adapters.shared.naming import base_of
from conformance.touched.map import Context
from conformance.touched.source import Source, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.adapters.host.registry import AdapterSpec

_LOCATED = BOOTSTRAP.with_name("located.py")
_SECONDS = 60


class UntoldError(SourceError):
    """It can't be told what an adapter's interpreter would import."""


class Whereabouts(Struct, frozen=True, kw_only=True):
    """What ``worker/located.py`` says."""

    folders: dict[str, str | None]
    """Where each package would be imported from; None: from nowhere."""
    versions: dict[str, str | None]
    python: str
    system: str


def ask(spec: AdapterSpec, packages: Iterable[str], distributions: Iterable[str]) -> Whereabouts:
    """Ask an adapter's interpreter.

    Raises:
        UntoldError: The adapter is not served by the suite's worker, or its interpreter fails.
    """
    try:
        at = spec.command.index(str(BOOTSTRAP))
    except ValueError:
        raise UntoldError(
            f"{spec.name} is not served by the suite's own worker, so nobody can say which "
            "functions its cases enter"
        ) from None
    command = (*spec.command[:at], str(_LOCATED), *packages, "--", *distributions)
    try:
        asked = subprocess.run(
            command,
            env=environment(spec.env),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        return msgspec.json.decode(asked.stdout, type=Whereabouts)
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError) as error:
        raise UntoldError(f"{spec.name}: its interpreter can't be asked: {error}") from error


def context(
    spec: AdapterSpec, source: Source, distributions: Iterable[str]
) -> tuple[Context, Whereabouts]:
    """What a recording of an adapter would hold for, and where it imports from.

    Args:
        spec: The adapter.
        source: The package.
        distributions: What the adapter stands on; the package itself is left out.
    """
    names = {canonicalize_name(one) for one in distributions} - {canonicalize_name(source.package)}
    found = ask(spec, dict.fromkeys((source.package, "keras")), sorted(names))
    made = Context(
        adapter=base_of(spec.name),
        package=source.package,
        suite=suite(),
        versions=found.versions,
        python=found.python,
        system=found.system,
    )
    return made, found


def folder_of(spec: AdapterSpec, source: Source, found: Whereabouts) -> Path:
    """The folder that an adapter imports the package from, which has what the source has.

    Raises:
        SourceError: It imports another one, or none; the text says what to do.
    """
    told = found.folders.get(source.package)
    if told is None:
        raise SourceError(
            f"{spec.name} finds no package {source.package} to import: install it into its "
            f"environment (pip install -e), or name the adapter as "
            f"'{base_of(spec.name)}@{source.package}={source.folder.parent}'"
        )
    folder = Path(told)
    if folder.resolve() == source.folder:
        return folder
    for path in source.now():
        if path.endswith(".py") and _differ(folder / path, source.folder / path):
            raise SourceError(
                f"{spec.name} does not import what is in {source.folder}: it imports "
                f"{folder}, where {path} is another one. Install it anew, or with pip install -e, "
                f"or name the adapter as "
                f"'{base_of(spec.name)}@{source.package}={source.folder.parent}'"
            )
    return folder


@functools.cache
def suite() -> str:
    """Hash of what of the suite runs in an adapter's process, and so decides what is called."""
    digest = hashlib.sha256()
    root = Path(adapters.__path__[0])
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _differ(installed: Path, here: Path) -> bool:
    """Whether a file that was installed is another one; tests, say, are often not installed."""
    try:
        return installed.read_bytes() != here.read_bytes()
    except OSError:
        return installed.name == "__init__.py"
