"""Which functions an exception came through, out of the text of a traceback.

The text is an adapter's, so nothing in it is trusted: it is looked at line by line, cut, and made
harmless. Where it is no traceback, nothing is found.
"""

from __future__ import annotations

import re
from typing import Final

from conformance.verdicts import text

MOST: Final = 6
"""Functions that are kept, from the innermost."""

_FRAME: Final = re.compile(r'\s*File "([^"]+)", line (\d{1,9}), in (.+)')
_INSTALLED: Final = re.compile(r".*/(?:site|dist)-packages/")
_PYTHONS_OWN: Final = re.compile(r"<|.*/lib(?:64)?/python\d[^/]*/(?!site-packages|dist-packages)")
_SUITES_OWN: Final = re.compile(r".*(?:^|/)conformance/adapters/")
_PARTS: Final = 4
"""Folders and file that are kept of a path that is not of an installed package."""


def frames(traceback: str) -> list[str]:
    """Return the functions of a traceback, innermost first, as ``conv (package/nn.py:31)``."""
    found: list[str] = []
    for line in reversed(traceback.splitlines()):
        frame = _FRAME.fullmatch(line)
        if frame is None:
            continue
        path, number, name = frame.groups()
        path = path.replace("\\", "/")
        if _PYTHONS_OWN.match(path) or _SUITES_OWN.match(path):
            continue
        where = f"{_short(path)}:{number}"
        found.append(f"{text.clean(name, text.NAME_LIMIT)} ({text.clean(where)})")
        if len(found) == MOST:
            break
    return found


def _short(path: str) -> str:
    """A path without the folders of the machine that it is on."""
    short, installed = _INSTALLED.subn("", path)
    return short if installed else "/".join(path.strip("/").split("/")[-_PARTS:])
