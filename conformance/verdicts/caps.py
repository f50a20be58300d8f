"""How much a run may leave out: what capability files state, held against what it left out.

Apart from the files themselves, as joined records are held against it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def over(excused: Mapping[str, int], caps: Mapping[str, int]) -> list[str]:
    """Say which groups excuse more cells than they may.

    Args:
        excused: cells by group.
        caps: by group, how many it may excuse.
    """
    return [
        f"{name}: {excused[name]:,} cells are unsupported, {cap:,} were stated; "
        "see what the adapter no longer supports"
        for name, cap in caps.items()
        if excused.get(name, 0) > cap
    ]
