"""Changes that change nothing that could be asked, each with its reason."""

from __future__ import annotations

from typing import Final

Key = tuple[str, str, str, str]
"""Module, function, the line as it is written, and the change."""

EQUIVALENT: Final[dict[Key, str]] = {}
