"""Names of adapters and of their columns.

``keras-torch`` is an adapter; ``keras-torch@keras==3.14.1`` is a column: the same adapter in
another environment. Whatever is known of the adapter, by name, is known of all its columns.
"""

from __future__ import annotations

SEPARATOR = "@"


def base_of(name: str) -> str:
    """The adapter whose column this is: ``keras-torch`` of ``keras-torch@keras==3.14.1``."""
    return name.partition(SEPARATOR)[0]
