"""Which cases are asked for under pytest: files, folders, ``FILE::ID`` and ``--case``.

pytest itself knows files and the names of its items. What it is told beyond that is taken out of
its arguments here, before it collects, and held against the items afterwards.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conformance.suites import NOT_CASES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ENDINGS = (".yaml", ".yml")
LOOKED_AT = 2**16
"""Bytes at the head of a file by which it is told whether it holds cases."""

_ITEM = re.compile(rb"^-[ ]+(\w+)[ ]*:|^[ ]+(\w+)[ ]*:", re.MULTILINE)
_SUBJECTS = frozenset({b"layer", b"model", b"function", b"object", b"application"})
words_key: pytest.StashKey[dict[Path, list[str]]] = pytest.StashKey()
"""By file, the ids in it that were named as ``FILE::ID``; a file that was named whole has none."""


def take_ids(config: pytest.Config) -> None:
    """Take the ids out of the arguments ``FILE::ID``, so that pytest collects the whole file.

    pytest would take a whole id for a nest of classes, and wouldn't find a variation's.
    """
    words: dict[Path, list[str]] = {}
    whole: set[Path] = set()
    arguments: dict[str, None] = {}
    for argument in config.args:
        path, separator, word = str(argument).partition("::")
        file = (config.invocation_params.dir / path).resolve()
        if path.endswith(ENDINGS) and separator and word:
            words.setdefault(file, []).append(word)
            arguments[path] = None
        else:
            whole.add(file)
            arguments[str(argument)] = None
    for file in list(words):
        if file in whole or any(folder in whole for folder in file.parents):
            del words[file]
    config.args[:] = arguments
    config.stash[words_key] = words


def named_folders(session: pytest.Session) -> list[Path]:
    """The folders that were named on the command line, and not by configuration."""
    config = session.config
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return []
    return [path for path in getattr(session, "_initialpaths", ()) if path.is_dir()]


def holds_cases(file: Path) -> bool:
    """Tell by its head whether a file in a folder that was named is one of cases.

    There may be other YAML beside it. Files of cases are lists of mappings, and their first has an
    ``id`` and something that it is about.
    """
    if file.suffix not in ENDINGS or NOT_CASES.intersection(file.parts):
        return False
    try:
        with file.open("rb") as stream:
            head = stream.read(LOOKED_AT)
    except OSError:
        return False
    keys = set(_keys_of_the_first(head))
    return b"id" in keys and bool(_SUBJECTS & keys)


def _keys_of_the_first(head: bytes) -> Iterator[bytes]:
    started = False
    for found in _ITEM.finditer(head):
        begins, goes_on = found.groups()
        if begins and started:
            return
        started = started or bool(begins)
        if started:
            yield begins or goes_on
