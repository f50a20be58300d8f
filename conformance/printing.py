"""What people read in a terminal is printed as it is.

rich takes ``[…]`` in a plain string for its own markup and ``:name:`` for an emoji, in whatever a
console prints, in a table's cells too. The ids of cases have brackets
(``conv2d[strides=2,padding=same]``), and so have paths and what frameworks say. So every console of
the suite is made here, and styles are given by rich's ``Text``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


WIDE = 160
"""Columns of a file or a CI's log: ids are long, and one that is folded can't be searched for."""


def make_console(*, wide: bool = False, **options: Any) -> Console:
    """A console that takes every string literally.

    Args:
        wide: Take :data:`WIDE` columns where it is no terminal, and ``COLUMNS`` does not say.
        options: As of rich's ``Console``.
    """
    from rich.console import Console

    console = Console(**{"markup": False, "emoji": False, "highlight": False, **options})
    if wide and not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    return console
