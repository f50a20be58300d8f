"""Patterns over ids and names, the same wherever one is written."""

from __future__ import annotations


def matches(pattern: str, name: str) -> bool:
    """Tell whether a name fits a pattern, in which ``*`` stands for any characters.

    Not :mod:`fnmatch`: case ids hold square brackets, which it takes for character classes.
    """
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    # The last part must end the name, behind all that has been found.
    return name.endswith(rest[-1]) and at <= len(name) - len(rest[-1])
