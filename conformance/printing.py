"""What people read in a terminal is printed as it is.

rich takes ``[…]`` in a plain string for its own markup and ``:name:`` for an emoji, in whatever a
console prints, in a table's cells too. The ids of cases have brackets
(``conv2d[strides=2,padding=same]``), and so have paths and what frameworks say. So every console of
the suite is made here, and styles are given by rich's ``Text``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def make_console(**options: Any) -> Console:
    """A console that takes every string literally.

    Args:
        options: As of rich's ``Console``.
    """
    from rich.console import Console

    return Console(**{"markup": False, "emoji": False, "highlight": False, **options})
