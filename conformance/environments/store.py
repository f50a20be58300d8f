"""Where environments are kept: each in a folder of its own, whole or not at all.

A folder is made under another name and renamed when it is finished, so one that has its name is
whole, whatever ended the process that made it. A lock keeps two processes from making the same.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import secrets
import shutil
from typing import TYPE_CHECKING, Any

from conformance.cache import cache_folder
from conformance.environments.problems import BlockedError, PreparationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_ABOUT = "environment.json"
_UNFINISHED = ".unfinished-"


def made(key: str) -> tuple[Path, dict[str, Any]] | None:
    """The folder of this key and what was noted of it; None where there is none."""
    folder = cache_folder() / "environments" / key
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # A note that is another's, or what it speaks of is gone: as if nothing had been made.
    kind = about.get("kind") if isinstance(about, dict) else None
    inside = {"overlay": "site", "environment": "venv/bin/python"}.get(str(kind))
    return (folder, about) if inside and (folder / inside).exists() else None


def make(key: str, build: Callable[[Path], dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """The folder of this key, made now if it is not there.

    Args:
        key: Its name.
        build: Fills an empty folder, and tells what is to be noted of it.

    Raises:
        PreparationError: It cannot be made; nothing is left of the attempt.
    """
    home = cache_folder() / "environments"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _locked(home / f".{key}.lock"):
            if found := made(key):
                return found
            for left in home.glob(f"{_UNFINISHED}{key}-*"):  # of a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            folder = home / f"{_UNFINISHED}{key}-{secrets.token_hex(4)}"
            try:
                folder.mkdir()
                about = build(folder)
                (folder / _ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")
                shutil.rmtree(home / key, ignore_errors=True)  # damaged: it has no note
                folder.rename(home / key)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            return home / key, about
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise BlockedError(f"the disk is full: {home}; nothing half-made is kept") from error
        raise PreparationError(f"{home}: {error.strerror or error}") from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the system releases however this process ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
